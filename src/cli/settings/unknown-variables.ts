import { findNearestWord } from '../../ui/nearest-word.ts';
import type { CommandManifest } from '../help/manifest.ts';
import type { Environment } from './resolve-settings.ts';
import { SECRET_FILES, SECRETS } from './trace-aws.ts';

/** A variable that looks like one of ours, and that no command reads. */
export interface UnknownVariable {
  readonly name: string;
  /** The one that is most like it; null if none is close. */
  readonly nearest: string | null;
}

const PREFIX = 'BREAKWATER_';

/** Of our tests and benchmarks. */
const OF_TESTS = /^BREAKWATER_(?:TEST|BENCH)_/;

/** What Kubernetes and Docker set for a service of our name (Kubernetes, "Environment variables" of Service discovery). */
const OF_SERVICES = /_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_|$)/;
const SERVICE_URL = /^(?:tcp|udp|sctp):\/\//;

/** The variables that no flag, setting or secret has, sorted. Empty ones count as unset. */
export function findUnknownVariables(
  env: Environment,
  { commands }: Pick<CommandManifest, 'commands'>,
): readonly UnknownVariable[] {
  const ofFlags = Object.values(commands).flatMap(({ flags }) => Object.values(flags).map((flag) => flag.env ?? ''));
  const known = [...new Set([...ofFlags, ...SECRETS, ...SECRET_FILES])].filter((name) => name.startsWith(PREFIX));
  return Object.entries(env)
    .filter(([name, value = '']) => {
      const isOurs = name.startsWith(PREFIX) && value !== '' && !known.includes(name) && !OF_TESTS.test(name);
      return isOurs && !OF_SERVICES.test(name) && !SERVICE_URL.test(value);
    })
    .map(([name]) => ({ name, nearest: findNearest(name, known) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Of the words behind the prefix, which would make all of them alike. */
function findNearest(name: string, known: readonly string[]): string | null {
  const nearest = findNearestWord(
    name.slice(PREFIX.length),
    known.map((word) => word.slice(PREFIX.length)),
  );
  return nearest === null ? null : `${PREFIX}${nearest}`;
}
