/** The form of deletions that one store supports. */
export interface DeleteDialect {
  /** `single`: one request for each key, if the store has no DeleteObjects. */
  readonly form: 'batch' | 'single';
  /** DeleteObjects is sent with Content-MD5 beside its checksum. */
  readonly hasMd5: boolean;
  /**
   * What the store does with an ETag. `honoured`: keeps an object that was replaced. `ignored`: deletes it anyway.
   * `refused`: rejects a request that has one. `untested`: there was no key to test with.
   */
  readonly condition: 'untested' | 'honoured' | 'ignored' | 'refused';
}

/** The form of S3 itself, which is tried first. */
export const FIRST_DIALECT: DeleteDialect = { form: 'batch', hasMd5: false, condition: 'untested' };

/**
 * Whether ETags are sent. They do no harm if the store ignores them, and `ignored` may be wrong (see `learnDialect`).
 */
export function sendsEtag({ condition }: DeleteDialect): boolean {
  return condition !== 'refused';
}

/** The response to the deletion of one key, with an ETag that cannot be its own if one was sent. */
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
 * What one response shows. A wrong ETag on a key that is to be deleted anyway tests the store without harm: if the key
 * stays, conditions work; if it is deleted, a plain delete would have deleted it, too. A key that another client has
 * deleted meanwhile wrongly shows `ignored`, which is why ETags are sent nevertheless.
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
  // By likelihood: Swift and older stores require Content-MD5; few reject an element that they do not know.
  if (tried.form === 'batch' && !tried.hasMd5) return { dialect: { ...tried, hasMd5: true }, next: 'try' };
  if (withEtag) return { dialect: { ...tried, condition: 'refused' }, next: 'try' };
  return { dialect: tried, next: 'give_up' };
}

function isUnimplemented({ code, httpStatus }: Extract<TrialResponse, { kind: 'refused' }>): boolean {
  return httpStatus === 501 || httpStatus === 405 || code === 'NotImplemented' || code === 'MethodNotAllowed';
}
