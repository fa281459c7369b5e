/**
 * Met: with a letter outside Latin-1, or a line end, in `AWS_EXECUTION_ENV`, every transfer ended as a bug of ours (70).
 * Cause: the SDK puts that variable into the name of the client, and escapes it only for the requests that it sends itself.
 * Fix: our own requests escape it, too.
 */
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

it.each(['Łódź', 'x\r\nX-Injected: yes', 'AWS_Lambda_nodejs'])('AWS_EXECUTION_ENV=%j', async (word) => {
  await using sandbox = await startTestSandbox();
  sandbox.putObject('bucket', 'key', { body: 'x' });
  await using program = await Program.create({ ...sandbox.env, AWS_EXECUTION_ENV: word });
  const { status, text } = await program.run(['get', 's3://bucket/key', '-']);
  expect([status, text]).toEqual([0, 'x']);
});
