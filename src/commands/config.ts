import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { boolean } from '@oclif/core/flags';
import { BaseCommand, refuseUnusable, type CommandInput, type Flags } from '../cli/base-command.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { findHome } from '../cli/find-home.ts';
import { transferFlags, withEnvironment } from '../cli/flags/flags.ts';
import { configResult } from '../cli/output/config-result.ts';
import { readManifest } from '../cli/help/manifest.ts';
import { configSchema } from '../cli/settings/config-schema.ts';
import { traceAws, traceSecrets } from '../cli/settings/trace-aws.ts';
import { traceSettings } from '../cli/settings/trace-settings.ts';
import { findUnknownVariables } from '../cli/settings/unknown-variables.ts';
import { readUserFile } from '../cli/settings/user-file.ts';
import { CIRCUIT_NAMES } from '../circuit/circuit.ts';
import { BreakwaterError } from '../errors.ts';

const ROOT = join(import.meta.dirname, '..', '..');

export default class Config extends BaseCommand<typeof Config> {
  static override summary = 'show every setting, its value and what has set it';
  static override description =
    'Sends nothing. Secrets are masked: user and password of a URL, and credentials, which are not even read. The keys of the config file are the names of the flags, as open_for or open-for.';
  static override usage = 'config [FLAGS]';
  static override examples = [
    { description: 'At the terminal', command: '<%= config.bin %> config' },
    {
      description: 'With the flags of another command',
      command: '<%= config.bin %> config --profile backup --open-for 5m',
    },
    { description: 'In a CI pipeline', command: '<%= config.bin %> config --json' },
    {
      description: 'For an editor, which finds it by the key "$schema" of the config file',
      command: '<%= config.bin %> config --schema > config.schema.json',
    },
  ];
  static override baseFlags = transferFlags;
  static override flags = withEnvironment({
    schema: boolean({ summary: 'print the JSON Schema of the config file instead' }),
  });

  /** Settings that cannot be used are shown, too. */
  protected override async checkSettings(): Promise<void> {
    await Promise.resolve();
  }

  protected override printsFile(flags: Flags<typeof Config> | null): boolean {
    return flags?.schema ?? this.argv.includes('--schema');
  }

  protected override needsSettings({ schema }: Flags<typeof Config>): boolean {
    return !schema;
  }

  protected override async execute(
    run: CommandRun,
    { flags, given }: CommandInput<typeof Config>,
  ): Promise<CommandResult> {
    if (flags.schema) {
      const schema = configSchema();
      return { json: { schema }, lines: [JSON.stringify(schema, null, 2)] };
    }
    const { settings, env } = run;
    const file = readUserFile({ env, home: findHome(env) });
    const aws = attempt(() => traceAws(run));
    const unusable = await refuseUnusable(settings, { ...env }).catch(toProblem);
    return configResult({
      file: { path: file.path, isThere: existsSync(file.path) },
      settings: traceSettings({ settings, given, env, file }),
      aws: aws instanceof BreakwaterError ? null : aws,
      secrets: traceSecrets(run),
      circuits: aws instanceof BreakwaterError ? [] : CIRCUIT_NAMES.map(run.circuitName),
      unknownVariables: findUnknownVariables(env, await readManifest(ROOT)),
      problem: aws instanceof BreakwaterError ? aws : (unusable ?? null),
    });
  }
}

function attempt<T>(read: () => T): T | BreakwaterError {
  try {
    return read();
  } catch (error) {
    return toProblem(error);
  }
}

/** @throws anything else, which is a bug */
function toProblem(error: unknown): BreakwaterError {
  if (error instanceof BreakwaterError) return error;
  throw error;
}
