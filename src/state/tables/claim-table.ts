import type { ProcessIdentity } from '../../circuit/circuit.ts';
import { Fields, parseUsable } from './columns.ts';
import { parseProcess } from './circuit-rows.ts';
import type { Claim, ClaimCheck, ClaimStore } from '../state.ts';
import { type Statements, inTransaction } from '../statements.ts';

const SELECT = 'SELECT * FROM claims WHERE name = ?';
const REPLACE = 'INSERT OR REPLACE INTO claims (name, owner, taken_at_ms, expires_at_ms) VALUES (?, ?, ?, ?)';
const RENEW = 'UPDATE claims SET expires_at_ms = ? WHERE name = ? AND owner = ?';
const RELEASE = 'DELETE FROM claims WHERE name = ? AND owner = ?';

/** Claims in an open database. Its methods throw what the database throws. */
export function openClaimTable(statements: Statements): ClaimStore {
  return {
    find: (name, check) => findHeld(statements, name, check),
    take: (name, { process, ...check }) =>
      inTransaction(statements, 'write', () => {
        const held = findHeld(statements, name, check);
        if (held !== null) return held;
        const nowMs = check.now();
        statements.prepare(REPLACE).run(name, formatOwner(process), nowMs, nowMs + check.leaseMs);
        return null;
      }),
    renew: (name, { process, now, leaseMs }) =>
      Number(statements.prepare(RENEW).run(now() + leaseMs, name, formatOwner(process)).changes) === 1,
    release: (name, process) => void statements.prepare(RELEASE).run(name, formatOwner(process)),
  };
}

/** A stopped owner keeps its claim. The lease decides only if the owner cannot be checked. */
function findHeld(statements: Statements, name: string, { now, leaseMs, checkOwner }: ClaimCheck): Claim | null {
  const [held] = parseUsable(statements.prepare(SELECT).get(name), parseClaim);
  if (held === undefined) return null;
  const life = checkOwner(held.owner);
  const nowMs = now();
  // If the clock has jumped back, a claim must not last longer than its lease.
  const isLeased = held.expiresAtMs > nowMs && held.expiresAtMs <= nowMs + leaseMs;
  return life === 'alive' || (life === 'unknown' && isLeased) ? held : null;
}

/** Claims are found by this text, so the order of its fields is fixed. */
function formatOwner({ pid, startTime, bootId, pidNamespace, host, command }: ProcessIdentity): string {
  return JSON.stringify({ pid, startTime, bootId, pidNamespace, host, command });
}

function parseClaim(record: unknown): Claim {
  const fields = new Fields(record);
  return {
    owner: parseProcess(new Fields(fields.json('owner'))),
    takenAtMs: fields.time('taken_at_ms'),
    expiresAtMs: fields.time('expires_at_ms'),
  };
}
