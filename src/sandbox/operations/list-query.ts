import { encode } from '../protocol/signature.ts';
import { Refusal } from '../protocol/wire.ts';

const PAGE_MAX = 1000;

/** The maximum entries of a page: 1000 unless fewer are requested. @throws Refusal `InvalidArgument` */
export function readCount(query: URLSearchParams, parameter: string): number {
  const text = query.get(parameter) ?? String(PAGE_MAX);
  if (!/^\d{1,9}$/.test(text)) throw new Refusal('InvalidArgument', `${parameter} is not a number`);
  return Math.min(Number(text), PAGE_MAX);
}

/** Writes names in a response, percent-encoded if requested. */
export function nameWriter(query: URLSearchParams): (text: string) => string {
  const encoding = query.get('encoding-type');
  if (encoding === null) return (text) => text;
  if (encoding !== 'url') throw new Refusal('InvalidArgument', 'Invalid Encoding Method specified in Request');
  return encode;
}
