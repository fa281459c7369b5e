/** Loaded before a program with `--import`: writes down the address of every module that it loads. */
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const list = process.env['BREAKWATER_TEST_MODULE_LIST'];
registerHooks({
  load: (url, context, nextLoad) => {
    if (list !== undefined) appendFileSync(list, `${url}\n`);
    return nextLoad(url, context);
  },
});
