import { checkHeaders } from './accepted-headers.ts';
import { Refusal, type SandboxOperation } from './wire.ts';

interface Route {
  readonly operation: SandboxOperation;
  readonly method: string;
  readonly on: 'service' | 'bucket' | 'object';
  /** Query parameters that identify the operation, with their required value (null: any). */
  readonly needs?: Readonly<Record<string, string | null>>;
  /** Other accepted query parameters. */
  readonly allows?: readonly string[];
}

const LISTING = ['prefix', 'delimiter', 'max-keys', 'encoding-type'];

/** The first match wins. */
const ROUTES: readonly Route[] = [
  { operation: 'ListBuckets', method: 'GET', on: 'service' },
  { operation: 'CreateBucket', method: 'PUT', on: 'bucket' },
  { operation: 'HeadBucket', method: 'HEAD', on: 'bucket' },
  { operation: 'DeleteBucket', method: 'DELETE', on: 'bucket' },
  { operation: 'GetBucketLocation', method: 'GET', on: 'bucket', needs: { location: null } },
  {
    operation: 'ListObjectsV2',
    method: 'GET',
    on: 'bucket',
    needs: { 'list-type': '2' },
    allows: [...LISTING, 'start-after', 'continuation-token', 'fetch-owner'],
  },
  {
    operation: 'ListMultipartUploads',
    method: 'GET',
    on: 'bucket',
    needs: { uploads: null },
    allows: ['prefix', 'max-uploads', 'key-marker', 'upload-id-marker', 'encoding-type'],
  },
  { operation: 'GetBucketVersioning', method: 'GET', on: 'bucket', needs: { versioning: null } },
  { operation: 'PutBucketVersioning', method: 'PUT', on: 'bucket', needs: { versioning: null } },
  {
    operation: 'ListObjectVersions',
    method: 'GET',
    on: 'bucket',
    needs: { versions: null },
    allows: [...LISTING, 'key-marker', 'version-id-marker'],
  },
  { operation: 'ListObjects', method: 'GET', on: 'bucket', allows: [...LISTING, 'marker'] },
  { operation: 'DeleteObjects', method: 'POST', on: 'bucket', needs: { delete: null } },
  { operation: 'UploadPart', method: 'PUT', on: 'object', needs: { partNumber: null, uploadId: null } },
  { operation: 'PutObject', method: 'PUT', on: 'object' },
  {
    operation: 'ListParts',
    method: 'GET',
    on: 'object',
    needs: { uploadId: null },
    allows: ['max-parts', 'part-number-marker'],
  },
  { operation: 'GetObject', method: 'GET', on: 'object', allows: ['versionId', 'partNumber'] },
  { operation: 'HeadObject', method: 'HEAD', on: 'object', allows: ['versionId', 'partNumber'] },
  { operation: 'AbortMultipartUpload', method: 'DELETE', on: 'object', needs: { uploadId: null } },
  { operation: 'DeleteObject', method: 'DELETE', on: 'object', allows: ['versionId'] },
  { operation: 'CreateMultipartUpload', method: 'POST', on: 'object', needs: { uploads: null } },
  { operation: 'CompleteMultipartUpload', method: 'POST', on: 'object', needs: { uploadId: null } },
];

/**
 * Finds the operation of a request. Ignores the SDK's `x-id`, which is only a hint.
 * @throws Refusal `NotImplemented` rather than guessing
 */
export function findOperation(request: {
  readonly method: string;
  readonly on: Route['on'];
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
}): SandboxOperation {
  const { method, on, query, headers } = request;
  const given = [...query.keys()].filter((name) => name !== 'x-id');
  if (new Set(given).size < given.length) {
    throw new Refusal('NotImplemented', 'A query parameter that is given twice is not implemented here');
  }
  const route = ROUTES.find(
    ({ needs = {}, allows = [], ...rest }) =>
      rest.method === method &&
      rest.on === on &&
      given.every((name) => name in needs || allows.includes(name)) &&
      Object.entries(needs).every(([name, value]) => query.has(name) && (value === null || query.get(name) === value)),
  );
  if (route === undefined) throw new Refusal('NotImplemented', `${method} ?${given.join('&')} is not implemented here`);
  const operation = headers.has('x-amz-copy-source') ? copyOf(route.operation) : route.operation;
  checkHeaders(operation, headers);
  return operation;
}

function copyOf(operation: SandboxOperation): SandboxOperation {
  if (operation === 'PutObject') return 'CopyObject';
  throw new Refusal('NotImplemented', `${operation} is not implemented here with x-amz-copy-source`);
}
