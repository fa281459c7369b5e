import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { findFreePort, isInstalled, startServer } from '../support/debian-server.ts';
import { PATIENCE } from '../support/patience.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const hasPromtool = isInstalled('promtool', 'linting metrics, rules and dashboard');
const hasServers =
  isInstalled('prometheus', 'the test with a real Prometheus') &&
  isInstalled('prometheus-pushgateway', 'the test with a real Pushgateway');

function promtool(args: readonly string[], input = ''): void {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  expect([status, `${stdout}${stderr}`]).toEqual([0, expect.not.stringMatching(/FAILED/)]);
}

const pathOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** A program that has put, failed, been refused and swept, so that every family has series. */
async function runAll(
  program: Program,
  put: readonly string[],
  sandbox: Awaited<ReturnType<typeof startTestSandbox>>,
): Promise<void> {
  await writeFile(program.path('file'), 'bytes');
  sandbox.putObject('bucket', 'tmp/old', { body: 'x', ageMs: 100_000 });
  await program.run(put);
  await program.run(put);
  await program.run(['sweep', 's3://bucket/tmp/', '--older-than', '1s', '--yes']);
  sandbox.addFault('PutObject:503:ServiceUnavailable');
  await program.run(put);
  await program.run(put);
  sandbox.clearFaults();
}

describe.skipIf(!hasPromtool)('by the word of promtool', () => {
  it('the metrics pass its lint', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({
      ...sandbox.env,
      BREAKWATER_RETRY_BASE: '1ms',
      BREAKWATER_FAILURE_THRESHOLD: '1',
    });
    await runAll(program, ['put', 'file', 's3://bucket/key'], sandbox);
    promtool(['check', 'metrics'], (await program.run(['metrics'])).text);
  });

  it('the OpenMetrics text is right, with series and without', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({
      ...sandbox.env,
      BREAKWATER_RETRY_BASE: '1ms',
      BREAKWATER_FAILURE_THRESHOLD: '1',
    });
    const read = async (): Promise<readonly string[]> => {
      const { text } = await program.run(['metrics', '--format', 'openmetrics']);
      // It imports samples only with a time, and parses them as Prometheus does.
      await writeFile(program.path('open'), text.replaceAll(/^([a-z].* \S+)$/gm, '$1 1700000000'));
      promtool(['tsdb', 'create-blocks-from', 'openmetrics', program.path('open'), program.path('tsdb')]);
      return text.split('\n').filter((line) => /^[a-z]/.test(line));
    };
    expect((await read()).length).toBeLessThan(6);
    await runAll(program, ['put', 'file', 's3://bucket/key'], sandbox);
    expect((await read()).length).toBeGreaterThan(50);
  });

  it('the alert rules are right, and fire when they should', () => {
    promtool(['check', 'rules', pathOf('docs/prometheus/breakwater.rules.yml')]);
    promtool(['test', 'rules', pathOf('docs/prometheus/breakwater.rules.test.yml')]);
  });

  it('every expression of the dashboard is one, over families that exist', async () => {
    const dashboard = JSON.parse(await readFile(pathOf('docs/grafana/breakwater.json'), 'utf8')) as {
      panels: { title: string; type: string; targets: { expr: string }[] }[];
    };
    const families = (await readFile(pathOf('docs/metrics.md'), 'utf8')).matchAll(/^\| `([a-z0-9_]+)`/gm);
    const known = new Set([...families].map(([, name]) => name));
    const rules = dashboard.panels.flatMap(({ targets }) =>
      targets.map(({ expr }) => {
        for (const [, name = ''] of expr.matchAll(/\b((?:s3|breakwater)_[a-z0-9_]+)\{/g)) {
          expect(known).toContain(name.replace(/_bucket$/, ''));
        }
        return { expr: expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$[a-z]+/g, '.*') };
      }),
    );
    for (const [type, family] of [
      ['state-timeline', 's3_circuit_breaker_state{'],
      ['timeseries', 'sum by (result) (rate(s3_operations_total{'],
      ['timeseries', 'histogram_quantile(0.99, sum by (le, operation) (rate(s3_operation_duration_seconds_bucket{'],
      ['timeseries', 'sum by (attempt) (rate(s3_retry_attempts_total{'],
      ['stat', 'time() - s3_last_success_timestamp_seconds{'],
    ] as const) {
      const ofType = dashboard.panels.filter((panel) => panel.type === type);
      expect(ofType.flatMap(({ targets }) => targets.map(({ expr }) => expr))).toContainEqual(
        expect.stringContaining(family),
      );
    }
    await using program = await Program.create();
    await writeFile(
      program.path('dashboard.yml'),
      JSON.stringify({
        groups: [{ name: 'dashboard', rules: rules.map((rule, index) => ({ ...rule, record: `checked_${index}` })) }],
      }),
    );
    promtool(['check', 'rules', program.path('dashboard.yml')]);
  });
});

