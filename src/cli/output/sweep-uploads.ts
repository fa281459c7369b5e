import { formatDuration } from '../../duration.ts';
import { BreakwaterError } from '../../errors.ts';
import {
  abortUploads,
  type UploadSweepContext,
  type UploadSweepRequest,
  type UploadTally,
} from '../../sweep/abort-uploads.ts';
import type { CommandResult } from '../command-run.ts';
import { escapeControls } from '../../ui/escape.ts';

interface UploadsRequest extends Omit<UploadSweepRequest, 'olderThanMs'> {
  /** Null where uploads are to be left alone. */
  readonly olderThanMs: number | null;
}

/** The second half of a sweep: unfinished uploads, once the objects are done. */
export class UploadsSweep {
  readonly #request: UploadsRequest;
  readonly #context: UploadSweepContext & { readonly isStrict: boolean };

  constructor(request: UploadsRequest, context: UploadSweepContext & { readonly isStrict: boolean }) {
    this.#request = request;
    this.#context = context;
  }

  /** How many would be aborted. */
  async count(): Promise<number> {
    const { olderThanMs, ...request } = this.#request;
    if (olderThanMs === null) return 0;
    return (await abortUploads({ ...request, olderThanMs, isDryRun: true }, this.#context)).matched;
  }

  /**
   * Aborts them, and adds what became of them to the objects' result. Does nothing after a failure: the first error
   * wins. Where this fails itself, what was deleted before is told all the same.
   */
  async addTo(result: CommandResult): Promise<CommandResult> {
    const { olderThanMs, ...request } = this.#request;
    if (olderThanMs === null || result.failure !== undefined) return result;
    try {
      const tally = await abortUploads({ ...request, olderThanMs }, this.#context);
      return addTally(result, tally, {
        isDryRun: request.isDryRun,
        isStrict: this.#context.isStrict,
        olderThanMs,
      });
    } catch (error) {
      if (!(error instanceof BreakwaterError)) throw error;
      return { ...result, json: { ...result.json, uploads: null }, failure: error };
    }
  }
}

function addTally(
  result: CommandResult,
  { matched, aborted, failed, failures }: UploadTally,
  { isDryRun, isStrict, olderThanMs }: { isDryRun: boolean; isStrict: boolean; olderThanMs: number },
): CommandResult {
  const left = failures.map(({ key, code, message }) => ({ key, code, message }));
  const age = formatDuration(olderThanMs);
  const line = `${matched} unfinished ${matched === 1 ? 'upload' : 'uploads'} older than ${age}`;
  const isPartial = isStrict && failed > 0;
  return {
    ...result,
    json: {
      ...result.json,
      uploads: { older_than_ms: olderThanMs, matched, aborted, failed, failures: left },
    },
    lines: [
      ...(result.lines ?? []),
      ...left.map(({ key, code, message }) => `left upload of ${escapeControls(`${key}: ${code}: ${message}`)}`),
      ...(isDryRun ? [line] : []),
    ],
    ...(isDryRun
      ? {}
      : {
          summary: [
            ...(result.summary === undefined || result.summary === null ? [] : [result.summary]),
            `aborted ${aborted} of ${line}${failed > 0 ? `, ${failed} left` : ''}`,
          ].join('; '),
        }),
    ...(isPartial
      ? { failure: new BreakwaterError('partial', `${failed} of ${matched} unfinished uploads could not be aborted`) }
      : {}),
  };
}
