import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { renderToString } from 'ink';
import { createElement } from 'react';
import { describe, expect, it } from 'vitest';
import { startLiveProgress, TransferProgress } from '../../src/ui/transfer-progress.tsx';
import { NO_TRANSFER, type TransferSnapshot } from '../../src/ui/transfer-snapshot.ts';

const HALF: TransferSnapshot = {
  ...NO_TRANSFER,
  name: 'a',
  started: 1,
  startedAtMs: 0,
  movedBytes: 512,
  totalBytes: 1024,
};

function draw(snapshot: TransferSnapshot, columns: number, name = 's3://b/a'): string {
  return renderToString(createElement(TransferProgress, { snapshot, nowMs: 1000, name, columns }), { columns });
}

describe('TransferProgress', () => {
  it.each([
    ['half', 512, `[${'#'.repeat(12)}${'-'.repeat(12)}] 50 % of 1.0 KiB, 512 B/s, 0:01 left  s3://b/a`],
    ['nothing', 0, `[${'-'.repeat(24)}] 0 % of 1.0 KiB  s3://b/a`],
    ['all', 1024, `[${'#'.repeat(24)}] 100 % of 1.0 KiB, 1.0 KiB/s, 0:00 left  s3://b/a`],
  ])('shows a bar, the numbers and the name: %s', (_share, movedBytes, line) => {
    expect(draw({ ...HALF, movedBytes }, 100)).toBe(line);
  });

  it('has no bar where no whole is known', () => {
    expect(draw({ ...HALF, totalBytes: null }, 100)).toBe('512 B, 512 B/s  s3://b/a');
  });

  it('leaves the bar out where it is narrow', () => {
    expect(draw(HALF, 60)).toContain('[#');
    expect(draw(HALF, 59)).toBe('50 % of 1.0 KiB, 512 B/s, 0:01 left  s3://b/a');
  });

  it.each([[21], [40], [59], [60], [80], [200]])(
    'stays on one line of %d columns, however long the name',
    (columns) => {
      const line = draw(HALF, columns, 'n'.repeat(500));
      expect(line).not.toContain('\n');
      expect(line.length).toBeLessThan(columns);
    },
  );
});

describe('startLiveProgress', () => {
  /** A terminal of 80 columns that keeps what is written. */
  function openTerminal() {
    const written: string[] = [];
    const stream = Object.assign(new PassThrough(), { columns: 80, rows: 24, isTTY: true });
    stream.on('data', (chunk: Buffer) => written.push(chunk.toString()));
    return { stream: stream as unknown as NodeJS.WriteStream, text: () => written.join('') };
  }

  it('steps aside for what is written, and gives the cursor back at the end', async () => {
    const { stream, text } = openTerminal();
    const live = startLiveProgress(stream);
    // Before anything is shown there is nothing to step aside.
    live.stepAside(() => stream.write('early\n'));
    live.show({ snapshot: HALF, nowMs: 1000, name: 's3://b/a' });
    live.stepAside(() => stream.write('warning: x\n'));
    live.stop();
    live.stop();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    const plain = stripVTControlCharacters(text());
    expect(plain.startsWith('early\n')).toBe(true);
    expect(plain).toContain('50 % of 1.0 KiB');
    expect(plain).toContain('warning: x\n');
    // Under CI=true Ink hides no cursor, so that none need come back.
    expect(text().lastIndexOf('\u001b[?25h')).toBeGreaterThanOrEqual(text().lastIndexOf('\u001b[?25l'));
  });
});
