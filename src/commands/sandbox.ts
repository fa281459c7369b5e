import { option, string } from '@oclif/core/flags';
import { BaseCommand, type CommandInput } from '../cli/base-command.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { escapeControls } from '../cli/escape.ts';
import { countFlag, withEnvironment } from '../cli/flags.ts';
import { untilAborted } from '../cli/until-aborted.ts';
import type { LoggedRequest } from '../sandbox/request-log.ts';
import type { Sandbox as RunningSandbox } from '../sandbox/sandbox.ts';
import { STORE_QUIRKS } from '../sandbox/wire.ts';

export default class Sandbox extends BaseCommand<typeof Sandbox> {
  static override summary = 'run a local S3 with scripted outages: learn, demo and test with no account';
  static override description =
    'Objects are in memory and gone when it ends. It listens on 127.0.0.1 only, checks signatures, and answers 501 to whatever it does not implement. Its requests are shown on standard error.';
  static override usage = 'sandbox [FLAGS]';
  static override examples = [
    { description: 'At the terminal; try the lines that it prints in another', command: '<%= config.bin %> sandbox' },
    {
      description: 'With uploads that fail',
      command: '<%= config.bin %> sandbox --fault PutObject:SlowDown:times=20 --fault GetObject:truncate:every=3',
    },
    {
      description: 'Begin and end an outage from a second terminal',
      command:
        "curl -d '*:503:ServiceUnavailable' http://127.0.0.1:9000/_sandbox/faults; curl -X DELETE http://127.0.0.1:9000/_sandbox/faults",
    },
  ];
  static override flags = withEnvironment({
    port: countFlag({ summary: 'port on 127.0.0.1; 0 for any that is free', default: 9000, least: 0, most: 65_535 }),
    fault: string({
      summary:
        'OPERATION:EFFECT[:OPTION=VALUE...]; operation * is all, the effect a code of S3 or reset, hang, html, truncate, stall, corrupt, latency, lost; options times, each (hits of one key), skip, every, for, after, bucket, key (prefix), suffix, retry-after',
      helpValue: 'FAULT',
      multiple: true,
    }),
    versioned: string({
      summary: 'a bucket that keeps versions; made if there is none',
      helpValue: 'BUCKET',
      multiple: true,
    }),
    quirk: option({
      options: STORE_QUIRKS,
      multiple: true,
      summary: 'differ from S3 in deletions, as some real stores do',
    })(),
    seed: option({ options: ['demo', 'none'] as const, default: 'demo', summary: 'objects to begin with' })(),
  });

  protected override async execute(run: CommandRun, { flags }: CommandInput<typeof Sandbox>): Promise<CommandResult> {
    const { startSandbox } = await import('../sandbox/sandbox.ts');
    const onRequest = (request: LoggedRequest): void => {
      if (!run.output.mode.quiet) run.output.note(describeRequest(request));
    };
    const sandbox = await startSandbox({
      ...(flags.port === undefined ? {} : { port: flags.port }),
      quirks: flags.quirk ?? [],
      onRequest,
    });
    run.onClose(sandbox.close);
    for (const fault of flags.fault ?? []) sandbox.addFault(fault);
    for (const bucket of flags.versioned ?? []) sandbox.keepVersions(bucket);
    if (flags.seed === 'demo') await seed(sandbox);
    for (const line of introduce(sandbox)) run.output.note(line);
    await untilAborted(run.signal);
    const requests = sandbox.requests().length;
    return {
      json: { endpoint: sandbox.endpoint, requests },
      summary: `the sandbox has ended after ${requests} requests`,
    };
  }
}

async function seed(sandbox: RunningSandbox): Promise<void> {
  const { seedDemo } = await import('../sandbox/seed-demo.ts');
  seedDemo(sandbox);
}

function introduce({ endpoint, region, accessKeyId, secretAccessKey }: RunningSandbox): readonly string[] {
  return [
    `a local S3 is up at ${endpoint}; Ctrl-C ends it. In another terminal:`,
    '',
    `  export AWS_ENDPOINT_URL_S3=${endpoint} AWS_REGION=${region}`,
    `  export AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey}`,
    '  npx breakwater get s3://demo/hello.txt -',
    '  npx breakwater put README.md s3://demo/',
    '  npx breakwater sweep s3://demo/logs/ --older-than 7d --dry-run',
    '',
    'An outage of uploads begins and ends with:',
    '',
    `  curl -d PutObject:503:ServiceUnavailable ${endpoint}/_sandbox/faults`,
    `  curl -X DELETE ${endpoint}/_sandbox/faults`,
    '',
  ];
}

function describeRequest({ method, url, operation, bucket, key, status, code, fault }: LoggedRequest): string {
  const what = operation === null ? `${method} ${url}` : `${operation} ${bucket}${key === '' ? '' : `/${key}`}`;
  const how = [status ?? '', code ?? '', fault === null ? '' : `(fault: ${fault})`].filter((part) => part !== '');
  return escapeControls(`${what} ${how.join(' ')}`);
}
