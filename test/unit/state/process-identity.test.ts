import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { checkProcess, identifyProcess } from '../../../src/state/process-identity.ts';
import { checkMacProcess, describeStart } from '../../../src/systems/macos-process.ts';

const START_MS = Date.UTC(2026, 10, 29, 6, 10, 56);
const OWNER = { pid: 4711, startTime: describeStart(START_MS), host: 'mac.local' };

function check(text: string | null, owner: Partial<typeof OWNER> = {}, isTaken = true) {
  const asked: number[] = [];
  const life = checkMacProcess(
    { ...OWNER, ...owner },
    {
      isNumberTaken: () => isTaken,
      host: 'mac.local',
      ps: (pid) => {
        asked.push(pid);
        if (text === null) throw new Error('no such process');
        return text;
      },
    },
  );
  return { life, asked };
}

describe('the owner of a lease on macOS', () => {
  it.each([
    ['in the second it began', 'S+   Sun Nov 29 06:10:56 2026    \n', 'alive'],
    ['earlier, as a shell that became it', 'Ss   Sat Nov 28 23:59:59 2026', 'alive'],
    ['on a day of one digit', 'R    Sun Nov  1 06:10:56 2026', 'alive'],
    ['later, so that it is another process', 'S+   Sun Nov 29 06:10:59 2026', 'dead'],
    ['as a zombie', 'Z    Sun Nov 29 06:10:56 2026', 'dead'],
    ['in words of another language', 'S+   So. 29 Nov. 06:10:56 2026', 'unknown'],
    ['not at all', null, 'unknown'],
  ])('is found by ps %s', (_what, text, life) => {
    expect(check(text)).toEqual({ life, asked: [4711] });
  });

  it('is dead without asking ps if its number is free', () => {
    expect(check('S+ Sun Nov 29 06:10:56 2026', {}, false)).toEqual({ life: 'dead', asked: [] });
  });

  it('is unknown on another machine, and as a process of Linux', () => {
    expect(check(null, { host: 'other.local' })).toEqual({ life: 'unknown', asked: [] });
    expect(check(null, { startTime: '123456' })).toEqual({ life: 'unknown', asked: [] });
  });

  it('is alive or dead by the real ps, which Linux has too', async () => {
    const own = identifyProcess('put', 'darwin');
    expect(own).toMatchObject({ pid: process.pid, bootId: null, host: hostname() });
    expect(checkProcess(own, 'darwin')).toBe('alive');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const owner = { ...own, pid: child.pid! };
    expect(checkProcess({ ...owner, startTime: describeStart(Date.now()) }, 'darwin')).toBe('alive');
    // The number of an owner that began an hour ago is now that of another process.
    expect(checkProcess({ ...owner, startTime: describeStart(Date.now() - 3_600_000) }, 'darwin')).toBe('dead');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(checkProcess(owner, 'darwin')).toBe('dead');
  });
});

it('leaves owners to their lease on Windows', () => {
  const own = { ...identifyProcess('put', 'darwin'), startTime: null };
  expect(checkProcess(own, 'win32')).toBe('unknown');
});
