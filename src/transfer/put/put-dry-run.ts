import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { EventSink } from '../../events.ts';
import { createKeyFilter } from '../../key-filter.ts';
import { walkFiles } from './walk-files.ts';
import { findOnly, isStandardInput, planKey, planSources } from './put.ts';
import type { PutRequest } from './put-request.ts';
import type { S3Location } from '../transfer-context.ts';

/** What a put would send. */
export interface PutPlan {
  readonly objects: number;
  readonly bytes: number;
  /** The first objects. */
  readonly samples: readonly { readonly source: string; readonly location: S3Location }[];
}

/** The most objects for a dry run to name; the rest are only counted. */
const SAMPLES_MAX = 1000;

/** Makes a put's local checks, without the circuit or S3. @throws BreakwaterError `usage`, `not_found`, `local_io` */
export async function planPut(request: PutRequest, { emit }: { emit: EventSink }): Promise<PutPlan> {
  const { destination } = request;
  if (isStandardInput(request)) {
    return { objects: 1, bytes: 0, samples: [{ source: '-', location: destination }] };
  }
  const roots = await planSources(request);
  const only = findOnly(request, roots);
  const plan = { objects: 0, bytes: 0, samples: [] as { source: string; location: S3Location }[] };
  for await (const file of walkFiles(roots, { takes: createKeyFilter(request.patterns), emit })) {
    if (file.problem !== null) throw file.problem;
    const key = only === null ? `${destination.key}${file.name}` : planKey(destination.key, basename(only));
    plan.objects += 1;
    plan.bytes += (await stat(file.path).catch(() => null))?.size ?? 0;
    if (plan.samples.length < SAMPLES_MAX) plan.samples.push({ source: file.path, location: { ...destination, key } });
  }
  return plan;
}
