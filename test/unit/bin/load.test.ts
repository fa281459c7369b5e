import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';

const require = createRequire(import.meta.url);
const { findCache, nameCode } = require('../../../bin/load.js') as {
  findCache: (env: Readonly<Record<string, string>>, platform: NodeJS.Platform) => string | null;
  nameCode: (path: string) => string;
};

describe('where compiled code is kept', () => {
  it.each([
    ['linux', { HOME: '/home/me' }, '/home/me/.cache/breakwater'],
    ['darwin', { HOME: '/Users/me' }, '/Users/me/.cache/breakwater'],
    ['linux', { HOME: '/home/me', XDG_CACHE_HOME: '/var/cache/me' }, '/var/cache/me/breakwater'],
    ['linux', { HOME: '/home/me', XDG_CACHE_HOME: 'relative' }, '/home/me/.cache/breakwater'],
    ['linux', { HOME: '', XDG_CACHE_HOME: '' }, null],
    ['linux', {}, null],
    ['win32', { LOCALAPPDATA: 'C:\\local', HOME: '/home/me' }, 'C:\\local\\breakwater\\cache'],
    ['win32', { LOCALAPPDATA: 'C:\\local', XDG_CACHE_HOME: 'D:\\cache' }, 'D:\\cache\\breakwater'],
    ['win32', {}, null],
  ] as const)('on %s with %j: %s', (platform, env, path) => {
    expect(findCache(env, platform)).toBe(path);
  });

  it('is one file for each of ours, whatever divides the names of directories', () => {
    expect(nameCode('cli/main.cjs')).toBe('cli main.cjs');
    expect(nameCode('cli\\main.cjs')).toBe('cli main.cjs');
  });
});
