import { string } from '@oclif/core/args';
import { boolean, string as text } from '@oclif/core/flags';
import { presentPut, presentPutPlan } from '../cli/output/put-result.ts';
import { BaseCommand, type CommandInput, type Flags } from '../cli/base-command.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { quoteGiven } from '../mask-credentials.ts';
import { accessFlags, readObjectAccess } from '../cli/flags/access-flags.ts';
import { countFlag, repeatedFlag, sizeFlag, transferFlags, withEnvironment } from '../cli/flags/flags.ts';
import { objectFlags, readObjectOptions, warnOfJoinedMetadata } from '../cli/flags/put-flags.ts';
import { openTransferContext } from '../cli/s3-access.ts';
import { emptyPathError, isS3Url, parseS3Url } from '../cli/flags/s3-url.ts';
import { BreakwaterError } from '../errors.ts';
import { PART_BYTES_MAX, PART_BYTES_MIN } from '../transfer/put/part-size.ts';
import { planPut } from '../transfer/put/put-dry-run.ts';
import { put } from '../transfer/put/put.ts';
import { CHECKSUM_CHOICES, type PutRequest } from '../transfer/put/put-request.ts';

export default class Put extends BaseCommand<typeof Put> {
  static override summary = 'upload files, directories or standard input to S3';
  static override description =
    'Protected by the circuit s3-upload: while it is open, put fails in milliseconds with status 75 and says when to try again.';
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
    recursive: boolean({ char: 'r', summary: 'upload directories and everything below them' }),
    include: repeatedFlag({ summary: 'upload only matching files', helpValue: 'PATTERN' }),
    exclude: repeatedFlag({ summary: 'skip matching files; wins over --include', helpValue: 'PATTERN' }),
    'if-none-match': boolean({ summary: 'never replace an object: exit 73 if it exists' }),
    'dry-run': boolean({ summary: 'send nothing; print what would be sent' }),
    resume: boolean({
      summary: 'resume an interrupted upload (the default)',
      description: 'its parts are kept if it is interrupted again',
      default: true,
      allowNo: true,
    }),
    checksum: text({
      summary: 'checksum that S3 verifies and stores',
      description: 'none is for stores that refuse its headers',
      options: CHECKSUM_CHOICES,
      defaultHelp: async () => await Promise.resolve('crc32'),
    }),
    'part-size': sizeFlag({
      summary: 'part size of a large upload; by default chosen by size',
      least: PART_BYTES_MIN,
      most: PART_BYTES_MAX,
    }),
    concurrency: countFlag({
      summary: 'maximum requests in flight; by default up to 256',
      description: 'a run starts with 16 and grows to at most 256 (64 through a proxy), within 48 MiB of memory',
      least: 1,
      most: 256,
    }),
    ...objectFlags,
    ...accessFlags,
  });
  static override args = {
    source: string({ required: true, multiple: true, description: 'file, directory (-r), or - for standard input' }),
    dest: string({ required: true, description: 's3://bucket/key or s3://bucket/prefix/' }),
  };

  protected override async execute(run: CommandRun, { args, flags }: CommandInput<typeof Put>): Promise<CommandResult> {
    const fromS3 = args.source.find(isS3Url);
    if (fromS3 !== undefined) {
      throw new BreakwaterError('usage', `${quoteGiven(fromS3)} is not a local file`, {
        details: { hint: 'put uploads local files: breakwater put FILE s3://bucket/key' },
      });
    }
    if (args.source.includes('')) throw emptyPathError('a source');
    if (!isS3Url(args.dest)) {
      throw new BreakwaterError('usage', `${quoteGiven(args.dest)} is not an S3 URL`, {
        details: { hint: 'the last argument is the destination: breakwater put SOURCE... s3://bucket/key' },
      });
    }
    const checksum = chooseChecksum(flags, run);
    const access = { ...readObjectAccess(flags, run), sendsChecksums: checksum !== 'none' };
    const object = readObjectOptions(flags);
    warnOfJoinedMetadata(flags, run.emit);
    if (access.customerKey !== null && object.serverSideEncryption !== undefined) {
      throw new BreakwaterError('usage', '--sse-customer-key-file cannot be combined with --sse or --sse-kms-key-id');
    }
    const request: PutRequest = {
      sources: args.source,
      destination: parseS3Url(args.dest, run),
      isRecursive: flags.recursive,
      patterns: { include: flags.include ?? [], exclude: flags.exclude ?? [] },
      object,
      customerKeyHash: access.customerKey?.hash ?? null,
      checksum,
      ifNoneMatch: flags['if-none-match'],
      isResuming: flags.resume,
      partSizeBytes: flags['part-size'] ?? null,
      concurrency: flags.concurrency ?? null,
    };
    if (flags['dry-run']) return presentPutPlan(await planPut(request, run));
    return presentPut(await put(request, await openTransferContext(run, 's3-upload', access)));
  }
}

/** Without the flag, the AWS settings decide; a dry run does not need them. */
function chooseChecksum(flags: Flags<typeof Put>, run: CommandRun): PutRequest['checksum'] {
  const chosen = CHECKSUM_CHOICES.find((choice) => choice === flags.checksum);
  if (chosen !== undefined || flags['dry-run']) return chosen ?? 'crc32';
  return run.aws().checksums.inRequests === 'when_supported' ? 'crc32' : 'none';
}
