import { option, string } from '@oclif/core/flags';
import { BaseCommand, type CommandInput } from '../cli/base-command.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { countFlag, localFlags, withEnvironment } from '../cli/flags/flags.ts';
import { listeningLines, phaseLine, requestLine } from '../cli/output/sandbox-lines.ts';
import { parseSeed, SEED_FORM } from '../cli/flags/seed-flag.ts';
import { waitForAbort } from '../abort.ts';
import type { LoggedRequest } from '../sandbox/request-log.ts';
import type { Sandbox as RunningSandbox } from '../sandbox/sandbox.ts';
import { playScenario, SCENARIOS, type Phase, type Scenario } from '../sandbox/scenario.ts';
import { STORE_QUIRKS } from '../sandbox/protocol/wire.ts';

export default class Sandbox extends BaseCommand<typeof Sandbox> {
  static override summary = 'run a local S3 with scripted outages: learn, demo and test without an account';
  static override description =
    'Objects are kept in memory and are lost when the sandbox stops. A scenario starts with the first request.\n\nIt listens on 127.0.0.1 only, checks signatures, and responds with 501 to unsupported requests. It logs requests on standard error, as JSON with --log-format json.';
  static override usage = 'sandbox [FLAGS]';
  static override examples = [
    {
      description: 'Start it, then run the commands it prints in another terminal',
      command: '<%= config.bin %> sandbox',
    },
    {
      description: 'Script an outage; watch it with breaker-status --watch in another terminal',
      command: '<%= config.bin %> sandbox --scenario outage-30s',
    },
    {
      description: 'Make uploads and downloads fail',
      command: '<%= config.bin %> sandbox --fault PutObject:SlowDown:times=20 --fault GetObject:truncate:every=3',
    },
    {
      description: 'Start with 5000 objects for a sweep',
      command: '<%= config.bin %> sandbox --seed "demo-bucket/tmp/item-{n}:count=5000:age=30d"',
    },
    {
      description: 'Start and end an outage from a second terminal',
      command:
        "curl -d '*:503:ServiceUnavailable' http://127.0.0.1:9000/_sandbox/faults; curl -X DELETE http://127.0.0.1:9000/_sandbox/faults",
    },
  ];
  static override baseFlags = localFlags;
  static override flags = withEnvironment({
    port: countFlag({ summary: 'port on 127.0.0.1; 0 for any free port', default: 9000, least: 0, most: 65_535 }),
    fault: string({
      summary: 'fail requests: OPERATION:EFFECT[:OPTION=VALUE...]',
      description:
        'operation * means all, the effect is an S3 error code or reset, hang, html, truncate, stall, corrupt, latency, lost; options times, each (hits of one key), skip, every, for, after, bucket, key (prefix), suffix, retry-after',
      helpValue: 'FAULT',
      multiple: true,
    }),
    versioned: string({
      summary: 'bucket with versioning; created if missing',
      helpValue: 'BUCKET',
      multiple: true,
    }),
    quirk: option({
      options: STORE_QUIRKS,
      multiple: true,
      summary: 'behave like a real store that differs from S3',
    })(),
    scenario: option({
      options: SCENARIOS,
      default: 'calm' as const,
      summary: 'a scripted fault scenario',
    })(),
    seed: string({
      summary: `initial objects: demo, none, or ${SEED_FORM}`,
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
        note([requestLine(request, form())]);
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
    // npx says so to what it runs; a shell finds anything else by its name.
    const program = process.env['npm_command'] === 'exec' ? 'npx breakwater' : 'breakwater';
    const lines = listeningLines(sandbox, { scenario: flags.scenario, program, ...form() });
    for (const line of lines) run.output.note(line);
    const played = play(flags.scenario, {
      run,
      sandbox,
      begins: firstRequest.promise,
      onPhase: (phase) => note([phaseLine(phase, form())]),
    });
    await waitForAbort(run.signal);
    firstRequest.resolve(null);
    await played;
    const requests = sandbox.requests().length;
    return {
      json: { endpoint: sandbox.endpoint, requests },
      summary: `the sandbox stopped after ${requests} requests`,
    };
  }
}

async function play(
  scenario: Scenario,
  tools: {
    readonly run: CommandRun;
    readonly sandbox: RunningSandbox;
    readonly begins: Promise<null>;
    readonly onPhase: (phase: Phase) => void;
  },
): Promise<void> {
  const { run, sandbox, begins, onPhase } = tools;
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
