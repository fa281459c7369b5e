import { BreakwaterError } from '../errors.ts';
import type { Refusal } from './circuit.ts';

/** The error of a refused call: which circuit, why, and when to try again. */
export function refusalError({ circuit, reason, retryAfterMs }: Refusal): BreakwaterError {
  const state = {
    open: 'open: S3 failed repeatedly',
    probe_in_progress: 'half-open: another process is probing whether S3 has recovered',
    isolated: 'isolated: it was opened by hand',
  }[reason];
  const hint =
    retryAfterMs === null
      ? `close it with: breakwater breaker-reset ${circuit}`
      : `try again in ${Math.ceil(retryAfterMs / 1000)} s, or wait for it with --wait ${Math.ceil(retryAfterMs / 1000)}s`;
  return new BreakwaterError('circuit_open', `circuit ${circuit} is ${state}`, {
    details: { reason, circuit, hint, ...(retryAfterMs === null ? {} : { retryAfterMs }) },
  });
}
