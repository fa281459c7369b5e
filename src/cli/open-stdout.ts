import { createWriteStream, fstatSync } from 'node:fs';
import { Writable } from 'node:stream';
import { BreakwaterError } from '../errors.ts';
import { readFields } from '../read-fields.ts';

/**
 * Prepares standard output for the bytes of an object. Node replaces what it does not know, such as a block device, with
 * a stream that accepts everything and writes nothing: it is written through its descriptor.
 * @param stdout a stream without a descriptor is returned unchanged
 * @throws BreakwaterError `local_io` for a directory
 */
export function openStdout(stdout: Writable): Writable {
  const { fd } = readFields(stdout);
  if (typeof fd !== 'number') return stdout;
  if (fstatSync(fd).isDirectory()) {
    throw new BreakwaterError('local_io', 'cannot write to standard output: it is a directory', {
      details: { hint: 'redirect it to a file' },
    });
  }
  // Files, terminals, pipes and sockets have a class of their own.
  return stdout.constructor === Writable ? createWriteStream('', { fd, autoClose: false }) : stdout;
}
