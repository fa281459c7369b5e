import { after } from '../../abort.ts';
import type { Clock } from '../../clock.ts';
import type { Event, EventSink } from '../../events.ts';

/** How long a first retry waits for others like it, while the command does more than one thing, in ms. */
const GATHER_MS = 250;

/** How often a retry that goes on under many objects is logged again, in ms; as often as progress lines. */
const REPEAT_MS = 10_000;

type Retry = Extract<Event, { kind: 'retry_scheduled' }>;

/** Retries of the same operation, for the same reason, at the same attempt. */
interface Group {
  /** The first that is not logged yet, and how many are like it. */
  waiting: { readonly first: Retry; readonly count: number; readonly isOneObject: boolean } | null;
  /** The object of the last line. */
  lastKey: string | undefined;
  timer: Disposable;
}

export interface RetryGroups {
  readonly read: EventSink;
  /** Logs what is waiting. Later retries are logged one by one. */
  readonly end: () => void;
}

/**
 * Stands before a log, and joins retries that are alike: an outage under 64 objects would fill the log with 64 lines that
 * differ in the key alone. One request at a time, as for a single object, is logged at once and as it is.
 */
export function groupRetries(log: EventSink, clock: Clock): RetryGroups {
  const groups = new Map<string, Group>();
  let [operations, inFlight] = [0, 0];
  let isOver = false;
  const logWaiting = (name: string, group: Group): void => {
    const { waiting } = group;
    group.waiting = null;
    if (waiting === null) {
      groups.delete(name);
      return;
    }
    const { first, count, isOneObject } = waiting;
    const { key, ...rest } = first;
    group.lastKey = key;
    // Another line before the time is over would be a second one about the same.
    group.timer = after(clock, REPEAT_MS, () => logWaiting(name, group));
    log(count === 1 ? first : { ...rest, ...(isOneObject && key !== undefined ? { key } : {}), requests: count });
  };
  const note = (event: Retry): void => {
    const name = JSON.stringify([event.operation, event.bucket, event.failure.code, event.retry, event.retries]);
    const known = groups.get(name);
    const group = known ?? { waiting: null, lastKey: event.key, timer: after(clock, GATHER_MS, () => undefined) };
    groups.set(name, group);
    const isAlone = operations <= 1 && inFlight === 0 && group.waiting === null && group.lastKey === event.key;
    group.waiting = join(group.waiting, event);
    if (known !== undefined && !isAlone) return;
    group.timer[Symbol.dispose]();
    if (isAlone) logWaiting(name, group);
    else group.timer = after(clock, GATHER_MS, () => logWaiting(name, group));
  };
  return {
    read: (event) => {
      // An operation that waits for its next attempt has no request in flight.
      if (event.kind === 'operation_started') operations += 1;
      if (event.kind === 'operation_finished') operations -= 1;
      if (event.kind === 'request_started') inFlight += 1;
      if (event.kind === 'request_ended') inFlight -= 1;
      if (event.kind === 'retry_scheduled' && !isOver) note(event);
      else log(event);
    },
    end: () => {
      isOver = true;
      for (const [name, group] of groups) {
        group.timer[Symbol.dispose]();
        logWaiting(name, group);
        group.timer[Symbol.dispose]();
      }
      groups.clear();
    },
  };
}

function join(waiting: Group['waiting'], event: Retry): NonNullable<Group['waiting']> {
  if (waiting === null) return { first: event, count: 1, isOneObject: true };
  const { first, count, isOneObject } = waiting;
  return { first, count: count + 1, isOneObject: isOneObject && first.key === event.key };
}
