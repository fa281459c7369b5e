'use strict';
/*
 * Loads the files of dist/ with V8's code for them. Node's own compile cache keeps what V8 has compiled before a file runs, which
 * is none of its functions: V8 compiles them at every start, 6 to 10 ms for a refused command. Here the code is kept when the
 * command ends, with all functions that it has called, and for each command apart, because each calls others.
 */

/* Node's own modules, without the look for a file of that name that `require` begins with: 0.2 ms of a refused command. */
const { getBuiltinModule } = process;

const fs = getBuiltinModule('node:fs');
const { constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } = fs;
const { dirname, join, posix, win32 } = getBuiltinModule('node:path');
const { Script } = getBuiltinModule('node:vm');

const DIST = join(dirname(__dirname), 'dist');

/* Two installations for one user must not replace each other's code at every start: FNV-1a of where this one is. */
const PLACE = [...DIST].reduce((hash, letter) => Math.imul(hash ^ letter.codePointAt(0), 16777619), 2166136261) >>> 0;

const WRAP = { before: '(function (exports, require, module, __filename, __dirname) {', after: '\n})' };

/* Of the text of a file, at its beginning (packaging/bundle/load-on-use.ts). V8 itself compares only lengths. */
const STAMP_LENGTH = 24;

/* A pipe in the place of a file reads as empty, instead of waiting for a writer. Windows has no such flag, and needs none. */
const READ = { flag: constants.O_RDONLY | constants.O_NONBLOCK };

/**
 * Runs the program.
 * @param words the command line
 */
function start(words) {
  /* Node's directory for this V8 and its flags; undefined for nowhere. */
  const directory = openCache(findCache(process.env));
  const command = isCommand(words[0]) ? words[0] : 'none';
  const findCode = (path) =>
    join(directory, `${command} ${PLACE.toString(16)} ${nameCode(path.slice(DIST.length + 1))}`);
  const files = openFiles(directory === undefined ? null : findCode);
  if (directory !== undefined) process.on('exit', () => keepCode(files, { directory, findCode }));
  const { main } = files.load(join(DIST, 'cli', 'main.cjs'));
  main(words, (name) => files.load(join(DIST, 'commands', `${name}.cjs`)));
}

/*
 * Where compiled code is kept for the next invocation: in the user's own directory, since code that others could write would be
 * run. On Windows, the directory for what stays on the machine holds the state too.
 */
function findCache(env, platform = process.platform) {
  const { isAbsolute, join: joinThere } = platform === 'win32' ? win32 : posix;
  const isUsable = (path) => path !== undefined && isAbsolute(path);
  if (isUsable(env.XDG_CACHE_HOME)) return joinThere(env.XDG_CACHE_HOME, 'breakwater');
  const [above, ...below] =
    platform === 'win32' ? [env.LOCALAPPDATA, 'breakwater', 'cache'] : [env.HOME, '.cache', 'breakwater'];
  return isUsable(above) ? joinThere(above, ...below) : null;
}

/*
 * Node makes a directory for each version and its flags below it, and keeps there what this file leaves to it. Where that cannot be
 * written, this is undefined; NODE_COMPILE_CACHE may name another.
 * The directory is made here, a level at a time: Node's own recursive mkdir never ends below /proc.
 */
function openCache(own) {
  const module = getBuiltinModule('node:module');
  if (own !== null && makeDirectory(dirname(own)) && makeDirectory(own)) module.enableCompileCache(own);
  return module.getCompileCacheDir();
}

function makeDirectory(path) {
  try {
    mkdirSync(path, 0o700);
    return true;
  } catch (error) {
    return error.code === 'EEXIST';
  }
}

/* The file that keeps the code of one of ours. */
function nameCode(path) {
  return path.replaceAll(/[\\/]/g, ' ');
}

function openFiles(findCode) {
  const modules = new Map();
  /* With their stamps, by path. */
  const scripts = new Map();
  let isComplete = true;

  function load(path) {
    const known = modules.get(path);
    if (known !== undefined) return known.exports;
    const directory = dirname(path);
    const loaded = {
      exports: {},
      import: (id) => import(getBuiltinModule('node:url').pathToFileURL(join(directory, id))),
    };
    const run = compile(path).runInThisContext();
    modules.set(path, loaded);
    run.call(loaded.exports, loaded.exports, requireFrom(directory), loaded, path, directory);
    return loaded.exports;
  }

  /* Loads another file of the program, or anything else. */
  function requireFrom(directory) {
    const requireAny = (id) => {
      if (id.startsWith('node:')) return getBuiltinModule(id);
      const path = id.startsWith('.') ? join(directory, id) : id;
      return path.startsWith(DIST) && path.endsWith('.cjs') ? load(path) : require(id);
    };
    return Object.assign(requireAny, require);
  }

  function compile(path) {
    const text = readWrapped(path);
    const stamp = text.slice(WRAP.before.length, WRAP.before.length + STAMP_LENGTH);
    const cachedData = findCode === null ? undefined : readCode(findCode(path), stamp);
    const script = new Script(text, { filename: path, cachedData });
    if (cachedData === undefined || script.cachedDataRejected === true) isComplete = false;
    scripts.set(path, { script, stamp });
    return script;
  }

  return { load, scripts, isComplete: () => isComplete };
}

/* As `require` wraps a file. The text is made in one piece: joining strings copies it twice, 0.5 ms of a refused command. */
function readWrapped(path) {
  const descriptor = fs.openSync(path);
  try {
    const { size } = fs.fstatSync(descriptor);
    const bytes = Buffer.allocUnsafeSlow(WRAP.before.length + size + WRAP.after.length);
    const end =
      bytes.latin1Write(WRAP.before, 0) + readWhole(descriptor, bytes.subarray(WRAP.before.length, -WRAP.after.length));
    return bytes.latin1Slice(0, end + bytes.latin1Write(WRAP.after, end));
  } finally {
    fs.closeSync(descriptor);
  }
}

/* A read of a file may bring less than asked. */
function readWhole(descriptor, bytes) {
  let at = 0;
  for (let read = -1; read !== 0 && at < bytes.length; at += read)
    read = fs.readSync(descriptor, bytes, at, bytes.length - at, null);
  return at;
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
  return directory.includes(getBuiltinModule('node:v8').cachedDataVersionTag().toString(16));
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

module.exports = { start, findCache, nameCode };
