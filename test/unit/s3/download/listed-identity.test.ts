import { describe, expect, it } from 'vitest';
import { askAboutListed, type ListedIdentity } from '../../../../src/s3/download/listed-identity.ts';

const LISTED = { etag: '"a"', sizeBytes: 3 };
const OTHER = { etag: '"b"', sizeBytes: 3 };
const MISSING = Object.assign(new Error('none'), { $metadata: { httpStatusCode: 404 } });
const THIRD = { etag: '"c"', sizeBytes: 3 };

/** Asks with these answers; what came of it, and which answers were discarded. */
async function ask(listed: ListedIdentity | null, answers: readonly (ListedIdentity | Error)[]) {
  const left = [...answers];
  const discarded: ListedIdentity[] = [];
  const taken = askAboutListed(listed, {
    ask: async () => {
      const answer = await Promise.resolve(left.shift() ?? THIRD);
      if (answer instanceof Error) throw answer;
      return answer;
    },
    identify: (answer) => answer,
    discard: (answer) => discarded.push(answer),
  });
  const answer = await taken.catch((error: unknown) => error);
  return { answer, asked: answers.length - left.length, discarded };
}

describe('askAboutListed', () => {
  it.each<{ why: string; listed: ListedIdentity | null; answer: ListedIdentity }>([
    { why: 'it describes the listed object', listed: LISTED, answer: LISTED },
    { why: 'nothing is known about the object', listed: null, answer: OTHER },
    { why: 'the store lists no ETags', listed: { etag: null, sizeBytes: 3 }, answer: OTHER },
    { why: 'the response does not state the size', listed: LISTED, answer: { etag: '"a"', sizeBytes: null } },
    { why: 'the ETags differ only in form', listed: LISTED, answer: { etag: 'W/"a"', sizeBytes: 3 } },
  ])('takes the first answer if $why', async ({ listed, answer }) => {
    expect(await ask(listed, [answer, THIRD])).toEqual({ answer, asked: 1, discarded: [] });
  });

  it('asks again about another object, and takes the listed one', async () => {
    expect(await ask(LISTED, [OTHER, LISTED])).toEqual({ answer: LISTED, asked: 2, discarded: [OTHER] });
  });

  it('notices an object of another size', async () => {
    const longer = { etag: null, sizeBytes: 4 };
    expect(await ask(LISTED, [longer, LISTED])).toMatchObject({ asked: 2, answer: LISTED });
  });

  it('takes an object that was replaced, if two answers agree on it', async () => {
    expect(await ask(LISTED, [OTHER, OTHER])).toEqual({ answer: OTHER, asked: 2, discarded: [OTHER] });
  });

  it('asks again if there is no such object, because it was listed', async () => {
    expect(await ask(LISTED, [MISSING, LISTED])).toEqual({ answer: LISTED, asked: 2, discarded: [] });
    expect(await ask(LISTED, [MISSING, MISSING])).toMatchObject({ answer: MISSING, asked: 2 });
    expect(await ask(LISTED, [MISSING, OTHER])).toMatchObject({ answer: { word: 'other_object' }, asked: 2 });
    expect(await ask(null, [MISSING, LISTED])).toMatchObject({ answer: MISSING, asked: 1 });
  });

  it('passes on any other error', async () => {
    const denied = Object.assign(new Error('denied'), { $metadata: { httpStatusCode: 403 } });
    expect(await ask(LISTED, [denied, LISTED])).toMatchObject({ answer: denied, asked: 1 });
  });

  it('takes neither of two answers that disagree', async () => {
    const { answer, asked, discarded } = await ask(LISTED, [OTHER, THIRD]);
    expect(answer).toMatchObject({ name: 'TransferFault', word: 'other_object' });
    expect({ asked, discarded }).toEqual({ asked: 2, discarded: [OTHER, THIRD] });
  });
});
