import { createHash } from 'node:crypto';
import { Refusal } from './wire.ts';

/** Characters of the checksum that tells a token of ours from any other text. */
const MARK_LENGTH = 8;

/** A token for the page after a key or common prefix. */
export function writeToken(after: string): string {
  return Buffer.from(`${mark(after)}${after}`).toString('base64url');
}

/** @throws Refusal `InvalidArgument` for a text that is not a token */
export function readToken(token: string): string {
  const after = Buffer.from(token, 'base64url').toString().slice(MARK_LENGTH);
  if (writeToken(after) === token) return after;
  throw new Refusal('InvalidArgument', 'The continuation token provided is incorrect', {
    elements: { ArgumentName: 'continuation-token' },
  });
}

function mark(after: string): string {
  return createHash('sha256').update(after).digest('hex').slice(0, MARK_LENGTH);
}
