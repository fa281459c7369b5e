import { expect, it } from 'vitest';
import { DIGEST_ALGORITHMS } from '../../../../src/s3/checksum/algorithms.ts';
import { CompositeDigest } from '../../../../src/s3/checksum/composite-digest.ts';
import { matchesObject } from '../../../../src/s3/checksum/whole-object.ts';

const CONTENT = Buffer.from('a small object');
const OTHER = Buffer.from('a small Object');

it.each(DIGEST_ALGORITHMS.flatMap((algorithm) => [null, 1].map((parts) => ({ algorithm, parts }))))(
  'an object in memory is compared by $algorithm of $parts parts, without a wait from the second one on',
  async (kind) => {
    const digest = new CompositeDigest(kind, []);
    digest.update(CONTENT);
    const expected = { ...kind, value: await digest.value() };
    expect([await matchesObject(expected, CONTENT), await matchesObject(expected, OTHER)]).toEqual([true, false]);
    if (kind.parts === null) {
      expect([matchesObject(expected, CONTENT), matchesObject(expected, OTHER)]).toEqual([true, false]);
    }
  },
);
