/** The files of packaging/ for systemd, cron, CI and Kubernetes: what each would run is run here, by the executable. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILD = join(ROOT, 'build');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const { version } = JSON.parse(read('package.json')) as { version: string };
const ARCHIVE = `breakwater-${version}-linux-${arch()}.tar.gz`;
const SHA256 = new RegExp(`^(\\w{64})  ${ARCHIVE}$`, 'm').exec(read('build/SHA256SUMS'))![1]!;

let place = '';
let sandbox: TestSandbox;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'breakwater-examples-'));
  sandbox = await startTestSandbox();
  sandbox.createBucket('my-bucket');
  mkdirSync(join(place, 'dist'));
  writeFileSync(join(place, 'dist/index.html'), 'hello');
});
afterEach(async () => {
  await sandbox[Symbol.asyncDispose]();
  await rm(place, { recursive: true, force: true });
});

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/** In bash, as CI and systemd would, with nothing inherited but what is named. Not synchronous: the sandbox is in this process. */
async function runScript(script: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const own = { PATH: process.env['PATH'] ?? '', HOME: place, BREAKWATER_STATE_DIR: join(place, 'state') };
  const child = spawn('bash', ['-c', script], { cwd: place, env: { ...own, ...sandbox.env, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, output }));
  });
}

const EXECUTABLE = join(BUILD, 'breakwater');
const isolate = async (): Promise<Ended> => await runScript(`'${EXECUTABLE}' breaker-isolate s3-upload --quiet`);
const uploads = (): number => sandbox.requests().filter(({ method }) => method === 'PUT').length;

describe('packaging/examples/cron', () => {
  const lines = read('packaging/examples/cron/breakwater').split('\n');
  const jobs = lines.flatMap((line) => /^(?:\S+ +){5}root (.*)$/.exec(line)?.[1] ?? []);
  const variables: Record<string, string> = Object.fromEntries(
    [...lines.join('\n').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]),
  );

  /** As cron: `sh`, its own PATH, and what this test has instead of the machine's directories. */
  const runJob = async (job: string): Promise<Ended> => {
    const command = job.replace('/var/backups/', `${place}/dist/`);
    const env = { ...variables, PATH: `${BUILD}:${variables['PATH']}`, BREAKWATER_STATE_DIR: join(place, 'state') };
    return await runScript(`exec sh -c "$JOB"`, {
      ...env,
      BREAKWATER_TEXTFILE: join(place, 'breakwater.prom'),
      JOB: command,
    });
  };

  it('sends and sweeps without a word, so that cron mails nothing', async () => {
    expect(jobs).toHaveLength(2);
    for (const job of jobs) expect([job, await runJob(job)]).toEqual([job, { status: 0, output: '' }]);
    expect(uploads()).toBe(1);
    expect(readFileSync(join(place, 'breakwater.prom'), 'utf8')).toContain('s3_operations_total');
  });

  it('sends nothing while the circuit is open, and nobody gets mail about it', async () => {
    await isolate();
    expect(await runJob(jobs[0]!)).toEqual({ status: 75, output: '' });
    expect(uploads()).toBe(0);
  });

  it('has no %, which cron would take for the end of the line', () => {
    expect(jobs.join('')).not.toContain('%');
  });
});

interface Step {
  readonly name: string;
  readonly run: string;
  readonly shell: string;
}

