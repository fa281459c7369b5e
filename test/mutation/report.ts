/** Prints what mutation testing found: the score, and each survivor with its explanation. Fails below the goal. */
import { readFileSync } from 'node:fs';

/** Share of mutants that must be killed. */
const GOAL = 0.9;

interface Mutant {
  readonly status: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: { readonly line: number } };
}

interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const { files } = read('../../coverage/mutation.json') as Report;
const reasons = read('survivors.json') as Readonly<Record<string, string>>;

const all = Object.entries(files).flatMap(([file, { source, mutants }]) =>
  mutants.map((mutant) => {
    const line = (source.split('\n')[mutant.location.start.line - 1] ?? '').trim();
    return { ...mutant, file, line, reason: explain(`${file} | ${mutant.mutatorName} | ${line}`, line) };
  }),
);
const killed = all.filter(({ status }) => status === 'Killed' || status === 'Timeout');
const left = all.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
const score = killed.length / (killed.length + left.length);

console.log(
  `${killed.length} of ${killed.length + left.length} mutants of circuit/ and retry/ killed: ${(score * 100).toFixed(1)} %`,
);
for (const { file, line, location, mutatorName, replacement = '', reason } of left) {
  console.log(
    `\n${file}:${location.start.line} ${mutatorName}: ${line}\n  -> ${replacement.split('\n')[0]}\n  ${reason ?? 'NOT EXPLAINED'}`,
  );
}
const unexplained = left.filter(({ reason }) => reason === null);
if (score < GOAL || unexplained.length > 0) {
  console.error(`\nthe goal is ${GOAL * 100} %, with every survivor explained; ${unexplained.length} are not`);
  process.exitCode = 1;
}

function explain(key: string, line: string): string | null {
  if (line === 'default:') return 'never reached: the compiler proves that the union has no other member';
  return reasons[key] ?? null;
}
