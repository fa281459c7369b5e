import { spawnSync } from 'node:child_process';
import { platform } from 'node:os';
import { describe, expect, it } from 'vitest';
import { measureColumns } from '../../src/ui/frame.ts';
import { Program } from '../support/program.ts';
import { Terminal } from '../support/terminal.ts';

function hasTmux(): boolean {
  const isHere = platform() === 'linux' && spawnSync('tmux', ['-V']).error === undefined;
  if (!isHere) console.log('skipped: the width of a real terminal needs tmux, which is not installed');
  return isHere;
}

describe.skipIf(!hasTmux())('in a narrow terminal', () => {
  it('breaker-status wraps long names and reasons itself, with nothing cut off', async () => {
    await using program = await Program.create();
    const name = `s3-upload@${'storage.'.repeat(8)}example:9000`;
    const reason = `moving 数据 ${'and more '.repeat(20)}until noon`;
    const isolated = await program.run(['breaker-isolate', name, '--for', '1h', '--reason', reason]);
    expect(isolated.status).toBe(0);
    for (const columns of [80, 40]) {
      await using terminal = new Terminal(program, { columns, rows: 40 });
      await terminal.waitFor(/prompt>/);
      terminal.enter('clear');
      terminal.run('breaker-status --all-scopes');
      const screen = await terminal.waitFor(/status=0/);
      const lines = screen.split('\n');
      expect(Math.max(...lines.map(measureColumns))).toBeLessThanOrEqual(columns);
      const text = screen.replaceAll(/\s+/g, '');
      for (const part of [name, reason, 'allowed again at']) expect(text).toContain(part.replaceAll(' ', ''));
    }
  });
});
