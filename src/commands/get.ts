import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { BaseCommand, type CommandInput, type Flags } from '../cli/base-command.ts';
import { parseByteRange } from '../cli/flags/values.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { quoteGiven } from '../mask-credentials.ts';
import { accessFlags, readObjectAccess } from '../cli/flags/access-flags.ts';
import { countFlag, repeatedFlag, sizeFlag, transferFlags, withEnvironment } from '../cli/flags/flags.ts';
import { presentGet } from '../cli/output/get-result.ts';
import { openTransferContext } from '../cli/s3-access.ts';
import { nameWish } from '../cli/settings/name-settings.ts';
import { emptyPathError, isS3Url, parseS3Url } from '../cli/flags/s3-url.ts';
import { BreakwaterError } from '../errors.ts';
import { findSystemPlace } from '../files/system-place.ts';
import { get, type GetRequest } from '../transfer/get/get.ts';

export default class Get extends BaseCommand<typeof Get> {
  static override summary = 'download an object, or all objects below a prefix';
  static override description =
    'Protected by the circuit s3-download. A file is replaced only when its download is complete and verified. Run the same command again to resume an interrupted download.';
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
    recursive: boolean({ char: 'r', summary: 'download all objects below the prefix' }),
    include: repeatedFlag({ summary: 'download only matching objects', helpValue: 'GLOB' }),
    exclude: repeatedFlag({ summary: 'skip matching objects; wins over --include', helpValue: 'GLOB' }),
    again: boolean({ summary: 'download again even if size and time match' }),
    'dry-run': boolean({ summary: 'download nothing; print what would be downloaded' }),
    'no-clobber': boolean({ summary: 'never replace a file: exit 73, or skip it with -r' }),
    'version-id': string({ helpValue: 'ID', summary: 'version of the object' }),
    range: string({
      helpValue: 'FIRST-LAST',
      summary: 'only these bytes, inclusive; also FIRST- and -COUNT',
    }),
    'keep-time': boolean({
      allowNo: true,
      default: true,
      summary: 'keep the time of the object (the default)',
      description: 'the modification time of the file comes from x-amz-meta-mtime, else from Last-Modified',
    }),
    resume: boolean({
      allowNo: true,
      default: true,
      summary: 'resume downloads of 64 MiB or more (the default)',
    }),
    fsync: boolean({ summary: 'fsync each file before reporting success' }),
    concurrency: countFlag({
      summary: 'maximum requests in flight; by default by size',
      least: 1,
      most: 256,
    }),
    'part-size': sizeFlag({
      summary: 'bytes per request; by default chosen by size',
      least: 1024 * 1024,
      most: 1024 * 1024 * 1024,
    }),
    ...accessFlags,
  });
  static override args = {
    source: argument({
      required: true,
      description: "s3://bucket/key, 's3://bucket/logs/*.gz', or s3://bucket/prefix/ with -r",
    }),
    dest: argument({ default: '.', description: 'file, directory, or - for standard output' }),
  };

  protected override async execute(run: CommandRun, { args, flags }: CommandInput<typeof Get>): Promise<CommandResult> {
    const source = parseS3Url(args.source, run);
    if (isS3Url(args.dest)) {
      throw new BreakwaterError('usage', `${quoteGiven(args.dest)} is not a local destination`, {
        details: { hint: 'get downloads to local files: breakwater get s3://bucket/key FILE' },
      });
    }
    if (args.dest === '') throw emptyPathError('the destination');
    // By number, whatever it is: opened anew by its name, a file would be written from its start.
    const destination = findSystemPlace(args.dest)?.descriptor === 1 ? '-' : args.dest;
    if (destination === '-' && run.output.mode.json) {
      throw new BreakwaterError('usage', 'the object and the JSON document cannot both go to standard output', {
        details: { hint: `write the object to a file, or ${adviseText(run.settings)}` },
      });
    }
    const access = readObjectAccess(flags, run);
    const context = await openTransferContext(run, 's3-download', access);
    const report = await get({ source, destination, ...readRequest(flags) }, context);
    return presentGet(report);
  }
}

/** How JSON is switched off, by what has switched it on. */
function adviseText(settings: CommandRun['settings']): string {
  const origin = nameWish('json', settings);
  return origin.startsWith('--') ? `omit ${origin}` : `set BREAKWATER_JSON=0: ${origin} asks for JSON`;
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
