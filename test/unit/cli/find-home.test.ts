import { expect, it } from 'vitest';
import { completeEnvironment, findHome, findNoDirectory } from '../../../src/cli/find-home.ts';

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
  expect(findHome(env, { readEntry: () => (entry === null ? null : { homedir: entry }) })).toBe(home);
});

it('sets what libraries would look for in the password file, and keeps what is set', () => {
  const bare: NodeJS.ProcessEnv = { HOME: '/home/a' };
  completeEnvironment(bare);
  expect(bare).toEqual({ HOME: '/home/a', SHELL: '/bin/sh' });
  const complete: NodeJS.ProcessEnv = { HOME: '/home/a', SHELL: '/bin/zsh' };
  completeEnvironment(complete);
  expect(complete['SHELL']).toBe('/bin/zsh');
});

it.each([
  [{ HOME: 'C:\\git\\me', USERPROFILE: 'C:\\Users\\me' }, 'C:\\git\\me'],
  [{ USERPROFILE: 'C:\\Users\\me' }, 'C:\\Users\\me'],
  [{ HOME: '\\\\server\\homes\\me' }, '\\\\server\\homes\\me'],
  // Of another shell: it would be a directory of the current drive.
  [{ HOME: '/c/Users/me', USERPROFILE: 'C:\\Users\\me' }, 'C:\\Users\\me'],
  [{}, 'D:\\of the system'],
])('finds the home of %j on Windows: %s', (env, home) => {
  expect(findHome(env, { platform: 'win32', readEntry: () => ({ homedir: 'D:\\of the system' }) })).toBe(home);
});

it('sets no shell of Unix on Windows, and finds no directory where there is no home', () => {
  const env: NodeJS.ProcessEnv = { USERPROFILE: 'C:\\Users\\me' };
  completeEnvironment(env, { platform: 'win32' });
  expect(env).toEqual({ HOME: 'C:\\Users\\me', USERPROFILE: 'C:\\Users\\me' });
  expect(findHome({}, { platform: 'win32', readEntry: () => null })).toBe(findNoDirectory('win32'));
  expect([findNoDirectory('win32'), findNoDirectory('darwin')]).toEqual(['\\\\.\\NUL', '/dev/null']);
});
