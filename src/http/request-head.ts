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
  let lines = '';
  let names = '';
  let values = '';
  let hasHost = false;
  for (const [given, value] of Object.entries(headers ?? {})) {
    const name = given.toLowerCase();
    if (value === undefined || OUR_FIELDS.has(name)) continue;
    const text = String(value ?? '');
    hasHost ||= name === 'host';
    lines += `${given}: ${text}\r\n`;
    names += given === '' ? ' ' : given;
    values += text;
  }
  const host = hasHost ? '' : `host: ${new URL(String(origin)).host}\r\n`;
  if (INVALID_PATH.test(path) || INVALID_NAME.test(names) || !isFieldValue(values)) {
    throw new TypeError('a line break, or a character that a request cannot contain');
  }
  const length = bodyBytes > 0 || METHODS_WITH_BODY.has(method) ? `content-length: ${bodyBytes}\r\n` : '';
  return `${method} ${path} HTTP/1.1\r\n${host}${lines}${length}connection: keep-alive\r\n`;
}

/** Whether this is a field's name: a token (RFC 9110, section 5.6.2). */
export function isFieldName(name: string): boolean {
  return name !== '' && !INVALID_NAME.test(name);
}

/** Whether a field may have this value: tabs, and visible or Latin-1 characters. */
export function isFieldValue(value: string): boolean {
  return !INVALID_VALUE.test(value);
}
