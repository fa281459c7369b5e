/**
 * Met: a push or endpoint URL from a file with a line end (`$(cat url.txt)` of a CRLF file) was refused with its
 * password in the message, which ends in a CI log. An endpoint with a query stored the query in the local state.
 * Cause: every refused value is shown; `URL` drops line ends, so the later check never saw them.
 * Fix: values of URL settings are not shown; line ends, queries and fragments in an endpoint are refused.
 */
import { expect, it } from 'vitest';
import { BreakwaterError } from '../../src/errors.ts';
import { findAwsContext } from '../../src/cli/settings/aws-config.ts';
import { resolveSettings } from '../../src/cli/settings/resolve-settings.ts';

const HOME = '/nonexistent';
const FILE = { path: 'config.json', entries: {} };

function refusalOf(action: () => unknown): BreakwaterError {
  try {
    action();
  } catch (error) {
    if (error instanceof BreakwaterError) return error;
  }
  throw new Error('nothing was refused');
}

it.each(['BREAKWATER_PUSH', 'BREAKWATER_ENDPOINT_URL'])('%s with a line end is refused, and not shown', (name) => {
  const env = { [name]: 'http://me:hush@127.0.0.1:9091\r' };
  const refusal = refusalOf(() => resolveSettings({ flags: {}, env, file: FILE, home: HOME }));
  expect([refusal.code, refusal.message]).toEqual(['config', expect.stringContaining(name)]);
  expect(`${refusal.message} ${refusal.details.hint}`).not.toContain('hush');
});

it.each(['http://127.0.0.1:9000\r', 'http://127.0.0.1\n:9000', 'http://h/?token=hush', 'http://h/#hush'])(
  'the endpoint %j is refused, and not shown',
  (url) => {
    const wishes = { endpointUrl: null, region: null, profile: null };
    const refusal = refusalOf(() => findAwsContext(wishes, { env: { AWS_ENDPOINT_URL: url }, home: HOME }));
    expect([refusal.code, refusal.message]).toEqual(['config', expect.not.stringContaining('hush')]);
  },
);
