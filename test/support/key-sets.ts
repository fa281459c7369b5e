import fc from 'fast-check';

/** S3's order of keys, by another way than ours. */
export function sortKeys(keys: Iterable<string>): readonly string[] {
  return [...new Set(keys)].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

const number = fc.nat({ max: 5000 });
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }).filter((key) => key.isWellFormed());
const segment = fc.constantFrom('a', 'b', 'logs', '2024', '2025', '01', '31', 'é', '日本');
const control = fc
  .array(fc.constantFrom('\u0001', '\u001f', '\t', '\n', '\r', '\u007f', '\u0085', ' ', '+', '%', '&', '<', 'z'), {
    minLength: 1,
    maxLength: 5,
  })
  .map((characters) => characters.join(''));
const hex = fc.stringMatching(/^[0-9a-f]{6}$/u);

/** Kinds of key spaces that stores have, and those that would trip a listing which cuts them. */
export const KEY_SETS = {
  'one flat prefix of numbers': number.map((index) => `key-${String(index).padStart(7, '0')}`),
  'numbers without padding': number.map(String),
  hashes: hex,
  'deep trees': fc.array(segment, { minLength: 1, maxLength: 9 }).map((segments) => segments.join('/')),
  'any unicode': text,
  'control characters': control,
  'a common prefix of 900 bytes': number.map((index) => `${'deep/'.repeat(180)}${index}`),
  'a common prefix of 900 bytes before any unicode': text.map((key) => `${'deep/'.repeat(180)}${key}`),
  'keys that begin each other': fc.nat({ max: 300 }).map((length) => 'a'.repeat(length + 1)),
  'surrogates against U+E000 and on': fc
    .array(fc.constantFrom('\u{ffff}', '\u{e000}', '\u{d7ff}', '😀', '\u{10ffff}', 'a'), { minLength: 1, maxLength: 4 })
    .map((characters) => characters.join('')),
} as const;

/** Sets of keys of one kind each, some of several kinds. */
export const keySet = fc.oneof(
  fc.constantFrom(...Object.values(KEY_SETS)).chain((key: fc.Arbitrary<string>) => fc.array(key, { maxLength: 120 })),
  fc.array(fc.oneof(...Object.values(KEY_SETS)), { maxLength: 120 }),
);
