import { escapeControls } from '../../escape.ts';
import { formatBytes } from '../../ui/progress/progress-text.ts';
import type { PutReport } from '../../transfer/put/put-request.ts';
import type { PutPlan } from '../../transfer/put/put-dry-run.ts';
import type { CommandResult } from '../command-run.ts';
import { itemFailureDocument, itemFailureLine, partialError, presentMany } from './many-result.ts';

/** The result of put: one object or many. */
export function presentPut(report: PutReport): CommandResult {
  if (report.kind === 'many') return presentMany(report.result, 'sent');
  const { location, source, bytes, resumedBytes, etag, versionId, checksum } = report;
  const resumed = resumedBytes === 0 ? '' : `, ${formatBytes(resumedBytes)} of them by an earlier run`;
  return {
    json: {
      bucket: location.bucket,
      key: location.key,
      source,
      bytes,
      resumed_bytes: resumedBytes,
      etag,
      version_id: versionId,
      checksum,
    },
    summary: `put ${escapeControls(source)} to s3://${location.bucket}/${escapeControls(location.key)} (${formatBytes(bytes)}${resumed})`,
  };
}

/** The plan of put, for `--dry-run`. */
export function presentPutPlan({ objects, bytes, samples, failed, failures }: PutPlan): CommandResult {
  const failure = partialError({ done: objects, skipped: 0, failed, failures });
  const more = objects - samples.length;
  return {
    json: {
      dry_run: true,
      objects,
      bytes,
      samples: samples.map(({ source, location }) => ({ source, bucket: location.bucket, key: location.key })),
      ...(failed === 0 ? {} : { failed, failures: failures.map(itemFailureDocument) }),
    },
    lines: [
      ...samples.map(
        ({ source, location }) =>
          `would put ${escapeControls(source)} to s3://${location.bucket}/${escapeControls(location.key)}`,
      ),
      ...(more > 0 ? [`and ${more} more`] : []),
      ...failures.map(itemFailureLine),
    ],
    summary: `would send ${objects} ${objects === 1 ? 'object' : 'objects'}, ${formatBytes(bytes)}${failed === 0 ? '' : `; ${failed} would fail`}`,
    ...(failure === null ? {} : { failure }),
  };
}
