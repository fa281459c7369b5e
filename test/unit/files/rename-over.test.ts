import { describe, expect, it } from 'vitest';
import { renameOver } from '../../../src/files/rename-over.ts';
import { renameOnWindows } from '../../../src/systems/windows-rename.ts';
import { isMount } from '../../../src/transfer/get/can-only-write.ts';
import { syncDirectory } from '../../../src/transfer/get/sync-directory.ts';

function failing(code: string, times = Number.POSITIVE_INFINITY) {
  let tries = 0;
  const waits: number[] = [];
  return {
    tries: () => tries,
    waits,
    rename: () => {
      tries += 1;
      if (tries <= times) throw Object.assign(new Error(code), { code });
    },
    sleep: async (ms: number) => await Promise.resolve(waits.push(ms)),
  };
}

describe('renameOver', () => {
  it.each(['EPERM', 'EACCES', 'EBUSY'])('waits on Windows while another program has a file open: %s', async (code) => {
    const twice = failing(code, 2);
    await renameOnWindows(twice.rename, twice.sleep);
    expect([twice.tries(), twice.waits]).toEqual([3, [10, 25]]);
    const once = failing(code, 1);
    await renameOver(once.rename, 'win32');
    expect(once.tries()).toBe(2);
  });

  it('gives up after less than two seconds, with the error of the system', async () => {
    const always = failing('EPERM');
    await expect(renameOnWindows(always.rename, always.sleep)).rejects.toMatchObject({ code: 'EPERM' });
    expect(always.waits.reduce((sum, ms) => sum + ms)).toBeLessThan(2000);
  });

  it.each([
    ['win32', 'ENOSPC'],
    ['linux', 'EPERM'],
    ['darwin', 'EBUSY'],
  ] as const)('tries only once on %s after %s', async (platform, code) => {
    const always = failing(code);
    await expect(renameOver(always.rename, platform)).rejects.toMatchObject({ code });
    expect(always.tries()).toBe(1);
  });
});

it('writes into a file that cannot be replaced only where that means a mount', () => {
  const busy = Object.assign(new Error('busy'), { code: 'EBUSY' });
  expect([isMount(busy, 'linux'), isMount(busy, 'win32')]).toEqual([true, false]);
});

it('leaves directories alone on Windows, which refuses to flush them', async () => {
  await expect(syncDirectory('/no/such/directory', 'win32')).resolves.toBeUndefined();
  await expect(syncDirectory('/no/such/directory', 'darwin')).rejects.toMatchObject({ code: 'ENOENT' });
});
