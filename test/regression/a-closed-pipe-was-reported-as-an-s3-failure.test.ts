/**
 * Met: `get URL - | head` ended with an error about S3 (`unavailable`), and so did a transfer that met a full disk.
 * Cause: an error of this machine inside an attempt was wrapped as the failure of the retry chain, and described as
 *   one of S3.
 * Fix: an error that has a code of ours already is passed on as it is.
 */
import { expect, it } from 'vitest';
import { BreakwaterError } from '../../src/errors.ts';
import { prepare } from '../support/guarded-run.ts';

it.each([
  ['a closed pipe', new BreakwaterError('interrupted', 'standard output was closed')],
  ['a full disk', new BreakwaterError('local_io', 'cannot write x: ENOSPC')],
])('reports %s inside an attempt as it is', async (_what, error) => {
  const { run } = prepare();
  await expect(run(async (requests) => await requests.send(async () => await Promise.reject(error)))).rejects.toBe(
    error,
  );
});
