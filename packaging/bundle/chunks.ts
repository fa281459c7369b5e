import { join } from 'node:path';

/** What rolldown knows about a module. */
interface Modules {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null;
}

const SOURCES = join(import.meta.dirname, '..', '..', 'src');

/** Loaded on first use, which is never on Linux. */
const OTHER_SYSTEMS = join(SOURCES, 'systems/');

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
  'prefix-warning.ts',
  's3/checksum/algorithms.ts',
  'state/open-state.ts',
  'files/system-place.ts',
  'transfer/local-errors.ts',
  'transfer/open-file.ts',
  'transfer/partial-name.ts',
  'transfer/transfer-context.ts',
  'ui/align-columns.ts',
];

/** What our commands use of oclif when they run; the rest is for help and errors. */
const OCLIF_START =
  /\/@oclif\/core\/(?:lib\/(?:args|cache|command|flags|logger|parser\/(?:index|parse|validate)|util\/util)\.js|package\.json)$/;

/** Loaded by every command that sends a request, with all that it uses of the SDK. */
const STORE = ['s3/object-store.ts'];

/** Loaded together by `put` and `get` of many objects. */
const MANY: ReadonlySet<string> = new Set(
  [
    'cli/output/many-result.ts',
    'transfer/denied-run.ts',
    'transfer/item-supply.ts',
    'transfer/run-again.ts',
    'transfer/run-many.ts',
  ].map((path) => join(SOURCES, path)),
);

/**
 * Needed only where there is a config file, a mistake in a command line, or a state on FUSE or out of reach: apart, so that
 * all other starts stay quick.
 */
const SELDOM: ReadonlySet<string> = new Set(
  [
    'cli/start-error.ts',
    'state/find-refusal.ts',
    'state/mount-kind.ts',
    'cli/settings/parse-user-file.ts',
    'cli/settings/json-fault.ts',
    'cli/settings/named-file.ts',
    'cli/settings/profile-names.ts',
    'ui/nearest-word.ts',
  ].map((path) => join(SOURCES, path)),
);

let start: ReadonlySet<string> | null = null;
let store: ReadonlySet<string> | null = null;

/**
 * The file for a module; null where rolldown may choose. Each file takes 0.3 ms to find, read and compile, so what is
 * always loaded together is one file.
 */
export function chooseChunk(id: string, modules: Modules): string | null {
  start ??= findReachable(START, { modules, follows: isOurs });
  store ??= findReachable(STORE, { modules, follows: () => true });
  if (SELDOM.has(id)) return 'seldom';
  if (id.startsWith(OTHER_SYSTEMS)) return 'other-systems';
  if (start.has(id) || OCLIF_START.test(id) || id.endsWith('rolldown/runtime.js')) return 'start';
  if (id.includes('/@oclif/core/')) return 'oclif';
  if (MANY.has(id)) return 'run-many';
  return store.has(id) ? 'store' : null;
}

function isOurs(id: string): boolean {
  return id.startsWith(SOURCES) || id.endsWith('/package.json');
}

/** The modules that these import, and so on, but not what they import on demand. */
function findReachable(
  roots: readonly string[],
  { modules, follows }: { readonly modules: Modules; readonly follows: (id: string) => boolean },
): ReadonlySet<string> {
  const found = new Set(roots.map((path) => join(SOURCES, path)));
  // A set visits what is added meanwhile.
  for (const id of found) {
    for (const imported of modules.getModuleInfo(id)?.importedIds ?? []) if (follows(imported)) found.add(imported);
  }
  return found;
}
