import { afterEach, beforeEach, expect, it } from 'vitest';
import { logForeignWarnings } from '../../../../src/cli/output/node-warnings.ts';
import type { Output } from '../../../../src/cli/output/output.ts';

const notes: string[] = [];
const output = {
  mode: { quiet: false, logFormat: 'text' },
  note: (line: string) => notes.push(line),
} as unknown as Output;

let warn: typeof console.warn;
let listeners: NodeJS.WarningListener[];
beforeEach(() => {
  warn = console.warn;
  listeners = process.listeners('warning');
  notes.length = 0;
  logForeignWarnings(() => output, { now: () => 0, monotonic: () => 0, sleep: async () => await Promise.resolve() });
});
afterEach(() => {
  console.warn = warn;
  process.removeAllListeners('warning');
  for (const listener of listeners) process.on('warning', listener);
});

it('passes on what a library warns of', () => {
  console.warn('something', 'is odd');
  expect(notes).toEqual([expect.stringContaining('something is odd')]);
});

it("leaves out how the SDK's own providers use its client", () => {
  console.warn('@smithy/node-http-handler - [WARN] a request has exceeded the configured 1000 ms requestTimeout.');
  expect(notes).toEqual([]);
});
