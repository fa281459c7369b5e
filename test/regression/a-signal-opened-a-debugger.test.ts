/**
 * Met: `kill -USR1` of a running command, as services take it for "reload", opened Node's debugger on port 9229: what runs on
 *   the machine could attach to a process that holds keys.
 * Cause: Node does so for every process that does not listen to SIGUSR1.
 * Fix: the signal is ignored.
 */
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';

it.skipIf(process.platform === 'win32')('does not open a debugger at SIGUSR1', async () => {
  await using program = await Program.create();
  const { child, ended } = program.start(['sandbox', '--port', '0']);
  const [, endpoint = ''] = await new Promise<RegExpExecArray>((resolve) => {
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /AWS_ENDPOINT_URL_S3=(\S+)/.exec(said);
      if (found !== null) resolve(found);
    });
  });
  child.kill('SIGUSR1');
  // By the time it has answered ten requests, it has also met the signal.
  for (let request = 0; request < 10; request++) await (await fetch(endpoint)).text();
  child.kill('SIGINT');
  const { status, stderr } = await ended;
  expect([status, stderr.includes('Debugger')]).toEqual([0, false]);
});
