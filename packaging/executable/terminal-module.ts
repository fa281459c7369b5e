/**
 * The terminal is an ES module, because Ink's layout engine awaits at its top. The executable has no files to import, so
 * there it is a function that awaits the same and whose promise is what the module exports.
 */
export function asCommonJs(code: string): string {
  const body = code
    .replaceAll(/^import (?:([\w$]+)(?:, )?)?(?:\* as ([\w$]+)|\{([^}]*)\})? ?from "(node:[\w/]+)";$/gm, toRequire)
    .replaceAll('import.meta', 'import_meta')
    .replace(/^export \{([^}]*)\};$/m, (_line, names: string) => `return {${names}};`);
  const left = /^(?:import|export)\b.*/m.exec(body)?.[0];
  if (left !== undefined) throw new Error(`the terminal has a line that is not known here: ${left}`);
  const meta = `{ url: require('node:url').pathToFileURL(__filename).href, resolve() { throw new Error('no such module'); } }`;
  return `module.exports = (async () => { const import_meta = ${meta};\n${body}\n})();\n`;
}

function toRequire(_line: string, ...[whole, all, names, id]: readonly string[]): string {
  const loaded = `require("${id}")`;
  return [
    whole === undefined ? '' : `const ${whole} = ${loaded};`,
    all === undefined ? '' : `const ${all} = ${loaded};`,
    names === undefined ? '' : `const {${names.replaceAll(' as ', ': ')}} = ${loaded};`,
  ].join(' ');
}
