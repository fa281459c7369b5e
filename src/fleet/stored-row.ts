import type { CircuitRow, HostRecord, Transition } from '../circuit/circuit.ts';
import { FleetFailure } from '../circuit/fleet-store.ts';
import { HOSTS_KEPT } from '../circuit/host-share.ts';
import { readFields } from '../read-fields.ts';
import { parseCircuitRow, parseTransition, toCircuitRecord, toTransitionRecord } from '../state/tables/circuit-rows.ts';
import { Fields, parseUsable } from '../state/tables/columns.ts';

/** Raised by a change that older programs would read wrongly. */
const VERSION = 1;

const PREFIX = 'breakwater:{';

/** The key of a circuit's row. The braces make it one slot of a cluster with its history. */
export function rowKey(circuit: string): string {
  return `${PREFIX}${circuit}}`;
}

/** The key of the list of its transitions. */
export function historyKey(circuit: string): string {
  return `${rowKey(circuit)}:history`;
}

/** The circuit of a row's key; null for any other key, also one that something else has written below the prefix. */
export function circuitOfKey(key: string): string | null {
  const circuit = key.startsWith(PREFIX) && key.endsWith('}') ? key.slice(PREFIX.length, -1) : '';
  return /^[a-z][a-z\d-]*(?:@[!-~]+)?$/.test(circuit) ? circuit : null;
}

export function formatRow(row: CircuitRow): string {
  return JSON.stringify({ v: VERSION, ...toCircuitRecord(row), ...(row.hosts && { hosts: row.hosts }) });
}

export function formatTransition(transition: Transition): string {
  return JSON.stringify({ v: VERSION, ...toTransitionRecord(transition) });
}

/**
 * A stored row; undefined for text that is none, which counts as no record and is replaced by the next change.
 * @throws FleetFailure `newer_row` for one of a newer program, which must not be replaced
 */
export function parseRow(text: string, circuit: string): CircuitRow | undefined {
  const value = parseJson(text);
  const [row] = parseUsable(value, (record) => ({ ...parseCircuitRow(record), ...parseHosts(record) }));
  return row?.name === circuit ? row : undefined;
}

/** The transitions of a stored list, without entries that are none. */
export function parseTransitions(texts: readonly string[]): readonly Transition[] {
  return texts.flatMap((text) => parseUsable(parseJson(text), parseTransition));
}

function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { v } = readFields(value);
  if (typeof v === 'number' && v > VERSION) throw new FleetFailure('newer_row');
  return v === VERSION ? value : undefined;
}

function parseHosts(record: unknown): Pick<CircuitRow, 'hosts'> {
  const { hosts } = readFields(record);
  if (!Array.isArray(hosts)) return {};
  return { hosts: hosts.slice(-HOSTS_KEPT).flatMap((entry) => parseUsable(entry, parseHost)) };
}

function parseHost(record: unknown): HostRecord {
  const fields = new Fields(record);
  return { host: fields.text('host'), failures: fields.between('failures', 0, 2 ** 52), atMs: fields.time('atMs') };
}
