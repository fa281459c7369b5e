import fc from 'fast-check';
import { assertNever } from '../../../src/errors.ts';
import { CHANGES } from './changes.ts';
import { REAL_ANSWERS, renderAnswer, type AnswerDraft } from './draft.ts';

/** An answer as it arrives. Text is latin1. */
export interface MutatedAnswer {
  readonly from: string;
  readonly method: string;
  readonly changes: readonly string[];
  readonly text: string;
  readonly pieces: readonly string[];
}

/** Of the requests. An answer to HEAD states a length, and has no body. */
const METHODS = ['GET', 'GET', 'GET', 'GET', 'GET', 'GET', 'HEAD'];

/** Characters that mean something to a parser. */
const NOISE = [...Array.from('\r\n\0 \t:;,"=0179afFx-+/'), '\r\n', '\r\n\r\n', '\u007f', '\u0080', '\u00ff', '\u000b'];

interface Noise {
  readonly kind: 'insert' | 'replace' | 'remove' | 'repeat';
  readonly at: number;
  readonly text: string;
}

const NOISES: fc.Arbitrary<readonly Noise[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('insert', 'replace', 'remove', 'repeat'),
    at: fc.nat(600),
    text: fc.constantFrom(...NOISE),
  }),
  { minLength: 1, maxLength: 3 },
);
const NO_NOISE: fc.Arbitrary<readonly Noise[]> = fc.constant([]);

/** Each real answer with each change alone, split in places of its own. */
export function everySingleChange(): readonly MutatedAnswer[] {
  return Object.keys(REAL_ANSWERS).flatMap((from) =>
    [...CHANGES.keys()].map((name, index) => {
      const text = renderAnswer(change(from, [name]));
      // Prime steps, so that the places differ from case to case.
      const cuts = [index * 7, index * 31, index * 101].map((at) => at % (text.length + 1));
      return {
        from,
        method: METHODS[index % METHODS.length] ?? 'GET',
        changes: [name],
        text,
        pieces: split(text, cuts),
      };
    }),
  );
}

/** Real answers with changes in several places, cut off in some cases, and split anywhere. */
export const mutatedAnswer: fc.Arbitrary<MutatedAnswer> = fc
  .record({
    from: fc.constantFrom(...Object.keys(REAL_ANSWERS)),
    method: fc.constantFrom(...METHODS),
    changes: fc.array(fc.constantFrom(...CHANGES.keys()), { maxLength: 3 }),
    noises: fc.oneof({ weight: 3, arbitrary: NO_NOISE }, { weight: 1, arbitrary: NOISES }),
    endsAt: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(600) }),
    cuts: fc.array(fc.nat(800), { maxLength: 12 }),
  })
  .map(({ from, method, changes, noises, endsAt, cuts }) => {
    const whole = noises.reduce(addNoise, renderAnswer(change(from, changes)));
    const text = endsAt === null ? whole : whole.slice(0, endsAt);
    return { from, method, changes, text, pieces: split(text, cuts) };
  });

function change(from: string, changes: readonly string[]): AnswerDraft {
  const real = REAL_ANSWERS[from];
  if (real === undefined) throw new Error(`no answer ${from}`);
  return changes.reduce((draft, name) => CHANGES.get(name)?.(draft) ?? draft, real);
}

function addNoise(text: string, { kind, at, text: added }: Noise): string {
  const place = at % (text.length + 1);
  const [before, after] = [text.slice(0, place), text.slice(place)];
  switch (kind) {
    case 'insert':
      return before + added + after;
    case 'replace':
      return before + added + after.slice(added.length);
    case 'remove':
      return before + after.slice(1);
    case 'repeat':
      return before + after.slice(0, 8) + after;
    default:
      return assertNever(kind);
  }
}

function split(text: string, cuts: readonly number[]): readonly string[] {
  const places = [0, ...cuts.filter((cut) => cut < text.length).toSorted((a, b) => a - b), text.length];
  return places.slice(1).map((place, index) => text.slice(places[index], place));
}
