/**
 * Met: requests went to one region while the circuit was named for another one, so that an outage of the first stopped
 *   transfers of the second.
 * Cause: our reader of the AWS files overlooked names in quotes, `[profile default]` and paths that begin with `~/`,
 *   and took a section without the word profile.
 * Fix: the files are read as the SDK reads them; it is asked here what it reads.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSharedConfigFiles } from '@smithy/core/config';
import { afterEach, expect, it, vi } from 'vitest';
import { findAwsContext } from '../../src/cli/settings/aws-config.ts';

let home = '';
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

it.each<[string, string[], string | null, string?]>([
  ['a profile in quotes', ['[profile "dev"]', 'region = a'], 'dev'],
  ['a profile in single quotes', ["[profile 'dev']", 'region = a'], 'dev'],
  ['a default that is called a profile', ['[profile default]', 'region = a'], null],
  [
    'a default that is called a profile and goes over one that is not',
    ['[profile default]', 'region = a', '[default]', 'region = b'],
    null,
  ],
  ['a section that is not called a profile', ['[dev]', 'region = a'], 'dev'],
  ['a file in the home directory', ['[default]', 'region = a'], null, '~/elsewhere'],
])('agrees with the SDK about the region: %s', async (_what, lines, profile, path = '~/.aws/config') => {
  home = await mkdtemp(join(tmpdir(), 'breakwater-aws-'));
  await mkdir(join(home, '.aws'));
  await writeFile(path.replace('~', home), lines.join('\n'));
  vi.stubEnv('HOME', home);
  vi.stubEnv('AWS_CONFIG_FILE', path.replace('~', home));
  const { configFile } = await loadSharedConfigFiles({ ignoreCache: true });
  const { region } = findAwsContext(
    { endpointUrl: null, region: null, profile },
    { env: { AWS_CONFIG_FILE: path }, home },
  );
  expect(region).toBe(configFile[profile ?? 'default']?.['region'] ?? null);
});
