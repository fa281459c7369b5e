import { string } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { BaseCommand, type CommandInput } from '../cli/base-command.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { escapeControls } from '../cli/escape.ts';
import { transferFlags, withEnvironment } from '../cli/flags.ts';
import { presentMany } from '../cli/many-result.ts';
import { openTransferContext } from '../cli/s3-access.ts';
import { isS3Url, parseS3Url } from '../cli/s3-url.ts';
import { BreakwaterError } from '../errors.ts';
import { get, type GetReport } from '../transfer/get.ts';
import { describeBytes } from '../ui/progress-text.ts';

export default class Get extends BaseCommand<typeof Get> {
  static override summary = 'download an object, or all objects below a prefix';
  static override description =
    'Behind the circuit s3-download. A file appears only when it is whole and verified; what was there stays until then.';
  static override usage = 'get SOURCE [DEST] [FLAGS]';
  static override examples = [
    { description: 'An object, at the terminal', command: '<%= config.bin %> get s3://my-bucket/backups/backup.tar' },
    {
      description: 'A prefix, in a CI pipeline',
      command: '<%= config.bin %> get --recursive --json s3://my-bucket/cache/ ./cache/',
    },
    {
      description: 'To standard output, from cron',
      command: '<%= config.bin %> get --wait 2m s3://my-bucket/db/app.sql - | psql app',
    },
  ];
  static override baseFlags = transferFlags;
  static override flags = withEnvironment({
    recursive: boolean({ char: 'r', summary: 'all objects below the prefix, into a directory' }),
  });
  static override args = {
    source: string({ required: true, description: 's3://bucket/key, or s3://bucket/prefix/ with -r' }),
    dest: string({ default: '.', description: 'file, directory, or - for standard output' }),
  };

  protected override async execute(run: CommandRun, { args, flags }: CommandInput<typeof Get>): Promise<CommandResult> {
    const source = parseS3Url(args.source);
    if (isS3Url(args.dest)) {
      throw new BreakwaterError('usage', `${escapeControls(args.dest)} is not a local destination`, {
        details: { hint: 'get goes from S3 to here: breakwater get s3://bucket/key FILE' },
      });
    }
    if (args.dest === '-' && run.output.mode.json) {
      throw new BreakwaterError('usage', 'the object and the JSON document cannot both go to standard output', {
        details: { hint: 'write the object to a file, or leave out --json' },
      });
    }
    const report = await get(
      { source, destination: args.dest, isRecursive: flags.recursive },
      await openTransferContext(run, 's3-download'),
    );
    return present(report);
  }
}

function present(report: GetReport): CommandResult {
  if (report.kind === 'many') return presentMany(report.result, 'received');
  const { location, path, bytes, etag, verifiedBy } = report;
  const name = `s3://${location.bucket}/${escapeControls(location.key)}`;
  return {
    json: { bucket: location.bucket, key: location.key, path, bytes, etag, verified_by: verifiedBy },
    // Standard output belongs to the object.
    summary: path === null ? null : `got ${name} as ${escapeControls(path)} (${describeBytes(bytes)})`,
  };
}
