import type { WireAnswer } from './wire.ts';
import { writeDocument, type Node } from './xml.ts';

/** A success with a document. */
export function answerXml(root: Node, headers: Readonly<Record<string, string>> = {}): WireAnswer {
  return { status: 200, headers: { ...headers, 'content-type': 'application/xml' }, body: writeDocument(root) };
}
