import type { Readable, Writable } from 'node:stream';
import type { UnfinishedWork } from '../unfinished-work.ts';
import type { Clock } from '../clock.ts';
import type { EventSink } from '../events.ts';
import type { ObjectStore } from '../s3/object-store.ts';
import type { OperationTarget } from '../operations.ts';

/** Provided by `cli/`. */
export interface TransferContext {
  /** Full name of the circuit; its scope identifies the store. */
  readonly circuit: string;
  /** Checks the circuit without changing it, before anything costly. @throws BreakwaterError `circuit_open` */
  readonly refuseIfOpen: (target: OperationTarget) => Promise<void>;
  /** Loads the SDK, finds credentials and connects; called after all local checks. */
  readonly connect: () => Promise<ObjectStore>;
  readonly emit: EventSink;
  readonly clock: Clock;
  /** Whether more requests at once would help, because the program is idle while it waits. */
  readonly hasRoom: () => boolean;
  /** The most requests at once that this machine can hold; infinite if unknown. */
  readonly requestsMax: number;
  /** Whether the store is reached through a proxy. */
  readonly isProxied: boolean;
  /** Unfinished uploads for a put, unfinished downloads for a get. */
  readonly unfinished: UnfinishedWork;
  readonly signal: AbortSignal;
  /** Standard input, to be read once. @throws BreakwaterError `local_io` if it cannot be read */
  readonly openStdin: () => Readable;
  readonly stdout: Writable;
}

export interface S3Location {
  readonly bucket: string;
  /** A key, or a prefix; empty for the bucket itself. */
  readonly key: string;
}

/** `s3://bucket/key`, the name of an object in messages and events. */
export function nameOf({ bucket, key }: S3Location): string {
  return `s3://${bucket}/${key}`;
}

/** What makes the key of a `get` a pattern. */
export const PATTERN_CHARACTER = /[*?[]/;
