import { BreakwaterError } from '../errors.ts';
import { askForPermission, lacksPermission } from '../permissions.ts';
import { isKeyDenied } from '../s3/list/look-at-key.ts';
import type { SweepTally } from './tally.ts';

/** Denials without any other result after which a sweep ends early. */
export const DENIED_MAX = 100;

interface Swept {
  readonly bucket: string;
  readonly prefix: string;
}

/** The error of a sweep whose every delete, or look before it, was denied. `failures` names the first of them. */
export function deniedError(swept: Swept, { failures }: Pick<SweepTally, 'failures'>): BreakwaterError {
  const { bucket, prefix } = swept;
  const first = failures.find(({ code }) => isKeyDenied(code));
  const why = first === undefined ? '' : `, the first: ${first.key}: ${first.code}: ${first.message}`;
  return new BreakwaterError('access_denied', `every delete in s3://${bucket}/${prefix} was denied${why}`, {
    details: { s3Code: 'AccessDenied', hint: askToDelete(swept) },
  });
}

/** The error of one batch, with what to ask for in all of them; another error unchanged. */
export function explainDenial(error: unknown, swept: Swept): unknown {
  const isDenied = error instanceof BreakwaterError && error.code === 'access_denied';
  if (!isDenied || !lacksPermission(error.details.s3Code)) return error;
  const details = { ...error.details, hint: askToDelete(swept) };
  return new BreakwaterError(error.code, error.message, { cause: error.cause, details });
}

function askToDelete({ bucket, prefix }: Swept): string {
  const asked = askForPermission({ operation: 'delete_objects', bucket, key: null, prefix });
  return `${asked}; --unconditional needs only the first, --versions also s3:DeleteObjectVersion`;
}
