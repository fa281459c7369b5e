import { DeleteObjectCommand, DeleteObjectsCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import type { StoreQuirk } from '../../../src/sandbox/protocol/wire.ts';
import { startTestSandbox, type TestSandbox } from '../../support/sandbox.ts';

const Bucket = 'bucket';

function connect({ endpoint, region, accessKeyId, secretAccessKey }: TestSandbox): S3Client {
  const credentials = { accessKeyId, secretAccessKey };
  return new S3Client({ endpoint, region, forcePathStyle: true, maxAttempts: 1, credentials });
}

/** What deletes of one object with a wrong ETag come to: together, and alone. */
async function deleteWrongly(quirks: readonly StoreQuirk[]): Promise<readonly string[]> {
  await using sandbox = await startTestSandbox({ quirks });
  const s3 = connect(sandbox);
  for (const key of ['a', 'b']) sandbox.putObject(Bucket, key, { body: 'x' });
  const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'no error');
  const together = await s3
    .send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'a', ETag: '"no"' }] } }))
    .then(({ Errors = [] }) => Errors[0]?.Code ?? 'deleted', nameOf);
  const alone = await s3
    .send(new DeleteObjectCommand({ Bucket, Key: 'b', IfMatch: '"no"' }))
    .then(() => 'deleted', nameOf);
  s3.destroy();
  return [together, alone];
}

describe('a sandbox', () => {
  it.each<[readonly StoreQuirk[], readonly string[]]>([
    [[], ['PreconditionFailed', 'PreconditionFailed']],
    [['ignores-delete-conditions'], ['deleted', 'deleted']],
    [['refuses-delete-conditions'], ['MalformedXML', 'NotImplemented']],
    [['needs-content-md5'], ['InvalidRequest', 'PreconditionFailed']],
    [['no-delete-objects'], ['NotImplemented', 'PreconditionFailed']],
  ])('with the quirks %j answers deletes with a wrong ETag by %j', async (quirks, expected) => {
    expect(await deleteWrongly(quirks)).toEqual(expected);
  });

  it('fails each key up to its limit, and only keys with the given suffix', async () => {
    await using sandbox = await startTestSandbox();
    const s3 = connect(sandbox);
    sandbox.addFault('DeleteObjectsEntry:SlowDown:suffix=5:each=2');
    const keys = ['k4', 'k5', 'k15'];
    const fail = async (): Promise<readonly unknown[]> => {
      const Delete = { Objects: keys.map((Key) => ({ Key })) };
      const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete }));
      return Errors.map(({ Key, Code }) => `${Key} ${Code}`);
    };
    expect(await fail()).toEqual(['k5 SlowDown', 'k15 SlowDown']);
    expect(await fail()).toEqual(['k5 SlowDown', 'k15 SlowDown']);
    expect(await fail()).toEqual([]);
    s3.destroy();
  });
});
