/** Node's resource with this name is what it runs, once its fuse says that there is one. */
const NAME = 'NODE_SEA_BLOB';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:';

/** Types of segments (elf.h). */
const PT_LOAD = 1;
const PT_NOTE = 4;

/** No machine that Linux runs on has larger pages, in bytes. */
const PAGE_BYTES = 0x1_0000;

interface Segment {
  /** Of its header in the file. */
  readonly at: number;
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
}

/**
 * Returns a copy of Node's ELF executable that holds `blob` as its single executable application. Node looks for a note
 * among the program's segments (postject-api.h), which has to lie in memory. There is no room for another segment, so the
 * last one, that of the data, is written anew behind all others, with its zeros and then the note; and the segment of the
 * notes, of which nothing reads the build number, becomes that note. Symbols and sections, which only debuggers read, are
 * left out: 18 MB of 126.
 * @throws Error for a file that is no ELF executable of 64 bits, or has not exactly one fuse
 */
export function insertBlob(node: Buffer, blob: Buffer): Buffer {
  const segments = readSegments(node);
  const loaded = segments.filter(({ type }) => type === PT_LOAD);
  const data = loaded.at(-1);
  const notes = segments.find(({ type }) => type === PT_NOTE);
  if (data === undefined || notes === undefined) throw new Error('this Node has no segment for data or none for notes');

  const end = Math.max(...loaded.map(({ offset, fileBytes }) => offset + fileBytes));
  const offset = roundUp(end, PAGE_BYTES) + (data.address % PAGE_BYTES);
  const noteAt = roundUp(data.memoryBytes, 16);
  const note = makeNote(blob);
  const result = Buffer.alloc(offset + noteAt + note.length);
  node.copy(result, 0, 0, end);
  node.copy(result, offset, data.offset, data.offset + data.fileBytes);
  note.copy(result, offset + noteAt);

  for (const part of segments) {
    const distance = part.offset - data.offset;
    if (distance >= 0 && distance < data.fileBytes) moveSegment(result, part, offset + distance);
  }
  resizeSegment(result, data, noteAt + note.length);
  moveSegment(result, notes, offset + noteAt, data.address + noteAt);
  resizeSegment(result, notes, note.length);
  dropSections(result);
  lightFuse(result, end);
  return result;
}

function readSegments(elf: Buffer): readonly Segment[] {
  // 64 bits, little endian.
  if (elf.readUInt32BE(0) !== 0x7f_45_4c_46 || elf[4] !== 2 || elf[5] !== 1)
    throw new Error('not an ELF file of 64 bits');
  const [first, size] = [Number(elf.readBigUInt64LE(0x20)), elf.readUInt16LE(0x36)];
  return Array.from({ length: elf.readUInt16LE(0x38) }, (_, index) => {
    const at = first + index * size;
    const read = (field: number): number => Number(elf.readBigUInt64LE(at + field));
    return {
      at,
      type: elf.readUInt32LE(at),
      offset: read(0x08),
      address: read(0x10),
      fileBytes: read(0x20),
      memoryBytes: read(0x28),
    };
  });
}

function makeNote(blob: Buffer): Buffer {
  const name = `${NAME}\0`;
  const blobAt = 12 + roundUp(name.length, 4);
  const note = Buffer.alloc(blobAt + roundUp(blob.length, 4));
  note.writeUInt32LE(name.length, 0);
  note.writeUInt32LE(blob.length, 4);
  note.write(name, 12, 'latin1');
  blob.copy(note, blobAt);
  return note;
}

function moveSegment(elf: Buffer, { at }: Segment, offset: number, address: number | null = null): void {
  elf.writeBigUInt64LE(BigInt(offset), at + 0x08);
  if (address === null) return;
  elf.writeBigUInt64LE(BigInt(address), at + 0x10);
  elf.writeBigUInt64LE(BigInt(address), at + 0x18);
}

function resizeSegment(elf: Buffer, { at }: Segment, bytes: number): void {
  elf.writeBigUInt64LE(BigInt(bytes), at + 0x20);
  elf.writeBigUInt64LE(BigInt(bytes), at + 0x28);
}

function dropSections(elf: Buffer): void {
  elf.writeBigUInt64LE(0n, 0x28);
  elf.writeUInt16LE(0, 0x3c);
  elf.writeUInt16LE(0, 0x3e);
}

function lightFuse(elf: Buffer, end: number): void {
  const fuse = Buffer.from(`${FUSE}0`);
  const own = elf.subarray(0, end);
  const at = own.indexOf(fuse);
  if (at === -1 || own.indexOf(fuse, at + 1) !== -1) throw new Error('this Node has not exactly one fuse');
  elf.write(`${FUSE}1`, at, 'latin1');
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
