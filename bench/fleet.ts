import { simulate, type Scenario } from './fleet-simulation.ts';
import { median } from './median.ts';

const HOUR_S = 3600;
const HOSTS = 50;
const BUSY = { hosts: HOSTS, everyS: () => 2 };
const CALM = { hosts: HOSTS, everyS: () => 60 };
/** Bad hosts that are never tired, among hosts that call once an hour. */
const quiet = (count: number) => ({ hosts: HOSTS, everyS: (host: number) => (host < count ? 5 : 3600) });

/** The same rate on all hosts, between two times. */
const during = (from: number, to: number, rate: number) => (_host: number, atS: number) =>
  atS >= from && atS < to ? rate : 0;
const bad = (count: number) => (host: number) => (host < count ? 1 : 0);

const SCENARIOS: readonly Scenario[] = [
  { name: 'outage of 60 s, busy', ...BUSY, lengthS: 900, failureRate: during(300, 360, 1) },
  { name: 'outage of 60 s, calm', ...CALM, lengthS: 900, failureRate: during(300, 360, 1) },
  { name: 'brownout of 30 %, busy', ...BUSY, lengthS: 1200, failureRate: during(300, 900, 0.3) },
  { name: 'brownout of 70 %, busy', ...BUSY, lengthS: 1200, failureRate: during(300, 900, 0.7) },
  { name: 'one bad host, busy', ...BUSY, lengthS: HOUR_S, failureRate: bad(1) },
  { name: 'one bad host, quiet', ...quiet(1), lengthS: 6 * HOUR_S, failureRate: bad(1) },
  { name: 'two bad hosts, busy', ...BUSY, lengthS: HOUR_S, failureRate: bad(2) },
  { name: 'two bad hosts, quiet', ...quiet(2), lengthS: 6 * HOUR_S, failureRate: bad(2) },
];

const SEEDS = [1, 2, 3, 4, 5];

/** What a fleet buys and costs, in virtual time, with the shipped machine. */
export async function run(): Promise<void> {
  await Promise.resolve();
  console.log(
    `${HOSTS} hosts: failed requests that reached S3, and calls wrongly refused (medians of ${SEEDS.length} seeds)`,
  );
  const rows = SCENARIOS.map((scenario) => [
    scenario.name,
    ...[null, 1, 2, 3].map((quorum) => {
      const runs = SEEDS.map((seed) => simulate(scenario, quorum, seed * 7919));
      return `${median(runs.map(({ failed }) => failed))} / ${median(runs.map(({ wronglyRefused }) => wronglyRefused))}`;
    }),
  ]);
  const table = [['scenario', 'local alone', 'quorum 1', 'quorum 2', 'quorum 3'], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of table)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}
