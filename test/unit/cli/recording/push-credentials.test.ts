import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readAuthorization } from '../../../../src/cli/recording/push-credentials.ts';
import { readFleetTarget } from '../../../../src/cli/fleet/fleet-target.ts';
import { resolveSettings } from '../../../../src/cli/settings/resolve-settings.ts';

const HOME = await mkdtemp(join(tmpdir(), 'breakwater-home-'));
afterAll(async () => await rm(HOME, { recursive: true }));

it('reads a secret from a file below the home directory, which no shell names in a crontab', async () => {
  await writeFile(join(HOME, 'token'), 'hush\n');
  expect(readAuthorization({ HOME, BREAKWATER_PUSH_TOKEN_FILE: '~/token' })).toBe('Bearer hush');
});

it('does the same for the URL of a fleet', async () => {
  await writeFile(join(HOME, 'fleet'), 'redis://:hush@127.0.0.1:6379\n');
  const env = { HOME, BREAKWATER_FLEET_FILE: '~/fleet' };
  const settings = resolveSettings({ flags: {}, env, file: { path: '', entries: {} }, home: HOME });
  expect(readFleetTarget(settings, env)).toMatchObject({ host: '127.0.0.1', password: 'hush' });
});
