import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { BreakwaterError } from '../errors.ts';
import type { Measured } from '../metrics/registry.ts';
import type { PushTarget } from '../metrics/push-target.ts';
import type { MetricDeltas } from '../state/state.ts';
import type { CommandRun } from './command-run.ts';
import { measure } from './measure.ts';
import type { MetricsFlush } from './metrics-flush.ts';

/**
 * Adds what a command has measured to the local state, then refreshes Pushgateway and textfile where they are set.
 * A command that measured nothing refreshes nothing. Failures are warnings: the command's own end stands.
 */
export async function endMetrics(run: CommandRun, flush: MetricsFlush): Promise<void> {
  const deltas = await flush.close();
  if (deltas.counters.length === 0) return;
  const { push, pushMode, textfile } = run.settings;
  const outlets = [
    ...(push === null ? [] : [async () => void (await pushNow(run, push, pushMode === 'deltas' ? deltas : null))]),
    ...(textfile === null ? [] : [async () => await writeNow(run, textfile)]),
  ];
  for (const refresh of outlets) {
    try {
      await refresh();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      run.emit({ kind: 'warning', reason: 'push_failed', message });
    }
  }
}

/**
 * Pushes the totals, or the deltas of one command.
 * @throws BreakwaterError `config` for settings that cannot be used, `push_failed`
 */
export async function pushNow(run: CommandRun, url: string, deltas: MetricDeltas | null): Promise<PushTarget> {
  const { pushJob, pushInstance, pushCa, pushMode } = run.settings;
  const [{ findPushTarget }, { pushMetrics }, { printMetrics }] = await Promise.all([
    import('../metrics/push-target.ts'),
    import('../metrics/push.ts'),
    import('../metrics/print.ts'),
  ]);
  const target = findPushTarget({ url, job: pushJob ?? 'breakwater', instance: pushInstance ?? hostname() });
  const measured: Measured =
    deltas === null
      ? await measure(run)
      : // An aggregating gateway adds whatever it gets, so gauges stay at home.
        { totals: { ...deltas, gauges: [] }, circuits: [], nowMs: run.clock.now(), version: run.version };
  await pushMetrics({
    target,
    mode: pushMode,
    text: await printMetrics(measured, 'prometheus'),
    authorization: readAuthorization(run.env),
    certificates: pushCa === null ? null : readSecretFile('--push-ca', pushCa),
    clock: run.clock,
  });
  return target;
}

/** Writes the totals for node_exporter. @throws BreakwaterError `local_create` */
export async function writeNow(run: CommandRun, path: string): Promise<void> {
  const [{ writeTextfile }, { printMetrics }] = await Promise.all([
    import('../metrics/textfile.ts'),
    import('../metrics/print.ts'),
  ]);
  // Two users of one host may write the same series into one directory; the collector would drop one of them silently.
  const { path: statePath } = await run.state();
  const store = createHash('sha256').update(statePath).digest('hex').slice(0, 8);
  await writeTextfile(path, await printMetrics(await measure(run), 'prometheus', { store }));
}

/** Secrets come from the environment, or from a file that it names; never from a flag. */
function readAuthorization(env: CommandRun['env']): string | null {
  const token = readSecret(env, 'BREAKWATER_PUSH_TOKEN');
  if (token !== null) return `Bearer ${token}`;
  const user = env['BREAKWATER_PUSH_USER'] ?? '';
  if (user === '') return null;
  const password = readSecret(env, 'BREAKWATER_PUSH_PASSWORD') ?? '';
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function readSecret(env: CommandRun['env'], name: string): string | null {
  const value = env[name] ?? '';
  if (value !== '') return value;
  const path = env[`${name}_FILE`] ?? '';
  return path === '' ? null : readSecretFile(`${name}_FILE`, path).trim();
}

function readSecretFile(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new BreakwaterError('config', `the file of ${name} cannot be read`, {
      cause: error,
      details: { reason: 'push_secret', hint: 'check the path and its permissions' },
    });
  }
}
