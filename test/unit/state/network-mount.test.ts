import { expect, it } from 'vitest';
import { isOnNetwork } from '../../../src/state/network-mount.ts';

it.each([
  ['\\\\server\\share\\state', true],
  ['//server/share/state', true],
  ['\\\\?\\UNC\\server\\share', true],
  ['\\\\?\\C:\\state', false],
  ['\\\\.\\NUL', false],
  ['C:\\Users\\me\\AppData\\Local\\breakwater', false],
])('on Windows, knows by its path whether %s is on a server: %s', (path, isServer) => {
  expect(isOnNetwork(path, 'win32')).toBe(isServer);
});

it('takes every directory of macOS for a local one', () => {
  expect(isOnNetwork('/Volumes/share', 'darwin')).toBe(false);
});
