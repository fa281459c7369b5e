import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isS3Url, parseS3Url as parse } from '../../../../src/cli/flags/s3-url.ts';
import type { AwsContext } from '../../../../src/cli/settings/aws-config.ts';

function parseS3Url(text: string, endpointUrl: string | null = null) {
  // The only field that it reads.
  return parse(text, { aws: () => ({ endpointUrl }) as AwsContext });
}

describe('parseS3Url', () => {
  it.each([
    ['s3://bucket', 'bucket', ''],
    ['s3://bucket/', 'bucket', ''],
    ['s3://bucket/key', 'bucket', 'key'],
    ['s3://bucket/a/b/', 'bucket', 'a/b/'],
    // Keys are names, not paths and not URLs.
    ['s3://bucket//key', 'bucket', '/key'],
    ['s3://bucket/a//b', 'bucket', 'a//b'],
    ['s3://bucket/../x', 'bucket', '../x'],
    ['s3://bucket/a%20b', 'bucket', 'a%20b'],
    ['s3://bucket/a?b#c', 'bucket', 'a?b#c'],
    ['s3://bucket/a b', 'bucket', 'a b'],
    ['s3://bucket/line\nend', 'bucket', 'line\nend'],
    // Like an address, but none.
    ['s3://v192.168.0.1/k', 'v192.168.0.1', 'k'],
    ['s3://192.168.0.1.5v/k', '192.168.0.1.5v', 'k'],
    ['s3://my.bucket-1/ключ', 'my.bucket-1', 'ключ'],
    [`s3://${'a'.repeat(63)}/k`, 'a'.repeat(63), 'k'],
    [`s3://bucket/${'é'.repeat(512)}`, 'bucket', 'é'.repeat(512)],
  ])('reads %j', (text, bucket, key) => {
    expect(parseS3Url(text)).toEqual({ bucket, key });
  });

  it.each([
    ['', 'is not an S3 URL'],
    ['bucket/key', 'is not an S3 URL'],
    ['S3://bucket/key', 'is not an S3 URL'],
    ['s3:/bucket/key', 'is not an S3 URL'],
    [' s3://bucket/key', 'is not an S3 URL'],
    ['https://bucket.s3.amazonaws.com/key', 'is not an S3 URL'],
    ['s3://', 'does not name a valid bucket'],
    ['s3:///key', 'does not name a valid bucket'],
    ['s3://ab/key', 'does not name a valid bucket'],
    [`s3://${'a'.repeat(64)}/k`, 'does not name a valid bucket'],
    ['s3://Bucket/key', 'does not name a valid bucket'],
    ['s3://my_bucket/key', 'does not name a valid bucket'],
    ['s3://-bucket/key', 'does not name a valid bucket'],
    ['s3://bucket./key', 'does not name a valid bucket'],
    ['s3://a..b/key', 'does not name a valid bucket'],
    ['s3://192.168.0.1/key', 'does not name a valid bucket'],
    ['s3://10.0.255.255/key', 'does not name a valid bucket'],
    ['s3://user@bucket/key', 'does not name a valid bucket'],
    ['s3://bucket?x=1', 'does not name a valid bucket'],
    ['s3://bucket\n/key', 'does not name a valid bucket'],
    [`s3://bucket/${'é'.repeat(513)}`, 'has a key of more than 1024 bytes'],
  ])('refuses %j: it %s', (text, why) => {
    expect(() => parseS3Url(text)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: expect.stringContaining(why),
        details: { hint: expect.stringContaining('s3://bucket/key') },
      }),
    );
  });

  it.each(['my_bucket', 'MyBucket', 'tenant:bucket', 'a..b', 'ab', 'x'.repeat(255), 'caf\u00e9', 'my bucket'])(
    'takes %j for the bucket of another store',
    (bucket) => {
      expect(parseS3Url(`s3://${bucket}/k`, 'http://store')).toEqual({ bucket, key: 'k' });
      expect(() => parseS3Url(`s3://${bucket}/k`)).toThrow(
        expect.objectContaining({ details: { hint: expect.stringContaining('--endpoint-url') } }),
      );
    },
  );

  it.each(['', '.', '..', 'x'.repeat(256), 'a\nb', 'a\u202eb', 'a\u0090b'])(
    'takes %j for no bucket anywhere',
    (bucket) => {
      expect(() => parseS3Url(`s3://${bucket}/k`, 'http://store')).toThrow('valid bucket');
    },
  );

  it.each([
    'arn:aws:s3:us-west-2:123456789012:accesspoint/my-ap',
    'arn:aws:s3:us-west-2:123456789012:accesspoint:my-ap',
    'arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/my-ap',
    'arn:aws:s3-object-lambda:us-west-2:123456789012:accesspoint/my-ap',
    'arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-1/accesspoint/my-ap',
  ])('reads the access point %s', (bucket) => {
    expect(parseS3Url(`s3://${bucket}/a/b`)).toEqual({ bucket, key: 'a/b' });
    expect(parseS3Url(`s3://${bucket}`)).toEqual({ bucket, key: '' });
  });

  it.each(['http://127.0.0.1:9000', 'https://[::1]:9000'])('has no host for an access point at %s', (endpoint) => {
    const url = 's3://arn:aws:s3:us-west-2:123456789012:accesspoint/my-ap/k';
    expect(() => parseS3Url(url, endpoint)).toThrow(expect.objectContaining({ code: 'config' }));
    expect(parseS3Url(url, 'http://localhost:9000').key).toBe('k');
  });

  it.each([
    ['arn:aws:s3:::bucket/key', 'is not the ARN of an access point'],
    ['arn:aws:s3:us-west-2:1:accesspoint/my-ap/key', 'is not the ARN of an access point'],
    ['arn:aws:iam:us-west-2:123456789012:accesspoint/x/key', 'is not the ARN of an access point'],
    ['arn:aws:s3::123456789012:accesspoint/x.mrap/key', 'is a multi-region access point'],
  ])('refuses %s: it %s', (name, why) => {
    expect(() => parseS3Url(`s3://${name}`, 'http://store')).toThrow(why);
  });

  it('shows what it refuses without its control characters and not at any length', () => {
    const message = expect.stringMatching(/^"\\x1b\[31mx{100,200}\.\.\." is not an S3 URL$/);
    expect(() => parseS3Url(`\u001b[31m${'x'.repeat(5000)}`)).toThrow(expect.objectContaining({ message }));
  });

  it('takes every key of up to 1024 bytes as it is', () => {
    const key = fc.string({ unit: 'grapheme', maxLength: 200 }).filter((text) => Buffer.byteLength(text) <= 1024);
    fc.assert(
      fc.property(key, (text) => {
        expect(parseS3Url(`s3://bucket/${text}`)).toEqual({ bucket: 'bucket', key: text });
      }),
    );
  });
});

describe('isS3Url', () => {
  it.each([
    ['s3://bucket/key', true],
    ['s3://', true],
    ['./s3://x', false],
    ['S3://x', false],
    ['s3:x', false],
  ])('calls %s an S3 URL: %s', (text, isOne) => {
    expect(isS3Url(text)).toBe(isOne);
  });
});
