import { Refusal } from '../protocol/wire.ts';

const PAGE_MAX = 1000;

/** The maximum number that S3 accepts; it then lists at most a page. */
const COUNT_MAX = 2 ** 31 - 1;

/** The maximum entries of a page: 1000 unless fewer are requested. @throws Refusal `InvalidArgument` */
export function readCount(query: URLSearchParams, parameter: string): number {
  const text = query.get(parameter) ?? String(PAGE_MAX);
  if (!/^\d{1,10}$/.test(text) || Number(text) > COUNT_MAX) {
    throw new Refusal('InvalidArgument', `Argument ${parameter} must be an integer between 0 and ${COUNT_MAX}`, {
      elements: { ArgumentName: parameter, ArgumentValue: text },
    });
  }
  return Math.min(Number(text), PAGE_MAX);
}

/** Writes names in a response, encoded if requested. @throws Refusal `InvalidArgument` for another encoding */
export function nameWriter(query: URLSearchParams): (text: string) => string {
  const encoding = query.get('encoding-type');
  if (encoding === null) return (text) => text;
  if (encoding === 'url') return encodeName;
  throw new Refusal('InvalidArgument', 'Invalid Encoding Method specified in Request', {
    elements: { ArgumentName: 'encoding-type', ArgumentValue: encoding },
  });
}

/** Encodes a name as S3 does: like a form, so that a space is `+`, but with slashes as they are. */
function encodeName(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%2F', '/')
    .replaceAll('%20', '+')
    .replaceAll(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
