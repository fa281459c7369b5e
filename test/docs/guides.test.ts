import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isInstalled } from '../support/debian-server.ts';
import { playGuide } from './play-guide.ts';
import { readGuide, withoutChanging } from './read-guide.ts';

const GUIDES = new URL('../../docs/guides/', import.meta.url);
const names = readdirSync(GUIDES).filter((name) => name.endsWith('.md'));

/** Guides that need a program that may be missing; each says in one line that it is skipped. */
const canPlay = (text: string): boolean =>
  !text.includes('<!-- play: redis') || isInstalled('redis-server', 'the guide of a fleet');

describe('the guides', () => {
  it.concurrent.each(names)('%s prints what it says', async (name) => {
    const text = readFileSync(new URL(name, GUIDES), 'utf8');
    const commands = readGuide(text).steps.filter(({ kind }) => kind === 'command');
    expect(commands.length).toBeGreaterThan(2);
    if (!canPlay(text)) return;
    const played = await playGuide(text);
    for (const { step, printed } of played) {
      expect([`${name}:${step.line}`, step.text, withoutChanging(printed)]).toEqual([
        `${name}:${step.line}`,
        step.text,
        withoutChanging(step.printed),
      ]);
    }
  });
});
