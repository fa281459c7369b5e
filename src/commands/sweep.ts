import { string } from '@oclif/core/args';
import { boolean, string as stringFlag } from '@oclif/core/flags';
import { BaseCommand, type CommandInput } from '../cli/base-command.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { openUnfinishedWork } from '../state/stored-work.ts';
import { assertCanAsk, confirm } from '../cli/output/confirm.ts';
import { formatDuration } from '../duration.ts';
import { escapeControls } from '../ui/escape.ts';
import { countFlag, durationFlag, requestFlags, sizeFlag, withEnvironment } from '../cli/flags/flags.ts';
import { connectWithoutCircuit } from '../cli/s3-access.ts';
import { parseS3Url } from '../cli/flags/s3-url.ts';
import { once } from '../once.ts';
import { keepHeapSmall } from '../cli/heap-limits.ts';
import { readSelection, selectionFlags } from '../cli/flags/sweep-flags.ts';
import { presentSurvey, presentSwept, type SweptPlace } from '../cli/output/sweep-result.ts';
import { performSweep } from '../sweep/run-sweep.ts';
import { UploadsSweep } from '../cli/output/sweep-uploads.ts';
import { limitTime } from '../sweep/time-limit.ts';
import { BreakwaterError } from '../errors.ts';
import { claimSweep, nameSweep } from '../sweep/claim-sweep.ts';
import { watchNeighbours } from '../sweep/prefix-warning.ts';
import { selectItems } from '../sweep/select-items.ts';
import { surveySweep } from '../sweep/tally.ts';
import { EVERY_KEY, type KeySpan, type SweepPage } from '../sweep/sweep-item.ts';

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
    {
      description: 'What versioning and broken uploads have left behind',
      command: '<%= config.bin %> sweep s3://my-bucket/ --all --versions --older-than 30d --abort-uploads 7d --yes',
    },
    {
      description: 'Keys that another program names',
      command: 'list-keys | <%= config.bin %> sweep s3://my-bucket/tmp/ --keys-from - --older-than 1d --yes',
    },
  ];
  static override baseFlags = requestFlags;
  static override flags = withEnvironment({
    'older-than': durationFlag({
      summary: 'least age of what is deleted, such as 24h or 7d10h; required, 0 for any',
      helpValue: 'AGE',
    }),
    ...selectionFlags,
    'dry-run': boolean({ summary: 'delete nothing; print what would go' }),
    yes: boolean({ char: 'y', summary: 'do not ask' }),
    all: boolean({ summary: 'allow an empty prefix: the whole bucket' }),
    strict: boolean({ summary: 'exit 3 when something was left for the next sweep' }),
    'max-delete': countFlag({ summary: 'most objects to ask for; exit 3 where there are more', least: 1 }),
    'max-bytes': sizeFlag({ summary: 'most bytes to ask for; exit 3 where there are more', least: 1 }),
    'max-duration': durationFlag({
      summary: 'begin no further batch after this time; the next sweep goes on from there',
      least: 1,
    }),
    report: stringFlag({
      summary: 'write every object that stayed to a file, one JSON object a line',
      helpValue: 'FILE',
    }),
    unconditional: boolean({
      summary: 'delete also what was overwritten since it was listed; needs no s3:GetObject',
      // An inventory is days old: only its ETags tell an object from the one that has its place by now.
      exclusive: ['inventory'],
    }),
  });
  static override args = { target: string({ required: true, description: 's3://bucket/prefix' }) };

  protected override async execute(
    run: CommandRun,
    { args, flags }: CommandInput<typeof Sweep>,
  ): Promise<CommandResult> {
    keepHeapSmall();
    const place = readPlace(args.target, flags);
    const reportPath = readReportPath(flags.report);
    const isAsking = !flags.yes && !flags['dry-run'];
    if (isAsking) assertCanAsk(run);
    if (isAsking && flags['keys-from'] === '-') throw describeStdinTaken();
    const time = limitTime(run, flags['max-duration'] ?? null);
    const { signal } = time;
    const connect = once(async () => await connectWithoutCircuit(run, { signal }));
    const selection = await readSelection(flags, { bucket: place.bucket, stdin: run.stdin, connect, signal });
    const store = await connect();
    const watch = watchNeighbours({ prefix: place.prefix, emit: run.emit });
    const select = (within: KeySpan): AsyncIterable<SweepPage> =>
      watch(selectItems({ ...place, ...selection, within }, { store, now: run.clock.now }));
    const uploads = new UploadsSweep(
      { ...place, ...selection, olderThanMs: flags['abort-uploads'] ?? null, isDryRun: flags['dry-run'] },
      { store, now: run.clock.now, isStrict: flags.strict },
    );
    const isOnlyUploads = flags['older-than'] === undefined;
    if (flags['dry-run'] && isOnlyUploads) return await uploads.addTo(describeNoObjects(place, { isDryRun: true }));
    if (flags['dry-run']) return await uploads.addTo(presentSurvey(place, await surveySweep(select(EVERY_KEY))));

    const { endpointUrl } = run.aws();
    const id = nameSweep({ endpointUrl, ...place });
    const unfinished = openUnfinishedWork(run, 'sweep');
    await using claim = await claimSweep(unfinished, { id, ...place });
    if (isOnlyUploads) {
      if (isAsking && !(await askForUploads(run, place, uploads))) return { json: {}, summary: 'nothing was aborted' };
      return await uploads.addTo(describeNoObjects(place, { isDryRun: false }));
    }
    if (isAsking && !(await ask(run, place, { select, uploads }))) return { json: {}, summary: 'nothing was deleted' };
    const limits = { maxDelete: flags['max-delete'] ?? null, maxBytes: flags['max-bytes'] ?? null };
    const isResumable = selection.source.kind === 'objects';
    const result = await performSweep(
      run,
      { id, ...place, limits, reportPath, isResumable },
      { store, select: flags.unconditional ? dropEtags(select) : select, unfinished, claim, time },
    );
    return await uploads.addTo(presentSwept(place, result, { isStrict: flags.strict }));
  }
}

