/** A Debian as its installer leaves it, without Node: the package installed, a first hour, the package removed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const BUILD = fileURLToPath(new URL('../../build', import.meta.url));
const DEB = readdirSync(BUILD).find((name) => name.endsWith('.deb')) ?? '';

const PATH = process.env['PATH'] ?? '';
const has = (program: string): boolean => PATH.split(delimiter).some((folder) => existsSync(join(folder, program)));
const isPossible = userInfo().uid === 0 && has('debootstrap') && has('chroot');

/** What a user pastes is what the sandbox has printed. */
const FIRST_HOUR = `set -e
if command -v node; then exit 9; fi
breakwater --version
rm -f sandbox.log
breakwater sandbox --port 0 2>sandbox.log & sandbox=$!
trap 'kill $sandbox' EXIT
until grep -qs _sandbox/faults sandbox.log; do sleep 0.1; done
eval "$(grep '^  export' sandbox.log)"
breakwater doctor s3://demo
grep -E '^  .*breakwater (get|put|sweep) ' sandbox.log >lines
while read -r line; do echo "$ $line"; sh -ec "$line"; done <lines
echo TARGET=s3://demo/logs/ OLDER_THAN=7d >sweep.env; . ./sweep.env
eval "$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/breakwater-sweep@.service)"
breakwater breaker-status
trap - EXIT
kill $sandbox; wait $sandbox`;

describe.skipIf(!isPossible)('on a fresh Debian', () => {
  let place = '';
  let root = '';
  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), 'breakwater-debian-'));
    // A root that is there already saves two minutes.
    root = process.env['BREAKWATER_TEST_DEBIAN_ROOT'] ?? join(place, 'root');
    if (!existsSync(root)) execFileSync('debootstrap', ['--variant=minbase', 'stable', root], { stdio: 'ignore' });
    copyFileSync(join(BUILD, DEB), join(root, 'tmp', DEB));
  }, 900_000);
  afterAll(async () => {
    await rm(place, { recursive: true, force: true });
  });

  const run = (...words: readonly string[]): { status: number | null; stdout: string; stderr: string } => {
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C.UTF-8' };
    return spawnSync('/usr/sbin/chroot', [root, ...words], { env, encoding: 'utf8', timeout: 240_000 });
  };
  const listOwn = (): readonly string[] => {
    const found = run('find', '/', '-xdev', '-name', '*breakwater*', '-not', '-path', '/proc/*')
      .stdout.trim()
      .split('\n');
    // dpkg keeps the script that a purge would run.
    return found.filter((path) => path !== `/tmp/${DEB}` && !path.startsWith('/var/lib/dpkg/'));
  };

  it('is installed with what is there, runs, sweeps as its timer does, and leaves nothing but the state', () => {
    const installed = run('dpkg', '--install', `/tmp/${DEB}`);
    expect([installed.status, installed.stderr]).toEqual([0, '']);
    writeFileSync(join(root, 'root/first-hour.sh'), FIRST_HOUR);
    const { status, stdout } = run('bash', '-c', 'cd /root && exec bash first-hour.sh');
    expect([status, stdout]).toEqual([0, expect.stringContaining('Hello from the sandbox.')]);
    expect(stdout).toMatch(/^ok +endpoint/m);
    expect(stdout).toMatch(/^ok +bucket +s3:\/\/demo can be listed$/m);
    expect(stdout).toContain('$ breakwater get s3://demo/hello.txt -');
    expect(stdout).toMatch(/^deleted (\d+) of \1 objects in s3:\/\/demo\/logs\//m);
    expect(readFileSync(join(root, 'root/sandbox.log'), 'utf8')).toContain('DeleteObjects demo 200');

    expect(run('dpkg', '--remove', 'breakwater').status).toBe(0);
    expect(listOwn()).toEqual(['/root/.local/state/breakwater']);
    rmSync(join(root, 'root/.local'), { recursive: true });
  });
});
