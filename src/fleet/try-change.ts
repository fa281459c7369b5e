import { FleetFailure } from '../circuit/fleet-store.ts';
import type { Ask } from './fleet-store.ts';

/** What it writes expires after this long by itself, in ms; it is overwritten before. */
const KEPT_MS = 10_000;
/** As deleting it would, which is another right. */
const RELEASED_MS = 1;

interface TriedChange {
  /** Whether the list of state changes was written, too: a change is stored even where that is refused. */
  readonly keepsHistory: boolean;
}

/**
 * Changes a value of its own as circuits are changed: a server that answers may still be a replica, be full, refuse the
 * script, or stand behind something that answers in its place. Leaves nothing behind.
 * @param token a new unguessable text, which makes the key and the value
 * @throws FleetFailure for what a change of a circuit would meet
 */
export async function tryChange(ask: Ask, token: string): Promise<TriedChange> {
  // Below the prefix that access rules allow, but not below that of circuits, whose keys are listed.
  const key = `breakwater:check:{${token}}`;
  const listKey = `${key}:history`;
  const change = { key, value: token, listKey, entries: [], expiresInMs: KEPT_MS };
  return await ask(async (engine) => {
    const isStored = await engine.compareAndSet({ ...change, expected: null, entries: [token] });
    // It must compare: now there is a value.
    const isStoredAgain = await engine.compareAndSet({ ...change, expected: null, value: 'another' });
    const { values } = await engine.read([key, listKey]);
    const [value, list = null] = values;
    if (!isStored || isStoredAgain || value !== token) throw new FleetFailure('bad_answer');
    const released = { ...change, expiresInMs: RELEASED_MS };
    await engine.compareAndSet({ ...released, expected: token });
    // Of another type than text, it is read as some text, and can be replaced as such.
    if (list !== null) await engine.compareAndSet({ ...released, key: listKey, expected: list });
    return { keepsHistory: list !== null };
  });
}
