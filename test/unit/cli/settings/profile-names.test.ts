import { expect, it } from 'vitest';
import { findAwsContext, parseIni } from '../../../../src/cli/settings/aws-config.ts';
import { encodeProfileName, encodeProfileNames } from '../../../../src/cli/settings/profile-names.ts';

it('encodes blanks, in sections and in references to them', () => {
  const text = [
    '[default]',
    'region = eu-west-1',
    '[profile "my role"]',
    'role_arn = arn:aws:iam::1:role/x y',
    '  source_profile = my base ',
    'sso_session = my session',
    '[profile my base]',
    "[profile 'quoted']",
    '[sso-session my session]',
    '[my dev]',
    '[plain]',
  ].join('\n');
  const sections = parseIni(encodeProfileNames(text));
  expect([...sections.keys()]).toEqual([
    'default',
    'profile my%20role',
    'profile my%20base',
    'profile quoted',
    'sso-session my%20session',
    'my%20dev',
    'plain',
  ]);
  expect(Object.fromEntries(sections.get('profile my%20role') ?? [])).toEqual({
    role_arn: 'arn:aws:iam::1:role/x y',
    source_profile: 'my%20base',
    sso_session: 'my%20session',
  });
  expect(encodeProfileName('100% mine')).toBe('100%25%20mine');
});

it('leaves the files to the SDK where no name has a blank', () => {
  const wishes = { endpointUrl: null, region: null, profile: 'dev' };
  expect(findAwsContext(wishes, { env: {}, home: '/nonexistent' }).profileFiles).toBeNull();
});
