/**
 * Met: one run while the clock was 400 days ahead; from then on, for 400 days, the gauges of the last success showed that time,
 *   and an alert on their age stayed silent.
 * Cause: the later of two times was kept, whatever the time was.
 * Fix: a stored time in the future counts as now. The first command with a right clock sets it back, whether it writes or reads.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openState } from '../../src/state/open-state.ts';

const FAMILY = 's3_sweep_last_success_timestamp_seconds';
const NOW_S = Date.UTC(2026, 0, 2) / 1000;
const YEAR_S = 365 * 86_400;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-state-'));
});
afterEach(async () => await rm(directory, { recursive: true }));

/** One command at a time of its own clock, in seconds. @returns the gauges that it sees */
function command(nowS: number, succeeds: readonly string[] = [], adds = succeeds.length > 0): Record<string, number> {
  const state = openState({ directory, clock: { now: () => nowS * 1000 }, onWarning: () => undefined });
  const gauges = succeeds.map((bucket) => ({ family: FAMILY, labels: { bucket }, value: nowS }));
  if (adds) state.metrics.add(() => ({ counters: [], histograms: [], refusals: [], gauges }));
  const seen = state.metrics.read().gauges.map(({ labels, value }) => [labels['bucket'], value] as const);
  state.close();
  return Object.fromEntries(seen);
}

it('shows the run with the right clock', () => {
  command(NOW_S + YEAR_S, ['b', 'other']);
  expect(command(NOW_S, ['b'])).toEqual({ b: NOW_S, other: NOW_S });
  expect(command(NOW_S + 60, ['b'])).toEqual({ b: NOW_S + 60, other: NOW_S });
});

it('shows the first look with a right clock, not the moment of every look', () => {
  command(NOW_S + YEAR_S, ['b']);
  expect(command(NOW_S)).toEqual({ b: NOW_S });
  expect(command(NOW_S + 3600)).toEqual({ b: NOW_S });
});

it('is set back by a command that succeeded at nothing', () => {
  command(NOW_S + YEAR_S, ['b']);
  command(NOW_S, [], true);
  expect(command(NOW_S + 3600)).toEqual({ b: NOW_S });
});

it('keeps what a right clock stored when a later one shows 1970', () => {
  command(NOW_S, ['b']);
  expect(command(1000, ['b'])).toEqual({ b: NOW_S });
  expect(command(NOW_S + 60)).toEqual({ b: NOW_S });
});

it('does not store the time of a clock that was ahead while the command ran', () => {
  const state = openState({ directory, clock: { now: () => NOW_S * 1000 }, onWarning: () => undefined });
  const gauges = [{ family: FAMILY, labels: {}, value: NOW_S + YEAR_S }];
  state.metrics.add(() => ({ counters: [], histograms: [], refusals: [], gauges }));
  state.close();
  expect(Object.values(command(NOW_S + 60))).toEqual([NOW_S]);
});
