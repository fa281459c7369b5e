import { basename } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import type { EventSink } from '../../events.ts';
import { walkFiles, type WalkedFile } from './walk-files.ts';
import { findOnly, isStandardInput, planKey, planSources, selectFiles } from './put.ts';
import type { PutRequest } from './put-request.ts';
import { refuseEmpty } from './put-many.ts';
import { openLocalFile } from './source-file.ts';
import { FAILURES_NAMED_MAX, type ItemFailure } from '../run-many.ts';
import type { S3Location } from '../transfer-context.ts';

/** What a put would send. */
export interface PutPlan {
  readonly objects: number;
  readonly bytes: number;
  /** The first objects. */
  readonly samples: readonly { readonly source: string; readonly location: S3Location }[];
  /** Files of many that cannot be sent, and the first of them. */
  readonly failed: number;
  readonly failures: readonly ItemFailure[];
}

/** The most objects for a dry run to name; the rest are only counted. */
const SAMPLES_MAX = 1000;

/** Makes a put's local checks, without the circuit or S3. @throws BreakwaterError `usage`, `not_found`, `local_io` */
export async function planPut(request: PutRequest, { emit }: { emit: EventSink }): Promise<PutPlan> {
  const { destination } = request;
  if (isStandardInput(request)) {
    return { objects: 1, bytes: 0, samples: [{ source: '-', location: destination }], failed: 0, failures: [] };
  }
  const roots = await planSources(request);
  const only = findOnly(request, roots);
  const samples: { source: string; location: S3Location }[] = [];
  const failures: ItemFailure[] = [];
  const plan = { objects: 0, bytes: 0, failed: 0 };
  for await (const file of walkFiles(roots, selectFiles(roots, request, emit))) {
    const size = findSize(file);
    if (size instanceof BreakwaterError) {
      // Alone, it would be the error of the run.
      if (only !== null) throw size;
      plan.failed += 1;
      if (failures.length < FAILURES_NAMED_MAX) failures.push({ name: file.name, error: size });
      continue;
    }
    const key = only === null ? `${destination.key}${file.name}` : planKey(destination.key, basename(only));
    plan.objects += 1;
    plan.bytes += size;
    if (samples.length < SAMPLES_MAX) samples.push({ source: file.path, location: { ...destination, key } });
  }
  if (only === null) refuseEmpty({ done: plan.objects, skipped: 0, failed: plan.failed }, request);
  return { ...plan, samples, failures };
}

/** The size of a file in bytes, or why it cannot be sent: it is opened as a real put does. */
function findSize({ path, problem, isRegular }: WalkedFile): number | BreakwaterError {
  if (problem !== null) return problem;
  try {
    using file = openLocalFile(path, { isKnown: isRegular, isReadWhole: false });
    return file.identity.sizeBytes;
  } catch (error) {
    if (!(error instanceof BreakwaterError)) throw error;
    return error;
  }
}
