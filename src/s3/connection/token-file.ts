import { BreakwaterError } from '../../errors.ts';
import { NotRegularFile, readRegularFile } from '../../files/read-regular-file.ts';

/**
 * The text of a file with a token; undefined if it cannot be read, which the SDK then reports.
 * @throws BreakwaterError `config` for a named pipe, a socket or a device: a read from it may never end, and cannot be aborted
 */
export function readTokenFile(path: string): string | undefined {
  try {
    return readRegularFile(path);
  } catch (error) {
    if (!(error instanceof NotRegularFile)) return undefined;
    throw new BreakwaterError('config', error.message, {
      cause: error,
      details: { reason: 'no_credentials', hint: 'name a regular file for the token' },
    });
  }
}
