import type { CircuitStore } from '../circuit/circuit-store.ts';
import type { Tables } from './open-tables.ts';
import { StateFile, type Access, type StateOptions } from './state-file.ts';
import type { State } from './state.ts';

/**
 * The local state in a file that is opened on first use and created by the first write. After the first file error the
 * state is in memory. Its methods throw only on bugs.
 */
export function openState(options: StateOptions): State {
  const file = new StateFile(options);
  const circuits = withFile(file, (all) => all.circuits, {
    read: 'read',
    list: 'read',
    transitions: 'read',
    refusals: 'read',
    update: 'write',
  });
  return {
    path: file.path,
    problem: () => file.problem,
    stamp: () => file.stamp(),
    close: () => file.close(),
    circuits: { ...circuits, ...rememberRows(file, circuits) },
    metrics: withFile(file, (all) => all.metrics, {
      add: 'write',
      read: 'read',
      revision: 'read',
      clear: 'write',
    }),
    activity: withFile(file, (all) => all.activity, { add: 'write', met: 'read', read: 'read' }),
    jobs: withFile(file, (all) => all.jobs, { put: 'write', remove: 'write', list: 'read' }),
    checkpoints: withFile(file, (all) => all.checkpoints, {
      read: 'read',
      list: 'read',
      save: 'write',
      remove: 'write',
    }),
    claims: withFile(file, (all) => all.claims, { find: 'read', take: 'write', renew: 'write', release: 'write' }),
    cleanUp: withFile(file, (all) => all.cleanUp, { isDue: 'read', run: 'write' }),
    marks: withFile(file, (all) => all.marks, { read: 'read', set: 'write', raise: 'write' }),
  };
}

type Table<Methods> = { readonly [Name in keyof Methods]: (...args: never[]) => unknown };

/** A table whose methods use the file, or memory if the file cannot be used. */
function withFile<Methods extends Table<Methods>>(
  file: StateFile,
  tableIn: (all: Tables) => Methods,
  access: Readonly<Record<keyof Methods, Access>>,
): Methods {
  const wrapped: { [Name in keyof Methods]?: Table<Methods>[Name] } = {};
  for (const name in access) {
    wrapped[name] = (...args) => file.use(access[name], (all) => tableIn(all)[name](...args));
  }
  // `access` names every method, and each wrapper takes and returns what its method does.
  return wrapped as Methods;
}

/**
 * Remembers every row that was read or stored, but only after the commit. If the write fails, `change` runs again in
 * memory and must see the earlier row.
 */
function rememberRows(file: StateFile, circuits: CircuitStore): Pick<CircuitStore, 'read' | 'update'> {
  return {
    read: (name) => file.remember(circuits.read(name)),
    update: (name, change) => {
      const { row, result } = circuits.update(name, (stored) => {
        const changed = change(stored);
        return { ...changed, result: changed };
      });
      file.remember(row);
      return result;
    },
  };
}
