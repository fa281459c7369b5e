/*
 * Met: with few file descriptors left (ulimit -n), a profile with a `credential_process` ended every command with a stack trace.
 * Cause: without a descriptor for its pipes, Node starts no program, sets no streams and emits an error alone, which nothing
 *   awaited yet.
 * Fix: the error is awaited first, and becomes the reason why there are no credentials.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const WITHOUT_DESCRIPTORS = `
  import { openSync } from 'node:fs';
  import { externalDataInterceptor } from '@smithy/core/config';
  import { endProgramsWith } from './src/s3/connection/credential-program.ts';
  endProgramsWith(new AbortController().signal);
  const { exec } = externalDataInterceptor.getTokenRecord();
  const nothing = (error) => console.log(error.message);
  try {
    for (;;) openSync('/dev/null', 'r');
  } catch {
    exec('true', nothing);
  }
`;

it('is the reason why there are no credentials', async () => {
  const script = 'ulimit -n 200 && exec "$0" "$@"';
  const words = ['-c', script, process.execPath, '--input-type=module', '-e', WITHOUT_DESCRIPTORS];
  const { stdout } = await promisify(execFile)('sh', words);
  expect(stdout).toBe('its credential_process could not be started: EMFILE: too many open files\n');
});
