import { Command } from '@oclif/core/command';
import type { FlagInput, InferredArgs, InferredFlags } from '@oclif/core/interfaces';
import { parse } from '@oclif/core/parser';
import program from '../../package.json' with { type: 'json' };
import { systemClock } from '../clock.ts';
import { BreakwaterError } from '../errors.ts';
import type { CommandResult, CommandRun } from './command-run.ts';
import { findHome } from './find-home.ts';
import { guessOutputSettings, openEarlyOutput } from './output/fallback-output.ts';
import { globalFlags } from './flags/flags.ts';
import { decideOutputMode, Output } from './output/output.ts';
import { processStreams } from './output/process-streams.ts';
import { report, reportFailure } from './output/report.ts';
import { isFleetSet } from './fleet/fleet-setting.ts';
import { createRuntime } from './runtime.ts';
import { readAuthorization } from './recording/push-credentials.ts';
import { nameWish } from './settings/name-settings.ts';
import { readCertificates } from './settings/named-file.ts';
import { resolveSettings, type Settings, type SettingSources } from './settings/resolve-settings.ts';
import { readUserFile } from './settings/user-file.ts';

export type Flags<T extends typeof Command> = InferredFlags<T['flags']>;
export type Args<T extends typeof Command> = InferredArgs<T['args']>;

/** Of a command that needs no settings. */
const NO_FILE = { path: '', entries: {} };

/** Flags that may have no effect beside some others; the rules are in flags/refuse-ignored.ts, which is loaded only for these. */
const CONDITIONAL = new RegExp(
  `^(?:push-|fleet-|(?:${[
    'include|exclude|again|fsync|recursive|all|read-only|schema|format|yes|listen|allow-host|reset|serve|abort-uploads',
    'list-concurrency|keys-from|inventory|versions|min-size|max-size|max-delete|max-bytes|report|unconditional',
  ].join('|')})$)`,
);

/** The parsed arguments and flags of a command. Its settings are in `run.settings`. */
export interface CommandInput<T extends typeof Command> {
  readonly args: Args<T>;
  readonly flags: Flags<T>;
  /** Names of the flags on the command line, including those of settings. */
  readonly given: ReadonlySet<string>;
}

/**
 * The base of every command: settings, signals, and the output of results and failures.
 *
 * A command implements `execute`, declares its own `flags` and `args`, and chooses its settings with `baseFlags`:
 * `globalFlags` (the default), `localFlags`, `circuitFlags`, `requestFlags` or `transferFlags`.
 */
export abstract class BaseCommand<T extends typeof Command> extends Command {
  static override baseFlags: FlagInput = globalFlags;

  /** Does the work. @throws BreakwaterError for every failure that a user can act on */
  protected abstract execute(run: CommandRun, input: CommandInput<T>): Promise<CommandResult>;

  /**
   * Checks what the settings name besides S3, before anything is sent. Commands that report on the settings do it
   * themselves.
   * @throws BreakwaterError `config` or `usage`
   */
  protected async checkSettings(settings: Settings, env: NodeJS.ProcessEnv): Promise<void> {
    await refuseUnusable(settings, env);
  }

  /** Commands that report on the settings do it themselves. @throws BreakwaterError `config` or `usage` */
  protected readSettings(given: Omit<SettingSources, 'file'>): Settings {
    return resolveSettings({ ...given, file: readUserFile(given) });
  }

  /**
   * Whether the result is for another program as it is, such as a script that a shell reads. Then JSON has to be asked for
   * by `--json` on the command line itself: a setting would break the other program.
   * @param _flags null if they could not be parsed
   */
  protected printsFile(_flags: Flags<T> | null): boolean {
    return false;
  }

  /** Whether the work depends on the settings. If not, those in the environment and the config file may be unusable. */
  protected needsSettings(_flags: Flags<T>): boolean {
    return true;
  }

