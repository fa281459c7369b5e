/**
 * Met: BREAKWATER_RETRYS=1 did nothing, and nothing said so; the same in the config file is status 78 with a suggestion.
 * Cause: variables are looked up by the names of the settings, and nothing looked at the others.
 * Fix: `config` and `doctor` warn of variables with our prefix that no command reads. Transfers do not fail because of them.
 */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readManifest } from '../../src/cli/help/manifest.ts';
import { findUnknownVariables } from '../../src/cli/settings/unknown-variables.ts';
import { Program, readDocument } from '../support/program.ts';

const manifest = await readManifest(fileURLToPath(new URL('../..', import.meta.url)));

it.each([
  ['BREAKWATER_RETRYS', 'BREAKWATER_RETRIES'],
  ['BREAKWATER_OPENFOR', 'BREAKWATER_OPEN_FOR'],
  ['BREAKWATER_DRYRUN', 'BREAKWATER_DRY_RUN'],
  ['BREAKWATER_PUSH_TOKEN_FIEL', 'BREAKWATER_PUSH_TOKEN_FILE'],
  ['BREAKWATER_SOMETHING_ELSE', null],
])('%s is unknown, and nearest is %s', (name, nearest) => {
  expect(findUnknownVariables({ [name]: '1' }, manifest)).toEqual([{ name, nearest }]);
});

it.each([
  ['a setting', { BREAKWATER_RETRIES: '1' }],
  ['a flag of one command', { BREAKWATER_PART_SIZE: '8MiB', BREAKWATER_LISTEN: '1' }],
  ['a secret', { BREAKWATER_PUSH_PASSWORD: 'x', BREAKWATER_FLEET_FILE: '/x' }],
  ['empty', { BREAKWATER_RETRYS: '' }],
  ['of tests and benchmarks', { BREAKWATER_TEST_HTTP: 'undici', BREAKWATER_BENCH_BESIDE: '1' }],
  [
    'of a service in Kubernetes that has our name',
    {
      BREAKWATER_SERVICE_HOST: '10.0.0.1',
      BREAKWATER_METRICS_SERVICE_PORT_HTTP: '80',
      BREAKWATER_METRICS_PORT: 'tcp://10.0.0.1:80',
      BREAKWATER_PORT_80_TCP_ADDR: '10.0.0.1',
    },
  ],
  ['of others', { PATH: '/bin', BREAKWATERS: '1' }],
])('one that is %s is none', (_what, env) => {
  expect(findUnknownVariables(env, manifest)).toEqual([]);
});

it('config and doctor warn, with what may be meant', async () => {
  await using program = await Program.create({ AWS_REGION: 'eu-west-1', BREAKWATER_RETRYS: '1' });
  const shown = await program.run(['config']);
  expect([shown.status, shown.stderr]).toEqual([0, '']);
  expect(shown.text).toMatch(
    /^warning: BREAKWATER_RETRYS is no setting and has no effect; did you mean BREAKWATER_RETRIES\?$/m,
  );
  const unknown = [{ name: 'BREAKWATER_RETRYS', nearest: 'BREAKWATER_RETRIES' }];
  expect(readDocument(await program.run(['config', '--json']))['unknown_variables']).toEqual(unknown);
  const { text } = await program.run(['doctor', '--endpoint-url', 'http://127.0.0.1:9']);
  expect(text).toMatch(/^warning +settings +.*BREAKWATER_RETRYS is no setting.*did you mean BREAKWATER_RETRIES\?/m);
});
