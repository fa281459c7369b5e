import { readFields } from '../../read-fields.ts';
import type { ByteSpan } from '../../s3/download/missing-ranges.ts';
import type { ResumePoint } from '../../s3/download/download-request.ts';

/** A resumable download in the local state. The expected checksum is not saved, because S3 states it. */
export interface SavedDownload extends ResumePoint {
  readonly kind: 'download';
  /** Absolute path of the temporary file, and its inode, to recognize a replaced file. */
  readonly partialPath: string;
  readonly inode: string;
}

/** The tag of one process's non-resumable temporary files, and their possible directories. */
export interface SavedRun {
  readonly kind: 'run';
  readonly tag: string;
  readonly directories: readonly string[];
}

/** Parses a saved document; null for anything else, such as one from another version. */
export function parseSaved(document: unknown): SavedDownload | SavedRun | null {
  const fields = readFields(document);
  const { kind, tag, directories, partialPath, inode, etag, sizeBytes, covered } = fields;
  if (kind === 'run') {
    return isText(tag) && isListOf(directories, isText) && tag !== '' ? { kind, tag, directories } : null;
  }
  if (kind !== 'download' || !isText(partialPath) || !isText(inode) || !isText(etag) || !isOffset(sizeBytes))
    return null;
  return isListOf(covered, isSpan) ? { kind, partialPath, inode, etag, sizeBytes, covered } : null;
}

function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.every((item) => isItem(item));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isSpan(value: unknown): value is ByteSpan {
  const { start, end } = readFields(value);
  return isOffset(start) && isOffset(end) && start < end;
}
