import type { MetricFormat } from '../../metrics/print.ts';
import type { CommandResult, CommandRun } from '../command-run.ts';
import { formatLine } from '../output/event-log.ts';
import { measure } from './measure.ts';
import { waitForAbort } from '../../abort.ts';

/**
 * Serves scrapes until the command is interrupted. Each scrape rereads the state, so it sees other processes and a
 * replaced file.
 * @throws BreakwaterError `config` if the port is not available
 */
export async function serveUntilAborted(
  run: CommandRun,
  listen: { readonly host: string; readonly port: number; readonly allowedHosts: readonly string[] },
): Promise<CommandResult> {
  const [{ serveMetrics }, { printMetrics }] = await Promise.all([
    import('../../metrics/serve.ts'),
    import('../../metrics/print.ts'),
  ]);
  let scrapes = 0;
  let previous: Promise<unknown> = Promise.resolve();
  const printNow = async (format: MetricFormat): Promise<string> => {
    await run.reopenState();
    const measured = await measure(run);
    scrapes += 1;
    return await printMetrics(measured, format);
  };
  const print = async (format: MetricFormat): Promise<string> => {
    // One at a time: a second scrape must not close the file that the first is reading.
    const mine = previous.then(async () => await printNow(format));
    previous = mine.catch(() => undefined);
    return await mine;
  };
  const server = await serveMetrics({ ...listen, print });
  run.onClose(server.close);
  const text = `metrics are served at ${server.url}; press Ctrl-C to stop`;
  const line = { level: 'notice', event: 'metrics_served', text, fields: { url: server.url } } as const;
  const { mode } = run.output;
  run.output.note(mode.logFormat === 'json' ? formatLine(line, mode, run.clock.now()) : text);
  await waitForAbort(run.signal);
  return { json: { url: server.url, scrapes }, summary: null };
}
