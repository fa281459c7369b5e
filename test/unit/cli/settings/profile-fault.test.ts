import { expect, it } from 'vitest';
import { findProfileFault } from '../../../../src/cli/settings/profile-fault.ts';

const SESSION = '[sso-session s]\nsso_region=eu-west-1\nsso_start_url=https://s\n';
const KEYS = 'aws_access_key_id=a\naws_secret_access_key=b\n';

it.each([
  ['', 'there is no profile "p"'],
  ['[profile p]\nregion=x\n', 'it names no keys, role, session or program'],
  ['[profile p]\naws_access_key_id=\naws_secret_access_key=\n', 'it names no keys, role, session or program'],
  ['[profile p]\naws_access_key_id=a\n', 'it lacks aws_secret_access_key'],
  ['[profile p]\nsso_session=s\n', 'there is no [sso-session s] for its sso_session'],
  ['[profile p]\nsso_session=s\n[sso-session s]\n', '[sso-session s] lacks sso_region'],
  ['[profile p]\nsso_session=s\n[sso-session s]\nsso_region=x\n', '[sso-session s] lacks sso_start_url'],
  ['[profile p]\nrole_arn=r\n', 'its role_arn lacks a source_profile, credential_source or web_identity_token_file'],
  ['[profile p]\nrole_arn=r\nsource_profile=q\n', 'there is no [profile q] for source_profile'],
  [
    '[profile p]\nrole_arn=r\nsource_profile=q\n[profile q]\nregion=x\n',
    'profile "q": it names no keys, role, session or program',
  ],
  [
    '[profile p]\nrole_arn=r\nsource_profile=q\n[profile q]\nsso_session=s\n',
    'profile "q": there is no [sso-session s] for its sso_session',
  ],
])('finds what a profile lacks: %j', (config, fault) => {
  expect(findProfileFault('p', { config, credentials: '' })).toBe(fault);
});

it.each([
  [`[profile p]\n${KEYS}`],
  [`[profile p]\nsso_session=s\n${SESSION}`],
  ['[profile p]\ncredential_process=x\n'],
  ['[profile p]\nlogin_session=x\n'],
  ['[profile p]\nrole_arn=r\ncredential_source=Environment\n'],
  ['[profile p]\nrole_arn=r\nweb_identity_token_file=f\n'],
  [`[profile p]\nrole_arn=r\nsource_profile=p\n${KEYS}`],
  [`[profile p]\nrole_arn=r\nsource_profile=default\n[default]\n${KEYS}`],
  // The SDK names the profiles of a cycle.
  ['[profile p]\nrole_arn=r\nsource_profile=q\n[profile q]\nrole_arn=r\nsource_profile=p\n'],
])('finds nothing missing: %j', (config) => {
  expect(findProfileFault('p', { config, credentials: '' })).toBeNull();
});

it('reads the credentials file, too', () => {
  expect(findProfileFault('p', { config: '[profile p]\nregion=x\n', credentials: `[p]\n${KEYS}` })).toBeNull();
});

it('takes the default profile as named only if it names a source', () => {
  expect(findProfileFault(null, { config: '', credentials: '' })).toBeNull();
  expect(findProfileFault(null, { config: '[default]\nregion=x\n', credentials: '' })).toBeNull();
  expect(findProfileFault(null, { config: '[default]\nsso_session=s\n', credentials: '' })).toBe(
    'profile "default": there is no [sso-session s] for its sso_session',
  );
});
