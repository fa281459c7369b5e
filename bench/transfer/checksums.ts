import { parseArgs } from 'node:util';
import { median } from '../median.ts';
import { readKind } from '../null-s3/stored-object.ts';
import { CASES, type Case } from './cases.ts';
import { findClients } from './clients.ts';
import { measureRounds, openStage, type Sample } from './stage.ts';

/**
 * Downloads by what S3 tells of the object, interleaved, as ratios to the first kind. Options: `--kinds KIND,...` as in `ObjectKind` of
 * the null server, `--case CASE` whose objects they are (`get-256m`), `--rounds N`, `--tls`.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kinds: { type: 'string', default: 'crc32,none,crc32c,crc64nvme,md5,sha1,sha256,put,parts' },
      case: { type: 'string', default: 'get-256m' },
      rounds: { type: 'string', default: '5' },
      tls: { type: 'boolean', default: false },
    },
  });
  const base = CASES.find(({ name, kind }) => name === values.case && kind.startsWith('get'));
  if (base === undefined) throw new Error(`${values.case} is no case of a download`);
  await using stage = await openStage({ isTls: values.tls });
  const builds = await findClients({ server: stage.server, home: stage.directory }, []);
  const cases = values.kinds.split(',').map((name) => withObject(base, name));
  const subjects = builds.flatMap((client) =>
    cases.map((one) => ({ name: `${client.name} ${one.object}`, client, one })),
  );
  const samples = await measureRounds(subjects, { stage, rounds: Number(values.rounds) });
  const first = cases[0]?.object;
  console.log(`${base.name}, medians of ${values.rounds} rounds after one that is not counted\n`);
  console.log(`| what S3 tells | build | wall s | CPU s | peak MB | it / ${first}: wall | CPU |`);
  console.log('|---|---|---|---|---|---|---|');
  for (const { name, client, one } of subjects) {
    print([one.object ?? '', client.name], {
      those: samples.get(name) ?? [],
      beside: samples.get(`${client.name} ${first}`) ?? [],
    });
  }
}

/** The objects of a case, put there another way. */
function withObject(base: Case, name: string): Case {
  const object = readKind(name);
  if (object === null) throw new Error(`${name} is no kind of object`);
  return { ...base, name: `${base.name}-${name}`, object };
}

function print(
  cells: readonly string[],
  { those, beside }: { those: readonly Sample[]; beside: readonly Sample[] },
): void {
  const ratio = (figure: 'wallSeconds' | 'cpuSeconds'): string =>
    median(those.map((sample, round) => sample[figure] / (beside[round]?.[figure] ?? Number.NaN))).toFixed(2);
  const row = [
    ...cells,
    median(those.map(({ wallSeconds }) => wallSeconds)).toFixed(3),
    median(those.map(({ cpuSeconds }) => cpuSeconds)).toFixed(2),
    (median(those.map(({ peakBytes }) => peakBytes)) / 1e6).toFixed(0),
    ratio('wallSeconds'),
    ratio('cpuSeconds'),
  ];
  console.log(`| ${row.join(' | ')} |`);
}
