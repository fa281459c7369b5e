import { MASK } from '../../mask-credentials.ts';

/**
 * A URL that may be shown: without user and password, and without a query, which may hold a token. What cannot be read as
 * a URL is masked whole, because a secret may stand in its place.
 * @param form what the rest must match besides, to be shown
 */
export function maskUrl(text: string, form = /^/): string {
  const [, scheme = '', rest = ''] = /^([a-z][a-z\d+.-]*:\/\/)?(.*)$/is.exec(text) ?? [];
  // Up to the last @, because a password may contain / and #.
  const end = rest.lastIndexOf('@');
  const place = rest.slice(end + 1).replace(/[?#].*$/s, `?${MASK}`);
  const isUrl = URL.canParse(`${scheme === '' ? 'http://' : scheme}${place}`) && !/[\p{Cc}\s]/u.test(place);
  if (!isUrl) return MASK;
  return form.test(`${scheme}${place}`) ? `${scheme}${end === -1 ? '' : `${MASK}@`}${place}` : MASK;
}
