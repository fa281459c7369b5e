import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Measured } from '../../metrics/registry.ts';
import type { PushTarget } from '../../metrics/push-target.ts';
import type { MetricDeltas } from '../../state/state.ts';
import { findProxy } from '../settings/find-proxy.ts';
import { nameWish } from '../settings/name-settings.ts';
import { readCertificates } from '../settings/named-file.ts';
import type { CommandRun } from '../command-run.ts';
import { measure } from './measure.ts';
import type { MetricsFlush } from './metrics-flush.ts';
import { refreshInTurn } from './outlet-turn.ts';
import { readAuthorization } from './push-credentials.ts';

/**
 * Saves the metrics of a command, then updates the Pushgateway and the textfile if they are set. Does nothing if there
 * are no metrics. Failures are warnings and do not change the command's result.
 */
export async function endMetrics(run: CommandRun, flush: MetricsFlush): Promise<void> {
  const deltas = await flush.close();
  if (deltas.counters.length === 0) return;
  const { push, pushMode, textfile } = run.settings;
  if (push !== null) {
    await warnOfFailure(run, 'push_failed', async () => {
      await pushNow(run, push, { isForced: false, deltas: pushMode === 'deltas' ? deltas : null });
    });
  }
  if (textfile !== null) {
    await warnOfFailure(run, 'textfile_failed', async () => await writeNow(run, textfile, { isForced: false }));
  }
}

async function warnOfFailure(run: CommandRun, reason: string, refresh: () => Promise<void>): Promise<void> {
  try {
    await refresh();
  } catch (error) {
    run.emit({ kind: 'warning', reason, message: error instanceof Error ? error.message : String(error) });
  }
}

/**
 * Pushes the totals, or the deltas of one command.
 * @throws BreakwaterError `config` for unusable settings, `push_failed`; `local_io` if there are no totals; `locked` if
 * other commands keep the outlet busy
 */
export async function pushNow(
  run: CommandRun,
  url: string,
  { deltas, isForced }: { readonly deltas: MetricDeltas | null; readonly isForced: boolean },
): Promise<PushTarget> {
  const { pushJob, pushInstance, pushCa, pushMode: mode } = run.settings;
  const [{ findPushTarget }, { pushMetrics, PUSH_LIMIT_MS }, { printMetrics }] = await Promise.all([
    import('../../metrics/push-target.ts'),
    import('../../metrics/push.ts'),
    import('../../metrics/print.ts'),
  ]);
  const target = findPushTarget({
    url,
    origin: nameWish('push', run.settings),
    job: pushJob ?? 'breakwater',
    instance: pushInstance ?? hostname(),
  });
  const authorization = readAuthorization(run.env);
  const certificates =
    pushCa === null ? null : readCertificates({ name: nameWish('pushCa', run.settings), path: pushCa });
  const proxy = findProxy(target.url, run.env);
  const endsAtMs = run.clock.monotonic() + PUSH_LIMIT_MS;
  const send = async (measured: Measured): Promise<void> => {
    const limitMs = endsAtMs - run.clock.monotonic();
    const text = await printMetrics(measured, 'prometheus');
    await pushMetrics({ target, mode, text, authorization, certificates, proxy, limitMs, clock: run.clock });
  };
  if (deltas === null) {
    await refreshInTurn(run, {
      kind: 'push',
      target: target.shown,
      isForced,
      refresh: async (isOurs) => {
        const measured = await measure(run);
        if (isOurs()) await send(measured);
      },
    });
  } else {
    // An aggregating gateway adds up everything, so send no gauges.
    await send({ totals: { ...deltas, gauges: [] }, circuits: [], nowMs: run.clock.now(), version: null });
  }
  return target;
}

/**
 * Writes the totals for node_exporter.
 * @throws BreakwaterError `local_create`; `local_io` without totals; `locked` if other commands keep the outlet busy
 */
export async function writeNow(
  run: CommandRun,
  path: string,
  { isForced }: { readonly isForced: boolean },
): Promise<void> {
  const [{ writeTextfile }, { printMetrics }] = await Promise.all([
    import('../../metrics/textfile.ts'),
    import('../../metrics/print.ts'),
  ]);
  // Two users on one host may write the same series to one directory, and the collector would silently drop one.
  const { path: statePath } = await run.state();
  const store = createHash('sha256').update(statePath).digest('hex').slice(0, 8);
  await refreshInTurn(run, {
    kind: 'textfile',
    target: resolve(path),
    isForced,
    refresh: async (isOurs) => {
      const text = await printMetrics(await measure(run), 'prometheus', { store });
      await writeTextfile(path, { text, mayReplace: isOurs });
    },
  });
}
