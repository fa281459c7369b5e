/** How one store wants to be asked for deletions. */
export interface DeleteDialect {
  /** `single`: one request a key, where there is no DeleteObjects. */
  readonly form: 'batch' | 'single';
  /** DeleteObjects goes out with Content-MD5 beside its checksum. */
  readonly hasMd5: boolean;
  /**
   * What the store makes of an ETag: `honoured` leaves an object alone that is another by now, `ignored` deletes it
   * all the same, `refused` answers no request that has one; `untested` while no key was there to try it on.
   */
  readonly condition: 'untested' | 'honoured' | 'ignored' | 'refused';
}

/** What S3 itself speaks, and what is tried first. */
export const FIRST_DIALECT: DeleteDialect = { form: 'batch', hasMd5: false, condition: 'untested' };

/** Whether ETags go along. They do no harm where they are ignored, and `ignored` may be wrong (see `learnDialect`). */
export function sendsEtag({ condition }: DeleteDialect): boolean {
  return condition !== 'refused';
}

/** What came of asking for one key, with an ETag that cannot be its own where one was sent. */
export type TrialResponse =
  | { readonly kind: 'deleted' }
  | { readonly kind: 'changed' }
  /** The request itself was refused for good. */
  | { readonly kind: 'refused'; readonly code: string; readonly httpStatus: number | null };

export interface TrialStep {
  readonly dialect: DeleteDialect;
  /** `try`: ask again in this dialect. `give_up`: no other is left to try. */
  readonly next: 'done' | 'try' | 'give_up';
}

/**
 * What one response teaches. A wrong ETag on a key that is to be deleted anyway tells stores apart without harm: where
 * the key stays, conditions work; where it goes, nothing is lost that a plain delete would have kept. A key that
 * somebody else has deleted meanwhile teaches `ignored` wrongly, which is why ETags go along all the same.
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
  // By likelihood: Swift and older stores demand Content-MD5; few refuse an element that they do not know.
  if (tried.form === 'batch' && !tried.hasMd5) return { dialect: { ...tried, hasMd5: true }, next: 'try' };
  if (withEtag) return { dialect: { ...tried, condition: 'refused' }, next: 'try' };
  return { dialect: tried, next: 'give_up' };
}

function isUnimplemented({ code, httpStatus }: Extract<TrialResponse, { kind: 'refused' }>): boolean {
  return httpStatus === 501 || httpStatus === 405 || code === 'NotImplemented' || code === 'MethodNotAllowed';
}
