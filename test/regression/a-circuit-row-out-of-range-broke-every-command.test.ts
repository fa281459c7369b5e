import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { initialRow } from '../../src/circuit/state-machine.ts';
import { DEFAULT_CIRCUIT_SETTINGS, LONGEST_ISOLATION_MS } from '../../src/circuit/circuit.ts';
import { createTestState } from '../support/state.ts';

const MANUAL = { by: 'ops', atMs: 0, reason: null, untilMs: null };
const LEASE = '"owner":{"pid":1,"startTime":null,"bootId":null,"pidNamespace":null,"host":"h","command":"put"}';

/*
 * `breaker-isolate --for 99999999d` stored an end that no calendar has, and from then on every look at the circuits ended
 * with status 70. Another impossible value set the whole state file aside.
 */
it.each([
  ['an end that is no date', `manual = '${JSON.stringify({ ...MANUAL, untilMs: 8.64e15 + 1 })}', state = 'isolated'`],
  [
    'an isolation that is too long',
    `manual = '${JSON.stringify({ ...MANUAL, untilMs: LONGEST_ISOLATION_MS + 1 })}', state = 'isolated'`,
  ],
  ['a start that is no date', `manual = '${JSON.stringify({ ...MANUAL, atMs: -8.64e15 - 1 })}'`],
  ['a time that a double cannot hold', 'changed_at_ms = 9223372036854775807'],
  ['an opening that is no date', "state = 'open', opened_at_ms = 9000000000000000, open_for_ms = 1"],
  ['a wait that is too long', `open_for_ms = ${LONGEST_ISOLATION_MS + 1}`],
  ['a wait below 0', 'open_for_ms = -1'],
  ['an epoch that cannot rise', 'epoch = 9007199254740991'],
  ['a threshold of 0', 'failure_threshold = 0'],
  ['a lease that ends on no date', `lease = '{"token":"t","expiresAtMs":9e15,${LEASE}}'`],
  ['a failure of another shape', `last_failure = '{"code":7}'`],
  ['no JSON', `last_failure = 'x'`],
])('a row with %s counts as missing, with one warning, and its neighbours stay', async (_what, spoil) => {
  await using test = await createTestState();
  const [bad, good] = ['s3-upload@bad', 's3-upload@good'].map((name) => initialRow(name, DEFAULT_CIRCUIT_SETTINGS));
  const first = test.open();
  for (const row of [bad!, good!]) {
    first.circuits.update(row.name, () => ({ row, transitions: [], result: null }));
  }
  first.close();
  const database = new DatabaseSync(join(test.directory, 'state.db'));
  database.exec(`UPDATE circuits SET ${spoil} WHERE name = '${bad!.name}'`);
  database.close();

  const { circuits, problem } = test.open();
  expect([circuits.read(bad!.name), circuits.read(good!.name), circuits.list()]).toEqual([undefined, good, [good]]);
  circuits.update(bad!.name, (stored) => {
    expect(stored).toBeUndefined();
    return { row: { ...bad!, failures: 1 }, transitions: [], result: null };
  });
  expect(circuits.list()).toEqual([{ ...bad, failures: 1 }, good]);
  expect(problem()).toBeNull();
  expect(test.warnings).toEqual([
    expect.stringMatching(/^a circuit in .*state\.db is unusable and counts as closed: /),
  ]);
});
