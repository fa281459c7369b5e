/**
 * `npm run demo`: a local S3, an outage, and what breakwater does about it. Runs the real program; needs no account
 * and no network, ends by itself in under 40 s, and fails when a step does not end as the text says.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startSandbox, type Sandbox } from '../src/sandbox/sandbox.ts';
import { seedDemo } from '../src/sandbox/seed-demo.ts';

const BIN = fileURLToPath(new URL('run.js', import.meta.url));
/** Long enough that the refused call comes in time on a busy machine too. */
const OPEN_FOR_MS = 5000;

/** Real waits are 1 s, 2 s, 4 s and 60 s; a demo of a minute and a half would show nothing more. */
const SHORTENED = { BREAKWATER_RETRY_BASE: '100ms', BREAKWATER_OPEN_FOR: `${OPEN_FOR_MS}ms` };

interface Step {
  readonly args: readonly string[];
  readonly status: number;
  /** Shows only lines that match. */
  readonly only?: RegExp;
}

class Demo {
  readonly #directory: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(directory: string, env: NodeJS.ProcessEnv) {
    this.#directory = directory;
    this.#env = env;
  }

  say(text: string): void {
    console.log(`\n${text}`);
  }

  /** Runs one command and shows it with its output. @returns its duration in ms */
  async run({ args, status, only }: Step): Promise<number> {
    console.log(`  $ breakwater ${args.join(' ')}`);
    const startedAtMs = performance.now();
    const ended = await this.#spawn(args);
    const durationMs = performance.now() - startedAtMs;
    for (const line of ended.output.trimEnd().split('\n')) {
      if (only === undefined || only.test(line)) console.log(`  ${line}`);
    }
    if (ended.status !== status) {
      throw new Error(`the demo expected exit status ${status} and got ${String(ended.status)}`);
    }
    return durationMs;
  }

  async #spawn(args: readonly string[]): Promise<{ status: number | null; output: string }> {
    const child = spawn(process.execPath, [BIN, ...args], { cwd: this.#directory, env: this.#env });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.stdin.end();
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { status, output };
  }
}

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-demo-'));
  const sandbox = await startSandbox();
  try {
    seedDemo(sandbox);
    await writeFile(join(directory, 'notes.txt'), 'written before the storm\n');
    await play(sandbox, directory);
  } finally {
    await sandbox.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function play(sandbox: Sandbox, directory: string): Promise<void> {
  const demo = new Demo(directory, {
    PATH: process.env['PATH'],
    HOME: directory,
    AWS_ACCESS_KEY_ID: sandbox.accessKeyId,
    AWS_SECRET_ACCESS_KEY: sandbox.secretAccessKey,
    AWS_REGION: sandbox.region,
    AWS_ENDPOINT_URL_S3: sandbox.endpoint,
    ...SHORTENED,
  });
  demo.say(`1. A local S3 is up at ${sandbox.endpoint}. A file goes there and comes back.`);
  await demo.run({ args: ['put', 'notes.txt', 's3://demo/notes.txt'], status: 0 });
  await demo.run({ args: ['get', 's3://demo/notes.txt', 'copy.txt'], status: 0 });
  const isSame = (await readFile(join(directory, 'copy.txt'))).equals(await readFile(join(directory, 'notes.txt')));
  console.log(`  the same bytes: ${isSame ? 'yes' : 'NO'}`);
  await breakIt(sandbox, demo);
  await recover(sandbox, demo);
  demo.say('5. Objects past a week are swept. A sweep has no circuit: what it cannot delete, the next one does.');
  await demo.run({ args: ['sweep', 's3://demo/', '--all', '--older-than', '7d', '--yes'], status: 0 });
  demo.say('6. All of it has been counted, over every process.');
  await demo.run({
    args: ['metrics'],
    status: 0,
    only: /^s3_(operations_total|circuit_breaker_state|retry_attempts_total)/,
  });
  demo.say('That was the demo. With your own S3: npx breakwater put FILE s3://BUCKET/KEY');
}

async function breakIt(sandbox: Sandbox, demo: Demo): Promise<void> {
  demo.say(
    '2. An outage of uploads begins. Each put makes 4 attempts (waits shortened to 0.1, 0.2, 0.4 s), then fails.',
  );
  sandbox.addFault('PutObject:503:ServiceUnavailable');
  for (let count = 1; count <= 5; count += 1) {
    await demo.run({ args: ['put', '--quiet', 'notes.txt', 's3://demo/notes.txt'], status: 69, only: /^error/ });
  }
  demo.say('3. Five failures in a row have opened the circuit. The next process knows, and does not even ask S3.');
  sandbox.clearRequests();
  const durationMs = await demo.run({ args: ['put', 'notes.txt', 's3://demo/notes.txt'], status: 75 });
  console.log(
    `  exit status 75 after ${Math.round(durationMs)} ms; requests that S3 got: ${sandbox.requests().length}`,
  );
  await demo.run({ args: ['breaker-status'], status: 0 });
  console.log('  Reads have a circuit of their own:');
  await demo.run({ args: ['get', 's3://demo/notes.txt', 'copy.txt'], status: 0 });
}

async function recover(sandbox: Sandbox, demo: Demo): Promise<void> {
  sandbox.clearFaults();
  demo.say(
    `4. The outage is over. ${OPEN_FOR_MS / 1000} s after it opened, the circuit lets one probe through at a time; two close it.`,
  );
  await sleep(OPEN_FOR_MS);
  for (let count = 1; count <= 2; count += 1) {
    await demo.run({ args: ['put', 'notes.txt', 's3://demo/notes.txt'], status: 0 });
  }
  await demo.run({ args: ['breaker-status'], status: 0 });
}

await main();
