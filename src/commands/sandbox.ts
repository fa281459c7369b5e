import { option, string } from '@oclif/core/flags';
import { BaseCommand, type CommandInput } from '../cli/base-command.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { countFlag, withEnvironment } from '../cli/flags/flags.ts';
import { describeListening, describePhase, describeRequest } from '../cli/output/sandbox-lines.ts';
import { parseSeed, SEED_FORM } from '../cli/flags/seed-flag.ts';
import { waitForAbort } from '../abort.ts';
import type { LoggedRequest } from '../sandbox/request-log.ts';
import type { Sandbox as RunningSandbox } from '../sandbox/sandbox.ts';
import { playScenario, SCENARIOS, type Phase, type Scenario } from '../sandbox/scenario.ts';
import { STORE_QUIRKS } from '../sandbox/protocol/wire.ts';

export default class Sandbox extends BaseCommand<typeof Sandbox> {
  static override summary = 'run a local S3 with scripted outages: learn, demo and test with no account';
  static override description =
    'Objects are in memory and gone when it ends. It listens on 127.0.0.1 only, checks signatures, and answers 501 to whatever it does not implement. Its requests are shown on standard error, as JSON with --log-format json. A scenario begins with the first request.';
  static override usage = 'sandbox [FLAGS]';
  static override examples = [
    { description: 'At the terminal; try the lines that it prints in another', command: '<%= config.bin %> sandbox' },
    {
      description: 'An outage to watch, with breaker-status --watch in another terminal',
      command: '<%= config.bin %> sandbox --scenario outage-30s',
    },
    {
      description: 'With uploads that fail',
      command: '<%= config.bin %> sandbox --fault PutObject:SlowDown:times=20 --fault GetObject:truncate:every=3',
    },
    {
      description: 'With 5000 objects for a sweep to find',
      command: '<%= config.bin %> sandbox --seed "demo-bucket/tmp/item-{n}:count=5000:age=30d"',
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
      summary: 'differ from S3 as some real stores do',
    })(),
    scenario: option({
      options: SCENARIOS,
      default: 'calm' as const,
      summary: 'a story of faults that begins with the first request',
    })(),
    seed: string({
      summary: `objects to begin with: demo, none, or ${SEED_FORM}`,
      helpValue: 'SEED',
      default: ['demo'],
      multiple: true,
    }),
  });

  protected override async execute(run: CommandRun, { flags }: CommandInput<typeof Sandbox>): Promise<CommandResult> {
    const seeds = flags.seed.filter((seed) => seed !== 'none' && seed !== 'demo').map(parseSeed);
    const { startSandbox } = await import('../sandbox/sandbox.ts');
    const { mode } = run.output;
    const form = () => ({ logFormat: mode.logFormat, nowMs: run.clock.now() });
    const note = (lines: readonly string[]): void => {
      if (!mode.quiet) for (const line of lines) run.output.note(line);
    };
    const firstRequest = Promise.withResolvers<null>();
    const sandbox = await startSandbox({
      ...(flags.port === undefined ? {} : { port: flags.port }),
      quirks: flags.quirk ?? [],
      onRequest: (request: LoggedRequest) => {
        note([describeRequest(request, form())]);
        firstRequest.resolve(null);
      },
    });
    run.onClose(sandbox.close);
    for (const fault of flags.fault ?? []) sandbox.addFault(fault);
    for (const bucket of flags.versioned ?? []) sandbox.keepVersions(bucket);
    if (flags.seed.includes('demo')) await seedDemo(sandbox);
    for (const { keys, sizeBytes, ...rest } of seeds) {
      const body = Buffer.alloc(sizeBytes, 'breakwater\n');
      for (const key of keys) sandbox.seed({ ...rest, key, body });
    }
    for (const line of describeListening(sandbox, { scenario: flags.scenario, ...form() })) run.output.note(line);
    const story = play(flags.scenario, {
      run,
      sandbox,
      begins: firstRequest.promise,
      onPhase: (phase) => note([describePhase(phase, form())]),
    });
    await waitForAbort(run.signal);
    firstRequest.resolve(null);
    await story;
    const requests = sandbox.requests().length;
    return {
      json: { endpoint: sandbox.endpoint, requests },
      summary: `the sandbox has ended after ${requests} requests`,
    };
  }
}

async function play(
  scenario: Scenario,
  stage: {
    readonly run: CommandRun;
    readonly sandbox: RunningSandbox;
    readonly begins: Promise<null>;
    readonly onPhase: (phase: Phase) => void;
  },
): Promise<void> {
  const { run, sandbox, begins, onPhase } = stage;
  await begins;
  if (run.signal.aborted || scenario === 'calm') return;
  await playScenario(scenario, {
    addFault: sandbox.addFault,
    removeFault: sandbox.removeFault,
    clock: run.clock,
    signal: run.signal,
    onPhase,
  });
}

async function seedDemo(sandbox: RunningSandbox): Promise<void> {
  const seed = await import('../sandbox/seed-demo.ts');
  seed.seedDemo(sandbox);
}
