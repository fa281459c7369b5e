import { classify } from '../../retry/classify.ts';
import type { XmlEntry } from '../list/xml-entries.ts';
import { identify, type DeleteTarget } from './delete-target.ts';

/** The store's result for one key. */
export type KeyResponse =
  /** Deleted, or already missing. */
  | { readonly kind: 'deleted' }
  /** The object was replaced, and the new one was kept. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly isTransient: boolean }
  /** Not named, or named ambiguously: only a look shows whether it is deleted. */
  | UnclearResponse;

export interface UnclearResponse {
  readonly kind: 'unclear';
  readonly code: string;
  readonly message: string;
}

/** The element of a response to DeleteObjects that names a deleted key. */
export const DELETED = 'Deleted';

/** The response says nothing of a key that it should confirm. */
export const UNCONFIRMED: UnclearResponse = {
  kind: 'unclear',
  code: 'not_confirmed',
  message: 'the store did not say what became of it',
};

/**
 * Reads what a response to DeleteObjects says of each target. Stores differ: some name only errors, some leave out the
 * version (Swift), some encode keys. A key counts as deleted only if the response says so without doubt.
 * @returns one response for every target, by `identify`
 */
export function readDeleteAnswer(
  targets: readonly DeleteTarget[],
  entries: readonly XmlEntry[],
): ReadonlyMap<string, KeyResponse> {
  const answer = new DeleteAnswer(targets);
  for (const entry of entries) answer.add(entry);
  return new Map(targets.map((target) => [identify(target), answer.read(target)]));
}

/** Everything that a response says of one key. */
interface Statements {
  deleted: number;
  readonly errors: KeyResponse[];
}

class DeleteAnswer {
  readonly #requested: ReadonlySet<string>;
  /** The ids of the versions that were requested of each key. */
  readonly #versionsOf = new Map<string, string[]>();
  readonly #named = new Map<string, Statements>();
  /** Statements without a version about a key of which versions were requested. */
  readonly #unversioned = new Map<string, Statements>();
  /** A key was named that was not requested, so the other names may mean other keys, too: perhaps they are encoded. */
  #hasStray = false;

  constructor(targets: readonly DeleteTarget[]) {
    this.#requested = new Set(targets.map(identify));
    for (const target of targets) {
      if (target.versionId === null) continue;
      const ids = this.#versionsOf.get(target.key);
      if (ids === undefined) this.#versionsOf.set(target.key, [identify(target)]);
      else ids.push(identify(target));
    }
  }

  add({ name, fields }: XmlEntry): void {
    const { Key = '', VersionId = '', Code = 'Unknown', Message = '' } = fields;
    const statements = this.#find(Key, VersionId);
    if (statements === null) this.#hasStray = true;
    else if (name === DELETED) statements.deleted += 1;
    else statements.errors.push(readKeyError(Code, Message));
  }

  read(target: DeleteTarget): KeyResponse {
    const named = this.#named.get(identify(target));
    const statements = named ?? this.#unversioned.get(target.key);
    if (statements === undefined) return UNCONFIRMED;
    const { deleted, errors } = statements;
    const [error] = errors;
    const isComplete = named !== undefined || deleted + errors.length === this.#countUnnamed(target.key);
    if (this.#hasStray || !isComplete || (error !== undefined && deleted > 0)) return toUnclear(error);
    if (error === undefined) return { kind: 'deleted' };
    return errors.every((other) => isSame(other, error)) ? error : toUnclear(error);
  }

  /** Statements without a version settle a key only if there is one for each version that is not named. */
  #countUnnamed(key: string): number {
    return (this.#versionsOf.get(key) ?? []).filter((id) => !this.#named.has(id)).length;
  }

  /** Null for a key that was not requested. */
  #find(key: string, versionId: string): Statements | null {
    const exact = identify({ key, versionId: versionId === '' ? null : versionId });
    if (this.#requested.has(exact)) return open(this.#named, exact);
    // Some stores name the version of a current object.
    if (this.#requested.has(key)) return open(this.#named, key);
    return versionId === '' && this.#versionsOf.has(key) ? open(this.#unversioned, key) : null;
  }
}

function open(statements: Map<string, Statements>, id: string): Statements {
  const found = statements.get(id) ?? { deleted: 0, errors: [] };
  statements.set(id, found);
  return found;
}

function toUnclear(error: KeyResponse | undefined): UnclearResponse {
  if (error?.kind === 'unclear') return error;
  if (error?.kind !== 'failed') return UNCONFIRMED;
  return { kind: 'unclear', code: error.code, message: error.message };
}

function isSame(one: KeyResponse, other: KeyResponse): boolean {
  return one.kind === other.kind && (one.kind !== 'failed' || other.kind !== 'failed' || one.code === other.code);
}

/**
 * Reads S3's code for one key. A delete repeated after a lost response gets one of the first two, and so does a name that
 * the store has listed in another form than its own.
 */
export function readKeyError(code: string, message: string): KeyResponse {
  switch (code) {
    case 'NoSuchKey':
    case 'NoSuchVersion':
      return { kind: 'unclear', code, message };
    case 'PreconditionFailed':
    // Another write or delete of this key came first (S3 user guide, "How to perform conditional deletes").
    case 'ConditionalRequestConflict':
      return { kind: 'changed' };
    default:
      return { kind: 'failed', code, message, isTransient: classify({ Code: code, message }).isRetryable };
  }
}
