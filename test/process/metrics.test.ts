import { mkdir, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

const FILES = 5;
/** Whole commands at once; `npm run proof` asks for 60. */
const COMMANDS = Number(process.env['BREAKWATER_COMMANDS'] ?? 15);
/** Rounds in which two of them are killed; `npm run proof` asks for more. */
const KILL_ROUNDS = Math.min(15, Number(process.env['BREAKWATER_KILL_ROUNDS'] ?? 6));
// Without resuming: the same command at once, or after one that was killed, would rightly leave out what is there already.
const PUT_TREE = ['put', '-r', '--no-resume', 'tree', 's3://bucket/tree/'];

async function createStage(): Promise<{ sandbox: TestSandbox; program: Program } & AsyncDisposable> {
  const sandbox = await startTestSandbox();
  const program = await Program.create(sandbox.env);
  await mkdir(program.path('tree'));
  for (let index = 0; index < FILES; index += 1) await writeFile(program.path('tree', String(index)), 'x');
  return {
    sandbox,
    program,
    [Symbol.asyncDispose]: async () => {
      await program[Symbol.asyncDispose]();
      await sandbox.close();
    },
  };
}

async function readCount(program: Program): Promise<number> {
  const { text } = await program.run(['metrics']);
  return Number(
    /^s3_operations_total\{operation="put_object",bucket="bucket",result="success"\} (\d+)$/m.exec(text)?.[1] ?? 0,
  );
}

it(`${COMMANDS} processes at once with ${FILES} operations each count exactly ${COMMANDS * FILES}`, async () => {
  await using stage = await createStage();
  const { program } = stage;
  const statuses = await Promise.all(
    Array.from({ length: COMMANDS }, async () => (await program.run(PUT_TREE)).status),
  );
  expect(new Set(statuses)).toEqual(new Set([0]));
  expect(await readCount(program)).toBe(COMMANDS * FILES);
});

it('killed processes count nothing twice and leave the file intact', async () => {
  await using stage = await createStage();
  const { sandbox, program } = stage;
  const waitForRequest = async (seen: number, isOver: () => boolean): Promise<void> => {
    while (sandbox.requests().length === seen && !isOver()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  // One that is left alone: how long it takes from its first request to its end, on this machine as busy as it is.
  const whole = program.start(PUT_TREE);
  await waitForRequest(0, () => whole.child.exitCode !== null);
  const begunAtMs = performance.now();
  await whole.ended;
  const takesMs = performance.now() - begunAtMs;
  for (let round = 0; round < KILL_ROUNDS; round += 1) {
    const started = Array.from({ length: 2 }, () => program.start(PUT_TREE));
    await waitForRequest(sandbox.requests().length, () => started.some(({ child }) => child.exitCode !== null));
    // Anywhere from the first request to the end of the command, and a little beyond.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * takesMs * 1.2));
    for (const { child } of started) child.kill('SIGKILL');
    await Promise.all(started.map(async ({ ended }) => await ended));
  }
  const counted = await readCount(program);
  const done = sandbox.requests().filter(({ operation, status }) => operation === 'PutObject' && status === 200).length;
  expect(counted).toBeGreaterThanOrEqual(FILES);
  expect(counted).toBeLessThanOrEqual(done);
  // A command counts all of its operations at once, or none of them.
  expect(counted % FILES).toBe(0);
  const database = new DatabaseSync(program.path('state', 'state.db'));
  expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  database.close();
});
