import { isUtf8 } from 'node:buffer';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { isBlank, readAttributeNames, readElementName, readXmlText, refuseEncoding } from './xml-text.ts';

/** One element of a list, with the text of its children by name. Deeper elements are left out. */
export interface XmlEntry {
  readonly name: string;
  readonly fields: Readonly<Record<string, string | undefined>>;
}

/** A whole document, apart from what lies deeper than the fields of its entries. */
export interface XmlPage {
  /** The name of the root; null for an empty document. */
  readonly root: string | null;
  /** In document order. */
  readonly entries: readonly XmlEntry[];
  /**
   * The other elements directly below the root, by name in lower case and without a namespace prefix. Each has its text,
   * or null if it has elements of its own.
   */
  readonly head: ReadonlyMap<string, readonly (string | null)[]>;
}

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** The most entries of one page. S3 sends 1,000; some stores send a few thousand when no number is asked for. */
const ENTRIES_MAX = 10_000;

/** The deepest nesting; S3's own answers have 5 levels. */
const DEPTH_MAX = 32;

/** Fields that have one text and nothing else. S3 repeats or nests others, such as `ChecksumAlgorithm` and `Owner`. */
const TEXT_FIELDS: ReadonlySet<string> = new Set(
  (
    'Key VersionId IsLatest LastModified ETag Size UploadId Initiated PartNumber Code Message DeleteMarker ' +
    'DeleteMarkerVersionId ChecksumCRC32 ChecksumCRC32C ChecksumCRC64NVME ChecksumSHA1 ChecksumSHA256'
  ).split(' '),
);

/**
 * Reads a document of S3 whose root contains elements with these names. It is our only reader of listings, for two
 * reasons. S3's lists have a thousand entries each; the SDK's parser builds every text character by character and makes
 * two object trees, which took two thirds of the time and memory of a sweep. And the SDK's parser guesses: it drops
 * unknown entities, joins texts around an element, and takes bytes that are not UTF-8.
 *
 * A document that has more than one reading is refused as a whole: bytes that are not UTF-8, unknown entities and a bare
 * `&`, a field twice or with elements or attributes, entries under another spelling of their name, a document type.
 * @throws TransferFault `not_s3`
 */
export function readXmlPage(document: Buffer, names: ReadonlySet<string>): XmlPage {
  // Otherwise different bytes would become the same characters.
  if (!isUtf8(document)) throw new TransferFault('not_s3', 'the response is not UTF-8');
  // A byte order mark may stand before an entity in UTF-8 (XML 1.0, section 4.3.3), and is no text of it.
  const start = BYTE_ORDER_MARK.every((byte, at) => document[at] === byte) ? BYTE_ORDER_MARK.length : 0;
  return new PageScanner(document.subarray(start), names).scan();
}

/** As numbers, because a search for a text takes most of the time of a page. */
const [LESS, GREATER, SLASH, EXCLAMATION, QUESTION] = [0x3c, 0x3e, 0x2f, 0x21, 0x3f];
const CDATA = '<![CDATA[';
/** The depth of an entry; the root is at 1. */
const ENTRY_DEPTH = 2;
const FIELD_DEPTH = 3;

const KNOWN_MAX = 100;
const NO_ATTRIBUTES: readonly string[] = [];

interface OpenEntry {
  readonly name: string;
  readonly fields: Record<string, string>;
}

class PageScanner {
  readonly #document: Buffer;
  readonly #names: ReadonlySet<string>;
  /** The names in lower case, to find other spellings of them. */
  readonly #spellings: ReadonlySet<string>;
  /** Names that were checked: a page has the same ones a thousand times. */
  readonly #known = new Set<string>();
  readonly #open: string[] = [];
  readonly #entries: XmlEntry[] = [];
  readonly #head = new Map<string, (string | null)[]>();
  #root: string | null = null;
  #entry: OpenEntry | null = null;
  /** The text of the field or element of the head that is being read; null once it has elements. */
  #text: string | null = null;

  constructor(document: Buffer, names: ReadonlySet<string>) {
    this.#document = document;
    this.#names = names;
    this.#spellings = new Set([...names].map((name) => name.toLowerCase()));
  }

