import { randomBytes, randomInt } from 'node:crypto';
import { readFile, readdir, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countQueuedBytes } from '../support/queued-bytes.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

/** Rounds of random SIGKILL each way; `npm run proof` asks for 20. */
const ROUNDS = Number(process.env['BREAKWATER_TRANSFER_KILL_ROUNDS'] ?? 1);
const SEED = Number(process.env['BREAKWATER_TRANSFER_KILL_SEED'] ?? randomInt(2 ** 31));
const SIZE = 200_000_000;
/** What a kill may cost: requests in flight are begun again. */
const SENT_MAX = 1.3 * SIZE;
/** How often the moment is looked for, in ms. */
const LOOK_EVERY_MS = 1;

const random = createRandom(SEED);
/** In one direction after the other, from the same seed: a round is found again by its number. */
const MOMENTS = Array.from({ length: 2 * ROUNDS }, () => random());
const BODY = randomBytes(SIZE);

/** Bytes of bodies that have moved either way since the log was cleared. */
function movedBytes(sandbox: TestSandbox): number {
  return sandbox.requests().reduce((sum, { receivedBytes, sentBytes }) => sum + receivedBytes + sentBytes, 0);
}

interface Stage {
  readonly program: Program;
  readonly sandbox: TestSandbox;
}

/**
 * Runs a command and kills it once so many bytes have moved.
 * @returns what the client has moved, and whether the kill came before its end
 */
async function runAndKill(
  { program, sandbox }: Stage,
  argv: readonly string[],
  atBytes: number,
): Promise<{ isKilled: boolean; bytes: number }> {
  const { child, ended } = program.start(argv);
  const stopped: { bytes: number }[] = [];
  const timer = setInterval(() => {
    if (stopped.length > 0 || movedBytes(sandbox) < atBytes || !child.kill('SIGSTOP')) return;
    const queued = countQueuedBytes(Number(new URL(sandbox.endpoint).port));
    // The sandbox counts what it has handed to the system or got from it: of a download the client has read less, of an
    // upload it has sent more.
    stopped.push({ bytes: movedBytes(sandbox) + (argv[0] === 'get' ? -queued : queued) });
    child.kill('SIGKILL');
  }, LOOK_EVERY_MS);
  const { status, signal, stderr } = await ended;
  clearInterval(timer);
  expect([status, signal], stderr).toEqual(signal === 'SIGKILL' ? [null, 'SIGKILL'] : [0, null]);
  return { isKilled: signal === 'SIGKILL', bytes: stopped[0]?.bytes ?? movedBytes(sandbox) };
}

/** Runs a command, kills it, and runs it again. @returns the bytes that both have moved */
async function runToTheEnd(stage: Stage, argv: readonly string[], atBytes: number): Promise<number> {
  stage.sandbox.clearRequests();
  const first = await runAndKill(stage, argv, atBytes);
  if (!first.isKilled) return first.bytes;
  stage.sandbox.clearRequests();
  const next = await stage.program.run(argv);
  expect([next.status, next.stderr]).toEqual([0, '']);
  return first.bytes + movedBytes(stage.sandbox);
}

describe(`a SIGKILL in the middle, seed ${SEED},`, () => {
  it(`is survived by an upload: the next run goes on, ${ROUNDS} x`, async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    await writeFile(program.path('file'), BODY);
    for (const [round, moment] of MOMENTS.slice(0, ROUNDS).entries()) {
      sandbox.putObject('bucket', 'key', { body: 'old' });
      const argv = ['put', '--quiet', 'file', 's3://bucket/key'];
      const bytes = await runToTheEnd({ program, sandbox }, argv, moment * SIZE);
      expect(sandbox.read('bucket', 'key')?.equals(BODY), `round ${round}`).toBe(true);
      expect(sandbox.openUploads('bucket'), `round ${round}`).toBe(0);
      expect(bytes, `round ${round}, killed at ${moment}`).toBeLessThan(SENT_MAX);
    }
  }, 600_000);

  it(`is survived by a download: the next run goes on, ${ROUNDS} x`, async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    sandbox.putObject('bucket', 'key', { body: BODY });
    for (const [round, moment] of MOMENTS.slice(ROUNDS).entries()) {
      const directory = program.path(`to-${round}`);
      await mkdir(directory);
      const argv = ['get', '--quiet', 's3://bucket/key', join(directory, 'file')];
      const bytes = await runToTheEnd({ program, sandbox }, argv, moment * SIZE);
      expect((await readFile(join(directory, 'file'))).equals(BODY), `round ${round}`).toBe(true);
      expect(await readdir(directory), `round ${round}`).toEqual(['file']);
      expect(bytes, `round ${round}, killed at ${moment}`).toBeLessThan(SENT_MAX);
    }
  }, 600_000);
});

/** Mulberry32: small, and the same everywhere. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
