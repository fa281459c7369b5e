import { BreakwaterError, type ErrorCode } from '../../errors.ts';

/** What ends an upload without saying anything against its parts: a later run can go on with them. */
const LEAVES_PARTS: ReadonlySet<ErrorCode> = new Set([
  'circuit_open',
  'interrupted',
  'deadline',
  'unavailable',
  'access_denied',
  'local_io',
]);

/** Whether an upload that ended by this error is worth going on with. */
export function leavesParts(error: unknown): error is BreakwaterError {
  // The parts of an upload that S3 knows no more are gone.
  return error instanceof BreakwaterError && LEAVES_PARTS.has(error.code) && error.details.s3Code !== 'NoSuchUpload';
}

/** The same error, saying how to go on with what is there. */
export function describeResumable(
  error: BreakwaterError,
  { storedBytes, sizeBytes }: { storedBytes: number; sizeBytes: number },
): BreakwaterError {
  const share = Math.floor((storedBytes / sizeBytes) * 100);
  const hint = `${share} % of it is stored: run the same command again to go on from there`;
  return new BreakwaterError(error.code, error.message, { cause: error, details: { ...error.details, hint } });
}

/** The failed condition of `--if-none-match` in its own words; any other error as it is. */
export function describeExisting(
  error: unknown,
  { bucket, key, ifNoneMatch }: { bucket: string; key: string; ifNoneMatch: boolean },
): unknown {
  if (!ifNoneMatch || !(error instanceof BreakwaterError) || error.details.s3Code !== 'PreconditionFailed')
    return error;
  return new BreakwaterError('exists', `s3://${bucket}/${key} exists already`, {
    cause: error,
    details: { ...error.details, hint: 'leave out --if-none-match to replace it' },
  });
}
