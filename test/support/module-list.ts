/** Loaded before a program with `--import`: writes down the address of every module that it loads. */
import fs from 'node:fs';
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

const list = process.env['BREAKWATER_TEST_MODULE_LIST'];
const { appendFileSync, readFileSync } = fs;

function note(url: string): void {
  if (list !== undefined) appendFileSync(list, `${url}\n`);
}

registerHooks({
  load: (url, context, nextLoad) => {
    note(url);
    return nextLoad(url, context);
  },
});

// bin/load.js reads the files of the bundle itself.
fs.readFileSync = ((path: string, options: BufferEncoding) => {
  if (typeof path === 'string' && /\/dist\/.*\.cjs$/.test(path)) note(pathToFileURL(path).href);
  return readFileSync(path, options);
}) as typeof fs.readFileSync;
