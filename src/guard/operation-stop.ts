import { onAbort } from '../abort.ts';

/**
 * The signal of one operation, and what aborts it. A controller of its own takes longer than a small object's share of
 * anything else here, so an operation may share the signal of its command or its run, until it needs to be stopped alone.
 */
export class OperationStop {
  readonly #outer: AbortSignal;
  #own: AbortController | null = null;
  #listening: Disposable | null = null;

  /** @param outer aborts the operation, too */
  constructor(outer: AbortSignal) {
    this.#outer = outer;
  }

  get signal(): AbortSignal {
    return this.#own?.signal ?? this.#outer;
  }

  /** Gives the operation a signal of its own; what has been given the shared one stays with that. */
  separate(): AbortController {
    if (this.#own !== null) return this.#own;
    const own = new AbortController();
    this.#own = own;
    this.#listening = onAbort(this.#outer, (reason) => own.abort(reason));
    return own;
  }

  stop(reason: unknown): void {
    this.separate().abort(reason);
  }

  /** Call at the end of the operation. */
  end(): void {
    this.#listening?.[Symbol.dispose]();
  }
}
