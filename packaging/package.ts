/** `npm run package`: makes everything in build/ that is given to users who have no Node. Needs no network. */
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bashCompletion } from '../src/cli/completion/bash-completion.ts';
import { fishCompletion } from '../src/cli/completion/fish-completion.ts';
import { zshCompletion } from '../src/cli/completion/zsh-completion.ts';
import { makeDeb } from './archive/deb.ts';
import { makeTar, type ArchiveFile } from './archive/tar.ts';
import { makeExecutable } from './executable/make-executable.ts';
import { makeManPages, type ManSources } from './man/man-pages.ts';

const ROOT = dirname(import.meta.dirname);
const BUILD = join(ROOT, 'build');

interface Package {
  readonly version: string;
  readonly description: string;
  /** What npm packs. */
  readonly files: readonly string[];
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** As Debian calls them. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** The scripts for each shell, by name in the archive, and where Debian's shells look for them below /usr/share. */
const COMPLETIONS: Readonly<
  Record<string, { readonly make: (manifest: ManSources['manifest']) => string; readonly place: string }>
> = {
  'breakwater.bash': { make: bashCompletion, place: 'bash-completion/completions/breakwater' },
  _breakwater: { make: zshCompletion, place: 'zsh/vendor-completions/_breakwater' },
  'breakwater.fish': { make: fishCompletion, place: 'fish/vendor_completions.d/breakwater.fish' },
};

/** What dpkg runs. */
const SCRIPTS = ['postinst', 'prerm', 'postrm'];

async function main(): Promise<void> {
  const about = readJson('package.json') as Package;
  const { version, description, devDependencies } = about;
  const architecture = ARCHITECTURES[arch()];
  if (platform() !== 'linux' || architecture === undefined) {
    throw new Error(
      `the executable is made for Linux on x64 or arm64, not for ${platform()} on ${arch()}: use npm there`,
    );
  }
  if (process.version !== `v${devDependencies['node']}`)
    throw new Error('run it as npm run package, with the pinned Node');

  const timeS = findTime();
  const executable = await withScratch((scratch) => makeExecutable({ root: ROOT, scratch }));
  const documents = listDocuments(about);
  const command: ArchiveFile = { path: 'breakwater', bytes: executable, isExecutable: true };
  const folder = `breakwater-${version}-linux-${arch()}`;
  const inFolder = [command, ...documents].map((file) => ({ ...file, path: `${folder}/${file.path}` }));

  mkdirSync(BUILD, { recursive: true });
  const made = new Map<string, Buffer>([
    ['breakwater', executable],
    ['Dockerfile', read('packaging/container/Dockerfile')],
    [`${folder}.tar.gz`, gzipSync(makeTar(inFolder, { timeS }))],
    [
      `breakwater_${version}_${architecture}.deb`,
      makeDeb([command, ...documents].map(placeOnDebian), {
        control: controlOf({ version, description, architecture }),
        scripts: Object.fromEntries(SCRIPTS.map((name) => [name, read(`packaging/debian/${name}`)])),
        timeS,
      }),
    ],
  ]);
  const sums = [...made].map(([name, bytes]) => `${hash('sha256', bytes)}  ${name}\n`).join('');
  for (const [name, bytes] of [...made, ['SHA256SUMS', Buffer.from(sums)] as const]) {
    const file = join(BUILD, name);
    // Another one may be running, or be started meanwhile.
    writeFileSync(`${file}.new`, bytes, { mode: name === 'breakwater' ? 0o755 : 0o644 });
    renameSync(`${file}.new`, file);
    console.log(`build/${name}  ${(bytes.length / 1e6).toFixed(1)} MB`);
  }
}

/** Beside the command: manual pages, completions, documents, licences, and units for systemd. */
function listDocuments({ version, files }: Package): readonly ArchiveFile[] {
  const manifest = readJson('oclif.manifest.json') as ManSources['manifest'];
  if (manifest.version !== version) throw new Error('oclif.manifest.json is of another version: run npm run manifest');
  const pages = makeManPages({ manifest, readme: read('README.md').toString() });
  // The links between them hold, as in the package of npm.
  const names = [...files.filter((name) => name.endsWith('.md')), ...listFolder('docs')];
  const node = `node_modules/node/node_modules/node-linux-${arch()}/LICENSE`;
  const licences = ['LICENSE', 'dist/chunks/LICENSES.txt', 'dist/ui/LICENSES.txt', node].map((name) => read(name));
  return [
    ...[...pages].map(([name, text]) => ({ path: `man/${name}`, bytes: Buffer.from(text) })),
    ...Object.entries(COMPLETIONS).map(([name, { make }]) => ({
      path: `completions/${name}`,
      bytes: Buffer.from(make(manifest)),
    })),
    ...names.map((name) => ({ path: name, bytes: read(name) })),
    ...['packaging/systemd', 'packaging/examples'].flatMap((folder) =>
      listFolder(folder).map((name) => ({ path: name.replace('packaging/', ''), bytes: read(name) })),
    ),
    { path: 'LICENSE', bytes: Buffer.concat(licences.flatMap((text) => [text, Buffer.from('\n')])) },
  ];
}

function placeOnDebian(file: ArchiveFile): ArchiveFile {
  const { path, bytes } = file;
  if (path === 'breakwater') return { ...file, path: 'usr/bin/breakwater' };
  if (path.startsWith('man/')) return { path: `usr/share/man/man1/${path.slice(4)}.gz`, bytes: gzipSync(bytes) };
  const completion = COMPLETIONS[path.replace('completions/', '')];
  if (completion !== undefined) return { path: `usr/share/${completion.place}`, bytes };
  if (path.startsWith('systemd/')) return { path: `usr/lib/systemd/system/${path.slice(8)}`, bytes };
  const names: Readonly<Record<string, string>> = { LICENSE: 'copyright' };
  return { path: `usr/share/doc/breakwater/${names[path] ?? path}`, bytes };
}

function controlOf(
  about: Record<'version' | 'description' | 'architecture', string>,
): Readonly<Record<string, string>> {
  return {
    Package: 'breakwater',
    Version: about.version,
    Architecture: about.architecture,
    Maintainer: 'The breakwater authors',
    // What Node is linked with.
    Depends: 'libc6 (>= 2.28), libstdc++6 (>= 8), libgcc-s1 | libgcc1',
    Section: 'utils',
    Priority: 'optional',
    Description: about.description,
  };
}

/** Of the files in the archives, in seconds: that of the commit, so that the same commit gives the same names and times. */
function findTime(): number {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined) return Number(given);
  return Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8' }));
}

async function withScratch<Made>(make: (scratch: string) => Promise<Made>): Promise<Made> {
  const scratch = mkdtempSync(join(tmpdir(), 'breakwater-package-'));
  try {
    return await make(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function listFolder(folder: string): readonly string[] {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((file) => file.slice(ROOT.length + 1)).toSorted();
}

function read(name: string): Buffer {
  return readFileSync(join(ROOT, name));
}

/** As this repository writes it, so without checks. */
function readJson(name: string): unknown {
  return JSON.parse(read(name).toString());
}

await main();
