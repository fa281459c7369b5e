import { BreakwaterError } from '../errors.ts';

/** Denials without any other result after which a sweep ends early. */
export const DENIED_MAX = 100;

/** The error of a sweep whose every delete, or look before it, was denied. */
export function deniedError({ bucket, prefix }: { readonly bucket: string; readonly prefix: string }): BreakwaterError {
  return new BreakwaterError('access_denied', `every delete in s3://${bucket}/${prefix} was denied`, {
    details: {
      s3Code: 'AccessDenied',
      hint: 'grant s3:DeleteObject and s3:GetObject; --unconditional needs only the first',
    },
  });
}