/** @throws BreakwaterError `usage` for a sweep that could delete more than was meant */
function readPlace(
  target: string,
  {
    'older-than': olderThanMs,
    'abort-uploads': abortUploadsMs,
    'keys-from': keysFrom,
    all: isAllMeant,
  }: {
    'older-than': number | undefined;
    'abort-uploads': number | undefined;
    'keys-from': string | undefined;
    all: boolean;
  },
): SweptPlace {
  const { bucket, key: prefix } = parseS3Url(target);
  // An age of uploads alone is enough for uploads alone.
  if (olderThanMs === undefined && abortUploadsMs === undefined) {
    throw new BreakwaterError('usage', 'sweep needs an age: --older-than AGE', {
      details: { reason: 'needs_age', hint: 'for example --older-than 24h, with --dry-run to see what would go' },
    });
  }
  // Whoever names the keys does not mean the whole bucket by mistake.
  if (prefix === '' && !isAllMeant && keysFrom === undefined) {
    throw new BreakwaterError('usage', `s3://${bucket}/ has an empty prefix: that is the whole bucket`, {
      details: { reason: 'empty_prefix', hint: 'name a prefix, or say --all' },
    });
  }
  return { bucket, prefix, olderThanMs: olderThanMs ?? 0 };
}

function describeStdinTaken(): BreakwaterError {
  return new BreakwaterError('usage', 'standard input has the keys, so that it cannot answer whether to delete them', {
    details: { hint: 'say --yes, or --dry-run to see what would go' },
  });
}

/** @throws BreakwaterError `usage` for standard output, which is the result's */
function readReportPath(path: string | undefined): string | null {
  if (path !== '-' && path !== '') return path ?? null;
  throw new BreakwaterError('usage', '--report wants the name of a file', {
    details: { hint: 'standard output has the result; the first failures are in it' },
  });
}

type Select = (span: KeySpan) => AsyncIterable<SweepPage>;

/** Without them, nothing is held against what was listed. */
function dropEtags(select: Select): Select {
  return async function* dropped(span) {
    for await (const page of select(span)) {
      yield { ...page, items: page.items.map((item) => ({ ...item, etag: null })) };
    }
  };
}

/** Shows what would go, then asks. Nothing to delete needs no response. */
async function ask(
  run: CommandRun,
  place: SweptPlace,
  { select, uploads }: { readonly select: Select; readonly uploads: UploadsSweep },
): Promise<boolean> {
  const survey = await surveySweep(select(EVERY_KEY));
  const uploadsFound = await uploads.count();
  if (survey.objects === 0 && uploadsFound === 0) return true;
  for (const line of presentSurvey(place, survey).lines ?? []) run.output.note(line);
  const { bucket, prefix, olderThanMs } = place;
  const target = `s3://${bucket}/${escapeControls(prefix)}`;
  const more = uploadsFound === 0 ? '' : `, and abort ${uploadsFound} unfinished uploads`;
  return await confirm(
    run,
    `delete ${survey.objects} objects older than ${formatDuration(olderThanMs)} in ${target}${more}?`,
  );
}

/** Where no object is looked at, because only uploads have an age. */
function describeNoObjects(
  { bucket, prefix }: SweptPlace,
  { isDryRun }: { readonly isDryRun: boolean },
): CommandResult {
  return { json: { bucket, prefix, dry_run: isDryRun } };
}

async function askForUploads(run: CommandRun, { bucket, prefix }: SweptPlace, uploads: UploadsSweep): Promise<boolean> {
  const found = await uploads.count();
  const target = `s3://${bucket}/${escapeControls(prefix)}`;
  return found === 0 || (await confirm(run, `abort ${found} unfinished uploads in ${target}?`));
}
