import { hash } from 'node:crypto';
import type { Plugin } from 'rolldown';

/**
 * Node's own modules and the other files of the bundle are loaded when they are first used. `node:crypto` takes 3 ms,
 * `node:net` and `node:fs/promises` 1 ms each, every file 0.3 ms or more, and a refused command needs few of them. No module
 * of ours does anything when it is loaded, so the order does not matter.
 */
export const filesOnUse: Plugin = {
  name: 'files-on-use',
  renderChunk: (code) => ({ code: deferFiles(code) }),
};

/**
 * `import()` starts Node's loader of ES modules, which takes some ms: Node's modules need none. The one ES module of the bundle is
 * imported by bin/load.js, because code that it has compiled cannot.
 */
function withoutImport(code: string): string {
  return code
    .replaceAll(/\bimport\("(node:[\w/]+)"\)/g, 'Promise.resolve(require("$1"))')
    .replaceAll(/\bimport\((".*\.mjs")\)/g, 'module.import($1)');
}

/**
 * `let node_fs = require("node:fs");`, and the line that rolldown adds where something imports the default or all names. That line
 * copies the module with everything that Node loads on use, which takes 1 ms; but the default of a module of Node is the module.
 */
const NODE_IMPORT = /^let ([\w$]+) = (require\("node:[\w/]+"\));\n(?:\1 = [\w.$]+\(\1(?:, \d)?\);\n)?/gm;

/** A module in CommonJS as one of our own imports it. */
const LIBRARY_IMPORT = /^var (import_[\w$]+) = (.*__toESM\(.*\));\n/gm;

const FILE_IMPORT = /^const (require_[\w$]+) = (require\("\.[^"]+\.cjs"\));\n/gm;

function deferFiles(code: string): string {
  let deferred = withoutImport(code);
  for (const [line, name = '', loaded = ''] of code.matchAll(NODE_IMPORT)) {
    deferred = useThroughCall(deferred.replace(line, ''), { name, loaded });
    deferred = deferred.replaceAll(`(${name}()).default`, `(${name}())`);
  }
  for (const pattern of [LIBRARY_IMPORT, FILE_IMPORT]) {
    for (const [line, name = '', loaded = ''] of code.matchAll(pattern)) {
      deferred = useThroughCall(deferred.replace(line, ''), { name, loaded });
    }
  }
  return deferred;
}

/**
 * The modules of oclif load each other when they are first used, so that a command that needs only the parser loads
 * neither help nor colours nor configuration. oclif is compiled by TypeScript, whose imports are constants with a name of
 * their own: `const util_1 = require("../util")`.
 */
export const oclifOnUse: Plugin = {
  name: 'oclif-on-use',
  transform: {
    filter: { id: /\/@oclif\/core\/lib\/.*\.js$/ },
    handler: (code, id) => deferRequires(id.endsWith('/lib/command.js') ? withoutListener(code) : code),
  },
};

/** oclif throws for every failed write but EPIPE. What a failed write means is decided in src/cli/output. */
const LISTENER = /^process\.stdout\.on\('error', \(err\) => \{\n[^}]*throw err;\n\}\);$/m;

function withoutListener(code: string): string {
  const without = code.replace(LISTENER, '');
  if (without === code) throw new Error('oclif no longer listens for failed writes: is this still needed?');
  return without;
}

const OCLIF_IMPORT = /^(?:const|var) (\w+) = ((?:__import\w+\()?require\("[^"]+"\)\)?);$/gm;

function deferRequires(code: string): string {
  let deferred = code;
  for (const [line, name = '', loaded = ''] of code.matchAll(OCLIF_IMPORT)) {
    deferred = useThroughCall(deferred.replace(line, ''), { name, loaded });
  }
  return deferred;
}

/** Turns every use of a name into a call that loads it once. */
function useThroughCall(code: string, { name, loaded }: { readonly name: string; readonly loaded: string }): string {
  const word = name.replaceAll('$', String.raw`\$`);
  const pattern = new RegExp(`(?<![\\w$'"]|(?<!\\.\\.)\\.)${word}(?![\\w$:])`, 'g');
  // The code of another program, as a text in this one, has such names of its own.
  const uses = code.replaceAll(/^(?!.* = "(?:[^"\\]|\\.){4000,}";$).*$/gm, (line) =>
    line.replaceAll(pattern, () => `(${name}())`),
  );
  return `${uses}\nvar ${name}$; function ${name}() { return (${name}$ ??= ${loaded}); }`;
}

/** The start has a copy of rolldown's own functions, which are a file of their own for all others: one file less to load. */
export const runtimeInside: Plugin = {
  name: 'runtime-inside',
  generateBundle(_options, bundle) {
    const [start, runtime] = ['cli/main.cjs', 'chunks/rolldown-runtime.cjs'].map((path) => bundle[path]);
    if (start?.type !== 'chunk' || runtime?.type !== 'chunk') throw new Error('rolldown names its files otherwise now');
    const inside = `(function (exports) {\n${runtime.code}\nreturn exports;\n})({})`;
    start.code = start.code.replace('require("../chunks/rolldown-runtime.cjs")', () => inside);
  },
};

/** Every file begins with a stamp of its text, by which bin/load.js knows the code that was kept for it. */
export const stamped: Plugin = {
  name: 'stamped',
  generateBundle(_options, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type !== 'chunk') continue;
      // It is read byte by byte, which is faster.
      if (/[^\0-\x7f]/.test(file.code)) throw new Error(`${file.fileName} is not ASCII`);
      file.code = `// ${hash('sha256', file.code).slice(0, 20)}\n${file.code}`;
    }
  },
};
