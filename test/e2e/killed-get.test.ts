import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '../support/patience.ts';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const MIB = 1024 * 1024;

describe('get that was killed', () => {
  it('is gone on with by the next one', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    const body = randomBytes(80 * MIB);
    sandbox.putObject('bucket', 'big', { body });
    // What comes late is written after more than a second, and so is saved; then nothing comes any more.
    sandbox.addFault('GetObject:latency:after=1500ms:skip=3:times=1');
    sandbox.addFault('GetObject:stall:skip=3');
    const { child, ended } = program.start(['get', 's3://bucket/big', 'copy']);
    await vi.waitFor(() => expect(readSaved(program)).toMatch(/"covered":\[\{"start":0/), {
      ...PATIENCE,
      interval: 100,
    });
    child.kill('SIGKILL');
    expect((await ended).signal).toBe('SIGKILL');
    sandbox.clearFaults();

    const next = await program.run(['get', '--json', 's3://bucket/big', 'copy']);
    expect(next.status).toBe(0);
    expect(readDocument(next)['resumed_bytes']).toBeGreaterThan(0);
    expect((await readFile(program.path('copy'))).equals(body)).toBe(true);
    expect((await readdir(program.directory)).filter((name) => name.includes('breakwater-part'))).toEqual([]);
  });

  it('leaves a temporary file that the next one removes, wherever that writes', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    sandbox.putObject('bucket', 'small', { body: randomBytes(MIB) });
    sandbox.putObject('bucket', 'other', { body: 'x' });
    sandbox.addFault('GetObject:stall:key=small');
    const partials = async (): Promise<readonly string[]> =>
      (await readdir(program.path('here')).catch(() => [])).filter((name) => name.includes('breakwater-part'));
    const first = program.start(['get', 's3://bucket/small', 'here/first']);
    const second = program.start(['get', 's3://bucket/small', 'here/second']);
    await vi.waitFor(async () => expect(await partials()).toHaveLength(2), PATIENCE);
    first.child.kill('SIGKILL');
    await first.ended;

    expect((await program.run(['get', 's3://bucket/other', 'elsewhere'])).status).toBe(0);
    // The other one lives.
    expect(await partials()).toEqual([expect.stringContaining('second')]);
    second.child.kill('SIGINT');
    expect((await second.ended).status).toBe(130);
    expect(await partials()).toEqual([]);
  });
});

/** The documents of begun downloads, as text. */
function readSaved(program: Program): string {
  const database = new DatabaseSync(program.path('state', 'state.db'), { readOnly: true });
  try {
    return database
      .prepare("SELECT document FROM checkpoints WHERE kind = 'download'")
      .all()
      .map(({ document }) => String(document))
      .join();
  } finally {
    database.close();
  }
}
