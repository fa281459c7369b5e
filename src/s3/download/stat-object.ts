import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { readFacts } from './get-response.ts';
import type { ObjectAddress, ObjectFacts } from './download-request.ts';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';

export interface StatRequest extends ObjectAddress {}

/** What S3 says of an object, without its bytes; one guarded operation of its own. */
export async function statObject(s3: S3Client, guard: Guard, request: StatRequest): Promise<ObjectFacts> {
  const { bucket, key, versionId } = request;
  return await runGuarded(
    guard,
    { operation: 'get_object', bucket, key },
    async (requests) =>
      await requests.send(async ({ options }) => {
        const version = versionId === null ? {} : { VersionId: versionId };
        const response = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ...version }), options);
        return readFacts(response, { isWhole: true });
      }),
  );
}
