/** Stands where a secret is. */
export const MASK = '***';

/**
 * A URL that may be shown: without user and password, and without a query, which may hold a token. What cannot be read as
 * a URL is masked whole, because a secret may stand in its place.
 */
export function maskUrl(text: string): string {
  const [, scheme = '', rest = ''] = /^([a-z][a-z\d+.-]*:\/\/)?(.*)$/is.exec(text) ?? [];
  // Up to the last @, because a password may contain / and #.
  const end = rest.lastIndexOf('@');
  const place = rest.slice(end + 1).replace(/[?#].*$/s, `?${MASK}`);
  const isUrl = URL.canParse(`${scheme === '' ? 'http://' : scheme}${place}`) && !/[\p{Cc}\s]/u.test(place);
  if (!isUrl) return MASK;
  return `${scheme}${end === -1 ? '' : `${MASK}@`}${place}`;
}
