import { Refusal, type WireResponse } from './wire.ts';

/** An element of an XML document to send; a null child is omitted. */
export type Node = readonly [name: string, content: string | number | boolean | readonly (Node | null)[]];

/** A 200 response with an XML document. */
export function xmlResponse(root: Node, headers: Readonly<Record<string, string>> = {}): WireResponse {
  return { status: 200, headers: { ...headers, 'content-type': 'application/xml' }, body: writeDocument(root) };
}

/** A complete document in S3's namespace. */
function writeDocument([name, content]: Node): string {
  const body = writeContent(content);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${body}</${name}>`;
}

export interface ErrorFields {
  readonly code: string;
  readonly message: string;
  readonly resource: string;
  readonly requestId: string;
  /** What only some errors name. */
  readonly elements?: Readonly<Record<string, string>>;
}

/** S3's error document, which has no namespace. */
export function writeError({ code, message, resource, requestId, elements = {} }: ErrorFields): string {
  const children: readonly Node[] = [
    ['Code', code],
    ['Message', message],
    ...Object.entries(elements),
    ['Resource', resource],
    ['RequestId', requestId],
    ['HostId', Buffer.from(requestId).toString('base64')],
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>\n${writeNode(['Error', children])}`;
}

function writeNode([name, content]: Node): string {
  return `<${name}>${writeContent(content)}</${name}>`;
}

function writeContent(content: Node[1]): string {
  if (typeof content === 'object') return content.map((child) => (child === null ? '' : writeNode(child))).join('');
  return escapeText(String(content));
}

/** Writes control characters as numeric references; otherwise a carriage return would arrive as a line feed. */
function escapeText(text: string): string {
  return text.replaceAll(/[&<>"\p{Cc}]/gu, (character) => `&#${character.codePointAt(0)};`);
}

/** A received element. */
export interface Element {
  readonly name: string;
  readonly children: readonly Element[];
  /** The text of an element without children. */
  readonly text: string;
}

/** A comment, literal text, a tag, or text. */
const PIECES = /<!--.*?-->|<!\[CDATA\[(.*?)\]\]>|<([^>]*)>|([^<]+)/gs;

/**
 * Parses a small document: elements and text. Skips attributes, comments and the declaration; knows no DOCTYPE.
 * @throws Refusal `MalformedXML`
 */
export function readDocument(source: string): Element {
  const open: { name: string; children: Element[]; text: string }[] = [{ name: '', children: [], text: '' }];
  for (const [, literal, tag, text] of source.matchAll(PIECES)) {
    const current = open.at(-1);
    if (current === undefined || tag?.startsWith('!') === true) throw malformedDocument();
    if (literal !== undefined) {
      current.text += literal;
    } else if (text !== undefined) {
      current.text += unescapeText(text);
    } else if (tag !== undefined && !tag.startsWith('?')) {
      const [name = ''] = tag.replace(/^\//, '').replace(/\/$/, '').trim().split(/\s/);
      if (tag.startsWith('/')) {
        open.pop();
        if (current.name !== name) throw malformedDocument();
        open.at(-1)?.children.push(current);
      } else if (tag.endsWith('/')) {
        current.children.push({ name, children: [], text: '' });
      } else {
        open.push({ name, children: [], text: '' });
      }
    }
  }
  const [root, ...unclosed] = open;
  const document = root?.children[0];
  if (document === undefined || unclosed.length > 0) throw malformedDocument();
  return document;
}

/** The text of the first child with this name; null if there is none. */
export function childText(element: Element, name: string): string | null {
  return element.children.find((child) => child.name === name)?.text ?? null;
}

const CODE_POINT_MAX = 0x10_ff_ff;

function unescapeText(text: string): string {
  const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replaceAll(
    /&(?:#x([0-9a-f]+)|#([0-9]+)|([a-z]+));/gi,
    (_, hex?: string, decimal?: string, name?: string) => {
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      const isNumeric = hex !== undefined || decimal !== undefined;
      if (isNumeric && code <= CODE_POINT_MAX) return String.fromCodePoint(code);
      const character = named[name ?? ''];
      if (character === undefined) throw malformedDocument();
      return character;
    },
  );
}

/** The refusal of a document that is not XML, or not the one that its operation reads. */
export function malformedDocument(): Refusal {
  return new Refusal(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}