  scan(): XmlPage {
    let at = 0;
    for (let tag = this.#document.indexOf(LESS, at); tag !== -1; tag = this.#document.indexOf(LESS, at)) {
      if (tag > at) this.#takeText(this.#document.toString('utf8', at, tag));
      at = this.#readMarkup(tag);
    }
    if (this.#open.length > 0) throw brokenXmlError();
    this.#takeText(this.#document.toString('utf8', at));
    return { root: this.#root, entries: this.#entries, head: this.#head };
  }

  /** The depth at which text counts: a field of an entry, or an element of the head. */
  get #textDepth(): number {
    return this.#entry === null ? ENTRY_DEPTH : FIELD_DEPTH;
  }

  #takeText(raw: string): void {
    const depth = this.#open.length;
    if (depth > this.#textDepth) return;
    if (depth === FIELD_DEPTH) {
      const name = this.#open.at(-1) ?? '';
      if (!TEXT_FIELDS.has(name)) return;
      // Either the text, or the layout of the document.
      if (raw.includes('\n') && isBlank(raw)) throw ambiguousError(name);
      this.#text += readXmlText(raw);
    } else if (!isBlank(raw)) {
      if (depth < this.#textDepth) throw new TransferFault('not_s3', 'the response has text between its elements');
      if (this.#text !== null) this.#text += readXmlText(raw);
    }
  }

  /** @returns the offset of its end */
  #readMarkup(tag: number): number {
    const kind = this.#document[tag + 1];
    if (kind === QUESTION) return this.#readInstruction(tag);
    if (kind === EXCLAMATION) return this.#readDeclaration(tag);
    const end = this.#document.indexOf(GREATER, tag) + 1;
    if (end === 0) throw brokenXmlError();
    if (kind === SLASH) {
      const name = this.#document.toString('latin1', tag + 2, end - 1);
      this.#close(name === this.#open.at(-1) ? name : name.replace(/[ \t\r\n]+$/, ''));
      return end;
    }
    const isEmpty = this.#document[end - 2] === SLASH;
    const inner = this.#document.toString('latin1', tag + 1, isEmpty ? end - 2 : end - 1);
    const isKnown = this.#known.has(inner);
    const name = isKnown ? inner : readElementName(inner);
    if (name === inner && this.#known.size < KNOWN_MAX) this.#known.add(name);
    this.#begin(name, isKnown || name === inner ? NO_ATTRIBUTES : readAttributeNames(inner.slice(name.length)));
    if (isEmpty) this.#close(name);
    return end;
  }

  #readInstruction(tag: number): number {
    const end = this.#skipTo('?>', tag);
    if (this.#startsWith('<?xml ', tag)) refuseEncoding(this.#document.toString('latin1', tag, end));
    return end;
  }

  #readDeclaration(tag: number): number {
    if (this.#startsWith('<!--', tag)) return this.#skipTo('-->', tag);
    // A document type can redefine every name and text.
    if (!this.#startsWith(CDATA, tag)) throw brokenXmlError();
    const end = this.#skipTo(']]>', tag);
    const raw = this.#document.toString('utf8', tag + CDATA.length, end - ']]>'.length);
    this.#takeText(raw.replaceAll('&', '&amp;'));
    return end;
  }

  #begin(name: string, attributes: readonly string[]): void {
    this.#open.push(name);
    const depth = this.#open.length;
    if (depth > DEPTH_MAX) throw new TransferFault('not_s3', 'the response nests too deeply');
    if (depth === 1) this.#beginRoot(name);
    else if (depth === ENTRY_DEPTH) this.#beginBelowRoot(name, attributes);
    else if (depth === FIELD_DEPTH && this.#entry !== null) this.#beginField(name, this.#entry, attributes);
    else this.#nest(depth);
  }

  #beginRoot(name: string): void {
    if (this.#root !== null) throw brokenXmlError();
    this.#root = name;
  }

  #beginBelowRoot(name: string, attributes: readonly string[]): void {
    this.#text = '';
    if (!this.#names.has(name)) {
      if (this.#spellings.has(localName(name).toLowerCase())) throw misspelledError(name);
      return;
    }
    if (attributes.some((attribute) => !/^xmlns(?::|$)/.test(attribute))) throw ambiguousError(name);
    if (this.#entries.length === ENTRIES_MAX) {
      throw new TransferFault('not_s3', `the response has more than ${ENTRIES_MAX} entries`);
    }
    this.#entry = { name, fields: {} };
  }

  #beginField(name: string, { fields }: OpenEntry, attributes: readonly string[]): void {
    this.#text = '';
    if (TEXT_FIELDS.has(name) && (attributes.length > 0 || Object.hasOwn(fields, name))) throw ambiguousError(name);
  }

  /** An element within a field or an element of the head. */
  #nest(depth: number): void {
    if (depth !== this.#textDepth + 1) return;
    const outer = this.#open[depth - 2] ?? '';
    if (this.#entry !== null && TEXT_FIELDS.has(outer)) throw ambiguousError(outer);
    this.#text = null;
  }

  #close(name: string): void {
    const depth = this.#open.length;
    if (this.#open.pop() !== name) throw brokenXmlError();
    const entry = this.#entry;
    if (depth === FIELD_DEPTH && entry !== null) entry.fields[name] = this.#text ?? '';
    if (depth !== ENTRY_DEPTH) return;
    if (entry === null) {
      const key = localName(name).toLowerCase();
      const texts = this.#head.get(key);
      if (texts === undefined) this.#head.set(key, [this.#text]);
      else texts.push(this.#text);
    } else {
      this.#entries.push(entry);
      this.#entry = null;
    }
  }

  #startsWith(start: string, at: number): boolean {
    return this.#document.toString('latin1', at, at + start.length) === start;
  }

  #skipTo(stop: string, from: number): number {
    const at = this.#document.indexOf(stop, from);
    if (at === -1) throw brokenXmlError();
    return at + stop.length;
  }
}

function localName(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1);
}

function brokenXmlError(): TransferFault {
  return new TransferFault('not_s3', 'the response is not well-formed XML');
}

function ambiguousError(name: string): TransferFault {
  return new TransferFault('not_s3', `<${name}> of an entry has more than one reading`);
}

function misspelledError(name: string): TransferFault {
  return new TransferFault('not_s3', `the response has entries under another name: <${name}>`);
}
