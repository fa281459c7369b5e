import type { Stats } from 'node:fs';
import { BreakwaterError } from '../../errors.ts';
import { isAlreadyHere } from './already-here.ts';
import { Destination } from './destination.ts';
import type { FetchContext } from './fetch-context.ts';
import { fetchObject } from './fetch-object.ts';
import { fetchSmall, isFetchedWhole } from './fetch-small.ts';
import { listItemPages, type ItemSelection, type ListedItem } from './listed-items.ts';
import { readAhead } from './page-ahead.ts';
import { eachItem } from '../item-supply.ts';
import { ListingTrust } from './listing-trust.ts';
import { statOrNull } from '../local-errors.ts';
import { withResumeHint } from '../run-again.ts';
import { runMany, type ItemDone, type ManyResult } from '../run-many.ts';
import { findSystemPlace } from '../../files/system-place.ts';
import { nameOf } from '../transfer-context.ts';

/** The most objects for a dry run to name. */
const SAMPLES_MAX = 100;

export interface ManyToGet extends ItemSelection {
  /** The directory to write to. */
  readonly destination: string;
  /** Also fetch files that are already present. */
  readonly isAgain: boolean;
}

/** The result of a dry run: the totals, and the first objects. */
export interface GetPlan {
  readonly objects: number;
  readonly bytes: number;
  readonly skipped: number;
  /** Those of `objects` that cannot be files here. */
  readonly failed: number;
  readonly samples: readonly PlannedObject[];
}

interface PlannedObject {
  readonly name: string;
  /** Null for standard output, and for what cannot be a file here. */
  readonly path: string | null;
  readonly bytes: number;
  /** Why it cannot be a file here; null if it can. */
  readonly problem: BreakwaterError | null;
}

/**
 * Fetches every matching object as it is listed. Skips files that are already present (`isAlreadyHere`), so running the
 * same command again continues an interrupted run.
 * @throws BreakwaterError `not_found` if nothing matches
 */
export async function getMany(context: FetchContext, many: ManyToGet): Promise<ManyResult> {
  const destination = await Destination.open(many.destination, context.clock);
  const trust = new ListingTrust();
  const fetch = async (item: ListedItem, signal: AbortSignal): Promise<ItemDone> => {
    const { location, object } = item;
    const path = destination.reserve(location, many.prefix);
    try {
      const found = statOrNull(path);
      if (found !== null && (await isToSkip(context, { many, item, path, found, trust }))) {
        return { bytes: 0, isSkipped: true };
      }
      const listed = trust.identify(object);
      const result = isFetchedWhole(context, object)
        ? await fetchSmall(context, { location, path, signal, listed, found })
        : await fetchObject(context, {
            location,
            target: { path, kind: found === null ? 'absent' : 'file' },
            signal,
            listed,
          });
      trust.note(object, result);
      return result;
    } catch (error) {
      // The file has appeared during the download: another run was faster.
      const isThere = context.options.isNoClobber && error instanceof BreakwaterError && error.code === 'exists';
      if (!isThere) throw error;
      return { bytes: 0, isSkipped: true };
    } finally {
      destination.release(path);
    }
  };
  const pages = readAhead((signal) => listItemPages(context, many, signal));
  const result = await runMany(pages, fetch, {
    objectsInFlight: context.slots.bounds.requests,
    hasRoom: context.hasRoom,
    beforeEach: (signal) => context.store.waitWhileThrottled(signal),
    signal: context.signal,
    asked: { operation: 'get_object', bucket: many.bucket, key: null, prefix: many.prefix },
  });
  if (result.done + result.skipped + result.failed === 0) throw nothingFoundError(many);
  // Otherwise every object is fetched again.
  const isSkipping = context.options.isNoClobber || (context.options.isTimeKept && !many.isAgain);
  if (result.ended === null || !isSkipping) return result;
  return { ...result, ended: withResumeHint(result.ended, 'complete files are not fetched again') };
}

/** What `getMany` would do, without doing it. */
export async function planMany(context: FetchContext, many: ManyToGet): Promise<GetPlan> {
  const destination = await Destination.open(many.destination, context.clock);
  const trust = new ListingTrust();
  const plan = { objects: 0, bytes: 0, skipped: 0, failed: 0, samples: [] as PlannedObject[] };
  for await (const item of eachItem(listItemPages(context, many))) {
    const { path, isSkipped, problem } = await planItem(context, { many, item, destination, trust });
    if (isSkipped) {
      plan.skipped += 1;
      continue;
    }
    const bytes = item.object.sizeBytes;
    plan.objects += 1;
    plan.bytes += bytes;
    if (problem !== null) plan.failed += 1;
    if (plan.samples.length < SAMPLES_MAX) plan.samples.push({ name: item.name, path, bytes, problem });
  }
  if (plan.objects + plan.skipped === 0) throw nothingFoundError(many);
  return plan;
}

/** Where one object would go. What fails only this object in a real run is its problem here. */
async function planItem(
  context: FetchContext,
  {
    many,
    item,
    destination,
    trust,
  }: Pick<Candidate, 'many' | 'item' | 'trust'> & { readonly destination: Destination },
): Promise<Pick<PlannedObject, 'path' | 'problem'> & { readonly isSkipped: boolean }> {
  try {
    const path = destination.reserve(item.location, many.prefix);
    destination.release(path);
    const found = statOrNull(path);
    const isSkipped = found !== null && (await isToSkip(context, { many, item, path, found, trust }));
    return { path, isSkipped, problem: null };
  } catch (error) {
    if (!(error instanceof BreakwaterError) || error.code !== 'local_create') throw error;
    return { path: null, isSkipped: false, problem: error };
  }
}

interface Candidate {
  readonly many: ManyToGet;
  readonly item: ListedItem;
  readonly path: string;
  /** What is there. */
  readonly found: Stats;
  readonly trust: ListingTrust;
}

/** @throws BreakwaterError `local_create` if something other than a file is there */
async function isToSkip(context: FetchContext, { many, item, path, found, trust }: Candidate): Promise<boolean> {
  if (!found.isFile()) throw notFileError(path);
  if (context.options.isNoClobber) return true;
  const isHere =
    !many.isAgain && context.options.isTimeKept && (await isUnchanged(context, { item, path, found, trust }));
  // As is a device, even where it leads to a file now.
  if (!isHere && findSystemPlace(path) !== null) throw notFileError(path);
  return isHere;
}

async function isUnchanged(
  context: FetchContext,
  { item: { location, object }, path, found, trust }: Omit<Candidate, 'many'>,
): Promise<boolean> {
  const { size, mtimeMs, ctimeMs } = found;
  const stat = async () => {
    const facts = await context.store.stat({ ...location, versionId: null, listed: trust.identify(object) });
    trust.note(object, facts);
    return facts;
  };
  return await isAlreadyHere({ path, size, mtimeMs, ctimeMs }, object, stat);
}

function notFileError(path: string): BreakwaterError {
  return new BreakwaterError('local_create', `cannot create ${path}: it exists and is not a file`, {
    details: { hint: 'choose another destination' },
  });
}

function nothingFoundError({ bucket, prefix, pattern }: ManyToGet): BreakwaterError {
  const below = nameOf({ bucket, key: prefix.slice(0, prefix.lastIndexOf('/') + 1) });
  const message =
    pattern === undefined
      ? `no objects found under ${nameOf({ bucket, key: prefix })}`
      : `no objects match ${pattern} in ${below}`;
  return new BreakwaterError('not_found', message, {
    details: { hint: 'check the bucket, the prefix and the patterns' },
  });
}
