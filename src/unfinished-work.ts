/**
 * Interrupted work of one kind that a later process can resume, and the claims on it. Without a usable local state it
 * lasts only as long as this process. Errors of the state never fail a call.
 */
export interface UnfinishedWork {
  /** The document last saved under this id, or undefined. The caller must validate it. */
  readonly read: (id: string) => Promise<unknown>;
  /**
   * All saved items, oldest first.
   * @param idPrefix limits the list to ids that start with it
   */
  readonly list: (idPrefix?: string) => Promise<readonly UnfinishedItem[]>;
  /**
   * @param document any JSON value
   * @returns whether it outlives this process; only then may a message offer to resume
   */
  readonly save: (id: string, document: unknown) => Promise<boolean>;
  readonly remove: (id: string) => Promise<void>;
  /**
   * Claims an item for this process, until disposed or the process ends.
   * @param onHeld called with the other holder, if there is one
   * @returns null while another living process holds the claim
   */
  readonly claim: (id: string, onHeld?: (holder: ClaimHolder) => void) => Promise<WorkClaim | null>;
  /** Whether any living process, including this one, holds the claim. */
  readonly isClaimed: (id: string) => Promise<boolean>;
}

export interface UnfinishedItem {
  readonly id: string;
  readonly savedAtMs: number;
  readonly document: unknown;
}

/** The process that holds a claim. */
export interface ClaimHolder {
  readonly pid: number;
  readonly host: string;
  readonly sinceMs: number;
  /** How long its claim may outlive it, in ms. @default not at all: whether it runs is known */
  readonly outlivedMs?: number;
}

export interface WorkClaim extends AsyncDisposable {
  /**
   * False once the claim is known to be lost: this process was suspended for longer than the lease, and another one,
   * which cannot see whether it is alive, took over.
   */
  readonly isOurs: () => boolean;
  /** Aborts when the claim is known to be lost. */
  readonly lost: AbortSignal;
  /**
   * Checks the state and renews the lease, during which no other process can take the claim. Call it before anything
   * that would harm a new owner.
   */
  readonly confirm: () => boolean;
}
