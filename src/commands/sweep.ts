import { string } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { BaseCommand, type CommandInput } from '../cli/base-command.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { assertCanAsk, confirm } from '../cli/confirm.ts';
import { formatDuration } from '../duration.ts';
import { escapeControls } from '../cli/escape.ts';
import { durationFlag, requestFlags, withEnvironment } from '../cli/flags.ts';
import { connectWithoutCircuit } from '../cli/s3-access.ts';
import { parseS3Url } from '../cli/s3-url.ts';
import { presentSurvey, presentTally } from '../cli/sweep-result.ts';
import { BreakwaterError } from '../errors.ts';
import { surveySweep, sweep, type SweepContext, type SweepRequest } from '../sweep/sweep.ts';

export default class Sweep extends BaseCommand<typeof Sweep> {
  static override summary = 'delete objects past an age; what fails is left for the next sweep';
  static override description =
    "Best effort and without a circuit. Age is judged by the store's own clock. Off a terminal it wants --yes or --dry-run.";
  static override usage = 'sweep s3://BUCKET/PREFIX --older-than AGE [FLAGS]';
  static override examples = [
    {
      description: 'See what would go, at the terminal',
      command: '<%= config.bin %> sweep s3://my-bucket/tmp/ --older-than 24h --dry-run',
    },
    {
      description: 'In a CI pipeline, failing when something stays',
      command: '<%= config.bin %> sweep s3://my-bucket/previews/ --older-than 14d --yes --strict --json',
    },
    {
      description: 'From cron',
      command: '<%= config.bin %> sweep s3://my-bucket/logs/ --older-than 90d --yes --quiet',
    },
  ];
  static override baseFlags = requestFlags;
  static override flags = withEnvironment({
    'older-than': durationFlag({
      summary: 'least age of what is deleted, such as 24h or 7d10h; required',
      helpValue: 'AGE',
    }),
    'dry-run': boolean({ summary: 'delete nothing; print what would go' }),
    yes: boolean({ char: 'y', summary: 'do not ask' }),
    all: boolean({ summary: 'allow an empty prefix: the whole bucket' }),
    strict: boolean({ summary: 'exit 3 when something was left for the next sweep' }),
  });
  static override args = { target: string({ required: true, description: 's3://bucket/prefix' }) };

  protected override async execute(
    run: CommandRun,
    { args, flags }: CommandInput<typeof Sweep>,
  ): Promise<CommandResult> {
    const request = readRequest(args.target, { olderThanMs: flags['older-than'], isAllMeant: flags.all });
    const isAsking = !flags.yes && !flags['dry-run'];
    if (isAsking) assertCanAsk(run);
    const store = await connectWithoutCircuit(run);
    try {
      const context: SweepContext = { store, now: run.clock.now, emit: run.emit };
      if (flags['dry-run']) return presentSurvey(request, await surveySweep(request, context));
      if (isAsking && !(await ask(run, request, context))) return { json: {}, summary: 'nothing was deleted' };
      return presentTally(request, await sweep(request, context), { isStrict: flags.strict });
    } finally {
      store.close();
    }
  }
}

/** @throws BreakwaterError `usage` for a sweep that could delete more than was meant */
function readRequest(
  target: string,
  { olderThanMs, isAllMeant }: { olderThanMs: number | undefined; isAllMeant: boolean },
): SweepRequest {
  const { bucket, key: prefix } = parseS3Url(target);
  if (olderThanMs === undefined) {
    throw new BreakwaterError('usage', 'sweep needs an age: --older-than AGE', {
      details: { reason: 'needs_age', hint: 'for example --older-than 24h, with --dry-run to see what would go' },
    });
  }
  if (prefix === '' && !isAllMeant) {
    throw new BreakwaterError('usage', `s3://${bucket}/ has an empty prefix: that is the whole bucket`, {
      details: { reason: 'empty_prefix', hint: 'name a prefix, or say --all' },
    });
  }
  return { bucket, prefix, olderThanMs };
}

/** Shows what would go, then asks. Nothing to delete needs no answer. */
async function ask(run: CommandRun, request: SweepRequest, context: SweepContext): Promise<boolean> {
  const survey = await surveySweep(request, context);
  if (survey.objects === 0) return true;
  for (const line of presentSurvey(request, survey).lines ?? []) run.output.note(line);
  const { bucket, prefix, olderThanMs } = request;
  const target = `s3://${bucket}/${escapeControls(prefix)}`;
  return await confirm(run, `delete ${survey.objects} objects older than ${formatDuration(olderThanMs)} in ${target}?`);
}
