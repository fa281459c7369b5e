/** What is needed of a server: three calls, and one for people. Strings in, strings out; the rules are elsewhere. */
export interface Engine {
  /**
   * The server's time and the values of keys, in one round trip. A key of another type than text is read as some text that
   * no program stores, and can be replaced as such.
   * @throws FleetFailure
   */
  readonly read: (keys: readonly string[]) => Promise<EngineReading>;
  /**
   * Stores a value, if the stored one is still `expected`, and adds to its list. One script: nothing comes in between.
   * The list is for people: if the server does not take its entries, they are dropped.
   * @returns whether the value was stored
   * @throws FleetFailure: an answer of the server, and nothing was stored; any other, and it may have been, so it must not
   * be repeated
   */
  readonly compareAndSet: (change: EngineChange) => Promise<boolean>;
  /** Entries of a list, newest first, behind the newest `skip`; none if the key is of another type. @throws FleetFailure */
  readonly readList: (key: string, part: ListPart) => Promise<readonly string[]>;
  /**
   * One page of the keys of the program, which may be empty: the engine looks at those of other programs, too.
   * @param cursor that of the page before; null for the first one
   * @throws FleetFailure
   */
  readonly listKeys: (cursor: string | null) => Promise<KeyPage>;
  /** False once the server has ended the connection, as servers do to idle ones. */
  readonly isOpen: () => boolean;
  /** Ends the connection at once. Calls in flight fail. */
  readonly close: () => void;
}

export interface ListPart {
  readonly skip: number;
  readonly limit: number;
}

/** Keys in no order, some perhaps twice. */
export interface KeyPage {
  readonly keys: readonly string[];
  /** Names the next page; null after the last one. */
  readonly cursor: string | null;
}

export interface EngineReading {
  readonly nowMs: number;
  /** In the order of the keys; null for a missing one. */
  readonly values: readonly (string | null)[];
}

export interface EngineChange {
  readonly key: string;
  /** The value that was read; null if there was none. */
  readonly expected: string | null;
  readonly value: string;
  /** Time to live from now, in ms; null for ever. */
  readonly expiresInMs: number | null;
  /** The list next to it, and what is put before its entries, oldest first. */
  readonly listKey: string;
  readonly entries: readonly string[];
}
