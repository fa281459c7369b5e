import type { ByteRange } from './conditions.ts';
import type { StoredObject } from '../store/stored.ts';
import { Refusal, type Checksum } from '../protocol/wire.ts';

export interface FoundPart {
  readonly range: ByteRange;
  readonly checksum: Checksum | null;
  /** The number of parts; empty if the object was not uploaded in parts. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The maximum part number; the minimum is 1. */
const PARTS_MAX = 10_000;

/** @throws Refusal `InvalidArgument` */
export function readPartNumber(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= PARTS_MAX) return number;
  throw new Refusal('InvalidArgument', `Part number must be an integer between 1 and ${PARTS_MAX}, inclusive`);
}

/**
 * The bytes of one part, by number. An object that was not uploaded in parts has only part 1.
 * @throws Refusal `InvalidPartNumber`; `InvalidRequest` together with a range
 */
export function findPart(
  { parts, body, checksum }: StoredObject,
  { partNumber, headers }: { readonly partNumber: string; readonly headers: ReadonlyMap<string, string> },
): FoundPart {
  if (headers.has('range')) {
    throw new Refusal('InvalidRequest', 'Cannot specify both Range header and partNumber query parameter');
  }
  const number = readPartNumber(partNumber);
  const pieces = parts.length === 0 ? [{ sizeBytes: body.length, checksum }] : parts;
  const piece = pieces[number - 1];
  if (piece === undefined) throw new Refusal('InvalidPartNumber', 'The requested partnumber is not satisfiable');
  const start = pieces.slice(0, number - 1).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    range: { start, end: start + piece.sizeBytes - 1 },
    checksum: piece.checksum,
    headers: parts.length === 0 ? {} : { 'x-amz-mp-parts-count': String(parts.length) },
  };
}
