import { join } from 'node:path';
import { string } from '@oclif/core/args';
import program from '../../package.json' with { type: 'json' };
import { BaseCommand, type CommandInput } from '../cli/base-command.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { runChecks } from '../cli/doctor/run-checks.ts';
import { findHome } from '../cli/find-home.ts';
import { payerFlags, readObjectAccess } from '../cli/flags/access-flags.ts';
import { transferFlags } from '../cli/flags/flags.ts';
import { parseS3Url } from '../cli/flags/s3-url.ts';
import { readManifest } from '../cli/help/manifest.ts';
import { doctorResult } from '../cli/output/doctor-result.ts';
import { resolveSettings, type Settings, type SettingSources } from '../cli/settings/resolve-settings.ts';
import { findUnknownVariables } from '../cli/settings/unknown-variables.ts';
import { findUserFile, readUsableFile } from '../cli/settings/user-file.ts';
import type { BreakwaterError } from '../errors.ts';
import { maskCredentials } from '../mask-credentials.ts';

const ROOT = join(import.meta.dirname, '..', '..');

export default class Doctor extends BaseCommand<typeof Doctor> {
  static override summary = 'check what a transfer needs: endpoint, credentials, clock, state, fleet';
  static override description =
    'Takes a few seconds at most, also while S3 is down or silent. Sends one request without a signature and one with, outside of circuits and metrics, and changes nothing. Ends with the status of the first check that failed; warnings are status 0.';
  static override usage = 'doctor [s3://BUCKET] [FLAGS]';
  static override examples = [
    { description: 'At the terminal', command: '<%= config.bin %> doctor' },
    { description: 'With a bucket that has to be readable', command: '<%= config.bin %> doctor s3://my-bucket' },
    { description: 'In a CI pipeline, before the work', command: '<%= config.bin %> doctor --json s3://my-bucket' },
    {
      description: "From cron, as cron's user and with its environment",
      command: '<%= config.bin %> doctor > /tmp/doctor.txt 2>&1',
    },
  ];
  static override baseFlags = transferFlags;
  static override flags = payerFlags;
  static override args = {
    bucket: string({ description: 'bucket to list one key of, with a prefix if only that may be listed' }),
  };

  readonly #unusable: BreakwaterError[] = [];

  /** Settings that cannot be used are a check that failed; the others are made with their defaults. */
  protected override readSettings(given: Omit<SettingSources, 'file'>): Settings {
    const onUnusable = (problem: BreakwaterError): void => void this.#unusable.push(problem);
    return resolveSettings({ ...given, onUnusable, file: readUsableFile(given, onUnusable) });
  }

  protected override async checkSettings(): Promise<void> {
    await Promise.resolve();
  }

  protected override async execute(
    run: CommandRun,
    { args, flags }: CommandInput<typeof Doctor>,
  ): Promise<CommandResult> {
    const { env } = run;
    const place = args.bucket === undefined ? null : readPlace(args.bucket, run);
    const machine = {
      nodeVersion: process.versions.node,
      engine: program.engines.node,
      platform: `${process.platform} ${process.arch}`,
      userFile: findUserFile({ env, home: findHome(env) }),
      unusable: this.#unusable,
      unknownVariables: findUnknownVariables(env, await readManifest(ROOT)),
    };
    const checks = await runChecks(run, { machine, place, access: readObjectAccess(flags, run) });
    return doctorResult(checks, { hasColour: run.output.mode.stdoutHasColour });
  }
}

function readPlace(url: string, run: CommandRun) {
  const { bucket, key } = parseS3Url(url, run);
  return { bucket, prefix: key, url: maskCredentials(url) };
}
