import { describe, expect, it } from 'vitest';
import { findUserPlace } from '../../../../src/cli/settings/user-place.ts';

const WINDOWS = { APPDATA: 'C:\\Users\\me\\AppData\\Roaming', LOCALAPPDATA: 'D:\\local' };

describe('findUserPlace', () => {
  it.each([
    ['linux', 'state', {}, '/home/me/.local/state/breakwater'],
    ['linux', 'config', { XDG_CONFIG_HOME: '/etc/me' }, '/etc/me/breakwater'],
    ['linux', 'state', { XDG_STATE_HOME: 'relative' }, '/home/me/.local/state/breakwater'],
    ['linux', 'state', { XDG_STATE_HOME: '', LOCALAPPDATA: '/mnt/c/local' }, '/home/me/.local/state/breakwater'],
    ['darwin', 'state', {}, '/home/me/.local/state/breakwater'],
    ['darwin', 'config', {}, '/home/me/.config/breakwater'],
    ['win32', 'state', WINDOWS, 'D:\\local\\breakwater'],
    ['win32', 'config', WINDOWS, 'C:\\Users\\me\\AppData\\Roaming\\breakwater'],
    ['win32', 'state', { ...WINDOWS, XDG_STATE_HOME: 'E:\\state' }, 'E:\\state\\breakwater'],
    ['win32', 'state', {}, 'C:\\Users\\me\\AppData\\Local\\breakwater'],
    ['win32', 'config', { APPDATA: 'relative' }, 'C:\\Users\\me\\AppData\\Roaming\\breakwater'],
  ] as const)('on %s, %s with %j: %s', (platform, kind, env, path) => {
    const home = platform === 'win32' ? 'C:\\Users\\me' : '/home/me';
    expect(findUserPlace(kind, { env, home, platform })).toBe(path);
  });
});
