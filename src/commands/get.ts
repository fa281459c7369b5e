import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { BaseCommand, type CommandInput, type Flags } from '../cli/base-command.ts';
import { parseByteRange } from '../cli/flags/values.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { escapeControls } from '../ui/escape.ts';
import { countFlag, sizeFlag, transferFlags, withEnvironment } from '../cli/flags/flags.ts';
import { presentGet } from '../cli/output/get-result.ts';
import { openTransferContext } from '../cli/s3-access.ts';
import { isS3Url, parseS3Url } from '../cli/flags/s3-url.ts';
import { keepHeapSmall } from '../cli/heap-limits.ts';
import { BreakwaterError } from '../errors.ts';
import { get, type GetRequest } from '../transfer/get/get.ts';

export default class Get extends BaseCommand<typeof Get> {
  static override summary = 'download an object, or all objects below a prefix';
  static override description =
    'Behind the circuit s3-download. A file appears only when it is whole and verified; what was there stays until then. The same command again goes on with what an interrupted one has left.';
  static override usage = 'get SOURCE [DEST] [FLAGS]';
  static override examples = [
    { description: 'An object, at the terminal', command: '<%= config.bin %> get s3://my-bucket/backups/backup.tar' },
    {
      description: 'A prefix, in a CI pipeline',
      command: "<%= config.bin %> get --recursive --json --exclude '*.tmp' s3://my-bucket/cache/ ./cache/",
    },
    {
      description: 'To standard output, from cron',
      command: '<%= config.bin %> get --wait 2m s3://my-bucket/db/app.sql - | psql app',
    },
  ];
  static override baseFlags = transferFlags;
  static override flags = withEnvironment({
    recursive: boolean({ char: 'r', summary: 'all objects below the prefix, into a directory' }),
    include: string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'GLOB',
      summary: 'of many objects, only those that fit; may be repeated',
    }),
    exclude: string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'GLOB',
      summary: 'of many objects, not those that fit; may be repeated',
    }),
    again: boolean({ summary: 'of many objects, also those that are here already, by size and time' }),
    'dry-run': boolean({ summary: 'fetch nothing; print what would be fetched' }),
    'no-clobber': boolean({ summary: 'never replace a file: exit 73, or skip it among many' }),
    'version-id': string({ helpValue: 'ID', summary: 'this version of the object' }),
    range: string({
      helpValue: 'FIRST-LAST',
      summary: 'only these bytes, the last one included; also FIRST- and -COUNT',
    }),
    'keep-time': boolean({
      allowNo: true,
      default: true,
      summary: "give files the object's time of modification (x-amz-meta-mtime, else when it was stored)",
    }),
    resume: boolean({
      allowNo: true,
      default: true,
      summary: 'go on with a download of 64 MiB or more that was interrupted',
    }),
    fsync: boolean({ summary: 'done only when files are on the disk' }),
    concurrency: countFlag({ summary: 'requests in flight; planned from the size by default', least: 1, most: 256 }),
    'part-size': sizeFlag({
      summary: 'bytes of one request of a large object; planned by default',
      least: 1024 * 1024,
      most: 1024 * 1024 * 1024,
    }),
  });
  static override args = {
    source: argument({
      required: true,
      description: "s3://bucket/key, 's3://bucket/logs/*.gz', or s3://bucket/prefix/ with -r",
    }),
    dest: argument({ default: '.', description: 'file, directory, or - for standard output' }),
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
    if (flags.recursive) keepHeapSmall();
    const context = await openTransferContext(run, 's3-download');
    const report = await get({ source, destination: args.dest, ...readRequest(flags) }, context);
    return presentGet(report);
  }
}

function readRequest(flags: Flags<typeof Get>): Omit<GetRequest, 'source' | 'destination'> {
  return {
    isRecursive: flags.recursive,
    patterns: { include: flags.include ?? [], exclude: flags.exclude ?? [] },
    isDryRun: flags['dry-run'],
    isAgain: flags.again,
    options: {
      range: flags.range === undefined ? null : parseByteRange(flags.range),
      versionId: flags['version-id'] ?? null,
      isNoClobber: flags['no-clobber'],
      isSynced: flags.fsync,
      isResumable: flags.resume,
      isTimeKept: flags['keep-time'],
      pieceBytes: flags['part-size'] ?? null,
      concurrency: flags.concurrency ?? null,
    },
  };
}
