import { BreakwaterError } from '../errors.ts';
import type { Refusal } from './circuit.ts';

/** The error of a refused call: which circuit, why, and when to try again. */
export function refusalError({ circuit, reason, retryAfterMs }: Refusal): BreakwaterError {
  const why = {
    open: 'S3 has failed repeatedly',
    probe_in_progress: 'another process is probing whether S3 has recovered',
    isolated: 'it is held open by hand',
  }[reason];
  const hint =
    retryAfterMs === null
      ? `close it with: breakwater breaker-reset ${circuit}`
      : `try again in ${Math.ceil(retryAfterMs / 1000)} s, or let the command wait: --wait ${Math.ceil(retryAfterMs / 1000)}s`;
  return new BreakwaterError('circuit_open', `circuit ${circuit} refuses calls: ${why}`, {
    details: { reason, circuit, hint, ...(retryAfterMs === null ? {} : { retryAfterMs }) },
  });
}
