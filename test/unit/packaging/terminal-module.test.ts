import { runInThisContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { asCommonJs } from '../../../packaging/executable/terminal-module.ts';

const MODULE = `import { createRequire } from "node:module";
import path, { join as joined, sep } from "node:path";
import os, * as all from "node:os";
const value = await Promise.resolve(import.meta.url.startsWith("file:"));
function name() { return [typeof createRequire, path.join === joined, os === all, sep, value]; }
export { name, value as isFile };`;

describe('asCommonJs', () => {
  it('exports a promise of what the module would have exported', async () => {
    const text = asCommonJs(MODULE.replace('value as isFile', 'value'));
    const loaded: { exports: Promise<{ name: () => unknown; value: boolean }> | null } = { exports: null };
    const run = runInThisContext(`(function (module, require, __filename) {${text}})`) as (...given: unknown[]) => void;
    run(loaded, (id: string) => process.getBuiltinModule(id), '/program');
    const { name, value } = (await loaded.exports)!;
    expect(name()).toEqual(['function', true, true, '/', true]);
    expect(value).toBe(true);
  });

  it('refuses a line that it does not know', () => {
    expect(() => asCommonJs('import "./other.mjs";\nexport {};')).toThrow(/not known here: import "\.\/other\.mjs"/);
    expect(() => asCommonJs('export default 1;')).toThrow(/not known here/);
  });
});
