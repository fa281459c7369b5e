import { accessSync, existsSync, globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, BreakwaterError } from '../../src/errors.ts';
import { exitStatusOf } from '../../src/cli/output/exit-status.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('the README', () => {
  it('names every command with its usage and summary', () => {
    const { commands } = JSON.parse(read('oclif.manifest.json')) as {
      commands: Record<string, { usage: string; summary: string }>;
    };
    const rows = Object.values(commands).map(({ usage, summary }) => `| \`${usage}\` | ${summary} |`);
    const found = read('README.md')
      .split('\n')
      .filter((line) => rows.includes(line));
    expect(found.toSorted()).toEqual(rows.toSorted());
  });

  it('names every error code beside its exit status', () => {
    const rows = read('README.md')
      .split('\n')
      .filter((line) => /^\| [\d, ]+\|/.test(line));
    for (const code of ERROR_CODES) {
      const row = rows.find((line) => line.includes(`\`${code}\``));
      const status = exitStatusOf(
        new BreakwaterError(code, '', code === 'interrupted' ? { details: { reason: 'sigint' } } : {}),
      );
      expect([code, row?.split('|')[1]?.trim().split(', ')]).toEqual([code, expect.arrayContaining([String(status)])]);
    }
  });

  it('links only to what is there', () => {
    const documents = [
      'README.md',
      'CONTRIBUTING.md',
      'CHANGELOG.md',
      'ARCHITECTURE.md',
      ...globSync('docs/**/*.md', { cwd: ROOT }),
    ];
    expect(documents.length).toBeGreaterThan(20);
    for (const path of documents) {
      for (const [, link = ''] of read(path).matchAll(/\]\(([^)#h][^)#]*)/g)) {
        expect(() => accessSync(posix.join(ROOT, posix.dirname(path), link)), `${path} -> ${link}`).not.toThrow(
          /ENOENT/,
        );
      }
    }
  });

  it('packs no document with a link to what is not packed', () => {
    const { files } = JSON.parse(read('package.json')) as { files: string[] };
    const isPacked = (path: string): boolean => files.some((entry) => path === entry || path.startsWith(`${entry}/`));
    const documents = files.flatMap((entry) =>
      entry.endsWith('.md') ? [entry] : entry === 'docs' ? globSync('docs/**/*.md', { cwd: ROOT }) : [],
    );
    const dead = documents
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) =>
        [...read(path).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
          .map(([, link = '']) => posix.join(posix.dirname(path), link).replace(/\/$/, ''))
          .filter((target) => !isPacked(target) || !existsSync(ROOT + target))
          .map((target) => `${path} -> ${target}`),
      );
    expect(documents.length).toBeGreaterThan(10);
    expect(dead).toEqual([]);
  });

  it('names tests as evidence that are there', () => {
    const names = [...read('docs/evidence.md').matchAll(/`([a-z/-]+\.test\.ts|test\/[a-z/-]+\.ts)`/g)].map(
      ([, name = '']) => name,
    );
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      const path = name.startsWith('test/') ? name : `test/regression/${name}`;
      expect(() => read(path), path).not.toThrow();
    }
  });
});
