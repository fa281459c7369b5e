import type { Writable } from 'node:stream';
import { decidesColour } from './terminal-style.ts';
import type { Environment, Settings } from '../settings/resolve-settings.ts';

/** How a command prints. */
export interface OutputMode extends Pick<Settings, 'json' | 'quiet' | 'verbose' | 'logFormat'> {
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  readonly stdoutHasColour: boolean;
  readonly stderrHasColour: boolean;
  /** Whether a live progress line fits: stderr is a terminal, no CI, no `--json`, `--quiet` or JSON logs. */
  readonly isLive: boolean;
}

/** A stream that may be a terminal. */
export type Screen = Writable & { readonly isTTY?: boolean };

export interface Screens {
  readonly stdout: Screen;
  readonly stderr: Screen;
  /** Which of them are terminals, where that is known without opening them. @default their own `isTTY` */
  readonly terminals?: { readonly stdout: boolean; readonly stderr: boolean };
  /** Writes to one of them, opened or not. @default its own `write` */
  readonly write?: (name: 'stdout' | 'stderr', text: string) => void;
}

type OutputSettings = Pick<Settings, 'json' | 'quiet' | 'verbose' | 'logFormat' | 'noColor'>;

export function decideOutputMode(settings: OutputSettings, screens: Screens, env: Environment): OutputMode {
  const { json, quiet, verbose, logFormat, noColor } = settings;
  const stdoutIsTerminal = screens.terminals?.stdout ?? screens.stdout.isTTY === true;
  const stderrIsTerminal = screens.terminals?.stderr ?? screens.stderr.isTTY === true;
  return {
    json,
    quiet,
    verbose,
    logFormat,
    stdoutIsTerminal,
    stderrIsTerminal,
    stdoutHasColour: !json && decidesColour({ env, noColor, isTerminal: stdoutIsTerminal }),
    stderrHasColour: logFormat === 'text' && decidesColour({ env, noColor, isTerminal: stderrIsTerminal }),
    isLive:
      stderrIsTerminal &&
      !json &&
      !quiet &&
      logFormat === 'text' &&
      env['TERM'] !== 'dumb' &&
      !isContinuousIntegration(env),
  };
}

/** Results go to stdout, everything else to stderr. Writes to a closed pipe are dropped. */
export class Output {
  readonly mode: OutputMode;
  readonly #screens: Screens;
  #beside: ((write: () => void) => void) | null = null;

  constructor(mode: OutputMode, screens: Screens) {
    this.mode = mode;
    this.#screens = screens;
  }

  /** Writes result lines to stdout. Names in them must already be escaped. */
  print(lines: readonly string[]): void {
    if (lines.length > 0) this.write(`${lines.join('\n')}\n`);
  }

  /** Writes text to stdout unchanged. */
  write(text: string): void {
    this.#around(() => this.#put('stdout', text));
  }

  /** Writes one line to stderr. */
  note(line: string): void {
    this.#around(() => this.#put('stderr', `${line}\n`));
  }

  /** Sets a wrapper for every write while a live display is on the screen; null for none. */
  stepAside(around: ((write: () => void) => void) | null): void {
    this.#beside = around;
  }

  #put(name: 'stdout' | 'stderr', text: string): void {
    if (this.#screens.write === undefined) this.#screens[name].write(text);
    else this.#screens.write(name, text);
  }

  #around(write: () => void): void {
    if (this.#beside === null) write();
    else this.#beside(write);
  }
}

function isContinuousIntegration(env: Environment): boolean {
  const value = env['CI'] ?? '';
  return value !== '' && value !== '0' && value !== 'false';
}
