import { afterEach, describe, expect, it } from 'vitest';
import { listenToSignals } from '../../../src/cli/signals.ts';
import type { BreakwaterError } from '../../../src/errors.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK'] as const;
type Signal = (typeof SIGNALS)[number];

let stop = (): void => undefined;
afterEach(() => stop());

/** Listens, and hands out what a signal would call: other listeners of this process are left alone. */
function listen({
  ignoresHangUp = false,
  platform = 'linux',
}: { ignoresHangUp?: boolean; platform?: NodeJS.Platform } = {}) {
  const before = new Set(SIGNALS.flatMap((signal) => process.listeners(signal)));
  const interrupts: BreakwaterError[] = [];
  const seconds: number[] = [];
  stop = listenToSignals({
    ignoresHangUp,
    platform,
    onInterrupt: (error) => interrupts.push(error),
    onSecond: (status) => seconds.push(status),
  });
  const send = (signal: Signal): void => {
    for (const listener of process.listeners(signal)) if (!before.has(listener)) listener(signal);
  };
  return { interrupts, seconds, send };
}

describe('listenToSignals', () => {
  it('ignores hang-ups, and nothing else, for a process that nohup started', () => {
    const { interrupts, seconds, send } = listen({ ignoresHangUp: true });
    send('SIGHUP');
    send('SIGHUP');
    expect([interrupts, seconds]).toEqual([[], []]);
    send('SIGTERM');
    expect(interrupts).toMatchObject([{ details: { reason: 'sigterm' } }]);
  });

  it.each([
    ['SIGINT', 'sigint', 130],
    ['SIGTERM', 'sigterm', 143],
    ['SIGHUP', 'sighup', 129],
  ] as const)('interrupts at the first %s and ends at once at the second', (signal, reason, status) => {
    const { interrupts, seconds, send } = listen();
    send(signal);
    expect(interrupts).toMatchObject([
      { code: 'interrupted', message: `interrupted by ${signal}`, details: { reason } },
    ]);
    expect(seconds).toEqual([]);
    send(signal);
    expect(seconds).toEqual([status]);
    expect(interrupts).toHaveLength(1);
  });

  it('ends with the status of the second signal, whatever the first was', () => {
    const { seconds, send } = listen();
    send('SIGINT');
    send('SIGTERM');
    expect(seconds).toEqual([143]);
  });

  it('takes Ctrl-Break for Ctrl-C on Windows, and elsewhere does not know it', () => {
    const { interrupts, seconds, send } = listen({ platform: 'win32' });
    send('SIGBREAK');
    send('SIGBREAK');
    expect(interrupts).toMatchObject([{ message: 'interrupted by SIGBREAK', details: { reason: 'sigint' } }]);
    expect(seconds).toEqual([130]);
    stop();
    const elsewhere = listen({ platform: 'darwin' });
    elsewhere.send('SIGBREAK');
    expect(elsewhere.interrupts).toEqual([]);
  });

  it('removes its listeners', () => {
    const count = () => SIGNALS.map((signal) => process.listenerCount(signal));
    const before = count();
    const { interrupts, send } = listen({ platform: 'win32' });
    expect(count()).toEqual(before.map((listeners) => listeners + 1));
    stop();
    expect(count()).toEqual(before);
    send('SIGINT');
    expect(interrupts).toEqual([]);
  });
});
