import { charactersOf, compareCharacters, KeyAlphabet, sampleKeys } from './key-alphabet.ts';
import { KEY_BYTES_MAX } from '../../s3/protocol/limits.ts';

/**
 * Characters that a store may refuse in a request, or that cannot stand in its response; and all from U+E000 on, where
 * the order of UTF-8 is not that of UTF-16, by which some stores go.
 */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Cn}\u{E000}-\u{10FFFF}]/u;

/** A stretch of the key space that is still to be listed: after `position`, up to and with `end`. */
export interface Gap {
  /** What all keys begin with. */
  readonly prefix: string;
  /** The last key that was listed. */
  readonly position: string;
  /** The last key that can be in it; null where only the prefix bounds it. */
  readonly end: string | null;
  /** The first key of the last page: how far the listing moves per page. */
  readonly pageStart: string;
  /** The last split of this gap had keys behind it. */
  readonly isWide: boolean;
}

/** Chooses keys that cut gaps in two. */
export interface Splitter {
  /** Takes the keys of a page to learn from. */
  readonly learn: (prefix: string, keys: readonly string[]) => void;
  /** A key between position and end, or null where none is worth a request. It need not exist. */
  readonly choose: (gap: Gap) => string | null;
}

/**
 * A splitter that learns from the keys it is shown where the others may be.
 *
 * A key is cut at one character: what stands before it in `position` is kept, and a larger one put in its place. The
 * place decides. Too far left, and nothing comes after the new key; too far right, and what lies before it is a
 * page's worth. So it is searched for by halving, between the first character in which keys were seen to differ, and
 * which position and end do not share, and the one at which the last page moved: a split with nothing behind it moves
 * the end, hence the left edge; one with keys behind it proves the left edge. The character is the middle one of those
 * expected at its place.
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
    // The ceiling itself is a split only where the end goes on behind it.
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

/** From `first` to the right edge, then from there to the left one. */
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
