import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../src/', import.meta.url));
const EXPORTED = /^export (?:async )?(?:function\*?|const|let|class|interface|type) (\w+)/gm;

/** A search for a name finds one thing. The sandbox stands alone and may have names of its own. */
it('exports each name once outside the sandbox', () => {
  const files = new Map<string, string[]>();
  for (const file of globSync('**/*.{ts,tsx}', { cwd: ROOT, exclude: ['sandbox/**'] })) {
    for (const [, name = ''] of readFileSync(`${ROOT}${file}`, 'utf8').matchAll(EXPORTED)) {
      files.set(name, [...(files.get(name) ?? []), file]);
    }
  }
  expect(files.size).toBeGreaterThan(500);
  expect([...files].filter(([, places]) => places.length > 1)).toEqual([]);
});
