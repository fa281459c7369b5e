import type { Frame } from './frame.ts';

/** A place where frames are drawn until it is closed. */
interface Surface {
  readonly columns: () => number;
  readonly show: (frame: Frame) => void;
}

/** Lines that stay below all other output. */
export interface LiveLines extends Surface {
  /** Clears the lines, runs `write`, and redraws them. */
  readonly stepAside: (write: () => void) => void;
  /** Removes the lines and restores the cursor. Idempotent. */
  readonly stop: () => void;
}

/** The whole window, on the terminal's alternate screen: closing it restores the previous content. */
export interface WholeScreen extends Surface {
  readonly rows: () => number;
  /** Restores keyboard, cursor and screen. Also done when the process exits. Idempotent. */
  readonly close: () => Promise<void>;
}
