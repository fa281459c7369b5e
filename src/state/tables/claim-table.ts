import type { ProcessIdentity } from '../../circuit/circuit.ts';
import { Fields } from './columns.ts';
import { parseProcess } from './circuit-rows.ts';
import type { Claim, ClaimStore } from '../state.ts';
import { type Statements, inTransaction } from '../statements.ts';

const SELECT = 'SELECT * FROM claims WHERE name = ?';
const REPLACE = 'INSERT OR REPLACE INTO claims (name, owner, taken_at_ms, expires_at_ms) VALUES (?, ?, ?, ?)';
const RENEW = 'UPDATE claims SET expires_at_ms = ? WHERE name = ? AND owner = ?';
const RELEASE = 'DELETE FROM claims WHERE name = ? AND owner = ?';

/** Claims in an open database. Its methods throw what the database throws. */
export function openClaimTable(statements: Statements): ClaimStore {
  return {
    take: (name, { process, nowMs, leaseMs, isOwnerAlive }) =>
      inTransaction(statements, 'write', () => {
        const record = statements.prepare(SELECT).get(name);
        const held = record === undefined ? null : parseClaim(record);
        // After a clock has jumped back, a claim must not last longer than its lease.
        const isLive = held !== null && held.expiresAtMs > nowMs && held.expiresAtMs <= nowMs + leaseMs;
        if (held !== null && isLive && isOwnerAlive(held.owner)) return held;
        statements.prepare(REPLACE).run(name, formatOwner(process), nowMs, nowMs + leaseMs);
        return null;
      }),
    renew: (name, { process, nowMs, leaseMs }) =>
      statements.prepare(RENEW).run(nowMs + leaseMs, name, formatOwner(process)).changes === 1,
    release: (name, process) => void statements.prepare(RELEASE).run(name, formatOwner(process)),
  };
}

/** Claims are found by this text, so the order of its fields is fixed. */
function formatOwner({ pid, startTime, bootId, pidNamespace, host, command }: ProcessIdentity): string {
  return JSON.stringify({ pid, startTime, bootId, pidNamespace, host, command });
}

function parseClaim(record: unknown): Claim {
  const fields = new Fields(record);
  return {
    owner: parseProcess(new Fields(fields.json('owner'))),
    takenAtMs: fields.whole('taken_at_ms'),
    expiresAtMs: fields.whole('expires_at_ms'),
  };
}
