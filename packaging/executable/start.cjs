'use strict';
/*
 * The start of the single executable: what bin/run.js is to the package. The files of the program and V8's code for them lie in
 * the executable, so nothing is read, unpacked or kept elsewhere. `collect-code.cjs` runs it from a directory, to make that code.
 */
const { isSea, getRawAsset } = require('node:sea');
const { Script } = require('node:vm');
const { dirname, join, relative } = require('node:path');

/* Nothing can be planted below a file, so whatever looks here for a configuration finds only what the executable holds. */
const ROOT = process.execPath;

/**
 * Runs the program.
 * @param words the command line
 * @param files `read` returns a file of the program, `readCode` V8's code for it or undefined, `keep` is given each script
 */
function start(words, files) {
  const modules = new Map();
  if (isForMany(words)) load('bin/heap.js').shapeHeap(words);

  function load(name) {
    const known = modules.get(name);
    if (known !== undefined) return known.exports;
    const path = join(ROOT, name);
    const directory = dirname(path);
    /* The terminal is a promise here: terminal-module.ts. */
    const loaded = { exports: {}, import: (id) => load(relative(ROOT, join(directory, id)).replace(/\.mjs$/, '.cjs')) };
    const run = compile(name, path).runInThisContext();
    modules.set(name, loaded);
    run.call(loaded.exports, loaded.exports, requireFrom(directory), loaded, path, directory);
    return loaded.exports;
  }

  function compile(name, path) {
    const source = wrap(files.read(name));
    const cachedData = files.readCode(name);
    const script = new Script(source, { filename: path, cachedData });
    files.keep(name, script);
    return script;
  }

  function requireFrom(directory) {
    const requireAny = (id) => {
      const path = id.startsWith('.') ? join(directory, id) : id;
      if (!path.startsWith(ROOT)) return id === 'node:fs/promises' ? readingOwnFiles(require(id), files) : require(id);
      const name = relative(ROOT, path);
      return name.endsWith('.json') ? JSON.parse(files.read(name)) : load(name);
    };
    return Object.assign(requireAny, require);
  }

  load('dist/cli/main.cjs').main(words, (name) => load(`dist/commands/${name}.cjs`));
}

/* oclif reads the package and the list of the commands for help and for the version. */
function readingOwnFiles(promises, files) {
  const readFile = async (path, options) =>
    typeof path === 'string' && path.startsWith(ROOT + '/') && path.endsWith('.json')
      ? files.read(relative(ROOT, path))
      : promises.readFile(path, options);
  return { ...promises, readFile };
}

/** As Node wraps a module. */
function wrap(text) {
  return `(function (exports, require, module, __filename, __dirname) {${text}\n})`;
}

/** The text of a file. The build makes ASCII of all but the terminal, and that is read faster. */
function decode(name, bytes) {
  return name.startsWith('dist/') && !name.startsWith('dist/ui/') ? bytes.latin1Slice() : bytes.utf8Slice();
}

/** The files in the executable. */
function filesInside(words) {
  const run = nameRun(words);
  return {
    read: (name) => decode(name, Buffer.from(getRawAsset(name))),
    readCode: (name) => findAsset(`code/${run}/${name}`) ?? findAsset(`code/any/${name}`),
    keep: () => undefined,
  };
}

function findAsset(key) {
  try {
    return Buffer.from(getRawAsset(key));
  } catch {
    return undefined;
  }
}

/** For runs that call much the same functions, under the same flags of V8. Each name has code of its own. */
function nameRun(words) {
  const command = /^[a-z][a-z-]*$/.test(words[0]) ? words[0] : 'none';
  return isForMany(words) ? `${command} -r` : command;
}

function isForMany(words) {
  return words[0] === 'sweep' || words.includes('-r') || words.includes('--recursive');
}

/* As in bin/run.js: under a limit of the address space, the program is started again with one arena for all threads. */
function shareOneArena(words) {
  if (process.env.MALLOC_ARENA_MAX !== undefined || process.execve === undefined || !hasAddressLimit()) return;
  /* It would warn that execve is experimental. */
  process.removeAllListeners('warning');
  process.execve(process.execPath, [process.argv0, ...words], { ...process.env, MALLOC_ARENA_MAX: '1' });
}

function hasAddressLimit() {
  try {
    return /^Max address space +[0-9]/m.test(require('node:fs').readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    return false;
  }
}

function startExecutable() {
  const words = process.argv.slice(2);
  shareOneArena(words);
  start(words, filesInside(words));
}

module.exports = { start, nameRun, decode, wrap };
if (isSea()) startExecutable();
