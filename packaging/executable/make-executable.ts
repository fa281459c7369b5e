import { spawn, spawnSync, type SpawnSyncOptions } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Readable } from 'node:stream';
import { insertBlob } from './insert-blob.ts';
import { asCommonJs } from './terminal-module.ts';

const START = join(import.meta.dirname, 'start.cjs');
const COLLECT = join(import.meta.dirname, 'collect-code.cjs');

interface Options {
  /** The root of the repository, after `npm run build`. */
  readonly root: string;
  /** An empty directory for what is needed meanwhile. */
  readonly scratch: string;
}

/** Returns the single executable: this Node, the program, and V8's code for it. Takes a few seconds, and no network. */
export async function makeExecutable({ root, scratch }: Options): Promise<Buffer> {
  const program = join(scratch, 'program');
  const code = join(scratch, 'code');
  copyProgram(root, program);
  await collectCode({ program, code, scratch });
  const assets = { ...listFiles(program, ''), ...listFiles(code, 'code/') };
  const config = join(scratch, 'sea.json');
  const output = join(scratch, 'sea.blob');
  const settings = { main: START, output, assets, disableExperimentalSEAWarning: true, useCodeCache: true };
  writeFileSync(config, JSON.stringify(settings));
  runNode(['--experimental-sea-config', config], { cwd: scratch });
  return insertBlob(readFileSync(process.execPath), readFileSync(output));
}

function copyProgram(root: string, program: string): void {
  mkdirSync(program, { recursive: true });
  for (const name of ['package.json', 'oclif.manifest.json', 'bin/heap.js'])
    cpSync(join(root, name), join(program, name));
  for (const name of readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })) {
    const [from, to] = [join(root, 'dist', name), join(program, 'dist', name)];
    if (!/\.[cm]js$/.test(name) || name.endsWith('devtools.mjs')) continue;
    const text = readFileSync(from, 'utf8');
    mkdirSync(join(to, '..'), { recursive: true });
    if (name.endsWith('.mjs')) writeFileSync(to.replace(/\.mjs$/, '.cjs'), asCommonJs(text));
    else writeFileSync(to, text);
  }
}

/** Has the program run each command, against its own sandbox, so that the executable starts with the functions compiled. */
async function collectCode({ program, code, scratch }: Record<'program' | 'code' | 'scratch', string>): Promise<void> {
  const home = join(scratch, 'home');
  const state = join(scratch, 'state');
  mkdirSync(join(home, 'tree'), { recursive: true });
  for (const name of ['one', 'two']) writeFileSync(join(home, 'tree', name), name);
  const env = {
    HOME: home,
    PATH: process.env['PATH'] ?? '',
    BREAKWATER_STATE_DIR: state,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  runNode([COLLECT, program, code], { cwd: home, env });

  const words = ['sandbox', '--port', '0'];
  const sandbox = spawn(process.execPath, [COLLECT, program, code, ...words], {
    cwd: home,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    const access = await readAccess(sandbox.stderr);
    for (const line of RUNS) {
      const { status, stderr } = spawnSync(process.execPath, [COLLECT, program, code, ...line.split(' ')], {
        cwd: home,
        env: { ...env, ...access },
      });
      // Some are refused, which is what they are for.
      if (status !== 0 && status !== 75) throw new Error(`${line} ended with ${status}: ${String(stderr)}`);
    }
  } finally {
    sandbox.kill('SIGTERM');
    await once(sandbox, 'exit');
  }
}

/** What users start most, and the help. Several lines of one command add up. */
const RUNS = [
  '--version',
  '--help',
  'put --help',
  'breaker-status',
  'breaker-status --json',
  'config',
  'doctor s3://demo',
  'put tree/one s3://demo/one',
  'put -r tree s3://demo/tree/',
  'put -r tree s3://demo/again/',
  'get s3://demo/one -',
  'get -r s3://demo/tree/ back',
  'sweep s3://demo/tree/ --older-than 7d --dry-run',
  'sweep s3://demo/tree/ --older-than 0s --yes',
  'metrics',
  'breaker-isolate s3-upload',
  'breaker-status --check --quiet',
  'put tree/two s3://demo/two',
  'put --json tree/two s3://demo/two',
  'breaker-reset --all',
];

/** What the sandbox tells its user to put into the environment. */
async function readAccess(stderr: Readable): Promise<Record<string, string>> {
  let text = '';
  for await (const chunk of stderr.setEncoding('utf8')) {
    text += String(chunk);
    if (text.includes('/_sandbox/faults')) break;
  }
  return Object.fromEntries([...text.matchAll(/(AWS_\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]));
}

function listFiles(directory: string, prefix: string): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(files.map((file) => [prefix + relative(directory, file), file]));
}

function runNode(words: readonly string[], options: SpawnSyncOptions): void {
  const { status, stderr } = spawnSync(process.execPath, words, options);
  if (status !== 0) throw new Error(`node ${words.join(' ')} failed: ${String(stderr)}`);
}
