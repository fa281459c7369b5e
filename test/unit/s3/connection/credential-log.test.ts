import { expect, it } from 'vitest';
import { CredentialLog } from '../../../../src/s3/connection/credential-log.ts';

function logOf(...failures: readonly string[]): CredentialLog {
  const log = new CredentialLog();
  for (const failure of failures) log.note(`@smithy/property-provider -> ${failure}`);
  return log;
}

const EMPTY_CHAIN = Object.assign(new Error('Could not load credentials from any providers'), { tryNextLink: false });

it('names the failure of the source that was configured', () => {
  const log = logOf(
    'AWS_PROFILE is set, skipping fromEnv provider.',
    'Command failed: sh -c x\nsession has expired',
    'EC2 Instance Metadata Service access disabled',
  );
  expect(log.reasonOf(EMPTY_CHAIN)).toBe('its credential_process failed');
  expect(log.lines[1]).toContain('session has expired');
  expect(log.lines).toHaveLength(3);
});

it.each([
  ['status 127', 'Command failed (status 127): /nope token=hush\nsh: 1: /nope: not found'],
  ['ended by SIGKILL', 'Command failed (ended by SIGKILL): sh -c x'],
])('says how a program failed, and not what it was called with: %s', (how, failure) => {
  expect(logOf(failure).reasonOf(EMPTY_CHAIN)).toBe(`its credential_process failed (${how})`);
});

it('names the error of a provider that ends the search', () => {
  const denied = Object.assign(new Error('not authorized to perform\n sts:AssumeRole'), { name: 'AccessDenied' });
  expect(logOf('something else').reasonOf(denied)).toBe('not authorized to perform sts:AssumeRole');
});

it('names what is wrong with the default profile, too', () => {
  const log = logOf(
    'Profile default credential_process returned invalid JSON.',
    'Could not resolve credentials using profile: [default] in configuration/credentials file(s).',
    'Profile default could not be found in shared credentials file.',
  );
  expect(log.reasonOf(EMPTY_CHAIN)).toBe('Profile default credential_process returned invalid JSON.');
});

it('falls back to the end of the search', () => {
  const log = logOf('EC2 Instance Metadata Service access disabled');
  expect(log.reasonOf(EMPTY_CHAIN)).toBe('Could not load credentials from any providers');
});

it.each([
  [
    'remoteProvider::fromHttp/fromContainerMetadata',
    'AWS_CONTAINER_CREDENTIALS_FULL_URI, or the response from there, cannot be used',
  ],
  [
    'remoteProvider::fromInstanceMetadata',
    'none are set, and the metadata server of an EC2 instance does not give any',
  ],
])('names the source that the SDK says nothing of: %s', (source, says) => {
  const log = new CredentialLog();
  log.note('@smithy/property-provider -> Web identity configuration not specified');
  log.note(`@aws-sdk/credential-provider-node - ${source}`);
  log.note('@smithy/property-provider (!) Could not load credentials from any providers');
  expect(log.reasonOf(EMPTY_CHAIN)).toBe(says);
});

it.each([
  [500, new Error('Unknown')],
  [
    200,
    new Error('XML parse error: unexpected content. Deserialization error: to see the raw response, inspect $response'),
  ],
  [200, new TypeError('Invalid RFC-3339 date-time value')],
])('tells the status %i of a service that does not answer as AWS', (httpStatusCode, error) => {
  expect(logOf().reasonOf(Object.assign(error, { $metadata: { httpStatusCode } }))).toBe(
    `the service that gives them answered HTTP ${httpStatusCode}, not in the form of AWS`,
  );
});

it('tells what the service says', () => {
  const error = Object.assign(new Error('Token expired'), { $metadata: { httpStatusCode: 403 } });
  expect(logOf().reasonOf(error)).toBe('Token expired');
});

it('leaves out the kind of an error', () => {
  const log = logOf('Error: connect ECONNREFUSED 127.0.0.1:1');
  expect(log.reasonOf(EMPTY_CHAIN)).toBe('connect ECONNREFUSED 127.0.0.1:1');
});
