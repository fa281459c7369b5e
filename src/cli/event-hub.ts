import type { Event, EventSink } from '../events.ts';

/** Tells every reader each event. A reader that throws is dropped: telling must never fail a transfer. */
export class EventHub {
  readonly #readers = new Set<EventSink>();

  add(reader: EventSink): void {
    this.#readers.add(reader);
  }

  readonly emit: EventSink = (event: Event): void => {
    for (const reader of this.#readers) {
      try {
        reader(event);
      } catch (error) {
        this.#readers.delete(reader);
        const message = `a reader of events failed and is dropped: ${String(error)}`;
        this.emit({ kind: 'warning', reason: 'reader_failed', message });
      }
    }
  };
}
