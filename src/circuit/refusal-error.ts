import { formatTime } from '../clock.ts';
import { assertNever, BreakwaterError } from '../errors.ts';
import type { Refusal } from './circuit.ts';
import { findFleetCircuit } from './circuit-name.ts';

/** The error of a refused call: which circuit, why, and when to try again. */
export function refusalError(refusal: Refusal): BreakwaterError {
  const { circuit, refusedBy, reason, retryAfterMs, retryAtMs, manual, lastFailure } = refusal;
  const hint =
    retryAfterMs === null
      ? `close it with: breakwater breaker-reset ${nameToReset(refusedBy)}`
      : `try again in ${Math.ceil(retryAfterMs / 1000)} s, or wait for it with --wait ${Math.ceil(retryAfterMs / 1000)}s`;
  return new BreakwaterError('circuit_open', `circuit ${circuit} is ${explain(refusal)}`, {
    details: {
      reason,
      circuit,
      hint,
      ...(retryAfterMs === null ? {} : { retryAfterMs }),
      ...(retryAtMs === null ? {} : { retryAtMs }),
      ...(manual === null ? {} : { isolation: { ...manual, of: refusedBy } }),
      ...(lastFailure === null ? {} : { lastFailure }),
    },
  });
}

/** As a command names it. */
function nameToReset(circuit: string): string {
  const inFleet = findFleetCircuit(circuit);
  return inFleet === null ? circuit : `--fleet ${inFleet}`;
}

function explain({ circuit, refusedBy, reason, retryAtMs, manual, lastFailure }: Refusal): string {
  const until = retryAtMs === null ? 'until a reset' : `until ${formatTime(retryAtMs)}`;
  switch (reason) {
    case 'open': {
      const status = lastFailure?.httpStatus ?? null;
      const last =
        lastFailure === null ? '' : `, last with ${lastFailure.code}${status === null ? '' : ` (HTTP ${status})`}`;
      return `open: S3 failed repeatedly${last}; next probe ${retryAtMs === null ? 'now' : `at ${formatTime(retryAtMs)}`}`;
    }
    case 'probe_in_progress':
      return 'half-open: another process is probing whether S3 has recovered';
    case 'isolated': {
      const what = refusedBy === circuit ? '' : `, as every scope of ${refusedBy},`;
      const why = manual?.reason ?? null;
      return `isolated${what}${manual === null ? '' : ` by ${manual.by}`} ${until}${why === null ? '' : `: ${why}`}`;
    }
    default:
      return assertNever(reason);
  }
}
