/** Loaded before a program with `--import`: writes down the address of every module that it loads. */
import fs from 'node:fs';
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

const list = process.env['BREAKWATER_TEST_MODULE_LIST'];
const { appendFileSync, openSync } = fs;
const { getBuiltinModule } = process;

function note(url: string): void {
  if (list !== undefined) appendFileSync(list, `${url}\n`);
}

registerHooks({
  load: (url, context, nextLoad) => {
    note(url);
    return nextLoad(url, context);
  },
});

// bin/load.js opens the files of the bundle itself, and asks for Node's own modules without `require`.
fs.openSync = (...args: Parameters<typeof openSync>) => {
  const [path] = args;
  if (typeof path === 'string' && /\/dist\/.*\.cjs$/.test(path)) note(pathToFileURL(path).href);
  return openSync(...args);
};

process.getBuiltinModule = (id: string) => {
  note(id);
  return getBuiltinModule(id);
};
