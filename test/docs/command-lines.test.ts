/** Every command line of the documents is run, word for word, or stands in not-run.ts with the reason. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ENGINES } from '../support/redis-server.ts';
import { collectBlocks, collectPackagingFiles } from './command-lines.ts';
import { NOT_RUN, PACKAGING, type NotRun } from './not-run.ts';
import { PLAYS } from './plays.ts';
import { canStage, runOnStage } from './stage.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(ROOT + path, 'utf8');

const matches = ({ line }: NotRun, text: string): boolean =>
  typeof line === 'string' ? line === text : line.test(text);
const blocks = collectBlocks();
const texts = blocks.flatMap(({ lines }) => lines.map(({ text }) => text));
const toRun = blocks
  .map(({ place, lines }) => ({
    place,
    lines: lines
      .filter(({ text }) => !NOT_RUN.some((entry) => matches(entry, text)))
      .map((line) => ({ ...line, play: PLAYS[line.text] ?? {} })),
  }))
  .filter(({ lines }) => lines.length > 0);

const isOnStage = canStage();
const hasEngine = ENGINES.length > 0;

/** What a line that worked does not say. */
const COMPLAINT = /^(?:error|warning|usage|hint)\b|not found|No such file|Traceback|^\s+at /im;

describe.skipIf(!isOnStage)('a reader who pastes the lines of', () => {
  it.concurrent.for(toRun)('$place has no trouble', async ({ lines }) => {
    if (!hasEngine && lines.some(({ play }) => play.needsEngine ?? play.startsEngine)) return;
    for (const [index, outcome] of (await runOnStage(lines)).entries()) {
      const { status = 0 } = lines[index]!.play;
      const complaint = status === 0 ? (COMPLAINT.test(outcome.complaint) ? outcome.complaint : '') : '';
      expect({ ...outcome, complaint }).toEqual({ text: outcome.text, status, complaint: '', unproven: '' });
    }
  });
});

describe('the lists beside this test', () => {
  it('name only lines that a document has', () => {
    expect(NOT_RUN.filter((entry) => !texts.some((text) => matches(entry, text)))).toEqual([]);
    expect(Object.keys(PLAYS).filter((line) => !texts.includes(line))).toEqual([]);
  });

  it('name for a line that is not run what runs it', () => {
    for (const { line, by } of NOT_RUN) {
      if (by === undefined) continue;
      expect(existsSync(ROOT + by), by).toBe(true);
      if (by === 'package.json') expect(read(by)).toContain(`"${String(line).replace(/^npm (run )?/, '')}": `);
      else if (!by.endsWith('.test.ts')) expect(read(by), by).toContain(line);
    }
  });

  it('name a test for every file of packaging that is given out', () => {
    expect(collectPackagingFiles()).toEqual(Object.keys(PACKAGING));
    for (const [file, test] of Object.entries(PACKAGING)) {
      expect([file, read(test).includes(file.replace(/.*\//, '')) || read(test).includes('.deb')]).toEqual([
        file,
        true,
      ]);
    }
  });
});
