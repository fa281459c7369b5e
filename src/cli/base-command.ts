import { homedir } from 'node:os';
import { Command } from '@oclif/core/command';
import type { FlagInput, InferredArgs, InferredFlags } from '@oclif/core/interfaces';
import { systemClock } from '../clock.ts';
import { BreakwaterError } from '../errors.ts';
import type { CommandResult, CommandRun } from './command-run.ts';
import { openEarlyOutput } from './output/fallback-output.ts';
import { globalFlags } from './flags/flags.ts';
import { decideOutputMode, Output } from './output/output.ts';
import { report, reportFailure } from './output/report.ts';
import { createRuntime } from './runtime.ts';
import { resolveSettings, type Settings } from './settings/resolve-settings.ts';
import { toBreakwaterError } from './flags/usage-error.ts';
import { readUserFile } from './settings/user-file.ts';

export type Flags<T extends typeof Command> = InferredFlags<T['flags']>;
export type Args<T extends typeof Command> = InferredArgs<T['args']>;

/** What the command was given, parsed. Settings are not among it: they are in `run.settings`. */
export interface CommandInput<T extends typeof Command> {
  readonly args: Args<T>;
  readonly flags: Flags<T>;
  /** Names of the flags that stood on the command line, settings among them. */
  readonly given: ReadonlySet<string>;
}

/**
 * What every command shares: settings, signals, one way of printing results and failures, and one way out.
 *
 * A command implements `execute`, declares its own `flags` and `args`, and picks its settings by `baseFlags`:
 * `globalFlags` (the default), `requestFlags` or `transferFlags`.
 */
export abstract class BaseCommand<T extends typeof Command> extends Command {
  static override baseFlags: FlagInput = globalFlags;

  /** Does the work. @throws BreakwaterError for every failure that a user can act on */
  protected abstract execute(run: CommandRun, input: CommandInput<T>): Promise<CommandResult>;

  /** Never throws: failures are printed and become the exit status. */
  async run(): Promise<void> {
    // oclif warns in development about commands that did not parse; a failed parse is our own business.
    const place = { env: process.env, home: homedir() };
    const screens = { stdout: process.stdout, stderr: process.stderr };
    const early = openEarlyOutput({ argv: this.argv, ...place }, screens);
    const toError = (error: unknown): BreakwaterError =>
      toBreakwaterError(error, {
        command: this.id ?? null,
        flags: Object.keys({ ...this.ctor.baseFlags, ...this.ctor.flags }),
      });
    try {
      const { input, settings } = await this.#prepare(place);
      const output = new Output(decideOutputMode(settings, screens, place.env), screens);
      process.exitCode = await this.#perform({ input, settings, output, screens, ...place }, toError);
    } catch (error) {
      process.exitCode = reportFailure(early, systemClock, { command: this.id ?? null, error: toError(error) });
    }
  }

  async #prepare({ env, home }: { env: NodeJS.ProcessEnv; home: string }) {
    this.parsed = true;
    const parsed = await this.parse({
      flags: this.ctor.flags,
      baseFlags: this.ctor.baseFlags ?? {},
      args: refuseStdinAsArgument(this.ctor.args),
      strict: this.ctor.strict,
    });
    // oclif has filled in the environment too; settings look there themselves, to know what came from where.
    const given = new Set(parsed.raw.flatMap((token) => (token.type === 'flag' ? [token.flag] : [])));
    const flags = Object.fromEntries(
      Object.entries(parsed.flags).flatMap(([name, value]: [string, unknown]) =>
        given.has(name) && (typeof value === 'string' || typeof value === 'boolean') ? [[name, value]] : [],
      ),
    );
    const settings = resolveSettings({ flags, env, home, file: readUserFile({ env, home }) });
    // The class was parsed with its own definitions; only its static type is lost on the way.
    const input = { args: parsed.args, flags: parsed.flags, given } as unknown as CommandInput<T>;
    return { input, settings };
  }

  async #perform(
    around: {
      readonly input: CommandInput<T>;
      readonly settings: Settings;
      readonly output: Output;
      readonly screens: { readonly stdout: NodeJS.WriteStream; readonly stderr: NodeJS.WriteStream };
      readonly env: NodeJS.ProcessEnv;
      readonly home: string;
    },
    toError: (error: unknown) => BreakwaterError,
  ): Promise<number> {
    const { input, ...rest } = around;
    const command = this.id ?? '';
    const runtime = createRuntime({
      ...rest,
      command,
      version: this.config.version,
      clock: systemClock,
      stdin: process.stdin,
      endNow: (status) => process.exit(status),
    });
    const { output } = rest;
    try {
      const result = await this.execute(runtime.run, input);
      runtime.endProgress();
      return report(output, systemClock, { command, result });
    } catch (thrown) {
      runtime.endProgress();
      const { signal } = runtime.run;
      // What a wait or a stream throws when it is aborted varies; why it was aborted is what counts.
      const error = signal.aborted && !(thrown instanceof BreakwaterError) ? signal.reason : thrown;
      return reportFailure(output, systemClock, { command, error: toError(error) });
    } finally {
      await runtime.close();
    }
  }
}

/** oclif reads a missing argument from standard input; there, for us, are the bytes of an object. */
function refuseStdinAsArgument(args: typeof Command.args): typeof Command.args {
  return Object.fromEntries(Object.entries(args).map(([name, arg]) => [name, { ...arg, ignoreStdin: true }]));
}
