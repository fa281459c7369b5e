import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assertOutputs } from './check-output.ts';
import { HTTP_SWITCH } from './http-switch.ts';

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

/** One for all tests: each has a home of its own, and would compile everything anew. */
const COMPILE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url));

/** A process that hangs is killed after this, in ms; no test waits for it on purpose, and a busy machine is no hang. */
export const KILL_AFTER_MS = 240_000;

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly text: string;
  readonly stderr: string;
  readonly durationMs: number;
}

export interface ProgramOptions {
  /** Added to those of the program; undefined unsets a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Buffer;
  readonly cwd?: string;
  /** Runs as this user and group; only root can. */
  readonly uid?: number;
  /** Killed after this, in ms. @default KILL_AFTER_MS */
  readonly killAfterMs?: number;
  /** False if the test takes part of the output away, so that its schema cannot hold. @default true */
  readonly isChecked?: boolean;
}

/**
 * The real program, as a user runs it: its own home, nothing inherited but PATH. A run whose JSON is not as its schema
 * says rejects.
 */
export class Program implements AsyncDisposable {
  /** A directory of this test alone; also HOME of every run. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;

  readonly #command: readonly string[];

  private constructor(
    directory: string,
    { env, command }: { readonly env: Program['env']; readonly command: readonly string[] },
  ) {
    this.directory = directory;
    this.env = env;
    this.#command = command;
  }

  /** @param executable to run instead of the bundle. @default BREAKWATER_TEST_EXECUTABLE */
  static async create(
    env: Readonly<Record<string, string>> = {},
    executable: string | undefined = process.env['BREAKWATER_TEST_EXECUTABLE'],
  ): Promise<Program> {
    const directory = await mkdtemp(join(tmpdir(), 'breakwater-e2e-'));
    const command = executable === undefined ? [process.execPath, BIN] : [executable];
    const own = {
      PATH: process.env['PATH'] ?? '',
      HOME: directory,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      BREAKWATER_STATE_DIR: join(directory, 'state'),
      AWS_EC2_METADATA_DISABLED: 'true',
      ...HTTP_SWITCH,
      ...env,
    };
    return new Program(directory, { env: own, command });
  }

  /** A path below the test's directory. */
  path(...segments: readonly string[]): string {
    return join(this.directory, ...segments);
  }

  async run(args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
    return await this.start(args, options).ended;
  }

  /** Starts it and hands out the child, for signals and pipes. */
  start(
    args: readonly string[],
    { env = {}, input, cwd = this.directory, uid, killAfterMs = KILL_AFTER_MS, isChecked = true }: ProgramOptions = {},
  ): { child: ChildProcess; ended: Promise<Ended> } {
    const startedAtMs = performance.now();
    const [file = '', ...words] = this.#command;
    const child = spawn(file, [...words, ...args], {
      cwd,
      env: { ...this.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: killAfterMs,
      killSignal: 'SIGKILL',
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A program that does not read its input closes the pipe; that is its right.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status, signal) => {
        const out = Buffer.concat(stdout);
        const texts = { text: out.toString(), stderr: Buffer.concat(stderr).toString() };
        try {
          if (isChecked) {
            assertOutputs({
              args,
              env: { ...this.env, ...env },
              cwd,
              stdout: texts.text,
              stderr: texts.stderr,
              hasEnded: status !== null,
            });
          }
        } catch (error) {
          reject(error);
          return;
        }
        resolve({ status, signal, stdout: out, ...texts, durationMs: performance.now() - startedAtMs });
      });
    });
    return { child, ended };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** The one JSON document on stdout. Throws where there is none, or more. */
export function readDocument({ text }: Ended): Record<string, unknown> & { error?: Record<string, unknown> } {
  return JSON.parse(text) as Record<string, unknown>;
}
