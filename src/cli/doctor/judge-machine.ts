import type { CircuitView } from '../../circuit/circuit-view.ts';
import { formatTime } from '../../clock.ts';
import type { BreakwaterError } from '../../errors.ts';
import type { UnknownVariable } from '../settings/unknown-variables.ts';
import { failed, ok, skipped, warning, type Finding } from './check.ts';

/** @param engine as in package.json: `>=24` */
export function judgeNode(
  version: string,
  { engine, platform }: { readonly engine: string; readonly platform: string },
): Finding {
  const facts = { version, platform };
  const least = Number(/\d+/.exec(engine)?.[0] ?? 0);
  if (Number(version.split('.')[0]) >= least) return ok(`${version} on ${platform}`, facts);
  const trouble = { hint: `install Node ${least} or later, or the executable`, reason: 'old_node', facts };
  return failed('config', `${version} is older than Node ${least}`, trouble);
}

/** Where settings may be. */
interface SettingPlaces {
  readonly path: string;
  readonly isThere: boolean;
  /** Variables of the environment that no command reads. */
  readonly unknownVariables: readonly UnknownVariable[];
}

/** @param problems what makes settings unusable; the others are checked with their defaults */
export function judgeSettings(problems: readonly BreakwaterError[], places: SettingPlaces): Finding {
  const { path, isThere, unknownVariables } = places;
  const facts = {
    file: isThere ? path : null,
    problems: problems.map(({ message }) => message),
    unknown_variables: unknownVariables,
  };
  const [first, ...others] = problems;
  if (first === undefined) return judgeVariables(isThere ? `config file ${path}` : 'no config file', places, facts);
  const more = others.length === 0 ? '' : `; and ${others.length} more`;
  const found = fromError(first, 'see breakwater config', facts);
  return { ...found, code: 'config', message: `${found.message}${more}` };
}

function judgeVariables(message: string, { unknownVariables: unknown }: SettingPlaces, facts: object): Finding {
  const [first, ...others] = unknown;
  if (first === undefined) return ok(message, { ...facts });
  const more = others.length === 0 ? '' : `, and neither have ${others.map(({ name }) => name).join(', ')}`;
  return warning(`${message}; ${first.name} is no setting and has no effect${more}`, {
    hint: first.nearest === null ? 'see breakwater config' : `did you mean ${first.nearest}?`,
    reason: 'unknown_variable',
    facts: { ...facts },
  });
}

/** A check that ends as a command would. */
export function fromError({ code, message, details }: BreakwaterError, hint: string, facts = {}): Finding {
  return failed(code, message, { hint: details.hint ?? hint, reason: details.reason ?? code, facts });
}

/**
 * The circuits of a transfer. An open one is a warning: the machine can work, but not yet.
 * @param views those that a transfer would use now; null if it would find none in the state
 */
export function judgeCircuits(views: readonly CircuitView[] | null, { nowMs }: { readonly nowMs: number }): Finding {
  if (views === null) return skipped('the state cannot be used');
  if (views.length === 0) return skipped('without an endpoint there is no scope');
  const facts = {
    circuits: views.map(({ name, state, refusal, retryAfterMs }) => ({
      name,
      state,
      would_refuse: refusal !== null,
      retry_after_ms: retryAfterMs,
    })),
  };
  const refusing = views.filter(({ refusal }) => refusal !== null);
  if (refusing.length === 0) return ok(views.map(({ name, state }) => `${name} ${nameOf(state)}`).join(', '), facts);
  const message = refusing.map(({ name, state, retryAfterMs }) => {
    const until = retryAfterMs === null ? '' : `, next try at ${formatTime(nowMs + retryAfterMs)}`;
    return `${name} is ${nameOf(state)}${until}`;
  });
  const hint = 'see breakwater breaker-status; transfers would end with status 75 until then';
  return warning(message.join('; '), { hint, reason: 'circuit_open', facts });
}

function nameOf(state: CircuitView['state']): string {
  return state.replace('_', '-');
}
