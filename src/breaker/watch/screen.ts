import type { Clock } from '../../clock.ts';
import type { Frame } from '../../ui/frame.ts';
import type { Symbols } from '../../ui/symbols.ts';
import type { WholeScreen } from '../../ui/terminal.tsx';
import { drawWatch } from './frame.ts';
import type { Key } from '../../ui/key.ts';
import { pressKey, type WatchAction } from './keys.ts';
import type { WatchSnapshot } from './snapshot.ts';
import { beginView, type Message, type WatchOptions, type WatchView } from './view.ts';
import { escapeAll } from '../../ui/escape.ts';
import type { WatchReader } from './reader.ts';

/** The least time between two drawings, and how often the state is looked at, in ms: four times a second. */
const TICK_MS = 250;

export type ManualAction = Exclude<WatchAction, { kind: 'quit' }>;

export interface ScreenWatch {
  readonly reader: WatchReader;
  readonly clock: Clock;
  /** Ends it: that is no failure, its work is done. */
  readonly signal: AbortSignal;
  readonly symbols: Symbols;
  readonly options: WatchOptions;
  readonly openScreen: (listeners: { onKey: (key: Key) => void; onResize: () => void }) => WholeScreen;
  /** Makes a change by hand. @returns what to say of it */
  readonly act: (action: ManualAction) => Promise<Message>;
}

/** The live screen, until a key or the signal ends it; the terminal is given back whichever way it ends. */
export async function watchOnScreen(watch: ScreenWatch): Promise<void> {
  const { reader, clock, signal, options } = watch;
  // A name that is no circuit's is refused before the terminal is taken.
  const first = await reader.read(beginView(options).spanMs);
  const bell = new Bell();
  const keys: Key[] = [];
  const screen = watch.openScreen({
    onKey: (key) => {
      keys.push(key);
      bell.ring();
    },
    onResize: () => painter.paint(),
  });
  const painter = new Painter(screen, watch.symbols, { snapshot: first, view: beginView(options) });
  try {
    while (!signal.aborted) {
      const drawnAtMs = painter.paint() ? clock.monotonic() : null;
      await bell.wait(clock, { longestMs: TICK_MS, signal });
      // What was drawn a moment ago stays for a moment, whatever keys come: a held key must not flood the terminal.
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

/** @returns whether it was the last key */
async function pressOne(key: Key, painter: Painter, { act, reader }: ScreenWatch): Promise<boolean> {
  const { view, action } = pressKey(painter.view, key, painter.snapshot);
  painter.view = view;
  if (action === null) return false;
  if (action.kind === 'quit') return true;
  const message = await act(action);
  reader.forget();
  // After a change by hand everybody wants to see it.
  painter.view = { ...view, message, isPaused: false };
  return false;
}

/** Draws what is known and chosen, wherever that differs from what is drawn. */
class Painter {
  snapshot: WatchSnapshot;
  view: WatchView;
  readonly #screen: WholeScreen;
  readonly #look: Symbols;
  #drawn = '';
  /** What the drawn frame was made of: where it is the same, so would be the frame. */
  #madeOf: readonly unknown[] = [];

  constructor(screen: WholeScreen, look: Symbols, { snapshot, view }: { snapshot: WatchSnapshot; view: WatchView }) {
    this.#screen = screen;
    this.#look = look;
    this.snapshot = snapshot;
    this.view = view;
  }

  /** @returns whether there was anything to draw */
  paint(): boolean {
    const [columns, rows] = [this.#screen.columns(), this.#screen.rows()];
    const madeOf = [this.snapshot, this.view, columns, rows];
    if (madeOf.every((part, index) => part === this.#madeOf[index])) return false;
    this.#madeOf = madeOf;
    // Names that an action is about, and commands made of them, are as they are stored.
    const frame: Frame = escapeAll(drawWatch(this.snapshot, this.view, { columns, rows, look: this.#look }));
    const drawn = JSON.stringify(frame);
    if (drawn === this.#drawn) return false;
    this.#drawn = drawn;
    this.#screen.show(frame);
    return true;
  }
}

/** Wakes the loop before its time. */
class Bell {
  #rung = Promise.withResolvers<void>();

  ring(): void {
    this.#rung.resolve();
  }

  async wait(clock: Clock, { longestMs, signal }: { longestMs: number; signal: AbortSignal }): Promise<void> {
    const stopped = new AbortController();
    try {
      const asleep = rest(clock, {
        untilMs: clock.monotonic() + longestMs,
        signal: AbortSignal.any([signal, stopped.signal]),
      });
      await Promise.race([this.#rung.promise, asleep]);
    } finally {
      stopped.abort();
      this.#rung = Promise.withResolvers();
    }
  }
}

/** Sleeps until then; an abort ends the sleep, and the loop sees to the rest. */
async function rest(clock: Clock, { untilMs, signal }: { untilMs: number; signal: AbortSignal }): Promise<void> {
  const leftMs = untilMs - clock.monotonic();
  if (leftMs <= 0 || signal.aborted) return;
  await clock.sleep(leftMs, signal).catch(() => undefined);
}
