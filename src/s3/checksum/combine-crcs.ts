/** CRCs that can be combined: the CRC of two byte runs follows from the CRC of each. */
export type CrcName = 'crc32' | 'crc32c' | 'crc64nvme';

interface Crc {
  readonly width: number;
  /** With its bits reflected. */
  readonly polynomial: bigint;
}

/** CRC-32 (RFC 1952), CRC-32C (RFC 3720) and CRC-64/NVME (NVM Express NVM Command Set 1.0, section 5.2.1.3.4). */
const CRCS: Readonly<Record<CrcName, Crc>> = {
  crc32: { width: 32, polynomial: 0xedb88320n },
  crc32c: { width: 32, polynomial: 0x82f63b78n },
  crc64nvme: { width: 64, polynomial: 0x9a6c9329ac4bc9b5n },
};

/**
 * Combines the parts' CRCs into the CRC of the whole object, without reading it again. All are in base64, as in S3.
 *
 * Appending n bytes multiplies the CRC so far by x^8n modulo the polynomial, as in zlib's `crc32_combine`; the initial
 * value and the final inversion cancel out.
 */
export function combineCrcs(name: CrcName, parts: readonly { checksum: string; sizeBytes: number }[]): string {
  const crc = CRCS[name];
  const shifts = new Map<number, bigint>();
  let whole = 0n;
  for (const { checksum, sizeBytes } of parts) {
    const shift = shifts.get(sizeBytes) ?? shiftOf(crc, sizeBytes);
    shifts.set(sizeBytes, shift);
    whole = multiply(crc, shift, whole) ^ BigInt(`0x${Buffer.from(checksum, 'base64').toString('hex')}`);
  }
  return Buffer.from(whole.toString(16).padStart(crc.width / 4, '0'), 'hex').toString('base64');
}

/** x^8n modulo the polynomial; the highest bit is x^0. */
function shiftOf(crc: Crc, bytes: number): bigint {
  let power = 1n << BigInt(crc.width - 1);
  let square = 1n << BigInt(crc.width - 2);
  for (let bits = BigInt(bytes) * 8n; bits > 0n; bits >>= 1n) {
    if ((bits & 1n) === 1n) power = multiply(crc, square, power);
    square = multiply(crc, square, square);
  }
  return power;
}

function multiply({ width, polynomial }: Crc, a: bigint, b: bigint): bigint {
  let product = 0n;
  let factor = b;
  for (let bit = 1n << BigInt(width - 1); bit > 0n; bit >>= 1n) {
    if ((a & bit) !== 0n) product ^= factor;
    factor = (factor & 1n) === 1n ? (factor >> 1n) ^ polynomial : factor >> 1n;
  }
  return product;
}
