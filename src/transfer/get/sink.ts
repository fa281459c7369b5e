import type { DownloadTarget } from '../../s3/download/download-request.ts';

/** Where a download ends up on this machine. */
export interface LocalSink {
  readonly target: DownloadTarget;
  /**
   * After the last byte: makes the result visible.
   * @param modifiedMs time of last modification to be kept; null for now
   * @throws BreakwaterError `local_io`, `exists`
   */
  readonly commit: (modifiedMs: number | null) => Promise<void>;
  /** After a failure: leaves everything as it was, as far as that is possible. Never rejects. */
  readonly discard: () => Promise<void>;
}
