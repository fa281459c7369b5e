import { isDeepStrictEqual } from 'node:util';
import type { AnswerReading } from './read-answer.ts';

/**
 * Compares our reading of an answer with Node's. Ours may refuse what Node accepts; it must accept nothing that Node
 * refuses, and read nothing else.
 * @returns what is wrong with ours; null if nothing
 */
export function findFault(ours: AnswerReading, theirs: AnswerReading): string | null {
  if (ours.end === 'whole' && theirs.end !== 'whole') return `accepts what Node calls ${theirs.end}`;
  if (ours.status !== null && theirs.status === null) return 'accepts a head that Node does not';
  if (ours.status !== null && ours.status !== theirs.status) return 'reads another status';
  if (ours.status !== null && !hasSameHeaders(ours, theirs)) return 'reads other headers';
  if (ours.end === 'whole' && ours.body !== theirs.body) return 'reads another body';
  // Node may have dropped what it read just before a failure, so only the common start is compared.
  const isStart = ours.body.startsWith(theirs.body) || theirs.body.startsWith(ours.body);
  if (!isStart) return 'reads another start of the body';
  if (theirs.end === 'whole' && ours.body.length > theirs.body.length) return 'reads a longer body';
  if (ours.isReusable && !theirs.isReusable) return 'reuses a connection that Node closes';
  return null;
}

function hasSameHeaders(ours: AnswerReading, theirs: AnswerReading): boolean {
  return isDeepStrictEqual(ours.headers, theirs.headers);
}

/** What kind of stricter reading this is; null if both read the same. */
export function nameStrictness(ours: AnswerReading, theirs: AnswerReading): string | null {
  if (theirs.end === 'whole' && ours.end !== 'whole') return ours.why === '' ? 'waits for more' : ours.why;
  if (theirs.isReusable && !ours.isReusable) return 'closes a connection that Node reuses';
  return null;
}
