import { charactersOf, compareCharacters, KeyAlphabet, sampleKeys } from './key-alphabet.ts';
import { KEY_BYTES_MAX } from '../../s3/protocol/limits.ts';

/**
 * Characters that a store may refuse in a request or cannot send in a response, and all from U+E000 on, where UTF-8 and
 * UTF-16 order differ (some stores sort by UTF-16).
 */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Cn}\u{E000}-\u{10FFFF}]/u;

/** A range of keys not yet listed: after `position`, up to and including `end`. */
export interface Gap {
  /** The prefix of all keys. */
  readonly prefix: string;
  /** The last key listed. */
  readonly position: string;
  /** The last possible key; null if only the prefix bounds the gap. */
  readonly end: string | null;
  /** The first key of the last page, which shows how far the listing advances per page. */
  readonly pageStart: string;
  /** Whether the last split of this gap had keys after it. */
  readonly isWide: boolean;
}

/** Chooses keys that split gaps in two. */
export interface Splitter {
  /** Learns from the keys of a page. */
  readonly learn: (prefix: string, keys: readonly string[]) => void;
  /** A key between position and end, which need not exist; null if no key is worth a request. */
  readonly choose: (gap: Gap) => string | null;
}

/**
 * A splitter that learns from the listed keys where other keys may be.
 *
 * A split keeps the first characters of `position` and replaces the next one with a larger one. If its index is too far
 * left, no keys follow the split; too far right, and only a page of keys precedes it. The index is found by bisection,
 * between the first index at which keys differ (and at which position and end differ) and the index at which the last
 * page advanced. A split without keys after it moves the end, and with it the left bound; a split with keys after it
 * confirms the left bound. The character is the middle one of those expected there.
 */
export function createSplitter(): Splitter {
  const alphabet = new KeyAlphabet();
  return {
    learn: (prefix, keys) => alphabet.learn(sampleKeys(keys).map((key) => charactersOf(key.slice(prefix.length)))),
    choose: (gap) => choose(gap, alphabet),
  };
}

function choose({ prefix, position, end, pageStart, isWide }: Gap, alphabet: KeyAlphabet): string | null {
  const low = charactersOf(position.slice(prefix.length));
  const high = end === null ? null : charactersOf(end.slice(prefix.length));
  const left = high === null ? 0 : commonLength(low, high);
  const moved = Math.max(left, commonLength(low, charactersOf(pageStart.slice(prefix.length))));
  const known = Math.max(left, Math.min(alphabet.sharedLength, moved));
  const first = isWide ? known : Math.floor((known + moved) / 2);
  for (const place of placesFrom(first, { left, right: Math.min(moved + 1, low.length) })) {
    const split = cutAt(place, alphabet.expectAt(place));
    if (split !== null) return split;
  }
  return cutAt(left, alphabet.any);

  function cutAt(place: number, expected: readonly string[]): string | null {
    const floor = low[place];
    const ceiling = place === left ? high?.[place] : undefined;
    // The ceiling itself is a valid split only if the end is longer.
    const isCeilingBelowEnd = high !== null && high.length > place + 1;
    const between = expected.filter((character) => {
      if (floor !== undefined && compareCharacters(character, floor) <= 0) return false;
      if (ceiling === undefined) return true;
      const distance = compareCharacters(character, ceiling);
      return distance < 0 || (distance === 0 && isCeilingBelowEnd);
    });
    const middle = between[Math.floor(between.length / 2)];
    return middle === undefined ? null : asSafe(prefix, `${low.slice(0, place).join('')}${middle}`);
  }
}

/** Tries indices from `first` to the right bound, then from there to the left bound. */
function placesFrom(first: number, { left, right }: { left: number; right: number }): readonly number[] {
  const places: number[] = [];
  for (let place = first; place <= right; place += 1) places.push(place);
  for (let place = first - 1; place >= left; place -= 1) places.push(place);
  return places;
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  const length = Math.min(a.length, b.length);
  let index = 0;
  while (index < length && a[index] === b[index]) index += 1;
  return index;
}

function asSafe(prefix: string, rest: string): string | null {
  const key = `${prefix}${rest}`;
  return UNSAFE.test(rest) || Buffer.byteLength(key) > KEY_BYTES_MAX ? null : key;
}
