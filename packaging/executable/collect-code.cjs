'use strict';
/*
 * Runs the program as the executable will, and keeps V8's code for its files, with every function that the run has called:
 *   node collect-code.cjs PROGRAM_DIRECTORY CODE_DIRECTORY WORD...
 * Code that an earlier run has kept is the beginning, so that several runs of a command add up. Without words it keeps what V8
 * compiles before a file runs, of every file.
 */
const { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');
const { decode, nameRun, start, wrap } = require('./start.cjs');

const [programDirectory, codeDirectory, ...words] = process.argv.slice(2);

const read = (name) => decode(name, readFileSync(join(programDirectory, name)));

function keep(path, script) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, script.createCachedData());
}

if (words.length === 0) {
  for (const name of readdirSync(programDirectory, { recursive: true })) {
    if (!name.endsWith('.cjs')) continue;
    keep(join(codeDirectory, 'any', name), new Script(wrap(read(name)), { filename: name }));
  }
} else {
  const find = (name) => join(codeDirectory, nameRun(words), name);
  const scripts = new Map();
  process.on('exit', () => {
    for (const [name, script] of scripts) keep(find(name), script);
  });
  start(words, {
    read,
    readCode: (name) => (existsSync(find(name)) ? readFileSync(find(name)) : undefined),
    keep: (name, script) => {
      // It changes the flags that code is compiled under, and would be rejected itself.
      if (name === 'bin/heap.js') return;
      // Then the executable would compile everything at each start, and nobody would notice.
      if (script.cachedDataRejected === true) throw new Error(`V8 rejects the code that it has made for ${name}`);
      scripts.set(name, script);
    },
  });
}
