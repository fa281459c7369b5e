import type { ObjectClient } from '../connection/direct-client.ts';
import { DownloadCheck, type Unverified } from './verify-download.ts';
import type { DownloadRequest, ObjectFacts } from './download-request.ts';
import type { DownloadTarget } from './download-target.ts';
import type { Guard } from '../../guard/guard.ts';
import { PartLooks } from './part-layout.ts';
import { namePromise } from '../checksum/expected-checksum.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';

/** What a download works with. */
export interface DownloadOptions {
  readonly s3: ObjectClient;
  readonly guard: Guard;
  readonly requests: RequestRunner;
  readonly request: DownloadRequest;
}

/** The check of an object that is known by now; null where S3 has promised nothing that can be checked. */
export function openCheck(
  { s3, guard, requests, request }: DownloadOptions,
  { facts, target }: { facts: ObjectFacts; target: DownloadTarget },
): DownloadCheck | null {
  const { promise, sizeBytes, etag } = facts;
  if (promise === null) return null;
  const { parts } = promise;
  // What is cut cannot be told of an object of unknown length.
  if (parts !== null && sizeBytes === null) return null;
  const object = { sizeBytes: sizeBytes ?? 0, parts: parts ?? 1 };
  const name = `s3://${request.bucket}/${request.key}`;
  return new DownloadCheck({
    promise,
    target: target.kind === 'file' ? target : null,
    looks: new PartLooks({ s3, requests, lane: request.lane, address: request, etag, object }),
    onUnverified: (why) => {
      // Only this one may be corruption.
      if (why !== 'checksum_differs') guard.emit({ kind: 'not_verified', name, why: DESCRIPTIONS[why] });
      else
        guard.emit({
          kind: 'warning',
          reason: 'not_verified',
          message: `${name}: ${describeDoubt(namePromise(promise))}`,
        });
    },
  });
}

const DESCRIPTIONS: Readonly<Record<Exclude<Unverified, 'checksum_differs'>, string>> = {
  parts_unknown: 'the store does not tell which parts it was uploaded in',
  parts_unequal: 'its parts are not all alike',
  etag_differs: 'its ETag is not the MD5 of its parts, which it need not be',
};

function describeDoubt(promised: string): string {
  return `not verified: the bytes differ from what S3 promised (${promised}), or its parts are not all alike, which the store does not tell`;
}
