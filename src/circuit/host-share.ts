import type { HostRecord } from './circuit.ts';

/** The caller's place in a fleet. */
export interface FleetMember {
  /** The name under which this host's results count. */
  readonly host: string;
  /** Hosts that must have failed before the circuit opens; at least 1. */
  readonly quorum: number;
}

/**
 * The most failures of one host that count towards the threshold: few enough that `quorum - 1` hosts can never reach
 * it. "Threshold reached, and two hosts seen" is not enough: one bad host and a single failure elsewhere would open the
 * circuit for all.
 */
export function findShare(failureThreshold: number, quorum: number): number {
  const even = Math.ceil(failureThreshold / quorum);
  return Math.max(1, quorum === 1 ? even : Math.min(even, Math.ceil(failureThreshold / (quorum - 1)) - 1));
}

/** The failures of a streak that count, with at most `share` of each host. */
export function countShares(hosts: readonly HostRecord[], share: number): number {
  return hosts.reduce((sum, { failures }) => sum + Math.min(failures, share), 0);
}

/** The most hosts in a row; those heard of longest ago make room. With a quorum of at most 100, it can still be met. */
export const HOSTS_KEPT = 256;

/** Adds `failures` of one host, which may be 0: then only the time changes. */
export function addToHost(
  hosts: readonly HostRecord[] = [],
  { host, failures, atMs }: HostRecord,
): readonly HostRecord[] {
  const known = hosts.find((other) => other.host === host);
  const total = (known?.failures ?? 0) + failures;
  const others = hosts.filter((other) => other !== known);
  return [...others, { host, failures: total, atMs: Math.max(known?.atMs ?? 0, atMs) }].slice(-HOSTS_KEPT);
}

/** The records that still bar their host: those of the last `openForMs`. */
export function keepRecent(
  hosts: readonly HostRecord[] | undefined,
  { nowMs, openForMs }: { readonly nowMs: number; readonly openForMs: number },
): readonly HostRecord[] {
  return hosts?.filter(({ atMs }) => atMs + openForMs > nowMs) ?? [];
}
