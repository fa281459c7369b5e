/** Keys sampled per page: enough to see the characters at each position, in a thousandth of the parser's time. */
const SAMPLES_PER_PAGE = 16;

const DIGITS = '0123456789';
const HEX = '0123456789abcdef';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();

/** Used if nothing was learned: printable ASCII, then the first letters of some other scripts, ascending. */
const ANY = [
  ...Array.from({ length: 0x5e }, (_, index) => String.fromCodePoint(0x21 + index)),
  ...charactersOf('ÀĀΑАאا가अกあ中'),
].toSorted(compareCharacters);

/** The characters at each position of the keys listed so far. Independent of S3. */
export class KeyAlphabet {
  readonly #byPlace: Set<string>[] = [];
  /** Cached results, until a position learns something new. */
  readonly #expected: (readonly string[] | undefined)[] = [];

  /** @param keys ascending, each without the prefix that all of them share */
  learn(keys: readonly (readonly string[])[]): void {
    for (const characters of keys) {
      for (const [place, character] of characters.entries()) {
        const seen = (this.#byPlace[place] ??= new Set());
        if (seen.has(character)) continue;
        seen.add(character);
        this.#expected[place] = undefined;
      }
    }
  }

  /** The length of the common prefix of all keys seen. */
  get sharedLength(): number {
    const place = this.#byPlace.findIndex(({ size }) => size > 1);
    return place === -1 ? this.#byPlace.length : place;
  }

  /**
   * The characters to expect at a position, ascending: those seen there and those that usually occur with them. One
   * digit implies all digits.
   */
  expectAt(place: number): readonly string[] {
    return (this.#expected[place] ??= expectFrom(this.#byPlace[place] ?? new Set()));
  }

  /** Characters to try if no learned one fits, ascending. */
  get any(): readonly string[] {
    return ANY;
  }
}

function expectFrom(seen: ReadonlySet<string>): readonly string[] {
  const expected = new Set(seen);
  const has = (characters: string): boolean => charactersOf(characters).some((character) => seen.has(character));
  if (has(DIGITS)) addAll(expected, has(HEX.slice(10)) ? HEX : DIGITS);
  if (has(LOWER.slice(6)) || (has(LOWER) && !has(DIGITS))) addAll(expected, LOWER);
  if (has(UPPER)) addAll(expected, UPPER);
  return [...expected].toSorted(compareCharacters);
}

/** A sample spread evenly over the page, including its first and last key. */
export function sampleKeys<T>(keys: readonly T[]): readonly T[] {
  if (keys.length <= SAMPLES_PER_PAGE) return keys;
  const step = (keys.length - 1) / (SAMPLES_PER_PAGE - 1);
  return Array.from({ length: SAMPLES_PER_PAGE }, (_, index) => keys[Math.round(index * step)]).filter(
    (key) => key !== undefined,
  );
}

/** The code points of a key, by which keys are sorted. */
export function charactersOf(text: string): readonly string[] {
  return Array.from(text);
}

/** In S3's order, which for single characters is by code point. */
export function compareCharacters(a: string, b: string): number {
  return (a.codePointAt(0) ?? -1) - (b.codePointAt(0) ?? -1);
}

function addAll(characters: Set<string>, more: string): void {
  for (const character of more) characters.add(character);
}
