/**
 * Met: an upload of many parts went on for minutes after its circuit had been isolated, or opened by other processes.
 * Cause: only retries looked at the circuit again; the first attempt of each further part did not.
 * Fix: every request of an operation but its first looks before it is sent.
 */
import { expect, it } from 'vitest';
import { CIRCUIT } from '../support/fake-circuits.ts';
import { prepare, succeed } from '../support/guarded-run.ts';

it.each([
  ['isolated', 'isolated'],
  ['opened', 'open'],
] as const)('ends with the next request after the circuit was %s', async (how, reason) => {
  const { run, circuits, process } = prepare();
  const sent: number[] = [];
  const upload = run(async (requests) => {
    for (const part of [1, 2, 3]) {
      await requests.send(async () => {
        sent.push(part);
        return await succeed();
      });
      if (part === 2 && how === 'opened') circuits.open();
      if (part === 2 && how === 'isolated') process.gate.isolate(CIRCUIT, { by: 'root', reason: null, forMs: null });
    }
  });
  await expect(upload).rejects.toMatchObject({ code: 'circuit_open', details: { reason } });
  expect(sent).toEqual([1, 2]);
});
