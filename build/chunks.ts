import { join } from 'node:path';

/** What rolldown knows about a module. */
interface Modules {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null;
}

const SOURCES = join(import.meta.dirname, '..', 'src');

/** Loaded by every command: its own start, the circuit and the state. */
const START = [
  'cli/main.ts',
  'cli/base-command.ts',
  'cli/flags/access-flags.ts',
  'cli/flags/s3-url.ts',
  'cli/s3-access.ts',
  'circuit/circuit-gate.ts',
  'circuit/refusal-error.ts',
  'key-filter.ts',
  's3/checksum/algorithms.ts',
  'state/open-state.ts',
  'transfer/local-errors.ts',
  'transfer/open-file.ts',
  'transfer/transfer-context.ts',
];

/** What our commands use of oclif when they run; the rest is for help and errors. */
const OCLIF_START =
  /\/@oclif\/core\/(?:lib\/(?:args|cache|command|flags|logger|parser\/(?:index|parse|validate)|util\/util)\.js|package\.json)$/;

let start: ReadonlySet<string> | null = null;

/**
 * The file for a module; null where rolldown may choose. Each file takes 0.3 ms to find, read and compile, so what is
 * always loaded together is one file.
 */
export function chooseChunk(id: string, modules: Modules): string | null {
  start ??= findReachable(
    START.map((path) => join(SOURCES, path)),
    modules,
  );
  if (start.has(id) || OCLIF_START.test(id) || id.endsWith('rolldown/runtime.js')) return 'start';
  return id.includes('/@oclif/core/') ? 'oclif' : null;
}

/** Our own modules that these import, and so on, but not what they import on demand. */
function findReachable(roots: readonly string[], modules: Modules): ReadonlySet<string> {
  const found = new Set(roots);
  // A set visits what is added meanwhile.
  for (const id of found) {
    for (const imported of modules.getModuleInfo(id)?.importedIds ?? []) {
      if (imported.startsWith(SOURCES) || imported.endsWith('/package.json')) found.add(imported);
    }
  }
  return found;
}
