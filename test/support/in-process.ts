import { Readable, Writable } from 'node:stream';
import type { Command } from '@oclif/core/command';
import type { FlagInput } from '@oclif/core/interfaces';
import { parse } from '@oclif/core/parser';
import type { CommandResult, CommandRun } from '../../src/cli/command-run.ts';
import { decideOutputMode, Output } from '../../src/cli/output/output.ts';
import { report, reportFailure } from '../../src/cli/output/report.ts';
import { createRuntime } from '../../src/cli/runtime.ts';
import { resolveSettings } from '../../src/cli/settings/resolve-settings.ts';
import { isFleetSet } from '../../src/cli/fleet/fleet-setting.ts';
import { refuseIgnored } from '../../src/cli/flags/refuse-ignored.ts';
import { toBreakwaterError } from '../../src/cli/flags/usage-error.ts';
import { systemClock } from '../../src/clock.ts';
import { assertOutputs } from './check-output.ts';
import { HTTP_SWITCH } from './http-switch.ts';

export interface InProcessOptions {
  /** Settings by their names in the environment. Credentials are looked for in the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
  readonly home: string;
  readonly stdin?: Readable;
  /** Where the results go. @default collected */
  readonly stdout?: Writable;
}

export interface EndedInProcess {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** A command's class, as `src/commands` exports it. */
type RunnableCommand = Omit<typeof Command, 'prototype'> & (new (argv: string[], config: never) => Command);

interface Executable {
  readonly execute: (run: CommandRun, input: object) => Promise<CommandResult>;
}

/**
 * One command without its process: parsed, run and reported as `BaseCommand` does it, hundreds in the time of a few starts of Node.
 * What belongs to a process (signals, the end of it, how it starts) is for tests of the real program.
 */
export async function runInProcess(
  CommandClass: RunnableCommand,
  argv: readonly string[],
  { env: ownEnv, home, stdin = Readable.from([]), stdout }: InProcessOptions,
): Promise<EndedInProcess> {
  const env = { ...HTTP_SWITCH, ...ownEnv };
  const written: Buffer[] = [];
  const said: Buffer[] = [];
  const screens = { stdout: stdout ?? collect(written), stderr: collect(said) };
  const flags: FlagInput = { ...CommandClass.baseFlags, ...CommandClass.flags };
  const parsed = await parse([...argv], { flags, args: CommandClass.args, strict: CommandClass.strict } as never);
  const input = parsed as {
    args: object;
    flags: Readonly<Record<string, string>>;
    raw: readonly { type: string; flag: string }[];
  };
  const given = new Set(input.raw.flatMap(({ type, flag }) => (type === 'flag' ? [flag] : [])));
  const settings = resolveSettings({
    flags: Object.fromEntries(
      Object.entries(input.flags).filter(([name]) => given.has(name) && name in (CommandClass.baseFlags ?? {})),
    ),
    env,
    home,
    file: { path: '', entries: {} },
  });
  const output = new Output(decideOutputMode(settings, screens, env), screens);
  const command = CommandClass.name.replaceAll(/(?<=.)([A-Z])/g, '-$1').toLowerCase();
  const options = {
    command,
    settings,
    output,
    streams: { ...screens, stdin },
    env,
    home,
    version: 'test',
    clock: systemClock,
  };
  const runtime = createRuntime({ ...options, endNow: () => undefined });
  const executable = new CommandClass([], undefined as never) as unknown as Executable;
  let status: number;
  try {
    const isSet = { push: settings.push !== null, fleet: () => isFleetSet(settings, env) };
    refuseIgnored({ command, args: { ...input.args }, flags: input.flags, given, isSet, env });
    const result = await executable.execute(runtime.run, { args: input.args, flags: input.flags, given });
    status = report(output, systemClock, { command, result });
  } catch (error) {
    const known = toBreakwaterError(error, { command, flags: Object.keys(flags) });
    status = reportFailure(output, systemClock, { command, error: known });
  } finally {
    await runtime[Symbol.asyncDispose]();
  }
  const ended = { status, stdout: Buffer.concat(written), stderr: Buffer.concat(said).toString() };
  // A test's own stream has the output, or a part of it.
  if (stdout === undefined) {
    const { stderr } = ended;
    const words = [command, ...argv];
    assertOutputs({ args: words, env, cwd: process.cwd(), stdout: ended.stdout.toString(), stderr, hasEnded: true });
  }
  return ended;
}

function collect(chunks: Buffer[]): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
}
