import { BreakwaterError } from '../errors.ts';
import { openLocalFile } from './local-file.ts';
import type { FoundFile } from './local-tree.ts';
import { runMany, type ItemDone, type ManyResult } from './run-many.ts';
import { sendFile, type SendTools } from './send.ts';

/**
 * Sends many files, each to the key that is the destination followed by its name.
 * @throws BreakwaterError `not_found` where patterns leave nothing to send
 */
export async function putMany(files: AsyncIterable<FoundFile>, tools: SendTools): Promise<ManyResult> {
  const { request, slots } = tools;
  const { bucket, key: prefix } = request.destination;
  const send = async ({ path, name, problem }: FoundFile, signal: AbortSignal): Promise<ItemDone> => {
    if (problem !== null) throw problem;
    await using file = await openLocalFile(path);
    return await sendFile(file, { location: { bucket, key: `${prefix}${name}` }, signal }, tools);
  };
  const result = await runMany(files, send, { objectsInFlight: slots.bounds.requests });
  const { include, exclude } = request.patterns;
  if (result.done + result.skipped + result.failed === 0 && include.length + exclude.length > 0) {
    throw new BreakwaterError('not_found', 'no file is left by --include and --exclude', {
      details: { hint: 'patterns are held against names below the source: see breakwater put --help' },
    });
  }
  return result;
}
