import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { seedDemo } from '../../src/sandbox/seed-demo.ts';
import { startRedis, type TestRedis } from '../support/redis-server.ts';
import { readGuide, type Step } from './read-guide.ts';

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

/** As the guides name them. */
const WRITTEN = {
  endpoint: '127.0.0.1:9000',
  redis: '127.0.0.1:6379',
  home: '/home/you',
  host: 'host',
  user: 'you',
} as const;

/** As long as the port in the guides, so that columns stay where they are. */
const PORTS = { from: 9100, to: 9999 } as const;
let lastPort: number = PORTS.from + Math.floor(Math.random() * 400);

/** A free port of four digits on 127.0.0.1. */
export async function findShortPort(): Promise<number> {
  for (;;) {
    lastPort = lastPort >= PORTS.to ? PORTS.from : lastPort + 1;
    const server = createServer().listen(lastPort, '127.0.0.1');
    const port = lastPort;
    try {
      await once(server, 'listening');
      server.close();
      await once(server, 'close');
      return port;
    } catch {
      // Somebody has it.
    }
  }
}

export interface Played {
  readonly step: Extract<Step, { kind: 'command' }>;
  readonly printed: readonly string[];
}

/** Types the commands of a guide into one shell, with a sandbox behind them. @returns what each has printed, as the guide would write it */
export async function playGuide(text: string): Promise<readonly Played[]> {
  await using stage = await GuideStage.create();
  const played: Played[] = [];
  for (const step of readGuide(text).steps) {
    if (step.kind === 'comment') await stage.act(step.words);
    else played.push({ step, printed: await stage.type(step.text) });
  }
  return played;
}

/** A sandbox, a home, and a shell in it. */
class GuideStage implements AsyncDisposable {
  readonly #home: string;
  readonly #ports: { readonly sandbox: number; readonly redis: number };
  readonly #shell: ChildProcessWithoutNullStreams;
  #sandbox: Sandbox | null = null;
  #redis: TestRedis | null = null;
  #output = '';
  #onOutput: () => void = () => undefined;

  private constructor(home: string, ports: { readonly sandbox: number; readonly redis: number }) {
    this.#home = home;
    this.#ports = ports;
    this.#shell = spawn('bash', ['--norc', '--noprofile'], {
      cwd: home,
      env: {
        HOME: home,
        PATH: `${join(home, '.bin')}:${process.env['PATH'] ?? ''}`,
        LANG: 'C.UTF-8',
        TZ: 'UTC',
        // A busy machine is no failure of Redis.
        BREAKWATER_FLEET_TIMEOUT: '10s',
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'sandbox',
        AWS_SECRET_ACCESS_KEY: 'sandbox-secret',
        AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${ports.sandbox}`,
      },
    });
    const collect = (chunk: Buffer): void => {
      this.#output += chunk.toString();
      this.#onOutput();
    };
    this.#shell.stdout.on('data', collect);
    this.#shell.stderr.on('data', collect);
  }

  static async create(): Promise<GuideStage> {
    const home = await mkdtemp(join(tmpdir(), 'breakwater-guide-'));
    await mkdir(join(home, '.bin'));
    const script = `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`;
    await writeFile(join(home, '.bin', 'breakwater'), script, { mode: 0o755 });
    const stage = new GuideStage(home, { sandbox: await findShortPort(), redis: await findShortPort() });
    await stage.act('sandbox start');
    return stage;
  }

  /** Does what a comment says. */
  async act(words: string): Promise<void> {
    const [what, ...rest] = words.split(' ');
    if (words === 'sandbox start') {
      this.#sandbox = await startSandbox({ port: this.#ports.sandbox });
      seedDemo(this.#sandbox);
    } else if (words === 'sandbox stop') await this.#sandbox?.close();
    else if (words === 'faults clear') this.#sandbox?.clearFaults();
    else if (what === 'fault') this.#sandbox?.addFault(rest.join(' '));
    else if (words === 'redis start') this.#redis = await startRedis('redis-server');
    else if (words === 'redis stop') await this.#redis?.crash();
    else throw new Error(`unknown: ${words}`);
  }

  /** Types a command. @returns what it printed, on both streams, as it came */
  async type(command: string): Promise<string[]> {
    const mark = randomUUID();
    this.#output = '';
    // The status of a command is there for the next one, as it is for who types.
    this.#shell.stdin.write(`${this.#toReal(command)}\n{ __status=$?; echo ${mark}; } 2>&1; (exit $__status)\n`);
    await new Promise<void>((resolve) => {
      this.#onOutput = () => {
        if (this.#output.includes(mark)) resolve();
      };
      this.#onOutput();
    });
    const printed = this.#toWritten(this.#output.slice(0, this.#output.indexOf(mark)).trimEnd());
    return printed === '' ? [] : printed.split('\n');
  }

  #toReal(text: string): string {
    return text
      .replaceAll(WRITTEN.endpoint, `127.0.0.1:${this.#ports.sandbox}`)
      .replaceAll(WRITTEN.redis, `127.0.0.1:${this.#redis?.port ?? this.#ports.redis}`);
  }

  #toWritten(text: string): string {
    return text
      .replaceAll(`127.0.0.1:${this.#ports.sandbox}`, WRITTEN.endpoint)
      .replaceAll(`127.0.0.1:${this.#redis?.port ?? this.#ports.redis}`, WRITTEN.redis)
      .replaceAll(this.#home, WRITTEN.home)
      .replaceAll(new RegExp(`\\b${hostname()}\\b`, 'g'), WRITTEN.host)
      .replaceAll(new RegExp(`\\b${userInfo().username}\\b`, 'g'), WRITTEN.user);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => {
      this.#shell.once('close', resolve);
    });
    this.#shell.stdin.end();
    this.#shell.kill('SIGKILL');
    await ended;
    await this.#sandbox?.close();
    await this.#redis?.[Symbol.asyncDispose]();
    await rm(this.#home, { recursive: true, force: true });
  }
}
