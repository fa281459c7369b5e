import { hostname } from 'node:os';
import { boolean, option, string } from '@oclif/core/flags';
import { BaseCommand, type CommandInput } from '../cli/base-command.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { assertCanAsk, confirm } from '../cli/output/confirm.ts';
import { localFlags, repeatedFlag, withEnvironment } from '../cli/flags/flags.ts';
import { DEFAULT_LISTEN, parseListen } from '../cli/flags/values.ts';
import { forgetMeasured, measure } from '../cli/recording/measure.ts';
import { pushNow, writeNow } from '../cli/recording/metrics-outlets.ts';
import { serveUntilAborted } from '../cli/recording/metrics-server.ts';
import { BreakwaterError } from '../errors.ts';
import { escapeControls } from '../escape.ts';
import { toJsonText } from '../json-text.ts';

const FORMATS = ['prometheus', 'openmetrics', 'json'] as const;

export default class Metrics extends BaseCommand<typeof Metrics> {
  static override summary = 'print, serve, write or push the metrics of all runs';
  static override description =
    'Totals of every process that shares the local state, with the state of the circuits.\n\nCredentials for a push come from BREAKWATER_PUSH_USER and BREAKWATER_PUSH_PASSWORD, or BREAKWATER_PUSH_TOKEN; append _FILE to read the value from a file.';
  static override usage = 'metrics [FLAGS]';
  static override examples = [
    { description: 'At the terminal', command: '<%= config.bin %> metrics | grep s3_operations_total' },
    {
      description: 'For Prometheus to scrape',
      command: '<%= config.bin %> metrics --serve --listen 127.0.0.1:8080',
    },
    { description: 'In a CI pipeline', command: '<%= config.bin %> metrics --push http://pushgateway:9091' },
    {
      description: 'From cron, for node_exporter',
      command: '<%= config.bin %> metrics --textfile /var/lib/node_exporter/breakwater.prom --quiet',
    },
  ];
  static override baseFlags = localFlags;
  static override flags = withEnvironment({
    format: option({ options: FORMATS, default: 'prometheus', summary: 'format of the output' })(),
    serve: boolean({ summary: 'serve /metrics until interrupted' }),
    listen: string({ summary: 'address for --serve', helpValue: '[HOST:]PORT', default: DEFAULT_LISTEN }),
    'allow-host': repeatedFlag({
      summary: 'another name by which --serve may be asked',
      description: 'addresses, localhost and the name of this host are always accepted',
      helpValue: 'NAME',
    }),
    reset: boolean({ summary: 'reset every total to zero; asks first', exclusive: ['serve'] }),
    yes: boolean({ char: 'y', summary: 'do not ask for confirmation' }),
  });

  /** A format on the line is meant for what reads it, whatever a setting says. */
  protected override printsFile(): boolean {
    return this.argv.some((word) => /^--format(?:=|$)/.test(word));
  }

  protected override async execute(
    run: CommandRun,
    { flags, given }: CommandInput<typeof Metrics>,
  ): Promise<CommandResult> {
    if (flags.reset) return await reset(run, flags.yes);
    if (flags.serve) {
      return await serveUntilAborted(run, {
        ...parseListen(flags.listen),
        allowedHosts: [hostname(), ...(flags['allow-host'] ?? [])],
      });
    }
    const { push, textfile } = run.settings;
    const isPushed = given.has('push') && push !== null;
    const isWritten = given.has('textfile') && textfile !== null;
    if (!isPushed && !isWritten) return await print(run, flags.format);
    const done: string[] = [];
    if (isWritten) {
      await writeNow(run, textfile, { isForced: true });
      done.push(`wrote the metrics to ${textfile}`);
    }
    const pushedTo = isPushed ? await pushTotals(run, push) : null;
    if (pushedTo !== null) done.push(`pushed the metrics to ${pushedTo}`);
    return { json: { pushed_to: pushedTo, textfile: isWritten ? textfile : null }, summary: done.join('\n') };
  }
}

async function print(run: CommandRun, format: (typeof FORMATS)[number]): Promise<CommandResult> {
  const { metricsDocument, printMetrics } = await import('../metrics/print.ts');
  const measured = await measure(run);
  if (run.output.mode.json) return { json: { families: await metricsDocument(measured) } };
  if (format === 'json') return { json: null, lines: [toJsonText({ families: await metricsDocument(measured) })] };
  const text = (await printMetrics(measured, format)).trimEnd();
  // Names of foreign rows must not drive a terminal; a scraper gets them as they are.
  const isShown = run.output.mode.stdoutIsTerminal;
  return { json: null, lines: isShown ? text.split('\n').map(escapeControls) : [text] };
}

async function pushTotals(run: CommandRun, url: string): Promise<string> {
  if (run.settings.pushMode === 'deltas') {
    throw new BreakwaterError('usage', 'the metrics command has no deltas to push', {
      details: { reason: 'no_deltas', hint: 'use --push with put, get and sweep, or push totals' },
    });
  }
  return (await pushNow(run, url, { deltas: null, isForced: true })).shown;
}

async function reset(run: CommandRun, isAgreed: boolean): Promise<CommandResult> {
  if (!isAgreed) {
    assertCanAsk(run);
    if (!(await confirm(run, 'reset all metrics to zero?'))) {
      return { json: { reset: false }, summary: 'nothing was reset' };
    }
  }
  await forgetMeasured(run);
  return { json: { reset: true }, summary: 'all metrics were reset' };
}
