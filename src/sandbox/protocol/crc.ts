/** The reflected polynomials: CRC-32C (RFC 3720) and CRC-64/NVME (NVM Express, section 5.2). */
const CRC32C_POLYNOMIAL = 0x82f63b78n;
const CRC64NVME_POLYNOMIAL = 0x9a6c9329ac4bc9b5n;

/** Bytes taken at a time, each with a table of its own (slicing-by-8): eight times as fast as byte by byte. */
const SLICES = 8;

type Table = Uint32Array;

/** The tables of a polynomial, slice after slice: the lower and the upper 32 bits of each entry. */
interface Tables {
  readonly low: Table;
  readonly high: Table;
}

export function crc32c(bytes: Uint8Array): bigint {
  const { low: t } = (crc32cTables ??= createTables(CRC32C_POLYNOMIAL));
  let crc = 0xffffffff;
  const sliced = bytes.length - (bytes.length % SLICES);
  let at = 0;
  for (; at < sliced; at += SLICES) {
    crc ^= at8(bytes, at) | (at8(bytes, at + 1) << 8) | (at8(bytes, at + 2) << 16) | (at8(bytes, at + 3) << 24);
    crc =
      at32(t, 1792 + (crc & 255)) ^
      at32(t, 1536 + ((crc >>> 8) & 255)) ^
      at32(t, 1280 + ((crc >>> 16) & 255)) ^
      at32(t, 1024 + (crc >>> 24)) ^
      at32(t, 768 + at8(bytes, at + 4)) ^
      at32(t, 512 + at8(bytes, at + 5)) ^
      at32(t, 256 + at8(bytes, at + 6)) ^
      at32(t, at8(bytes, at + 7));
  }
  for (; at < bytes.length; at += 1) crc = at32(t, (crc ^ at8(bytes, at)) & 255) ^ (crc >>> 8);
  return BigInt(~crc >>> 0);
}

export function crc64nvme(bytes: Uint8Array): bigint {
  const tables = (crc64Tables ??= createTables(CRC64NVME_POLYNOMIAL));
  const { low: l, high: h } = tables;
  let low = 0xffffffff;
  let high = 0xffffffff;
  const sliced = bytes.length - (bytes.length % SLICES);
  let at = 0;
  for (; at < sliced; at += SLICES) {
    low ^= at8(bytes, at) | (at8(bytes, at + 1) << 8) | (at8(bytes, at + 2) << 16) | (at8(bytes, at + 3) << 24);
    high ^= at8(bytes, at + 4) | (at8(bytes, at + 5) << 8) | (at8(bytes, at + 6) << 16) | (at8(bytes, at + 7) << 24);
    const a = 1792 + (low & 255);
    const b = 1536 + ((low >>> 8) & 255);
    const c = 1280 + ((low >>> 16) & 255);
    const d = 1024 + (low >>> 24);
    const e = 768 + (high & 255);
    const f = 512 + ((high >>> 8) & 255);
    const g = 256 + ((high >>> 16) & 255);
    const i = high >>> 24;
    low = at32(l, a) ^ at32(l, b) ^ at32(l, c) ^ at32(l, d) ^ at32(l, e) ^ at32(l, f) ^ at32(l, g) ^ at32(l, i);
    high = at32(h, a) ^ at32(h, b) ^ at32(h, c) ^ at32(h, d) ^ at32(h, e) ^ at32(h, f) ^ at32(h, g) ^ at32(h, i);
  }
  for (; at < bytes.length; at += 1) {
    const entry = (low ^ at8(bytes, at)) & 255;
    low = at32(l, entry) ^ ((low >>> 8) | (high << 24));
    high = at32(h, entry) ^ (high >>> 8);
  }
  return (BigInt(~high >>> 0) << 32n) | BigInt(~low >>> 0);
}

let crc32cTables: Tables | undefined;
let crc64Tables: Tables | undefined;

/** Table n holds the CRC of each byte that n zero bytes follow. */
function createTables(polynomial: bigint): Tables {
  const low = new Uint32Array(256 * SLICES);
  const high = new Uint32Array(256 * SLICES);
  const ofByte: bigint[] = [];
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1n) === 1n ? (crc >> 1n) ^ polynomial : crc >> 1n;
    ofByte.push(crc);
  }
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = ofByte[byte] ?? 0n;
    for (let slice = 0; slice < SLICES; slice += 1) {
      low[slice * 256 + byte] = Number(crc & 0xffffffffn);
      high[slice * 256 + byte] = Number(crc >> 32n);
      crc = (ofByte[Number(crc & 255n)] ?? 0n) ^ (crc >> 8n);
    }
  }
  return { low, high };
}

/** Never undefined: the indices above are within their arrays. */
function at32(table: Table, index: number): number {
  return table[index] ?? 0;
}

function at8(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
