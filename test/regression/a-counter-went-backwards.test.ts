/**
 * Met: when many commands ended at once, a collector read 16, then 12, from the textfile, and the Pushgateway could keep
 *   the smaller one. Prometheus takes that for a restart, and increase() then counts the whole total once more.
 * Cause: each command read the totals and wrote them in its own time; whoever was last to write need not be last to read.
 * Fix: an outlet is refreshed by one process at a time, which reads the totals in its turn; a command whose totals
 *   another one has written meanwhile does nothing.
 *
 * Met again, on a busy machine: one push in twelve such rounds still came last with older totals.
 * Cause: the time for the lease was taken before the wait for the state. A lease that its owner had renewed since then looked as
 *   if the clock had jumped back, and was taken over.
 * Fix: the time is read after the lease.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const COMMANDS = 12;

function readTotal(text: string): number {
  return Number(
    /s3_operations_total\{[^}]*operation="get_object"[^}]*result="success"[^}]*\} (\d+)/.exec(text)?.[1] ?? 0,
  );
}

async function runAtOnce(program: Program, ...flags: readonly string[]): Promise<readonly string[]> {
  const ended = await Promise.all(
    Array.from({ length: COMMANDS }, async (_, index) => {
      return await program.run(['get', 's3://bucket/key', `copy-${index}`, '--quiet', ...flags]);
    }),
  );
  return ended.map(({ status, stderr }) => `${status}${stderr}`);
}

it('in a textfile, however many commands end at once', async () => {
  await using sandbox = await startTestSandbox();
  sandbox.putObject('bucket', 'key', { body: 'bytes' });
  await using program = await Program.create(sandbox.env);
  const seen = [0];
  const look = (): void => {
    try {
      const total = readTotal(readFileSync(program.path('m.prom'), 'utf8'));
      if (total !== seen.at(-1)) seen.push(total);
    } catch {
      // Not there yet.
    }
  };
  const timer = setInterval(look, 2);
  const ended = await runAtOnce(program, '--textfile', program.path('m.prom'));
  clearInterval(timer);
  look();
  expect(new Set(ended)).toEqual(new Set(['0']));
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toBe(COMMANDS);
});

it('in a Pushgateway, whatever its delays', async () => {
  const seen: number[] = [];
  let requests = 0;
  const gateway = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      // The first of several pushes would be the last to be stored.
      setTimeout(
        () => {
          seen.push(readTotal(body));
          response.writeHead(200).end();
        },
        requests++ === 0 ? 400 : 10,
      );
    });
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  try {
    await using sandbox = await startTestSandbox();
    sandbox.putObject('bucket', 'key', { body: 'bytes' });
    await using program = await Program.create(sandbox.env);
    const { port } = gateway.address() as AddressInfo;
    expect(new Set(await runAtOnce(program, '--push', `http://127.0.0.1:${port}`))).toEqual(new Set(['0']));
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(COMMANDS);
  } finally {
    gateway.close();
  }
});
