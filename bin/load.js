'use strict';
/*
 * Loads the files of dist/ with V8's code for them. Node's own compile cache keeps what V8 has compiled before a file runs, which
 * is none of its functions: V8 compiles them at every start, 6 to 10 ms for a refused command. Here the code is kept when the
 * command ends, with all functions that it has called, and for each command apart, because each calls others.
 */
const { constants, existsSync, readFileSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

const DIST = join(dirname(__dirname), 'dist');

/* Two installations for one user must not replace each other's code at every start: FNV-1a of where this one is. */
const PLACE = [...DIST].reduce((hash, letter) => Math.imul(hash ^ letter.codePointAt(0), 16777619), 2166136261) >>> 0;

/* Of the text of a file, at its beginning (packaging/bundle/load-on-use.ts). V8 itself compares only lengths. */
const STAMP_LENGTH = 24;

/* A pipe in the place of a file reads as empty, instead of waiting for a writer. */
const READ = { flag: constants.O_RDONLY | constants.O_NONBLOCK };

/**
 * Runs the program.
 * @param words the command line
 * @param directory where code is kept: Node's directory for this V8 and its flags; undefined for nowhere
 */
module.exports = function start(words, directory) {
  const command = isCommand(words[0]) ? words[0] : 'none';
  const findCode = (path) =>
    join(directory, `${command} ${PLACE.toString(16)} ${path.slice(DIST.length + 1).replaceAll('/', ' ')}`);
  const files = openFiles(directory === undefined ? null : findCode);
  if (directory !== undefined) process.on('exit', () => keepCode(files, { directory, findCode }));
  const { main } = files.load(join(DIST, 'cli', 'main.cjs'));
  main(words, (name) => files.load(join(DIST, 'commands', `${name}.cjs`)));
};

function openFiles(findCode) {
  const modules = new Map();
  /* With their stamps, by path. */
  const scripts = new Map();
  let isComplete = true;

  function load(path) {
    const known = modules.get(path);
    if (known !== undefined) return known.exports;
    const directory = dirname(path);
    const loaded = { exports: {}, import: (id) => import(require('node:url').pathToFileURL(join(directory, id))) };
    const run = compile(path).runInThisContext();
    modules.set(path, loaded);
    run.call(loaded.exports, loaded.exports, requireFrom(directory), loaded, path, directory);
    return loaded.exports;
  }

  /* Loads another file of the program, or anything else. */
  function requireFrom(directory) {
    const requireAny = (id) => {
      const path = id.startsWith('.') ? join(directory, id) : id;
      return path.startsWith(DIST) && path.endsWith('.cjs') ? load(path) : require(id);
    };
    return Object.assign(requireAny, require);
  }

  function compile(path) {
    const text = readFileSync(path, 'latin1');
    const stamp = text.slice(0, STAMP_LENGTH);
    const cachedData = findCode === null ? undefined : readCode(findCode(path), stamp);
    const script = new Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`, {
      filename: path,
      cachedData,
    });
    if (cachedData === undefined || script.cachedDataRejected === true) isComplete = false;
    scripts.set(path, { script, stamp });
    return script;
  }

  return { load, scripts, isComplete: () => isComplete };
}

/* A name that is mistyped must not have code of its own. */
function isCommand(word = '') {
  return /^[a-z-]+$/.test(word) && existsSync(join(DIST, 'commands', `${word}.cjs`));
}

/*
 * The code is there twice, and used only if both are equal: V8 does not check what it is given, and damaged code, such as zeros after
 * a power loss, crashes or hangs it before anything could be said. A digest would take longer, since its module has to be loaded.
 */
function readCode(path, stamp) {
  try {
    const bytes = readFileSync(path, READ);
    if (bytes.latin1Slice(0, STAMP_LENGTH) !== stamp) return undefined;
    const middle = STAMP_LENGTH + (bytes.length - STAMP_LENGTH) / 2;
    const code = bytes.subarray(STAMP_LENGTH, middle);
    return code.equals(bytes.subarray(middle)) ? code : undefined;
  } catch {
    return undefined;
  }
}

/* If one of the files came without code, that of all is kept anew. Silent where it fails: the program does without. */
function keepCode({ scripts, isComplete }, { directory, findCode }) {
  if (isComplete() || !hasSameFlags(directory)) return;
  try {
    for (const [path, { script, stamp }] of scripts) {
      const code = script.createCachedData();
      replaceFile(findCode(path), Buffer.concat([Buffer.from(stamp, 'latin1'), code, code]));
    }
  } catch {
    // A full disk, for example.
  }
}

/* V8 rejects code that was compiled under other flags, and heap.js changes some. */
function hasSameFlags(directory) {
  return directory.includes(require('node:v8').cachedDataVersionTag().toString(16));
}

function replaceFile(path, bytes) {
  const own = `${path} ${process.pid}`;
  try {
    writeFileSync(own, bytes, { mode: 0o600 });
    renameSync(own, path);
  } catch (error) {
    rmSync(own, { force: true });
    throw error;
  }
}
