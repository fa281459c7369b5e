import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeManPages, type ManSources } from '../../../packaging/man/man-pages.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const manifest = JSON.parse(read('oclif.manifest.json')) as ManSources['manifest'];
const pages = makeManPages({ manifest, readme: read('README.md') });

describe('the manual pages', () => {
  it('are one for the program and one for each command', () => {
    const names = Object.keys(manifest.commands).map((id) => `breakwater-${id}.1`);
    expect([...pages.keys()].toSorted()).toEqual(['breakwater.1', ...names].toSorted());
  });

  it('name every flag of the command with its environment variable', () => {
    for (const { id, flags } of Object.values(manifest.commands)) {
      const page = pages.get(`breakwater-${id}.1`) ?? '';
      for (const { name, env, hidden } of Object.values(flags)) {
        if (hidden === true) continue;
        expect(page, `${id} --${name}`).toContain(name.replaceAll('-', String.raw`\-`));
        expect(page, `${id} --${name}`).toContain(env ?? '');
      }
    }
  });

  it('have the exit statuses of the README', () => {
    expect(pages.get('breakwater.1')).toContain('.TP\n\\fB75\\fR\ncircuit_open, deadline, locked: try again later');
  });

  it('fail where the README is no longer as they expect', () => {
    expect(() => makeManPages({ manifest, readme: '# breakwater\n\nabout\n\n' })).toThrow(/table of exit statuses/);
    expect(() => makeManPages({ manifest, readme: '' })).toThrow(/begins/);
  });
});
