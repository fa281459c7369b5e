import type { S3Client } from '@aws-sdk/client-s3';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import { readHead } from '../protocol/head-object.ts';
import type { ObjectAddress, ObjectFacts } from './download-request.ts';
import { readFacts } from './get-response.ts';

/**
 * Describes an object without fetching it, as one guarded operation with one request. This is the pattern for a new S3
 * operation, which also needs a row in `operations.ts` and a method in `object-store.ts` (CONTRIBUTING.md).
 * @throws BreakwaterError `not_found` if the object or the bucket does not exist
 */
export function statObject(s3: S3Client, guard: Guard, address: ObjectAddress): Promise<ObjectFacts> {
  const { bucket, key } = address;
  return runGuarded(guard, { operation: 'get_object', bucket, key }, (requests) =>
    requests.send(async ({ options }) => {
      return readFacts(await readHead(s3, address, options), { isWhole: true });
    }),
  );
}
