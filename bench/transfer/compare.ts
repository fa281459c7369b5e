import { parseArgs } from 'node:util';
import { median } from '../median.ts';
import { CASES, findCases, isTiny, isTree, type Case } from './cases.ts';
import { bareNode, findClients, type Client } from './clients.ts';
import { measureRounds, openStage, type Sample, type Subject } from './stage.ts';

type Figure = keyof Omit<Sample, 'counted'>;

/**
 * Transfers of this program beside those of the other clients that are installed, against one server that has every byte in
 * memory, interleaved: a slow second of the machine hits all of them. Options: `--only CASE,...`, `--with CLIENT,...`, `--rounds N`,
 * `--delay MS` before each answer, as a server has that is not on the same machine; `--tls`; `--unasked` tells checksums to who does
 * not ask.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { cases, wanted, rounds, ...promises } = readOptions(args);
  await using stage = await openStage(promises);
  const clients = await findClients({ server: stage.server, home: stage.directory }, wanted);
  console.log('\nwhat of a download is verified here:');
  for (const { name, verifies, isForTrees } of clients) if (isForTrees !== true) console.log(`  ${name}: ${verifies}`);
  console.log(
    `\nmedians of ${rounds} rounds after one that is not counted; ratios are medians of the rounds' ratios\n`,
  );
  console.log('| case | client | wall s | CPU s | peak MB | server CPU s | breakwater / it: wall | CPU | peak |');
  console.log('|---|---|---|---|---|---|---|---|---|');
  for (const one of cases) {
    const subjects = findSubjects(one, clients);
    printCase(one.name, await measureRounds(subjects, { stage, rounds }));
  }
}

/** Those that take part in a case. */
function findSubjects(one: Case, clients: readonly Client[]): readonly Subject[] {
  const those = clients.filter(({ isForTrees }) => isForTrees !== true || isTree(one));
  return [...those, ...(isTiny(one) ? [bareNode()] : [])].map((client) => ({ name: client.name, client, one }));
}

interface Options {
  readonly cases: readonly Case[];
  readonly wanted: readonly string[] | null;
  readonly rounds: number;
  readonly delayMs: number;
  readonly isTls: boolean;
  readonly tellsUnasked: boolean;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      with: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      delay: { type: 'string', default: '0' },
      tls: { type: 'boolean', default: false },
      unasked: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`${values.rounds} is no number of rounds`);
  const delayMs = Number(values.delay);
  if (!Number.isInteger(delayMs) || delayMs < 0) throw new Error(`${values.delay} is no number of milliseconds`);
  return {
    cases: values.only === undefined ? CASES : findCases(values.only.split(',')),
    wanted: values.with?.split(',') ?? null,
    rounds,
    delayMs,
    isTls: values.tls,
    tellsUnasked: values.unasked,
  };
}

function printCase(name: string, samples: ReadonlyMap<string, readonly Sample[]>): void {
  const ours = samples.get('breakwater') ?? [];
  for (const [client, those] of samples) {
    const pick = (figure: Figure): number => median(those.map((sample) => sample[figure]));
    const ratio = (figure: Figure): string => {
      if (client === 'breakwater') return '';
      const value = median(ours.map((sample, round) => sample[figure] / (those[round]?.[figure] ?? Number.NaN)));
      // GNU time counts hundredths of a second, and some need less.
      return Number.isFinite(value) ? value.toFixed(2) : 'too short';
    };
    const row = [
      name,
      client,
      pick('wallSeconds').toFixed(3),
      pick('cpuSeconds').toFixed(2),
      (pick('peakBytes') / 1e6).toFixed(0),
      pick('serverCpuSeconds').toFixed(2),
      ratio('wallSeconds'),
      ratio('cpuSeconds'),
      ratio('peakBytes'),
    ];
    console.log(`| ${row.join(' | ')} |`);
  }
}
