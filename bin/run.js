#!/usr/bin/env node
/* Parsed by whatever Node is there, however old: no import statement, nothing newer than import(). */
const major = Number(process.version.slice(1).split('.')[0]);

/* What a failed write means is decided in src/cli/output/lost-output.ts; without a listener it would end the process. */
function ignoreFailedWrite() {}

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
    const limits = process.getBuiltinModule('node:fs').readFileSync('/proc/self/limits', 'utf8');
    return /^Max address space +[0-9]/m.test(limits);
  } catch {
    return false;
  }
}

/*
 * Node keeps what it has compiled for the next invocation: a tenth of the time to start. In the user's own directory, since
 * code that others could write would be run. Where that cannot be written, or NODE_COMPILE_CACHE says where, this does nothing.
 * The directory is made here, a level at a time: Node's own recursive mkdir never ends below /proc.
 */
function keepCompiled(env) {
  const root = [env.XDG_CACHE_HOME, env.HOME && env.HOME + '/.cache'].find((path) => path && path.startsWith('/'));
  if (root === undefined || !makeDirectory(root) || !makeDirectory(root + '/breakwater')) return;
  process.getBuiltinModule('node:module').enableCompileCache(root + '/breakwater');
}

function makeDirectory(path) {
  try {
    process.getBuiltinModule('node:fs').mkdirSync(path, 0o700);
    return true;
  } catch (error) {
    return error.code === 'EEXIST';
  }
}

if (major < 24) {
  console.error('breakwater needs Node >= 24 (this is ' + process.version + '); from a clone use: npx breakwater');
  process.exit(78);
} else {
  process.stdout.on('error', ignoreFailedWrite);
  process.stderr.on('error', ignoreFailedWrite);
  shareOneArena(process.env);
  keepCompiled(process.env);
  import('../dist/cli/main.cjs').then(
    function start(program) {
      return program.main(process.argv.slice(2));
    },
    function report(error) {
      console.error('breakwater: cannot start: ' + error.message.split('\n')[0] + '; in a clone run: npm run build');
      process.exit(70);
    },
  );
}