describe('packaging/examples/github', () => {
  const action = parse(read('packaging/examples/github/action.yml')) as {
    inputs: Record<string, { description: string; required: boolean }>;
    outputs: Record<string, { value: string }>;
    runs: { using: string; steps: readonly Step[] };
  };

  /** Step by step, as the runner does: GITHUB_PATH counts from the next step on. */
  const runAction = async (input: Readonly<Record<string, string>>): Promise<Ended & { outputs: string }> => {
    const files = { GITHUB_PATH: join(place, 'path'), GITHUB_OUTPUT: join(place, 'output'), RUNNER_TEMP: place };
    for (const file of [files.GITHUB_PATH, files.GITHUB_OUTPUT]) writeFileSync(file, '');
    let ended: Ended = { status: 0, output: '' };
    for (const { run } of action.runs.steps) {
      if (ended.status !== 0) break;
      const added = readFileSync(files.GITHUB_PATH, 'utf8').trim();
      // Bash as GitHub starts it.
      const script = `set -e -o pipefail\n${run}`;
      ended = await runScript(script, { ...input, ...files, PATH: `${added}:${process.env['PATH'] ?? ''}` });
    }
    return { ...ended, outputs: readFileSync(files.GITHUB_OUTPUT, 'utf8') };
  };
  const ARGUMENTS = 'put\n-r\ndist/\ns3://my-bucket/site/\n';
  const input = { ARCHIVE: join(BUILD, ARCHIVE), SHA256, ARGUMENTS };

  it('is a composite action whose expressions name what is there', () => {
    expect(action.runs.using).toBe('composite');
    expect(action.runs.steps.map(({ name, shell }) => [name, shell])).toEqual([
      ['install', 'bash'],
      ['run', 'bash'],
    ]);
    const text = read('packaging/examples/github/action.yml').replaceAll(/^#.*$/gm, '');
    for (const [, name] of text.matchAll(/inputs\.([\w-]+)/g)) expect(Object.keys(action.inputs)).toContain(name);
    const script = action.runs.steps[1]!.run;
    for (const { value } of Object.values(action.outputs)) {
      const name = /^\$\{\{ steps\.run\.outputs\.([\w-]+) \}\}$/.exec(value)?.[1] ?? value;
      expect(script).toContain(`echo "${name}=`);
    }
  });

  it('installs the archive and runs a command', async () => {
    const { status, outputs } = await runAction(input);
    expect(status).toBe(0);
    expect(outputs).toContain('status=0\ncode=\nretry-after-ms=\n');
    expect(uploads()).toBe(1);
  });

  it('says in its outputs that it is to be tried later', async () => {
    await isolate();
    const { status, output, outputs } = await runAction(input);
    expect(status).toBe(75);
    expect(outputs).toContain('status=75\ncode=circuit_open\n');
    expect(output).toContain('::warning::breakwater: try again later (circuit_open)');
    expect(uploads()).toBe(0);
  });

  it('installs nothing with another checksum', async () => {
    const { status } = await runAction({ ...input, SHA256: '0'.repeat(64) });
    expect(status).toBe(1);
    expect(readFileSync(join(place, 'path'), 'utf8')).toBe('');
  });
});

describe('packaging/examples/gitlab', () => {
  const template = parse(read('packaging/examples/gitlab/breakwater.gitlab-ci.yml')) as {
    '.breakwater': { before_script: readonly string[] };
    upload: {
      extends: string;
      script: readonly string[];
      allow_failure: { exit_codes: number };
      artifacts: { paths: string[] };
    };
  };

  it('installs the archive, runs its job, and keeps the document', async () => {
    const { upload } = template;
    expect(upload.extends).toBe('.breakwater');
    const lines = [...template['.breakwater'].before_script, ...upload.script];
    // Each project has a /tmp of its own there.
    const script = ['set -eo pipefail', ...lines].join('\n').replaceAll('/tmp/', `${place}/`);
    const env = { BREAKWATER_ARCHIVE: join(BUILD, ARCHIVE), BREAKWATER_SHA256: SHA256 };
    expect(await runScript(script, env)).toMatchObject({ status: 0 });
    expect(JSON.parse(readFileSync(join(place, upload.artifacts.paths[0]!), 'utf8'))).toMatchObject({ ok: true });
    expect(upload.allow_failure.exit_codes).toBe(75);
  });
});

describe('packaging/examples/kubernetes', () => {
  interface Container {
    readonly name: string;
    readonly args: readonly string[];
  }
  const { spec } = parse(read('packaging/examples/kubernetes/cronjob.yaml')) as {
    spec: {
      jobTemplate: {
        spec: {
          podFailurePolicy: {
            rules: { action: string; onExitCodes: { containerName: string; operator: string; values: number[] } }[];
          };
          template: { spec: { restartPolicy: string; containers: Container[] } };
        };
      };
    };
  };
  const job = spec.jobTemplate.spec;

  it('runs a sweep', async () => {
    const [{ args }] = job.template.spec.containers as [Container];
    const { status, output } = await runScript(`'${EXECUTABLE}' ${args.map((word) => `'${word}'`).join(' ')}`);
    expect([status, output]).toEqual([0, expect.stringContaining('delet')]);
  });

  it('fails for good at every status but 75', () => {
    const [rule] = job.podFailurePolicy.rules;
    expect(rule).toEqual({
      action: 'FailJob',
      onExitCodes: { containerName: job.template.spec.containers[0]!.name, operator: 'NotIn', values: [75] },
    });
    // Kubernetes accepts such a policy with no other.
    expect(job.template.spec.restartPolicy).toBe('Never');
  });
});

describe('packaging/systemd', () => {
  it('sweeps what the file of an instance names', async () => {
    const unit = read('packaging/systemd/breakwater-sweep@.service');
    const command = /^ExecStart=\/usr\/bin\/breakwater (.*)$/m.exec(unit)?.[1] ?? '';
    const env = Object.fromEntries(
      [...unit.matchAll(/^# {3}([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]),
    );
    expect(Object.keys(env)).toEqual(['TARGET', 'OLDER_THAN']);
    // systemd, as the shell, makes one word of ${NAME}.
    expect(await runScript(`'${EXECUTABLE}' ${command}`, env)).toMatchObject({ status: 0 });
    expect(unit).toContain('\nRestartForceExitStatus=75\n');
  });
});
