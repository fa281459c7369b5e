/**
 * Interrupted work of one kind that a later process can resume, and claims on it. Without a usable local state it lasts
 * only as long as this process. Errors of the state never fail a call.
 */
export interface UnfinishedWork {
  /** The document last saved under this id, or undefined. The caller parses it like any outside input. */
  readonly read: (id: string) => Promise<unknown>;
  /**
   * Everything saved, oldest first.
   * @param idPrefix only what has an id that begins with it
   */
  readonly list: (idPrefix?: string) => Promise<readonly UnfinishedItem[]>;
  /**
   * @param document anything that JSON can hold
   * @returns whether it outlives this process: only then may a resume be promised
   */
  readonly save: (id: string, document: unknown) => Promise<boolean>;
  readonly remove: (id: string) => Promise<void>;
  /**
   * Claims a piece of work for this process, until it is released or the process ends.
   * @param onHeld gets the process that holds the claim, if another one does
   * @returns null while another living process holds the claim
   */
  readonly claim: (id: string, onHeld?: (holder: ClaimHolder) => void) => Promise<WorkClaim | null>;
  /** Whether a living process holds the claim; this one counts. */
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
}

export interface WorkClaim extends AsyncDisposable {
  /**
   * False once the claim is known to be lost: this process was stopped for longer than the lease, and another one, which
   * cannot see whether it lives, took over.
   */
  readonly isOurs: () => boolean;
  /**
   * The same, asked of the state and renewed: to be called before anything is done that would harm a new owner. No other
   * process can take the claim for the time of its lease.
   */
  readonly confirm: () => boolean;
}
