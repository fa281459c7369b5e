import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { insertBlob } from '../../../packaging/executable/insert-blob.ts';

/** Runs nowhere, but has what the function reads: a header, a segment for data and one for notes, and the fuse. */
function makeElf(fuses = 1): Buffer {
  const elf = Buffer.alloc(0x1000);
  elf.write('\x7fELF\x02\x01', 'latin1');
  elf.writeBigUInt64LE(0x40n, 0x20);
  elf.writeUInt16LE(56, 0x36);
  elf.writeUInt16LE(2, 0x38);
  const segment = (index: number, [type, offset, address, fileBytes, memoryBytes]: readonly number[]): void => {
    const at = 0x40 + index * 56;
    elf.writeUInt32LE(type!, at);
    for (const [field, value] of [
      [0x08, offset],
      [0x10, address],
      [0x20, fileBytes],
      [0x28, memoryBytes],
    ] as const) {
      elf.writeBigUInt64LE(BigInt(value!), at + field);
    }
  };
  segment(0, [1, 0x200, 0x40_0200, 0x600, 0x900]);
  segment(1, [4, 0x180, 0x40_0180, 0x20, 0x20]);
  for (let index = 0; index < fuses; index += 1) {
    elf.write('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:0', 0x200 + index * 0x80, 'latin1');
  }
  elf.write('data', 0x7f0, 'latin1');
  return elf;
}

describe('insertBlob', () => {
  it('puts the data with its zeros, then the note, where both segments say that they are', () => {
    const made = insertBlob(makeElf(), Buffer.from('blob!'));
    const read = (index: number, field: number): number => Number(made.readBigUInt64LE(0x40 + index * 56 + field));
    const [dataAt, noteAt] = [read(0, 0x08), read(1, 0x08)];
    expect(dataAt % 0x1_0000).toBe(0x40_0200 % 0x1_0000);
    expect(made.toString('latin1', dataAt + 0x5f0, dataAt + 0x5f4)).toBe('data');
    expect(made.subarray(dataAt + 0x600, dataAt + 0x900).every((byte) => byte === 0)).toBe(true);
    expect(read(1, 0x10) - read(0, 0x10)).toBe(noteAt - dataAt);
    expect(made.readUInt32LE(noteAt + 4)).toBe(5);
    expect(made.toString('latin1', noteAt + 12, noteAt + 33)).toBe('NODE_SEA_BLOB\0\0\0blob!');
    expect(read(0, 0x20)).toBe(read(0, 0x28));
    expect(dataAt + read(0, 0x20)).toBe(made.length);
  });

  it('lights the fuse', () => {
    expect(insertBlob(makeElf(), Buffer.from('x')).toString('latin1')).toContain('996b2:1');
  });

  it.each([
    ['a file that is no ELF', Buffer.from('#!/bin/sh\n'.repeat(10)), /not an ELF file/],
    ['a Node without a fuse', makeElf(0), /exactly one fuse/],
    ['a Node with two fuses', makeElf(2), /exactly one fuse/],
  ])('refuses %s', (_name, node, message) => {
    expect(() => insertBlob(node, Buffer.from('x'))).toThrow(message);
  });

  it('knows the Node that is pinned', () => {
    const node = readFileSync(process.execPath);
    const made = insertBlob(node, Buffer.from('blob'));
    expect(made.length).toBeLessThan(node.length);
    expect(made.includes('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:0')).toBe(false);
  });
});
