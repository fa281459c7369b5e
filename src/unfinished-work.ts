/**
 * Work of one kind that was begun and that a later process can go on with, and who is at it now. Where the local state
 * cannot be used, it lasts as long as this process. Never fails for the state's sake.
 */
export interface UnfinishedWork {
  /** What was saved last under this id, to be parsed as anything from outside; undefined where there is nothing. */
  readonly read: (id: string) => Promise<unknown>;
  /** Everything saved, the oldest first. What is 30 days old is forgotten. */
  readonly list: () => Promise<readonly UnfinishedItem[]>;
  /** @param document anything that JSON can hold */
  readonly save: (id: string, document: unknown) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
  /**
   * Makes a piece of work this process's own, until it is released or the process ends, however it ends.
   * @param onHeld told who has it, where another has
   * @returns null while another living process has it
   */
  readonly claim: (id: string, onHeld?: (holder: ClaimHolder) => void) => Promise<WorkClaim | null>;
}

export interface UnfinishedItem {
  readonly id: string;
  readonly savedAtMs: number;
  readonly document: unknown;
}

/** The process that has a piece of work. */
export interface ClaimHolder {
  readonly pid: number;
  readonly host: string;
  readonly sinceMs: number;
}

export interface WorkClaim extends AsyncDisposable {
  /** False once it was lost: the process was stopped for longer than the lease, and another has gone on. */
  readonly isOurs: () => boolean;
}
