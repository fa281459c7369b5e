import { createHash } from 'node:crypto';
import { combineCrcs, type CrcName } from '../../src/s3/checksum/combine-crcs.ts';
import { NULL_BLOCK, patternBytes, type PatternRun } from './pattern.ts';

/** As in `x-amz-checksum-...`. */
export const CHECKSUM_NAMES = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;
export type ChecksumName = (typeof CHECKSUM_NAMES)[number];
export type DigestName = ChecksumName | 'md5';

interface Digest {
  readonly update: (bytes: Buffer) => unknown;
  readonly digest: () => Buffer;
}

/** The reflected polynomials of CRC-32, CRC-32C and CRC-64/NVME. */
const POLYNOMIALS: Readonly<Record<CrcName, { width: 32 | 64; polynomial: bigint }>> = {
  crc32: { width: 32, polynomial: 0xedb88320n },
  crc32c: { width: 32, polynomial: 0x82f63b78n },
  crc64nvme: { width: 64, polynomial: 0x9a6c9329ac4bc9b5n },
};
/** Runs whose digests are kept: a benchmark has a dozen. */
const KEPT_RUNS = 1000;

export function isCrc(name: DigestName): name is CrcName {
  return name in POLYNOMIALS;
}

/** Computes byte by byte, without code of the program that is measured. */
export function createDigest(name: DigestName): Digest {
  return isCrc(name) ? new Crc(name) : createHash(name);
}

const kept = new Map<string, Buffer>();

/**
 * The digest of a run of the pattern: computed once, then known. A CRC is put together from that of one block; MD5 and SHA take
 * their time the first time (1.7 s for the MD5 of a GiB), which is in the round that does not count.
 */
export function digestPattern(name: DigestName, run: PatternRun): Buffer {
  const key = `${name} ${run.phase} ${run.sizeBytes}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const computed = isCrc(name) ? combinePattern(name, run) : digestOf(name, patternBytes(run));
  if (kept.size >= KEPT_RUNS) kept.clear();
  kept.set(key, computed);
  return computed;
}

function combinePattern(name: CrcName, run: PatternRun): Buffer {
  const pieces = [...patternBytes(run)].map((piece) => {
    const isBlock = piece.length === NULL_BLOCK.length && run.sizeBytes > piece.length;
    const digest = isBlock ? digestPattern(name, { phase: 0, sizeBytes: piece.length }) : digestOf(name, [piece]);
    return { checksum: digest.toString('base64'), sizeBytes: piece.length };
  });
  return Buffer.from(combineCrcs(name, pieces), 'base64');
}

export function digestOf(name: DigestName, pieces: Iterable<Buffer>): Buffer {
  const digest = createDigest(name);
  for (const piece of pieces) digest.update(piece);
  return digest.digest();
}

/** Any CRC in a register of two halves; one of 32 bits leaves the upper half zero. */
class Crc implements Digest {
  readonly #width: 32 | 64;
  readonly #table: { readonly low: Uint32Array; readonly high: Uint32Array };
  #low = 0xffffffff;
  #high: number;

  constructor(name: CrcName) {
    this.#width = POLYNOMIALS[name].width;
    this.#table = tableOf(name);
    this.#high = this.#width === 64 ? 0xffffffff : 0;
  }

  update(bytes: Buffer): void {
    const { low: lows, high: highs } = this.#table;
    let [low, high] = [this.#low, this.#high];
    for (const byte of bytes) {
      const entry = (low ^ byte) & 255;
      low = ((low >>> 8) | (high << 24)) ^ (lows[entry] ?? 0);
      high = (high >>> 8) ^ (highs[entry] ?? 0);
    }
    [this.#low, this.#high] = [low, high];
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(~this.#high >>> 0);
    bytes.writeUInt32BE(~this.#low >>> 0, 4);
    return bytes.subarray(8 - this.#width / 8);
  }
}

const tables = new Map<CrcName, { low: Uint32Array; high: Uint32Array }>();

function tableOf(name: CrcName): { low: Uint32Array; high: Uint32Array } {
  const made = tables.get(name);
  if (made !== undefined) return made;
  const table = { low: new Uint32Array(256), high: new Uint32Array(256) };
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1)
      crc = (crc & 1n) === 1n ? (crc >> 1n) ^ POLYNOMIALS[name].polynomial : crc >> 1n;
    table.low[byte] = Number(crc & 0xffffffffn);
    table.high[byte] = Number(crc >> 32n);
  }
  tables.set(name, table);
  return table;
}
