import { createHash } from 'node:crypto';
import { every } from '../abort.ts';
import type { Clock } from '../clock.ts';
import { FleetFailure } from '../circuit/fleet-store.ts';
import { readFields } from '../read-fields.ts';
import { Fields, parseUsable } from '../state/tables/columns.ts';
import type { ClaimHolder } from '../unfinished-work.ts';
import type { Engine } from './engine.ts';
import type { Ask } from './fleet-store.ts';

/** A lease that is not renewed ends after this long, by the engine's clock, in ms. */
const LEASE_MS = 30_000;
/** A released lease is overwritten with this time to live, in ms: deleting it would need another right. */
const RELEASED_MS = 1;
/** No system has a larger process id. */
const PID_MAX = 2 ** 32;
/** Raised by a change that older programs would read wrongly. */
const VERSION = 1;

interface LeaseOptions {
  readonly ask: Ask;
  readonly clock: Pick<Clock, 'sleep'>;
  /** What is leased; its digest is part of the key. */
  readonly id: string;
  readonly owner: Pick<ClaimHolder, 'host' | 'pid'>;
  /** A new unguessable token, by which the owner knows its lease again. */
  readonly token: string;
  /** Called whenever the engine cannot be asked. */
  readonly onFailure: (error: unknown) => void;
}

/** A lease in the engine, renewed until it is disposed. */
export interface WorkLease extends AsyncDisposable {
  /** False once another host has taken the lease that this process had. */
  readonly isOurs: () => boolean;
  /** Aborts when another host has taken it. */
  readonly lost: AbortSignal;
}

type Look = 'ours' | 'unreadable' | ClaimHolder;

/**
 * Takes a lease on work that one process of all hosts may do at a time. An engine that fails never prevents it: the
 * lease is then taken when it answers again, unless another host has it by then.
 * @returns the holder, if another process has the lease
 */
export async function takeLease(options: LeaseOptions): Promise<WorkLease | ClaimHolder> {
  const { clock, onFailure } = options;
  const lost = new AbortController();
  const isLost = (): boolean => lost.signal.aborted;
  let hadIt = false;
  const take = async (): Promise<ClaimHolder | null> => {
    try {
      const look = await options.ask(async (engine) => await compare(engine, options));
      // Nobody knows whose it is, so it cannot keep anybody from working.
      if (look === 'unreadable') throw new FleetFailure('bad_answer');
      hadIt ||= look === 'ours';
      return look === 'ours' ? null : { ...look, outlivedMs: LEASE_MS };
    } catch (error) {
      onFailure(error);
      return null;
    }
  };
  const holder = await take();
  if (holder !== null) return holder;
  let renewing: Promise<void> = Promise.resolve();
  const renew = async (): Promise<void> => {
    if ((await take()) === null || !hadIt) return;
    renewal[Symbol.dispose]();
    lost.abort();
  };
  const renewal = every(clock, LEASE_MS / 3, async () => {
    renewing = renew();
    await renewing;
  });
  return {
    isOurs: () => !isLost(),
    lost: lost.signal,
    [Symbol.asyncDispose]: async () => {
      renewal[Symbol.dispose]();
      // A renewal under way would take it again.
      await renewing;
      if (hadIt && !isLost()) await release(options);
    },
  };
}

/** Stores the owner, if nobody else is stored. */
async function compare(engine: Engine, { id, token, owner }: LeaseOptions): Promise<Look> {
  const key = leaseKey(id);
  // Twice: another host may come between.
  for (let comparison = 1; comparison <= 2; comparison += 1) {
    const { nowMs, values } = await engine.read([key]);
    const stored = values[0] ?? null;
    const holder = stored === null ? null : parseHolder(stored);
    if (stored !== null && holder === null) return 'unreadable';
    if (holder !== null && holder.token !== token) return holder;
    const value = JSON.stringify({ v: VERSION, token, ...owner, sinceMs: holder?.sinceMs ?? nowMs });
    if (await set(engine, { key, expected: stored, value, expiresInMs: LEASE_MS })) return 'ours';
  }
  throw new FleetFailure('contended');
}

/** What is not released expires. */
async function release({ ask, id, token, onFailure }: LeaseOptions): Promise<void> {
  try {
    await ask(async (engine) => {
      const key = leaseKey(id);
      const stored = (await engine.read([key])).values[0] ?? null;
      if (stored === null || parseHolder(stored)?.token !== token) return;
      await set(engine, { key, expected: stored, value: stored, expiresInMs: RELEASED_MS });
    });
  } catch (error) {
    onFailure(error);
  }
}

interface Replacement {
  readonly key: string;
  readonly expected: string | null;
  readonly value: string;
  readonly expiresInMs: number;
}

async function set(engine: Engine, change: Replacement): Promise<boolean> {
  return await engine.compareAndSet({ ...change, listKey: change.key, entries: [] });
}

/** Not below the prefix of circuits, whose keys are listed. */
function leaseKey(id: string): string {
  return `breakwater:lease:{${createHash('sha256').update(id).digest('hex')}}`;
}

/** @throws FleetFailure `newer_row` for a lease of a newer program */
function parseHolder(text: string): (ClaimHolder & { readonly token: string }) | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { v } = readFields(value);
  if (typeof v === 'number' && v > VERSION) throw new FleetFailure('newer_row');
  if (v !== VERSION) return null;
  const [holder] = parseUsable(value, (record) => {
    const fields = new Fields(record);
    const pid = fields.between('pid', 1, PID_MAX);
    return { token: fields.text('token'), host: fields.text('host'), pid, sinceMs: fields.time('sinceMs') };
  });
  return holder ?? null;
}
