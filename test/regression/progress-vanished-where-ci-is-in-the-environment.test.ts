import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { span } from '../../src/ui/frame.ts';
import { PATIENCE } from '../support/patience.ts';

/**
 * Met: with `CI_PROJECT=x` in the environment of a shell, a transfer at a terminal showed no progress, and its last line only at the end.
 * Cause: Ink decides for itself whether anybody looks, by any variable whose name begins with CI; the command had decided otherwise.
 * Fix: the lines are drawn as interactive ones always, since whoever starts them has found a terminal.
 */
describe('progress where CI is in the environment', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it.each([
    ['CI', 'true'],
    ['CI_PROJECT', 'x'],
  ])('is drawn at once with %s=%s', async (name, value) => {
    vi.stubEnv(name, value);
    vi.resetModules();
    const { startLiveLines } = await import('../../src/ui/terminal.tsx');
    const written: string[] = [];
    const terminal = Object.assign(new PassThrough(), { columns: 80, rows: 24, isTTY: true });
    terminal.on('data', (chunk: Buffer) => written.push(chunk.toString()));
    const jobControl = {
      listen: () => ({ [Symbol.dispose]: () => undefined }),
      stop: async () => await Promise.resolve(),
    };
    const live = startLiveLines(terminal as unknown as NodeJS.WriteStream, { hasColour: false, jobControl });
    live.show([[span('50 %')]]);
    await vi.waitFor(() => expect(written.join('')).toContain('50 %'), PATIENCE);
    live.stop();
  });
});
