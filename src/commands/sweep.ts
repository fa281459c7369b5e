import { string } from '@oclif/core/args';
import { boolean, string as stringFlag } from '@oclif/core/flags';
import { BaseCommand, type CommandInput } from '../cli/base-command.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { payerFlags, readObjectAccess } from '../cli/flags/access-flags.ts';
import { countFlag, durationFlag, lockedFlags, sizeFlag, withEnvironment } from '../cli/flags/flags.ts';
import { readSelection, readSweepTarget, selectionFlags } from '../cli/flags/sweep-flags.ts';
import { parseS3Url } from '../cli/flags/s3-url.ts';
import { assertCanAsk } from '../cli/output/confirm.ts';
import { askToSweep, presentSweep } from '../cli/output/sweep-result.ts';
import { openStdin } from '../cli/open-stdin.ts';
import { openSweepAccess } from '../cli/sweep-access.ts';
import { BreakwaterError } from '../errors.ts';
import { refuseReportOverKeys } from '../sweep/refuse-report.ts';
import { runSweep, type SweepFound, type SweepJob } from '../sweep/run-sweep.ts';

export default class Sweep extends BaseCommand<typeof Sweep> {
  static override summary = 'delete old objects; the next sweep retries what fails';
  static override description =
    "Best effort, without a circuit breaker. Ages use the store's clock. Without a terminal, pass --yes or --dry-run.";
  static override usage = 'sweep s3://BUCKET/PREFIX --older-than AGE [FLAGS]';
  static override examples = [
    {
      description: 'Preview, at the terminal',
      command: '<%= config.bin %> sweep s3://my-bucket/tmp/ --older-than 24h --dry-run',
    },
    {
      description: 'In a CI pipeline, failing if anything is left',
      command: '<%= config.bin %> sweep s3://my-bucket/previews/ --older-than 14d --yes --strict --json',
    },
    {
      description: 'From cron',
      command: '<%= config.bin %> sweep s3://my-bucket/logs/ --older-than 90d --yes --quiet',
    },
    {
      description: 'Noncurrent versions and unfinished uploads',
      command: '<%= config.bin %> sweep s3://my-bucket/ --all --versions --older-than 30d --abort-uploads 7d --yes',
    },
    {
      description: 'One of eight runners',
      command: '<%= config.bin %> sweep s3://my-bucket/logs/ --older-than 90d --shard 1/8 --yes',
    },
    {
      description: 'Keys from another program',
      command: 'list-keys | <%= config.bin %> sweep s3://my-bucket/tmp/ --keys-from - --older-than 1d --yes',
    },
  ];
  static override baseFlags = lockedFlags;
  static override flags = withEnvironment({
    'older-than': durationFlag({
      summary: 'required: delete only objects older than this; 0 for any age',
      helpValue: 'AGE',
    }),
    ...selectionFlags,
    'dry-run': boolean({ summary: 'delete nothing; print what would be deleted' }),
    yes: boolean({ char: 'y', summary: 'do not ask for confirmation' }),
    all: boolean({ summary: 'allow an empty prefix, which is the whole bucket' }),
    strict: boolean({ summary: 'exit 3 if anything is left for the next sweep' }),
    'max-delete': countFlag({
      summary: 'delete at most N objects; exit 3 if more remain',
      least: 1,
      helpGroup: 'LIMIT',
    }),
    'max-bytes': sizeFlag({
      summary: 'delete at most this many bytes; exit 3 if more remain',
      least: 1,
      helpGroup: 'LIMIT',
    }),
    'max-duration': durationFlag({
      summary: 'start no new batch after this time; the next sweep continues from there',
      least: 1,
      helpGroup: 'LIMIT',
    }),
    report: stringFlag({
      summary: 'write what was not deleted to a file, as JSON lines',
      helpValue: 'FILE',
    }),
    unconditional: boolean({
      summary: 'also delete objects overwritten since the listing',
      description: 'it needs no s3:GetObject',
      // An inventory may be days old: only its ETags show whether an object was replaced since.
      exclusive: ['inventory'],
    }),
    ...payerFlags,
  });
  static override args = { target: string({ required: true, description: 's3://bucket/prefix' }) };

  protected override async execute(
    run: CommandRun,
    { args, flags }: CommandInput<typeof Sweep>,
  ): Promise<CommandResult> {
    const target = readSweepTarget(parseS3Url(args.target, run), flags);
    const reportPath = readReportPath(flags.report);
    const isAsking = !flags.yes && !flags['dry-run'];
    if (isAsking) assertCanAsk(run);
    if (isAsking && flags['keys-from'] === '-') throw stdinTakenError();
    const { time, connect, unfinished, findRunning } = openSweepAccess(run, {
      maxMs: flags['max-duration'] ?? null,
      access: readObjectAccess(flags, run),
    });
    const { clock, emit, stdin } = run;
    const selection = await readSelection(flags, {
      bucket: target.bucket,
      aws: run.aws,
      openStdin: () => openStdin(stdin),
      connect,
      signal: time.signal,
    });
    if (selection.source.kind === 'named') refuseReportOverKeys(reportPath, selection.source.files ?? []);
    const store = await connect();
    const job: SweepJob = {
      ...target,
      endpointUrl: run.aws().endpointUrl,
      selection,
      shard: flags.shard ?? null,
      limits: { maxDelete: flags['max-delete'] ?? null, maxBytes: flags['max-bytes'] ?? null },
      // Undefined where it is not given, whatever its type says.
      isDryRun: flags['dry-run'] ?? false,
      isStrict: flags.strict,
      isUnconditional: flags.unconditional,
      reportPath,
    };
    const ask = isAsking ? async (found: SweepFound) => await askToSweep(run, job, found) : null;
    return presentSweep(job, await runSweep(job, { store, unfinished, findRunning, clock, emit, time, ask }));
  }
}

function stdinTakenError(): BreakwaterError {
  return new BreakwaterError('usage', 'standard input contains the keys, so it cannot answer the question', {
    details: { hint: 'pass --yes to confirm, or --dry-run to preview' },
  });
}

/** @throws BreakwaterError `usage` for standard output, which is used for the result */
function readReportPath(path: string | undefined): string | null {
  if (path !== '-' && path !== '') return path ?? null;
  throw new BreakwaterError('usage', '--report needs the name of a file', {
    details: { hint: 'standard output is used for the result and the first failures' },
  });
}
