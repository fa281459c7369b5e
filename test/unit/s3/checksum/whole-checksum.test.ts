import { describe, expect, it } from 'vitest';
import { createDigest } from '../../../../src/s3/checksum/digest.ts';
import { contradictsParts, type StatedWhole, type SummedPart } from '../../../../src/s3/checksum/whole-checksum.ts';

type Algorithm = Parameters<typeof contradictsParts>[0];

async function sum(algorithm: Algorithm, bytes: Uint8Array): Promise<Buffer> {
  const digest = createDigest(algorithm);
  digest.update(bytes);
  return Buffer.from(await digest.digest());
}

const PARTS = ['abcdef', 'ghijkl', 'm'].map((text) => Buffer.from(text));

async function sumsOf(algorithm: Algorithm) {
  const digests = await Promise.all(PARTS.map(async (bytes) => await sum(algorithm, bytes)));
  const parts: SummedPart[] = digests.map((digest, index) => ({
    sizeBytes: PARTS[index]?.length ?? 0,
    computed: digest.toString('base64'),
  }));
  const full = (await sum(algorithm, Buffer.concat(PARTS))).toString('base64');
  const composite = (await sum(algorithm, Buffer.concat(digests))).toString('base64');
  return { parts, full, composite, other: Buffer.alloc(digests[0]?.length ?? 0).toString('base64') };
}

/** What may be stated, by full, composite and another checksum. */
type State = (sums: { readonly full: string; readonly composite: string; readonly other: string }) => StatedWhole;

const stated = (text: unknown, type?: string): StatedWhole => ({ text, type });

const AGREE: readonly [string, State][] = [
  ['nothing', () => stated(undefined)],
  ['an empty text', () => stated('')],
  ['what is no checksum', () => stated('zz', 'FULL_OBJECT')],
  ['a checksum of another length', () => stated(Buffer.alloc(5).toString('base64'), 'FULL_OBJECT')],
  ['the composite with its parts', ({ composite }) => stated(`${composite}-3`)],
  ['the composite with its parts and type', ({ composite }) => stated(`${composite}-3`, 'COMPOSITE')],
  ['the composite by its type', ({ composite }) => stated(composite, 'COMPOSITE')],
  ['the composite without a word', ({ composite }) => stated(composite)],
];
const AGREE_CRC: readonly [string, State][] = [
  ['the full object', ({ full }) => stated(full, 'FULL_OBJECT')],
  ['the full object without a word', ({ full }) => stated(full)],
];
const DIFFER: readonly [string, State][] = [
  ['another checksum', ({ other }) => stated(other)],
  ['another composite', ({ other }) => stated(`${other}-3`)],
  ['another composite by its type', ({ other }) => stated(other, 'COMPOSITE')],
  ['the composite of fewer parts', ({ composite }) => stated(`${composite}-2`)],
  ['the full object as a composite', ({ full }) => stated(full, 'COMPOSITE')],
];
const DIFFER_CRC: readonly [string, State][] = [
  ['another full object', ({ other }) => stated(other, 'FULL_OBJECT')],
  ['the composite as the full object', ({ composite }) => stated(composite, 'FULL_OBJECT')],
];

describe.each<Algorithm>(['crc32', 'crc32c', 'crc64nvme', 'sha256'])('the parts summed by %s', (algorithm) => {
  const isCrc = algorithm !== 'sha256';

  it.each([...AGREE, ...(isCrc ? AGREE_CRC : [])])('agree with %s', async (_what, state) => {
    const { parts, ...sums } = await sumsOf(algorithm);
    expect(await contradictsParts(algorithm, state(sums), parts)).toBe(false);
  });

  it.each([...DIFFER, ...(isCrc ? DIFFER_CRC : [])])('contradict %s', async (_what, state) => {
    const { parts, ...sums } = await sumsOf(algorithm);
    expect(await contradictsParts(algorithm, state(sums), parts)).toBe(true);
  });

  it('contradict nothing if one was not summed here', async () => {
    const { parts, other } = await sumsOf(algorithm);
    const known = parts.map((part, index) => (index === 1 ? { ...part, computed: null } : part));
    expect(await contradictsParts(algorithm, stated(other), known)).toBe(false);
  });
});

it('a SHA-256 of the full object cannot be computed from parts', async () => {
  const { parts, other } = await sumsOf('sha256');
  expect(await contradictsParts('sha256', stated(other, 'FULL_OBJECT'), parts)).toBe(false);
});