  /** Never throws: failures are printed and become the exit status. */
  async run(): Promise<void> {
    const place = { env: process.env, home: findHome(process.env) };
    const command = this.id ?? '';
    try {
      const { input, settings } = await this.#parseInput(place);
      const output = new Output(decideOutputMode(settings, processStreams, place.env), processStreams);
      await using runtime = createRuntime({
        command,
        version: program.version,
        settings,
        output,
        streams: processStreams,
        ...place,
        clock: systemClock,
        endNow: (status) => process.exit(status),
      });
      const { run, endProgress } = runtime;
      try {
        const result = await this.execute(run, input);
        endProgress();
        process.exitCode = report(output, systemClock, { command, result });
      } catch (thrown) {
        endProgress();
        // After an abort, waits and streams throw various errors; report the abort reason instead.
        const error: unknown = run.signal.aborted && !(thrown instanceof BreakwaterError) ? run.signal.reason : thrown;
        process.exitCode = reportFailure(output, systemClock, { command, error: await this.#toError(error) });
      }
    } catch (error) {
      const sources = { argv: this.argv, ...place, isJsonByFlagAlone: this.printsFile(null) };
      const early = openEarlyOutput(sources, processStreams);
      process.exitCode = reportFailure(early, systemClock, {
        command: this.id ?? null,
        error: await this.#toError(error),
      });
    }
  }

  async #toError(error: unknown): Promise<BreakwaterError> {
    if (error instanceof BreakwaterError && error.code !== 'usage') return error;
    const { nameVariables, toBreakwaterError } = await import('./flags/usage-error.ts');
    const flags = Object.keys({ ...this.ctor.baseFlags, ...this.ctor.flags });
    const known = toBreakwaterError(error, { command: this.id ?? null, flags });
    return nameVariables(known, { flags: this.ctor.flags, words: this.argv, env: process.env });
  }

  async #parseInput({ env, home }: { env: NodeJS.ProcessEnv; home: string }) {
    // oclif warns about commands that did not parse, but `run` reports a failed parse.
    this.parsed = true;
    if (this.argv.some((word) => /^-.*=/s.test(word))) {
      const { refuseValuedSwitch } = await import('./flags/valued-switch.ts');
      refuseValuedSwitch(this.argv, { ...this.ctor.baseFlags, ...this.ctor.flags });
    }
    // By the parser itself: `this.parse` would ask for hooks and deprecated flags, which we have none of.
    const parsed = await parse(this.argv, {
      context: this,
      flags: { ...keepNamed(this.ctor.baseFlags ?? {}, this.argv), ...this.ctor.flags },
      args: refuseStdinAsArgument(this.ctor.args),
      strict: this.ctor.strict,
    });
    // oclif has added values from the environment. Settings read them themselves, to record the source of each value.
    const given = new Set(parsed.raw.flatMap((token) => (token.type === 'flag' ? [token.flag] : [])));
    if (Object.values(this.ctor.flags).some((flag) => flag.env !== undefined && env[flag.env] !== undefined)) {
      const { refuseUnclearVariable } = await import('./flags/valued-switch.ts');
      refuseUnclearVariable(this.ctor.flags, given, env);
    }
    const flags = Object.fromEntries(
      Object.entries(parsed.flags).flatMap(([name, value]: [string, unknown]) =>
        // A flag of the command itself may be named like a setting: `breaker-reset --fleet`.
        given.has(name) &&
        !Object.hasOwn(this.ctor.flags, name) &&
        (typeof value === 'string' || typeof value === 'boolean')
          ? [[name, value]]
          : [],
      ),
    );
    // Parsed with this class's definitions; only the static type is lost.
    const input = { args: parsed.args, flags: parsed.flags, given } as unknown as CommandInput<T>;
    const settings = this.#resolve(input.flags, { flags, env, home });
    await this.checkSettings(settings, env);
    if ([...given].some((flag) => CONDITIONAL.test(flag))) {
      const { refuseIgnored } = await import('./flags/refuse-ignored.ts');
      const isSet = { push: settings.push !== null, fleet: () => isFleetSet(settings, env) };
      refuseIgnored({ command: this.id ?? '', args: parsed.args, flags: parsed.flags, given, isSet, env });
    }
    return { input, settings };
  }

  #resolve(parsed: Flags<T>, { flags, env, home }: Omit<SettingSources, 'file'>): Settings {
    const settings = this.needsSettings(parsed)
      ? this.readSettings({ flags, env, home })
      : {
          ...resolveSettings({ flags, env: {}, home, file: NO_FILE }),
          ...guessOutputSettings({ argv: this.argv, env, home }),
        };
    return this.printsFile(parsed) ? { ...settings, json: flags['json'] === true } : settings;
  }
}

/** @throws BreakwaterError `config` or `usage` for outlets of the metrics, or a fleet, that cannot be used */
export async function refuseUnusable(settings: Settings, env: NodeJS.ProcessEnv): Promise<void> {
  await refuseBadOutlets(settings, env);
  if (!isFleetSet(settings, env)) return;
  const { readFleetTarget } = await import('./fleet/fleet-target.ts');
  readFleetTarget(settings, env);
}

/**
 * Found out before anything is sent: at the end of a command it could only be a warning, which `--quiet` hides.
 * @throws BreakwaterError `config` for a push URL, credentials or certificates that no push can use
 */
async function refuseBadOutlets(settings: Settings, env: NodeJS.ProcessEnv): Promise<void> {
  const { push, pushCa } = settings;
  if (push === null) return;
  const { findPushTarget } = await import('../metrics/push-target.ts');
  if (pushCa !== null) readCertificates({ name: nameWish('pushCa', settings), path: pushCa });
  findPushTarget({ url: push, origin: nameWish('push', settings), job: '', instance: '' });
  readAuthorization(env);
}

/**
 * The flags of settings that a word may name: the parser prepares each of its flags, which takes 1 ms for all of them.
 * A setting has no short form, and its value from the environment is not the parser's (resolve-settings.ts).
 */
function keepNamed(flags: FlagInput, words: readonly string[]): FlagInput {
  const names = new Set(words.map((word) => word.replace(/^--(?:no-)?/, '').split('=', 1)[0]));
  return Object.fromEntries(
    Object.entries(flags).filter(([name]) => names.has(name) || names.has(name.replace(/^no-/, ''))),
  );
}

/** oclif would read a missing argument from standard input, which may contain an object's bytes. */
function refuseStdinAsArgument(args: typeof Command.args): typeof Command.args {
  return Object.fromEntries(Object.entries(args).map(([name, arg]) => [name, { ...arg, ignoreStdin: true }]));
}
