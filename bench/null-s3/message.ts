import type { ReceivedContent } from './received-content.ts';

export interface NullRequest {
  readonly method: string;
  /** Without the bucket, decoded; empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  /** With the trailers. */
  readonly headers: ReadonlyMap<string, string>;
  /** Of a POST; empty for everything else. */
  readonly body: string;
  /** Of a PUT; null for everything else. */
  readonly content: ReceivedContent | null;
}

export interface NullResponse {
  readonly status: number;
  readonly headers: readonly string[];
  /** A document, or a run of the pattern. */
  readonly body: string | { readonly start: number; readonly end: number };
}

const XML = ['content-type: application/xml'];

export function document(root: string, content: string): NullResponse {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`;
  return { status: 200, headers: XML, body };
}

/** An error as S3 words it. Its body is not sent in answer to HEAD. */
export function refuse(status: number, code: string, message = 'none'): NullResponse {
  return { status, headers: XML, body: `<Error><Code>${code}</Code><Message>${message}</Message></Error>` };
}

export function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
