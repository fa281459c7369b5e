import type { BreakwaterError } from '../errors.ts';

/** The `reason` of an interruption by the time limit, which is not a failure. */
export const TIME_IS_OVER = 'max_duration';

/** Whether the time limit ended the work, which is not a failure. */
export function isTimeOver({ code, details }: BreakwaterError): boolean {
  return code === 'interrupted' && details.reason === TIME_IS_OVER;
}
