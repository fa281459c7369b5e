/** What `npm run package` has made, as a user without Node gets it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { arch, tmpdir, userInfo } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILD = join(ROOT, 'build');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const FOLDER = `breakwater-${version}-linux-${arch()}`;
const DEB = join(BUILD, `breakwater_${version}_${arch() === 'x64' ? 'amd64' : arch()}.deb`);

/** Programs that every system has, and no Node. */
const PATH_WITHOUT_NODE = '/nowhere';

const isRoot = userInfo().uid === 0;
const has = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

let scratch = '';
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'breakwater-package-test-'));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

/** Unpacks the package of Debian below `scratch`, once. */
function unpackDeb(): string {
  const root = join(scratch, 'debian');
  if (!existsSync(root)) execFileSync('dpkg-deb', ['-x', DEB, root]);
  return root;
}

function unpackTarball(): string {
  const folder = join(scratch, FOLDER);
  if (!existsSync(folder)) execFileSync('tar', ['-xzf', join(BUILD, `${FOLDER}.tar.gz`), '-C', scratch]);
  return folder;
}

function listFiles(root: string): readonly string[] {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}

describe('the files in build/', () => {
  it('are those of SHA256SUMS', () => {
    const checked = execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: BUILD, encoding: 'utf8' });
    const names = ['Dockerfile', 'breakwater', `${FOLDER}.tar.gz`, DEB.slice(BUILD.length + 1)];
    expect(checked.trim().split('\n').toSorted()).toEqual(names.map((name) => `${name}: OK`).toSorted());
  });

  it('are the same program, by itself, in the tarball and in the package of Debian', () => {
    const alone = readFileSync(join(BUILD, 'breakwater'));
    expect(readFileSync(join(unpackTarball(), 'breakwater')).equals(alone)).toBe(true);
    if (has('dpkg-deb')) expect(readFileSync(join(unpackDeb(), 'usr/bin/breakwater')).equals(alone)).toBe(true);
  });

  it('come with the licences of all that is in them', () => {
    const licences = readFileSync(join(unpackTarball(), 'LICENSE'), 'utf8');
    for (const owner of ['The breakwater authors', '@aws-sdk/client-s3', 'ink', 'Node.js contributors']) {
      expect(licences).toContain(owner);
    }
  });
});

