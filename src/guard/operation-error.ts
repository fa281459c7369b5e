import { BreakwaterError, type ErrorCode } from '../errors.ts';
import type { RetryChainFailed } from '../retry/retry-chain.ts';
import { OPERATIONS, type OperationTarget } from '../operations.ts';
import { findHint } from './failure-hint.ts';
import { NOTHING_SET, type SettingNames } from '../setting-names.ts';

/** The error that the user sees for a failed operation, with S3's status, code and request id. */
export function operationError(
  target: OperationTarget,
  chain: RetryChainFailed,
  names: SettingNames = NOTHING_SET,
): BreakwaterError {
  const { failure, attempts, why } = chain;
  const code: ErrorCode = why === 'deadline' ? 'deadline' : failure.errorCode;
  const message = `${formatTarget(target)} failed: ${formatCode(failure.code, failure.message)}${ENDINGS[why]}`;
  const hint = findHint({ code, failure: failure.code, target }, names);
  return new BreakwaterError(code, message, {
    cause: chain.refusal ?? chain.cause,
    details: {
      attempts,
      ...(failure.httpStatus === null ? {} : { httpStatus: failure.httpStatus }),
      ...(failure.requestId === null ? {} : { requestId: failure.requestId }),
      ...(isS3Code(failure.code) ? { s3Code: failure.code } : { reason: failure.code }),
      ...(hint === undefined ? {} : { hint }),
    },
  });
}

/** Added to the message, by why the chain ended. */
const ENDINGS: Readonly<Record<RetryChainFailed['why'], string>> = {
  permanent: '',
  exhausted: '',
  deadline: '; the next attempt does not fit before the deadline',
  abandoned: '; not retried, because the circuit has opened meanwhile',
};

/** `put s3://bucket/key`, for messages. */
export function formatTarget({ operation, bucket, key }: OperationTarget): string {
  return `${OPERATIONS[operation].verb} s3://${bucket}/${key ?? ''}`;
}

/** S3's codes are CamelCase; ours are snake_case. */
function isS3Code(code: string): boolean {
  return /^[A-Z][A-Za-z]+$/.test(code);
}

function formatCode(code: string, message: string): string {
  // If a store sends no text, the SDK writes `UnknownError`.
  const isEmpty = message === '' || message === 'UnknownError' || message === code;
  return isEmpty ? code : `${code}: ${message}`;
}
