import type { AskedRange } from '../../s3/download/download-request.ts';
import { refuseValue } from '../settings/resolve-settings.ts';

/**
 * Reads a range of bytes as HTTP writes it, with or without `bytes=`: `0-99` (the last one included), `100-`, `-20`.
 * @throws BreakwaterError `usage`
 */
export function parseByteRange(text: string): AskedRange {
  const match = /^(?:bytes=)?(\d{0,15})-(\d{0,15})$/.exec(text);
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last !== '' && Number(last) > 0) return { kind: 'last', bytes: Number(last) };
  if (first !== '' && (last === '' || Number(first) <= Number(last))) {
    return { kind: 'from', first: Number(first), last: last === '' ? null : Number(last) };
  }
  throw refuseValue({ name: '--range', value: text, accepts: 'FIRST-LAST, FIRST- or -COUNT, in bytes' });
}
