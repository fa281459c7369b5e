import { string } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { BaseCommand, type CommandInput } from '../cli/base-command.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { escapeControls } from '../cli/escape.ts';
import { sizeFlag, transferFlags, withEnvironment } from '../cli/flags.ts';
import { presentMany } from '../cli/many-result.ts';
import { openTransferContext } from '../cli/s3-access.ts';
import { isS3Url, parseS3Url } from '../cli/s3-url.ts';
import { BreakwaterError } from '../errors.ts';
import { PART_BYTES_MAX, PART_BYTES_MIN } from '../transfer/part-size.ts';
import { put, type PutReport } from '../transfer/put.ts';
import { describeBytes } from '../ui/progress-text.ts';

export default class Put extends BaseCommand<typeof Put> {
  static override summary = 'upload files, directories or standard input to S3';
  static override description =
    'Behind the circuit s3-upload: while it is open, put fails in milliseconds with status 75 and says when to try again.';
  static override usage = 'put SOURCE... DEST [FLAGS]';
  static override examples = [
    { description: 'A file, at the terminal', command: '<%= config.bin %> put backup.tar s3://my-bucket/backups/' },
    {
      description: 'A directory, in a CI pipeline',
      command: '<%= config.bin %> put --recursive --json --deadline 10m dist/ s3://my-bucket/site/',
    },
    {
      description: 'Standard input, from cron',
      command: 'pg_dump app | <%= config.bin %> put --quiet - s3://my-bucket/db/app.sql',
    },
  ];
  static override baseFlags = transferFlags;
  static override flags = withEnvironment({
    recursive: boolean({ char: 'r', summary: 'send directories with all that is below them' }),
    'part-size': sizeFlag({
      summary: 'size of a part of a large upload; planned from the size by default',
      least: PART_BYTES_MIN,
      most: PART_BYTES_MAX,
    }),
  });
  static override args = {
    source: string({ required: true, multiple: true, description: 'file, directory (-r), or - for standard input' }),
    dest: string({ required: true, description: 's3://bucket/key or s3://bucket/prefix/' }),
  };

  protected override async execute(run: CommandRun, { args, flags }: CommandInput<typeof Put>): Promise<CommandResult> {
    const fromS3 = args.source.find(isS3Url);
    if (fromS3 !== undefined) {
      throw new BreakwaterError('usage', `${escapeControls(fromS3)} is not a local file`, {
        details: { hint: 'put goes from here to S3: breakwater put FILE s3://bucket/key' },
      });
    }
    const destination = parseS3Url(args.dest);
    const report = await put(
      {
        sources: args.source,
        destination,
        isRecursive: flags.recursive,
        partSizeBytes: flags['part-size'] ?? null,
      },
      await openTransferContext(run, 's3-upload'),
    );
    return present(report);
  }
}

function present(report: PutReport): CommandResult {
  if (report.kind === 'many') return presentMany(report.result, 'sent');
  const { location, source, bytes, etag, versionId } = report;
  return {
    json: { bucket: location.bucket, key: location.key, source, bytes, etag, version_id: versionId },
    summary: `put ${escapeControls(source)} to s3://${location.bucket}/${escapeControls(location.key)} (${describeBytes(bytes)})`,
  };
}
