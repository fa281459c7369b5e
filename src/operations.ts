import type { CircuitName } from './circuit/circuit.ts';

interface OperationFacts {
  /** The start of its messages: `put s3://bucket/key failed`. */
  readonly verb: string;
  /** The circuit of the commands that use it; null for clean-up, which deliberately has none (docs/circuit.md). */
  readonly circuit: CircuitName | null;
}

/**
 * Every operation on S3, under its name in metrics, log and JSON. An operation is one object, one page of a listing or
 * one batch of deletes, however many requests it takes. A new one needs a row here, a method of the port in
 * `s3/object-store.ts`, and a file that sends it, like `s3/download/stat-object.ts` (CONTRIBUTING.md has the steps).
 */
export const OPERATIONS = {
  put_object: { verb: 'put', circuit: 's3-upload' },
  get_object: { verb: 'get', circuit: 's3-download' },
  head_object: { verb: 'look at', circuit: 's3-download' },
  list_objects: { verb: 'list', circuit: 's3-download' },
  delete_objects: { verb: 'delete from', circuit: null },
  list_uploads: { verb: 'list uploads of', circuit: null },
  abort_upload: { verb: 'abort upload of', circuit: null },
} as const satisfies Readonly<Record<string, OperationFacts>>;

export type OperationName = keyof typeof OPERATIONS;

/** Listings and batches have no `key`. */
export interface OperationTarget {
  readonly operation: OperationName;
  readonly bucket: string;
  readonly key?: string;
}
