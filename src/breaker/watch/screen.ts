import { after, onAbort } from '../../abort.ts';
import type { Clock } from '../../clock.ts';
import type { Frame } from '../../ui/frame.ts';
import type { Symbols } from '../../ui/symbols.ts';
import type { WholeScreen } from '../../ui/surface.ts';
import { drawWatch } from './frame.ts';
import type { Key } from '../../ui/key.ts';
import { pressKey, type WatchAction } from './keys.ts';
import type { WatchSnapshot } from './snapshot.ts';
import { beginView, SPANS_MS, type Message, type WatchOptions, type WatchView } from './view.ts';
import { escapeAll } from '../../escape.ts';
import type { BreakerContext } from '../breaker-context.ts';
import type { WatchReader } from './reader.ts';

/** The shortest time between two redraws, and how often the state is checked, in ms. */
const TICK_MS = 250;

export type ManualAction = Exclude<WatchAction, { kind: 'quit' }>;

export interface ScreenWatch extends Pick<BreakerContext, 'clock' | 'signal'> {
  readonly reader: WatchReader;
  readonly symbols: Symbols;
  readonly options: WatchOptions;
  readonly openScreen: (listeners: ScreenListeners) => WholeScreen;
  /** Makes a manual change. @returns the message to show */
  readonly act: (action: ManualAction) => Promise<Message>;
}

interface ScreenListeners {
  readonly onKey: (key: Key) => void;
  readonly onResize: () => void;
  readonly onGone: () => void;
}

/** Shows the live screen until a key, the signal or the end of the terminal ends it. Always restores the terminal. */
export async function watchOnScreen(watch: ScreenWatch): Promise<void> {
  const { reader, clock, signal, options } = watch;
  // An unknown name must fail before the screen opens.
  const first = await reader.read(SPANS_MS[0]);
  const wakeUp = new WakeUp();
  const keys: Key[] = [];
  const gone = new AbortController();
  const screen = watch.openScreen({
    onKey: (key) => {
      keys.push(key);
      wakeUp.now();
    },
    onResize: () => painter.paint(),
    onGone: () => {
      gone.abort();
      wakeUp.now();
    },
  });
  const painter = new Painter(screen, watch.symbols, { snapshot: first, view: beginView(options, first) });
  try {
    while (!signal.aborted && !gone.signal.aborted) {
      const drawnAtMs = painter.paint() ? clock.monotonic() : null;
      await wakeUp.wait(clock, { longestMs: TICK_MS, signal });
      // At most one redraw per tick, so that a held key does not flood the terminal.
      if (drawnAtMs !== null) await rest(clock, { untilMs: drawnAtMs + TICK_MS, signal });
      for (let key = keys.shift(); key !== undefined; key = keys.shift()) {
        if (await pressOne(key, painter, watch)) return;
      }
      const { isPaused, spanMs } = painter.view;
      if (!isPaused || spanMs !== painter.snapshot.spanMs) painter.snapshot = await reader.read(spanMs);
    }
  } finally {
    await screen.close();
  }
}

/** @returns true if the key ends the watch */
async function pressOne(key: Key, painter: Painter, { act, reader }: ScreenWatch): Promise<boolean> {
  const { view, action } = pressKey(painter.view, key, painter.snapshot);
  painter.view = view;
  if (action === null) return false;
  if (action.kind === 'quit') return true;
  const message = await act(action);
  reader.forget();
  // A paused screen would not show the change.
  painter.view = { ...view, message, isPaused: false };
  return false;
}

/** Redraws if the frame differs from the one on the screen. */
class Painter {
  snapshot: WatchSnapshot;
  view: WatchView;
  readonly #screen: WholeScreen;
  readonly #symbols: Symbols;
  #drawn = '';
  /** The inputs of the frame on the screen. The same inputs produce the same frame. */
  #inputs: readonly unknown[] = [];

  constructor(screen: WholeScreen, symbols: Symbols, { snapshot, view }: { snapshot: WatchSnapshot; view: WatchView }) {
    this.#screen = screen;
    this.#symbols = symbols;
    this.snapshot = snapshot;
    this.view = view;
  }

  /** @returns whether it drew */
  paint(): boolean {
    const [columns, rows] = [this.#screen.columns(), this.#screen.rows()];
    const inputs = [this.snapshot, this.view, columns, rows];
    if (inputs.every((part, index) => part === this.#inputs[index])) return false;
    this.#inputs = inputs;
    // Names and commands used for actions are not yet escaped.
    const frame: Frame = escapeAll(drawWatch(this.snapshot, this.view, { columns, rows, symbols: this.#symbols }));
    const drawn = JSON.stringify(frame);
    if (drawn === this.#drawn) return false;
    this.#drawn = drawn;
    this.#screen.show(frame);
    return true;
  }
}

/** Ends a sleep early. */
class WakeUp {
  #called = Promise.withResolvers<void>();

  now(): void {
    this.#called.resolve();
  }

  async wait(clock: Clock, { longestMs, signal }: { longestMs: number; signal: AbortSignal }): Promise<void> {
    using _timer = after(clock, longestMs, () => this.now());
    using _listening = onAbort(signal, () => this.now());
    await this.#called.promise;
    this.#called = Promise.withResolvers();
  }
}

/** Sleeps until that time or an abort, which the loop handles. */
async function rest(clock: Clock, { untilMs, signal }: { untilMs: number; signal: AbortSignal }): Promise<void> {
  const leftMs = untilMs - clock.monotonic();
  if (leftMs <= 0 || signal.aborted) return;
  await clock.sleep(leftMs, signal).catch(() => undefined);
}
