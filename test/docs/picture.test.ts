import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listOutageLines } from './draw-outage.ts';
import { drawTerminal, readPicture } from './draw-terminal.ts';
import { normaliseScenes, playOutage } from './play-outage.ts';
import { withoutChanging } from './read-guide.ts';

const picture = readFileSync(new URL('../../docs/pictures/outage.svg', import.meta.url), 'utf8');

/** Without what changes, and without line breaks: where they are depends on the length of what changes. */
const comparable = (lines: readonly string[]): string =>
  withoutChanging([
    lines
      .join(' ')
      // oxlint-disable-next-line no-control-regex -- an escape begins with one
      .replaceAll(/\u001b\[\d+m/g, '')
      .replaceAll(/\s+/g, ' '),
  ]).join('');

describe('the picture in the README', () => {
  it('shows what the program prints', async () => {
    const startedAtMs = Date.now();
    const scenes = normaliseScenes(await playOutage({ retryBase: '10ms' }), startedAtMs);
    expect(scenes.map(({ status }) => status)).toEqual([69, 75, 0]);
    expect(scenes.map(({ requests }) => requests)).toEqual([4, 0, 0]);
    expect(comparable(readPicture(picture))).toBe(comparable(listOutageLines(scenes)));
  });

  it('is small, in light and dark, described, and loads nothing', () => {
    expect(picture.length).toBeLessThan(20_000);
    expect(picture).toContain('prefers-color-scheme:dark');
    expect(picture).toMatch(/<title id="title">.+<\/title>\n<desc id="desc">.+<\/desc>/);
    expect(picture.replace('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:\/\/(?!127)|url\(|@import|href|<script/,
    );
    expect(readFileSync(new URL('../../README.md', import.meta.url), 'utf8')).toMatch(
      /!\[[^\]]{80,}\]\(docs\/pictures\/outage\.svg\)/,
    );
  });

  it('escapes markup, wraps at words and keeps every character of a line', () => {
    const line = 'a <b> & "c" \u001b[31mred and more\u001b[0m  end';
    const svg = drawTerminal([line], { columns: 12, title: '<t>', description: '&' });
    expect(svg).toContain('<title id="title">&lt;t&gt;</title>');
    expect(svg).toContain('<tspan class="c31">');
    expect(readPicture(svg)).toEqual(['a <b> & "c" red and more  end']);
  });

  it('draws no escape that it does not know', () => {
    const draw = (line: string): string => drawTerminal([line], { columns: 80, title: '', description: '' });
    expect(() => draw('\u001b[2K')).toThrow('no such escape');
    expect(() => draw('\u001b[35m')).toThrow('no colour 35');
  });
});
