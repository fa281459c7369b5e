#!/usr/bin/env node
/* Parsed by whatever Node is there, however old. CommonJS (package.json beside it): Node's loader of ES modules takes 2 ms. */
const major = Number(process.version.slice(1).split('.')[0]);

/*
 * Under a limit of the address space (ulimit -v), glibc's arenas of 64 MiB for each thread leave no room for the work:
 * Node is started again, in this process, with one arena for all. Without such a limit this reads one small file.
 */
function shareOneArena(env) {
  if (env.MALLOC_ARENA_MAX !== undefined || process.execve === undefined || !hasAddressLimit()) return;
  /* It would warn that execve is experimental. */
  process.removeAllListeners('warning');
  const words = [process.execPath].concat(process.execArgv, process.argv.slice(1));
  process.execve(process.execPath, words, Object.assign({}, env, { MALLOC_ARENA_MAX: '1' }));
}

function hasAddressLimit() {
  try {
    const limits = require('node:fs').readFileSync('/proc/self/limits', 'utf8');
    return /^Max address space +[0-9]/m.test(limits);
  } catch {
    return false;
  }
}

function start(words) {
  try {
    require('./load.js').start(words);
  } catch (error) {
    process.stderr.on('error', ignoreFailedWrite);
    console.error('breakwater: cannot start: ' + error.message.split('\n')[0] + '; in a clone run: npm run build');
    process.exit(70);
  }
}

/* Most commands go through one object, and need not read the file. */
function shapeHeap(words) {
  if (words[0] === 'sweep' || words.includes('-r') || words.includes('--recursive'))
    require('./heap.js').shapeHeap(words);
}

/* The executable is for Linux alone. */
function otherWays(platform) {
  const executable = platform === 'linux' ? 'the .deb and the .tar.gz of breakwater need no Node; ' : '';
  return executable + 'a clone brings its own: npx breakwater';
}

/* Without a listener, it would end the process with another status. */
function ignoreFailedWrite() {}

if (major < 24) {
  console.error('breakwater needs Node >= 24, and this is ' + process.version + ': see https://nodejs.org/en/download');
  console.error('  hint: ' + otherWays(process.platform));
  process.exit(78);
} else {
  shareOneArena(process.env);
  shapeHeap(process.argv.slice(2));
  start(process.argv.slice(2));
}