describe('the executable', () => {
  /** It finds no Node, and nobody's settings. */
  async function prepare(): Promise<Program> {
    return await Program.create({ PATH: PATH_WITHOUT_NODE }, join(unpackTarball(), 'breakwater'));
  }

  it('says its version and prints help without Node', async () => {
    await using program = await prepare();
    expect((await program.run(['--version'])).text).toMatch(new RegExp(`^breakwater/${version} `));
    const help = await program.run(['put', '--help']);
    expect([help.status, help.stderr]).toEqual([0, '']);
    expect(help.text).toContain('--if-none-match');
    expect((await program.run(['putt'])).stderr).toContain('did you mean put?');
  });

  it('uploads, downloads, sweeps and shows what happened', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await prepare();
    const { env } = sandbox;
    const body = Buffer.alloc(20 * 1024 * 1024, 'breakwater');
    writeFileSync(program.path('file'), body);
    const put = await program.run(['put', '--json', 'file', 's3://bucket/a/file'], { env });
    expect([put.status, put.stderr]).toEqual([0, '']);
    const get = await program.run(['get', 's3://bucket/a/file', '-'], { env });
    expect([get.status, get.stdout.equals(body)]).toEqual([0, true]);
    const sweep = await program.run(['sweep', 's3://bucket/a/', '--older-than', '0s', '--yes', '--json'], { env });
    expect(JSON.parse(sweep.text)).toMatchObject({ ok: true, deleted: 1 });
    const status = await program.run(['breaker-status', '--json'], { env });
    expect(JSON.parse(status.text)).toMatchObject({ ok: true });
    expect((await program.run(['metrics'], { env })).text).toContain('s3_operations_total{');
    // It keeps nothing but the state: no cache, nothing unpacked.
    expect(readdirSync(program.directory).toSorted()).toEqual(['file', 'state']);
  });

  it('is a sandbox, and stops when it is told to', async () => {
    await using program = await prepare();
    const { child, ended } = program.start(['sandbox', '--port', '0']);
    const env: Record<string, string> = {};
    for await (const chunk of child.stderr!) {
      for (const [, name, value] of String(chunk).matchAll(/(AWS_\w+)=(\S+)/g)) env[name!] = value!;
      if (env['AWS_SECRET_ACCESS_KEY'] !== undefined) break;
    }
    const get = await program.run(['get', 's3://demo/hello.txt', '-'], { env });
    expect([get.status, get.text]).toEqual([0, expect.stringContaining('ello')]);
    child.kill('SIGTERM');
    expect((await ended).status).toBe(0);
  });

  it.skipIf(!has('script'))('draws the live screen', () => {
    const file = join(unpackTarball(), 'breakwater');
    const line = `(sleep 2; printf q) | timeout 60 script -qec "'${file}' breaker-status --watch" /dev/null`;
    const env = { ...process.env, TERM: 'xterm', COLUMNS: '100', BREAKWATER_STATE_DIR: join(scratch, 'watch'), CI: '' };
    const { stdout, stderr } = spawnSync('bash', ['-c', line], { env, encoding: 'utf8' });
    expect(stdout + stderr).toContain('s3-upload');
  });

  it('starts again in itself under a limit of the address space', () => {
    const file = join(unpackTarball(), 'breakwater');
    const env = { PATH: PATH_WITHOUT_NODE, BREAKWATER_STATE_DIR: join(scratch, 'limited'), HOME: scratch };
    const line = `ulimit -v 4000000; '${file}' breaker-status --json`;
    const { status, stdout, stderr } = spawnSync('/bin/bash', ['-c', line], { env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true });
  });

  it('starts no slower than the package of npm', () => {
    const ours = [join(unpackTarball(), 'breakwater')];
    const theirs = [process.execPath, join(ROOT, 'bin/run.js')];
    const env = {
      ...process.env,
      BREAKWATER_STATE_DIR: join(scratch, 'start'),
      XDG_CACHE_HOME: join(scratch, 'cache'),
    };
    // User and system time of one run, in ms; the least of many, in turn, since other programs run as well.
    const measure = (command: readonly string[]): number => {
      const line = 'TIMEFORMAT="%U %S"; time "$@" breaker-status --json >/dev/null';
      const options = { env: { ...env, LC_ALL: 'C' }, encoding: 'utf8' } as const;
      const { stderr } = spawnSync('bash', ['-c', line, 'bash', ...command], options);
      return stderr
        .trim()
        .split(' ')
        .reduce((sum, part) => sum + Number(part) * 1000, 0);
    };
    measure(theirs);
    const rounds = Array.from({ length: 25 }, () => [measure(ours), measure(theirs)] as const);
    const [executable, script] = [0, 1].map((index) => Math.min(...rounds.map((round) => round[index]!)));
    console.log(`a start takes ${executable} ms of processor time, by bin/run.js ${script} ms`);
    expect(executable).toBeLessThan(script! * 1.1);
  });

  it.skipIf(!isRoot || !has('chroot') || !has('ldd'))('needs nothing but the libraries of its package', () => {
    const root = join(scratch, 'bare');
    const file = join(unpackTarball(), 'breakwater');
    const needed = execFileSync('ldd', [file], { encoding: 'utf8' });
    const libraries = [...needed.matchAll(/(?:=> )?(\/\S+) \(/g)].map(([, path = '']) => path);
    for (const path of [...libraries, file]) {
      const place = join(root, path === file ? 'breakwater' : path);
      mkdirSync(dirname(place), { recursive: true });
      copyFileSync(path, place);
    }
    mkdirSync(join(root, 'state'), { mode: 0o777 });
    const env = { PATH: process.env['PATH'], BREAKWATER_STATE_DIR: '/state' };
    const { status, stdout } = spawnSync('chroot', [root, '/breakwater', 'breaker-status', '--json'], {
      env,
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true });
    // The names of libraries that Depends stands for: glibc, and the two of GCC.
    const names = libraries.map((path) => path.replace(/.*\//, '').replace(/\.so.*/, ''));
    const known = new Set([
      'ld-linux-x86-64',
      'ld-linux-aarch64',
      'libc',
      'libdl',
      'libgcc_s',
      'libm',
      'libpthread',
      'libstdc++',
    ]);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe.skipIf(!has('dpkg') || !has('dpkg-deb'))('the package of Debian', () => {
  it.skipIf(!isRoot)('is installed, runs, and leaves nothing but the state when it is removed', () => {
    const root = join(scratch, 'installed');
    mkdirSync(join(root, 'var/lib/dpkg/info'), { recursive: true });
    mkdirSync(join(root, 'var/lib/dpkg/updates'), { recursive: true });
    writeFileSync(join(root, 'var/lib/dpkg/status'), '');
    // What it depends on is not installed in this root.
    const dpkg = (...words: readonly string[]): string =>
      execFileSync('dpkg', [`--root=${root}`, '--force-depends', '--force-script-chrootless', ...words], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    dpkg('--install', DEB);
    const state = join(root, 'var/lib/breakwater');
    const env = { PATH: PATH_WITHOUT_NODE, HOME: root, BREAKWATER_STATE_DIR: state };
    const run = spawnSync(join(root, 'usr/bin/breakwater'), ['breaker-isolate', 's3-upload'], {
      env,
      encoding: 'utf8',
    });
    expect([run.status, run.stderr]).toEqual([0, expect.stringContaining('isolated')]);
    expect(dpkg('--verify', 'breakwater')).toBe('');
    // What `systemctl enable` makes.
    const links = join(root, 'etc/systemd/system');
    for (const link of [
      'timers.target.wants/breakwater-sweep@tmp.timer',
      'multi-user.target.wants/breakwater-metrics.service',
    ]) {
      mkdirSync(dirname(join(links, link)), { recursive: true });
      symlinkSync(`/usr/lib/systemd/system/${link.replace(/.*\//, '').replace('@tmp', '@')}`, join(links, link));
    }
    dpkg('--remove', 'breakwater');
    const left = listFiles(root).filter((path) => !path.startsWith(join(root, 'var/lib/dpkg/')));
    expect(left.length).toBeGreaterThan(0);
    expect(left.filter((path) => !path.startsWith(`${state}/`))).toEqual([]);
  });

  it('has a manual page for each command, without a warning', () => {
    const folder = join(unpackDeb(), 'usr/share/man/man1');
    const pages = readdirSync(folder);
    expect(pages).toEqual(expect.arrayContaining(['breakwater.1.gz', 'breakwater-sweep.1.gz']));
    if (!has('groff')) return;
    for (const page of pages) {
      const text = execFileSync('gzip', ['-dc', join(folder, page)]);
      const { stderr } = spawnSync('groff', ['-man', '-ww', '-z', '-Tutf8'], { input: text, encoding: 'utf8' });
      expect([page, stderr]).toEqual([page, '']);
    }
  });

  it('has the completions where bash, zsh and fish look for them, and so has the tarball', () => {
    for (const [shell, place, name] of [
      ['bash', 'bash-completion/completions/breakwater', 'breakwater.bash'],
      ['zsh', 'zsh/vendor-completions/_breakwater', '_breakwater'],
      ['fish', 'fish/vendor_completions.d/breakwater.fish', 'breakwater.fish'],
    ] as const) {
      const text = readFileSync(join(unpackDeb(), 'usr/share', place), 'utf8');
      expect(readFileSync(join(unpackTarball(), 'completions', name), 'utf8')).toBe(text);
      const env = { HOME: scratch, BREAKWATER_STATE_DIR: join(scratch, 'completion') };
      const printed = spawnSync(join(unpackTarball(), 'breakwater'), ['completion', shell], { env, encoding: 'utf8' });
      expect(printed.stdout).toBe(text);
    }
  });

  it.skipIf(!has('systemd-analyze'))('has units that systemd accepts', () => {
    const root = unpackDeb();
    const units = join(root, 'usr/lib/systemd/system');
    // The targets that systemd brings.
    const theirs = ['/usr/lib/systemd/system', '/lib/systemd/system'].find((folder) => existsSync(folder)) ?? '';
    for (const name of readdirSync(theirs).filter((entry) => entry.endsWith('.target'))) {
      if (!existsSync(join(units, name))) copyFileSync(join(theirs, name), join(units, name));
    }
    if (!existsSync(join(root, 'lib'))) symlinkSync('usr/lib', join(root, 'lib'));
    const names = ['breakwater-metrics.service', 'breakwater-sweep@nightly.service', 'breakwater-sweep@nightly.timer'];
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', `--root=${root}`, '--man=no', ...names], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
  });
});

describe.skipIf(!has('npm'))('the package of npm', () => {
  it('is installed for all users from its tarball, offline', () => {
    const options = {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: 'pipe',
      env: { ...process.env, npm_config_cache: join(scratch, 'npm') },
    } as const;
    const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', scratch], options);
    const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
    const prefix = join(scratch, 'global');
    execFileSync('npm', ['install', '--global', '--offline', '--prefix', prefix, join(scratch, filename)], options);
    const run = (node: string): { status: number | null; stdout: string; stderr: string } =>
      spawnSync(node, [join(prefix, 'bin/breakwater'), '--version'], { encoding: 'utf8', env: { HOME: scratch } });
    expect(run(process.execPath)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`breakwater/${version} `),
    });

    // A Node that only says that it is an old one.
    const old = join(scratch, 'old-node');
    const pretend = `Object.defineProperty(process, 'version', { value: 'v20.20.2' });`;
    writeFileSync(`${old}.cjs`, pretend);
    writeFileSync(old, `#!/bin/sh\nexec '${process.execPath}' --require '${old}.cjs' "$@"\n`, { mode: 0o755 });
    const refused = run(old);
    expect([refused.status, refused.stdout]).toEqual([78, '']);
    expect(refused.stderr).toMatch(
      /^breakwater needs Node >= 24, and this is v20\.20\.2: .*\n {2}hint: .*need no Node/,
    );
  });
});

describe('the image', () => {
  it('is made of nothing but what lies beside the Dockerfile', () => {
    const lines = readFileSync(join(BUILD, 'Dockerfile'), 'utf8').split('\n');
    const copied = lines.filter((line) => /^(?:COPY|ADD) /.test(line)).map((line) => line.split(' ')[1]!);
    expect(copied).toEqual(['breakwater']);
    expect(lines).toContain('ENTRYPOINT ["/usr/bin/breakwater"]');
  });
});
