/** The form of deletions that one store supports. */
export interface DeleteDialect {
  /** `single`: one request for each key, if the store has no DeleteObjects. */
  readonly form: 'batch' | 'single';
  /** Send DeleteObjects with Content-MD5 in addition to its checksum. */
  readonly hasMd5: boolean;
  /**
   * How the store handles an ETag. `honoured`: keeps a replaced object. `ignored`: deletes it anyway. `refused`:
   * rejects the request. `untested`: there was no key to test with.
   */
  readonly condition: 'untested' | 'honoured' | 'ignored' | 'refused';
}

/** S3's own form, tried first. */
export const FIRST_DIALECT: DeleteDialect = { form: 'batch', hasMd5: false, condition: 'untested' };

/** Whether to send ETags. They do no harm if ignored, and `ignored` may be wrong (see `learnDialect`). */
export function sendsEtag({ condition }: DeleteDialect): boolean {
  return condition !== 'refused';
}

/** The response to the deletion of one key, with a deliberately wrong ETag if one was sent. */
export type TrialResponse =
  | { readonly kind: 'deleted' }
  | { readonly kind: 'changed' }
  /** The request itself was rejected. */
  | { readonly kind: 'refused'; readonly code: string; readonly httpStatus: number | null };

export interface TrialStep {
  readonly dialect: DeleteDialect;
  /** `try`: send again in this dialect. `give_up`: no other dialect is left. */
  readonly next: 'done' | 'try' | 'give_up';
}

/**
 * Adapts the dialect to one response. A wrong ETag on a key that must be deleted anyway is a harmless test: if the key
 * stays, conditions work; if not, a plain delete would have deleted it too. A key that another client deleted meanwhile
 * wrongly shows `ignored`, which is why ETags are sent nevertheless.
 */
export function learnDialect(
  tried: DeleteDialect,
  { response, withEtag }: { readonly response: TrialResponse; readonly withEtag: boolean },
): TrialStep {
  if (response.kind === 'changed') return { dialect: { ...tried, condition: 'honoured' }, next: 'done' };
  if (response.kind === 'deleted') {
    return { dialect: withEtag ? { ...tried, condition: 'ignored' } : tried, next: 'done' };
  }
  if (tried.form === 'batch' && isUnimplemented(response)) {
    return { dialect: { ...tried, form: 'single', hasMd5: false }, next: 'try' };
  }
  // In order of likelihood: Swift and older stores require Content-MD5; few reject an unknown element.
  if (tried.form === 'batch' && !tried.hasMd5) return { dialect: { ...tried, hasMd5: true }, next: 'try' };
  if (withEtag) return { dialect: { ...tried, condition: 'refused' }, next: 'try' };
  return { dialect: tried, next: 'give_up' };
}

function isUnimplemented({ code, httpStatus }: Extract<TrialResponse, { kind: 'refused' }>): boolean {
  return httpStatus === 501 || httpStatus === 405 || code === 'NotImplemented' || code === 'MethodNotAllowed';
}
