import { expect, it } from 'vitest';
import { completeEnvironment, findHome } from '../../../src/cli/find-home.ts';

it.each([
  [{ HOME: '/home/a' }, '/home/b', '/home/a'],
  [{ HOME: '/' }, '/home/b', '/'],
  [{ HOME: '/dev/null' }, '/home/b', '/dev/null'],
  [{ HOME: '' }, '/home/b', '/home/b'],
  [{ HOME: 'relative' }, '/home/b', '/home/b'],
  [{}, '/home/b', '/home/b'],
  [{}, '', '/dev/null'],
  [{}, null, '/dev/null'],
])('finds the home of %j with the entry %s: %s', (env, entry, home) => {
  expect(findHome(env, () => (entry === null ? null : { homedir: entry }))).toBe(home);
});

it('sets what libraries would look for in the password file, and keeps what is set', () => {
  const bare: NodeJS.ProcessEnv = { HOME: '/home/a' };
  completeEnvironment(bare);
  expect(bare).toEqual({ HOME: '/home/a', SHELL: '/bin/sh' });
  const complete: NodeJS.ProcessEnv = { HOME: '/home/a', SHELL: '/bin/zsh' };
  completeEnvironment(complete);
  expect(complete['SHELL']).toBe('/bin/zsh');
});
