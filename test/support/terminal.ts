import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PATIENCE } from './patience.ts';
import type { Program } from './program.ts';

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
/** How often a terminal is started before the test fails. */
const START_ATTEMPTS = 3;
/** The shell waits for a line. */
const PROMPT = /(?:^|\n)prompt>$/;
/** Where frames are kept for the documentation; nothing is kept without it. */
const FRAMES = process.env['BREAKWATER_FRAMES'];

interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A shell in a real terminal, that of tmux: keys go in, and what a person would see comes out. */
export class Terminal implements AsyncDisposable {
  readonly #socket: string;
  #questions = 0;

  constructor(program: Program, { columns, rows }: TerminalSize) {
    this.#socket = program.path('tmux');
    const env = Object.entries({ ...program.env, LC_ALL: 'C.UTF-8', TERM: 'screen', PS1: 'prompt> ' });
    // Nothing of whoever runs the tests: no CI, NO_COLOR or other tmux around it.
    const shell = ['env', '-i', ...env.map(([name, value]) => `${name}=${value}`), 'sh'];
    this.#start(['-x', String(columns), '-y', String(rows), '-c', program.directory, ...shell]);
    // Closing the session must not end the server before the last question.
    this.#tmux('set-option', '-g', 'status', 'off');
  }

  /** Everything on the screen. */
  screen(): string {
    return this.#tmux('capture-pane', '-p').trimEnd();
  }

  /** Types a line and presses enter. */
  enter(line: string): void {
    this.type(line);
    this.press('Enter');
  }

  /** Starts the program with these arguments. */
  run(args: string): void {
    this.enter(`${process.execPath} ${BIN} ${args}; echo status=$?`);
  }

  type(text: string): void {
    this.#tmux('send-keys', '-l', text);
  }

  /** Presses keys as tmux names them: `Enter`, `Escape`, `C-c`. */
  press(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  resize({ columns, rows }: TerminalSize): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Waits until the screen shows it, and hands out the whole screen. */
  async waitFor(wanted: RegExp | ((screen: string) => boolean)): Promise<string> {
    const endAtMs = performance.now() + PATIENCE.timeout;
    for (;;) {
      // The sandbox of a test lives in the same process: waiting must not keep it from answering.
      const { stdout } = await promisify(execFile)('tmux', this.#words(['capture-pane', '-p']));
      const screen = stdout.trimEnd();
      if (typeof wanted === 'function' ? wanted(screen) : wanted.test(screen)) return screen;
      if (performance.now() > endAtMs) throw new Error(`the screen never showed ${String(wanted)}:\n${screen}`);
      await new Promise((resolve) => {
        setTimeout(resolve, 100);
      });
    }
  }

  /** Keeps a screen under a name, for the documentation. */
  keep(name: string, screen: string): void {
    if (FRAMES === undefined) return;
    mkdirSync(FRAMES, { recursive: true });
    writeFileSync(join(FRAMES, `${name}.txt`), `${screen}\n`);
  }

  /** What programs can leave behind: the second screen, a hidden cursor, a keyboard in another mode. */
  async state(): Promise<{ readonly isAlternate: boolean; readonly hasCursor: boolean; readonly keyboard: string }> {
    // What is typed before the shell has the terminal again is echoed between its lines, and the response is not found.
    await this.waitFor(PROMPT);
    const [alternate, cursor] = this.#tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}').trim().split(' ');
    this.#questions += 1;
    const question = `keyboard-${this.#questions}`;
    this.enter(`echo ${question}=$(stty -g)`);
    const response = new RegExp(`^${question}=([\\da-f:]+)$`, 'm');
    const keyboard = response.exec(await this.waitFor(response))?.[1] ?? '';
    return { isAlternate: alternate === '1', hasCursor: cursor === '1', keyboard };
  }

  /** The process that runs in the shell now. */
  child(): number {
    const shell = this.#tmux('display-message', '-p', '#{pane_pid}').trim();
    return Number(readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ')[0]);
  }

  /** tmux 3.3 loses its own server now and then while it starts, and says just this; nothing of ours has run by then. */
  #start(args: readonly string[]): void {
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.#tmux('new-session', '-d', ...args);
        return;
      } catch (error) {
        if (attempt === START_ATTEMPTS || !String(error).includes('server exited unexpectedly')) throw error;
      }
    }
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync('tmux', this.#words(args), { encoding: 'utf8' });
  }

  #words(args: readonly string[]): readonly string[] {
    return ['-S', this.#socket, '-f', '/dev/null', ...args];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve(this.#tmux('kill-server'));
  }
}
