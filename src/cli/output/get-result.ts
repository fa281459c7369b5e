import { formatTime } from '../../clock.ts';
import { assertNever } from '../../errors.ts';
import type { GetReport, GotOne } from '../../transfer/get/get.ts';
import type { GetPlan } from '../../transfer/get/get-many.ts';
import { formatBytes } from '../../ui/progress/progress-text.ts';
import type { CommandResult } from '../command-run.ts';
import { escapeControls } from '../../escape.ts';
import { presentMany } from './many-result.ts';

/** The result of get: one object, many objects or a dry run. */
export function presentGet(report: GetReport): CommandResult {
  switch (report.kind) {
    case 'one':
      return presentOne(report);
    case 'many':
      return presentMany(report.result, 'received');
    case 'planned':
      return presentPlan(report.plan);
    default:
      return assertNever(report);
  }
}

function presentOne(got: GotOne): CommandResult {
  const { location, path, bytes, resumedBytes, etag, versionId, modifiedMs, verifiedBy } = got;
  const name = `s3://${location.bucket}/${escapeControls(location.key)}`;
  const resumed = resumedBytes === 0 ? '' : `, ${formatBytes(resumedBytes)} of it by an earlier run`;
  const unverified = verifiedBy === null ? ', not verified' : '';
  return {
    json: {
      bucket: location.bucket,
      key: location.key,
      version_id: versionId,
      path,
      bytes,
      resumed_bytes: resumedBytes,
      etag,
      modified_at: modifiedMs === null ? null : formatTime(Math.round(modifiedMs)),
      verified_by: verifiedBy,
    },
    // Standard output contains the object.
    summary:
      path === null ? null : `got ${name} as ${escapeControls(path)} (${formatBytes(bytes)}${resumed}${unverified})`,
  };
}

function presentPlan({ objects, bytes, skipped, failed, samples }: GetPlan): CommandResult {
  const more = objects - samples.length;
  const already = skipped === 0 ? '' : `; ${skipped} already here`;
  const impossible = failed === 0 ? '' : `; ${failed} of them cannot be files here`;
  return {
    json: {
      dry_run: true,
      objects,
      bytes,
      skipped,
      ...(failed === 0 ? {} : { failed }),
      samples: samples.map(({ name, path, bytes: size }) => ({ name, path, bytes: size })),
    },
    lines: [
      ...samples.map(({ name, path, bytes: size, problem }) => {
        if (problem !== null) return `cannot get ${escapeControls(name)}: ${escapeControls(problem.message)}`;
        const target = path === null ? 'to standard output' : `as ${escapeControls(path)}`;
        return `would get ${escapeControls(name)} ${target} (${formatBytes(size)})`;
      }),
      ...(more === 0 ? [] : [`and ${more} more`]),
    ],
    summary: `would get ${objects} ${objects === 1 ? 'object' : 'objects'}, ${formatBytes(bytes)}${already}${impossible}`,
  };
}
