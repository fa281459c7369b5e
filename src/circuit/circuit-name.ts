/**
 * The bare name, which stands for every scope of a circuit: `s3-upload` for `s3-upload@eu-west-1`. Null if there is no
 * scope. An isolation of all scopes is a separate row under this name, because scopes may have no record yet.
 */
export function findBareName(circuit: string): string | null {
  const end = circuit.indexOf('@');
  return end === -1 ? null : circuit.slice(0, end);
}

/** Whether a name in a command selects this circuit: its full name, or the bare name that selects every scope. */
export function matchesCircuit(fullName: string, query: string): boolean {
  return fullName === query || fullName.startsWith(`${query}@`);
}

const FLEET_PREFIX = 'fleet/';

/** The name of a fleet's circuit, apart from that of this host: `fleet/s3-upload@eu-west-1`. */
export function toFleetName(circuit: string): string {
  return `${FLEET_PREFIX}${circuit}`;
}

/** The name without what marks it as a fleet's; null if nothing does. */
export function findFleetCircuit(name: string): string | null {
  return name.startsWith(FLEET_PREFIX) ? name.slice(FLEET_PREFIX.length) : null;
}

/** The characters of a scope: those of `--circuit-scope`, of hosts with their port, and of regions. */
const SCOPE_CHARACTERS = 'A-Za-z0-9._:[\\]-';

/** What `--circuit-scope` accepts. */
export const NAMED_SCOPE = new RegExp(`^[${SCOPE_CHARACTERS}]{1,100}$`);

/** A host name has up to 253 characters (RFC 1035, section 2.3.4), and a port six more. */
const ANY_SCOPE = new RegExp(`^[${SCOPE_CHARACTERS}]{1,260}$`);

/** Whether a transfer may have this scope; a pattern or a URL would name a circuit that none ever meets. */
export function isScope(text: string): boolean {
  return ANY_SCOPE.test(text);
}
