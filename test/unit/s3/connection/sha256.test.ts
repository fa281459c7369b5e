import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSha256 } from '../../../../src/s3/connection/sha256.ts';

const ABC = new TextEncoder().encode('abc');

describe('the SHA-256 of the SDK', () => {
  it('is that of the bytes', async () => {
    const hash = new (createSha256())();
    hash.update(ABC.subarray(0, 1));
    hash.update(ABC.subarray(1));
    expect(Buffer.from(await hash.digest())).toEqual(createHash('sha256').update(ABC).digest());
  });

  it.each([
    ['text', 'key', 'another key'],
    ['bytes', Buffer.from('key'), Buffer.from('another key')],
    ['part of a buffer', Buffer.from('akeyb').subarray(1, 4), Buffer.from('another key')],
  ])('is an HMAC for a key that is %s, whichever of two is asked for', async (_what, first, second) => {
    const Sha256 = createSha256();
    for (const key of [first, second, first]) {
      const hash = new Sha256(key);
      hash.update(ABC);
      expect(Buffer.from(await hash.digest())).toEqual(createHmac('sha256', key).update(ABC).digest());
    }
  });
});