describe.skipIf(!hasServers)('with real servers', () => {
  it('Prometheus knows the exact totals, pushed and scraped, in its own parser of either format', async () => {
    const [gatewayPort, prometheusPort, servePort] = [await findFreePort(), await findFreePort(), await findFreePort()];
    await using sandbox = await startTestSandbox();
    await using program = await Program.create({
      ...sandbox.env,
      BREAKWATER_RETRY_BASE: '1ms',
      BREAKWATER_FAILURE_THRESHOLD: '1',
      BREAKWATER_PUSH: `http://127.0.0.1:${gatewayPort}`,
      BREAKWATER_PUSH_INSTANCE: 'here',
    });
    await mkdir(program.path('prometheus'));
    const scrape = (job: string, port: number, honour: boolean) => ({
      job_name: job,
      honor_labels: honour,
      static_configs: [{ targets: [`127.0.0.1:${port}`] }],
    });
    await writeFile(
      program.path('prometheus.yml'),
      JSON.stringify({
        global: { scrape_interval: '500ms', scrape_timeout: '500ms' },
        scrape_configs: [scrape('gateway', gatewayPort, true), scrape('served', servePort, false)],
      }),
    );
    await using _gateway = startServer('prometheus-pushgateway', [`--web.listen-address=127.0.0.1:${gatewayPort}`]);
    await vi.waitFor(
      async () => expect((await fetch(`http://127.0.0.1:${gatewayPort}/-/ready`)).status).toBe(200),
      PATIENCE,
    );
    const { child, ended } = program.start(['metrics', '--serve', '--listen', String(servePort)]);
    await runAll(program, ['put', 'file', 's3://bucket/key'], sandbox);
    await using _prometheus = startServer('prometheus', [
      `--config.file=${program.path('prometheus.yml')}`,
      `--storage.tsdb.path=${program.path('prometheus')}`,
      `--web.listen-address=127.0.0.1:${prometheusPort}`,
    ]);

    const query = async (text: string): Promise<readonly [string, string][]> => {
      const response = await fetch(`http://127.0.0.1:${prometheusPort}/api/v1/query?query=${encodeURIComponent(text)}`);
      const { data } = (await response.json()) as {
        data: { result: { metric: { job: string }; value: [number, string] }[] };
      };
      return data.result
        .map(({ metric, value }) => [metric.job, value[1]] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)) as [string, string][];
    };
    const both = (value: string): [string, string][] => [
      ['breakwater', value],
      ['served', value],
    ];
    await vi.waitFor(
      async () => {
        expect(await query('s3_operations_total{operation="put_object",result="success"}')).toEqual(both('2'));
        expect(await query('up{job="served"}')).toEqual([['served', '1']]);
      },
      { ...PATIENCE, interval: 250 },
    );
    expect(await query('s3_operations_total{operation="put_object",result="error"}')).toEqual(both('1'));
    expect(await query('s3_operations_total{operation="put_object",result="circuit_open"}')).toEqual(both('1'));
    expect(await query('s3_operation_duration_seconds_count{operation="put_object"}')).toEqual(both('3'));
    expect(await query('s3_operation_duration_seconds_bucket{operation="put_object",le="+Inf"}')).toEqual(both('3'));
    expect(await query('s3_retry_attempts_total{attempt="3"}')).toEqual(both('1'));
    expect(await query('s3_sweep_objects_total{result="deleted"}')).toEqual(both('1'));
    expect(await query('s3_circuit_breaker_state{circuit_name=~"s3-upload.*"}')).toEqual(both('2'));
    expect(await query('count by (job) (s3_operation_duration_seconds_bucket{operation="put_object"})')).toEqual(
      both('15'),
    );
    child.kill('SIGTERM');
    expect((await ended).status).toBe(0);
  });
});
