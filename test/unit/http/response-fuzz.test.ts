import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everySingleChange, mutatedAnswer, type MutatedAnswer } from '../../support/answers/arbitrary.ts';
import { findFault, nameStrictness } from '../../support/answers/compare.ts';
import { readWithNode, readWithParser, type AnswerReading } from '../../support/answers/read-answer.ts';

/** Random cases; `npm run proof` asks for 20,000. */
const CASES = Number(process.env['BREAKWATER_FUZZ_CASES'] ?? 1000);
/** Fixed, so that a run can be repeated; another one finds other cases. */
const SEED = Number(process.env['BREAKWATER_FUZZ_SEED'] ?? 9112);

/** What happened to the cases, counted. */
class Tally {
  readonly ends = new Map<string, number>();
  readonly strict = new Map<string, number>();
  #cases = 0;

  add(ours: AnswerReading, theirs: AnswerReading): void {
    this.#cases += 1;
    const ends = `${ours.end}, Node ${theirs.end}`;
    this.ends.set(ends, (this.ends.get(ends) ?? 0) + 1);
    const strictness = nameStrictness(ours, theirs);
    if (strictness !== null) this.strict.set(strictness, (this.strict.get(strictness) ?? 0) + 1);
  }

  print(what: string): void {
    const list = (counts: ReadonlyMap<string, number>): string =>
      [...counts]
        .toSorted(([, a], [, b]) => b - a)
        .map(([name, count]) => `\n  ${count} ${name}`)
        .join('');
    console.log(`${what}: ${this.#cases} answers${list(this.ends)}\nstricter than Node:${list(this.strict)}`);
  }
}

/** Throws with the case, which says everything that is needed to repeat it. */
async function compareReadings({ from, method, changes, text, pieces }: MutatedAnswer, tally: Tally): Promise<void> {
  const ours = readWithParser(pieces, method);
  const theirs = await readWithNode(pieces, method);
  const fault = findFault(ours, theirs);
  const inOnePiece = readWithParser([text], method);
  tally.add(ours, theirs);
  if (fault === null && JSON.stringify(inOnePiece) === JSON.stringify(ours)) return;
  throw new Error(
    [
      `our reader ${fault ?? 'reads something else from one piece'}`,
      `answer: ${method}, ${from}; changes: ${changes.join('; ')}; pieces: ${JSON.stringify(pieces)}`,
      `ours: ${JSON.stringify(ours)}`,
      ...(fault === null ? [`in one piece: ${JSON.stringify(inOnePiece)}`] : []),
      `Node: ${JSON.stringify(theirs)}`,
    ].join('\n'),
  );
}

describe('our reader beside node:http', () => {
  it('reads no body from a changed answer that Node does not read', async () => {
    const tally = new Tally();
    for (const answer of everySingleChange()) await compareReadings(answer, tally);
    if (CASES > 1000) tally.print('each change alone');
    // Cases that all end alike would prove nothing.
    expect(tally.ends.get('whole, Node whole')).toBeGreaterThan(1000);
    expect(tally.ends.get('refused, Node refused')).toBeGreaterThan(500);
  });

  it('reads no body from an answer with several changes, cut and split anywhere, that Node does not read', async () => {
    const tally = new Tally();
    await fc.assert(
      fc.asyncProperty(mutatedAnswer, async (answer) => await compareReadings(answer, tally)),
      { numRuns: CASES, seed: SEED },
    );
    if (CASES > 1000) tally.print(`random changes, seed ${SEED}`);
    expect(tally.ends.get('whole, Node whole')).toBeGreaterThan(CASES / 5);
    expect(tally.ends.get('refused, Node refused')).toBeGreaterThan(CASES / 5);
  });
});

describe('a comparison of readings', () => {
  const whole: AnswerReading = { end: 'whole', status: 200, headers: {}, body: 'body', isReusable: true, why: '' };
  const refused: AnswerReading = { ...whole, end: 'refused', status: null, body: '', isReusable: false, why: 'no' };

  it.each<[string | null, Partial<AnswerReading>, AnswerReading]>([
    [null, {}, whole],
    [null, refused, whole],
    [null, refused, refused],
    [null, { end: 'cut', body: 'bo', isReusable: false }, whole],
    [null, { isReusable: false }, whole],
    ['accepts what Node calls refused', {}, refused],
    ['accepts what Node calls cut', {}, { ...whole, end: 'cut' }],
    ['accepts a head that Node does not', { end: 'refused' }, refused],
    ['reads another status', { status: 206 }, whole],
    ['reads other headers', { headers: { etag: 'x' } }, whole],
    ['reads another body', { body: 'bod' }, whole],
    ['reads another start of the body', { end: 'cut', body: 'x' }, whole],
    ['reads a longer body', { end: 'refused', body: 'body and' }, whole],
    ['reuses a connection that Node closes', {}, { ...whole, isReusable: false }],
  ])('finds %j', (fault, ours, theirs) => {
    expect(findFault({ ...whole, ...ours }, theirs)).toBe(fault);
  });

  it('names what is stricter', () => {
    expect(nameStrictness({ ...refused, why: 'no head' }, whole)).toBe('no head');
    expect(nameStrictness({ ...refused, end: 'cut', why: '' }, whole)).toBe('waits for more');
    expect(nameStrictness({ ...whole, isReusable: false }, whole)).toBe('closes a connection that Node reuses');
    expect([nameStrictness(whole, whole), nameStrictness(refused, refused)]).toEqual([null, null]);
  });
});
