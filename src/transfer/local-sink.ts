import type { DownloadSink } from '../client/download.ts';

/** Where a download ends up on this machine. */
export interface LocalSink extends DownloadSink {
  /** After the last byte: makes the result visible. @throws BreakwaterError `local_io` */
  readonly commit: () => Promise<void>;
  /** After a failure: leaves everything as it was, as far as that is possible. Never rejects. */
  readonly discard: () => Promise<void>;
}
