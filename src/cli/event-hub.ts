import type { Event, EventSink } from '../events.ts';

/** Passes each event to every reader. A reader that throws is dropped, so that it cannot fail a transfer. */
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
        const message = `an event reader failed and was dropped: ${String(error)}`;
        this.emit({ kind: 'warning', reason: 'reader_failed', message });
      }
    }
  };
}
