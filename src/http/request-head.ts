import type { Dispatcher } from 'undici';

/** Characters that a field's value, a path or a name cannot contain: undici's rules (RFC 9110, sections 5.1 and 5.5). */
const INVALID_VALUE = /[^\t\u0020-\u007E\u0080-\u00FF]/;
const INVALID_PATH = /[^\u0021-\u00FF]/;
const INVALID_NAME = /[^\w!#$%&'*+.^`|~-]/;

/** Requests that always state the length of their body, even of an empty one (RFC 9110, section 8.6). */
const METHODS_WITH_BODY: ReadonlySet<string> = new Set(['PUT', 'POST', 'PATCH']);

/** Fields that belong to the connection, which this module writes itself. */
const OUR_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'transfer-encoding',
]);

/**
 * The head of a request, without the line break that ends it, so that a field can be added.
 * @param bodyBytes length of the body
 * @throws TypeError for a character that would end a line or cannot be sent; nothing is sent then
 */
export function formatHead({ method, path, origin, headers }: Dispatcher.DispatchOptions, bodyBytes: number): string {
  const given = Object.entries(headers ?? {}).filter(
    ([name, value]) => value !== undefined && !OUR_FIELDS.has(name.toLowerCase()),
  );
  const hasHost = given.some(([name]) => name.toLowerCase() === 'host');
  const fields = [
    ...(hasHost ? [] : [['host', new URL(String(origin)).host]]),
    ...given,
    ...(bodyBytes > 0 || METHODS_WITH_BODY.has(method) ? [['content-length', String(bodyBytes)]] : []),
    ['connection', 'keep-alive'],
  ].map(([name, value]) => ({ name: name ?? '', value: String(value ?? '') }));
  const isValid =
    !INVALID_PATH.test(path) && fields.every(({ name, value }) => isFieldName(name) && isFieldValue(value));
  if (!isValid) throw new TypeError('a line break, or a character that a request cannot contain');
  return [`${method} ${path} HTTP/1.1`, ...fields.map(({ name, value }) => `${name}: ${value}`), ''].join('\r\n');
}

/** Whether this is a field's name: a token (RFC 9110, section 5.6.2). */
export function isFieldName(name: string): boolean {
  return name !== '' && !INVALID_NAME.test(name);
}

/** Whether a field may have this value: tabs, and visible or Latin-1 characters. */
export function isFieldValue(value: string): boolean {
  return !INVALID_VALUE.test(value);
}
