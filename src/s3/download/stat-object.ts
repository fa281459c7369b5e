import type { S3Client } from '@aws-sdk/client-s3';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import { readHead } from '../protocol/head-object.ts';
import type { ObjectAddress, ObjectFacts } from './download-request.ts';
import { askAboutListed, type ListedIdentity } from './listed-identity.ts';
import { isUnlikelyPage, readFacts } from './get-response.ts';

export interface StatRequest extends ObjectAddress {
  /** What a listing said about the object. @default null */
  readonly listed?: ListedIdentity | null;
}

/**
 * Describes an object without fetching it, as one guarded operation with one request. This is the pattern for a new S3
 * operation, which also needs a row in `operations.ts` and a method in `object-store.ts` (CONTRIBUTING.md).
 * @throws BreakwaterError `not_found` if the object or the bucket does not exist
 */
export function statObject(s3: S3Client, guard: Guard, request: StatRequest): Promise<ObjectFacts> {
  const { bucket, key, listed = null } = request;
  return runGuarded(guard, { operation: 'head_object', bucket, key }, (requests) =>
    requests.send(async ({ options }) => {
      const ask = async () => readFacts(await readHead(s3, request, options), { isWhole: true });
      return await askAboutListed(listed, {
        ask,
        identify: (facts) => ({ ...facts, isPage: isUnlikelyPage(key, facts.contentType) }),
      });
    }),
  );
}
