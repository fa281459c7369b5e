/**
 * Met: `sso_session = nope` without that section: "no usable AWS credentials in profile "sso": Cannot read properties of
 *   undefined (reading 'sso_region')". So after a credential_process that prints `null`, a token of single sign-on that is
 *   `null`, and "Invalid URL" after a bad AWS_CONTAINER_CREDENTIALS_FULL_URI. A time of expiry that is no time ended
 *   `doctor` with "unexpected RangeError" (70).
 * Cause: whatever the SDK's providers threw was shown, and what a program prints was taken as it came.
 * Fix: what the profile lacks is looked up in the AWS files; an error of JavaScript itself names the source that was
 *   asked; an identity is checked before it is used.
 */
import { expect, it } from 'vitest';
import { findProfileFault } from '../../src/cli/settings/profile-fault.ts';
import { judgeCredentials } from '../../src/cli/doctor/judge-credentials.ts';
import { CredentialLog } from '../../src/s3/connection/credential-log.ts';
import { findCredentials } from '../../src/s3/connection/credentials.ts';
import { NOTHING_SET } from '../../src/setting-names.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** Never asked. */
const NO_SERVER = { handle: async () => await Promise.reject(new Error('nothing may be sent')) };

function find(config: string) {
  const profileFiles = { profile: 'p', config: `[profile p]\n${config}\n`, credentials: '' };
  return findCredentials(
    {
      profile: 'p',
      profileFiles,
      credentialsTimeoutMs: 1e9,
      findProfileFault: async () => await Promise.resolve(findProfileFault('p', profileFiles)),
    },
    { clock: new VirtualClock(), signal: new AbortController().signal, emit: () => undefined },
    NO_SERVER,
  )();
}

const BEGIN = 'no usable AWS credentials in profile "p": ';

it.each([
  ['sso_session = nope', 'there is no [sso-session nope] for its sso_session'],
  ['credential_process = echo null', 'its credential_process did not print credentials in JSON'],
  ['credential_process = head -c 3000000 /dev/zero', 'its credential_process did not print credentials in JSON'],
  ['role_arn = r\nsource_profile = q', 'there is no [profile q] for source_profile'],
])('says what is wrong with %j', async (config, reason) => {
  await expect(find(config)).rejects.toMatchObject({ code: 'config', message: `${BEGIN}${reason}` });
});

it.each([
  [new TypeError('Cannot read properties of null'), 'fromSSO', /single sign-on/],
  [
    new TypeError('Invalid URL'),
    'remoteProvider::fromHttp/fromContainerMetadata',
    /AWS_CONTAINER_CREDENTIALS_FULL_URI/,
  ],
  [new TypeError('Invalid URL'), 'remoteProvider::fromInstanceMetadata', /AWS_EC2_METADATA_SERVICE_ENDPOINT/],
  [new SyntaxError('Unexpected end of JSON input'), 'fromSomethingNew', /cannot be understood/],
  [new RangeError('any'), 'fromLoginCredentials', /aws login/],
])('names the source that was asked before %s', (error, provider, reason) => {
  const log = new CredentialLog();
  log.note('@aws-sdk/credential-provider-node - defaultProvider::fromIni');
  log.note(`@aws-sdk/credential-provider-node - ${provider}`);
  expect(log.reasonOf(error)).toMatch(reason);
  expect(log.reasonOf(error)).not.toContain(error.message);
});

const printed = (fields: object): string =>
  `credential_process = echo ${JSON.stringify(JSON.stringify({ Version: 1, ...fields }))}`;

it('refuses a key that is not a text', async () => {
  await expect(find(printed({ AccessKeyId: 1, SecretAccessKey: 'b' }))).rejects.toMatchObject({
    code: 'config',
    message: 'the access key id is not a text',
  });
});

it('takes a time of expiry that is no time for none', async () => {
  const identity = await find(printed({ AccessKeyId: 'a', SecretAccessKey: 'b', Expiration: 'soon' }));
  expect(identity).toMatchObject({ accessKeyId: 'a', secretAccessKey: 'b' });
  expect(identity.expiration).toBeUndefined();
  const found = { source: 'x', expiresAtMs: identity.expiration?.getTime() ?? null };
  expect(judgeCredentials({ found }, { signed: null, names: NOTHING_SET, nowMs: 0 }).status).toBe('ok');
});
