import { TransferFault } from '../../retry/transfer-fault.ts';

/** The references that XML defines (XML 1.0, section 4.6); S3 declares no others. */
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/**
 * Characters that must not stand in a text as they are. Readers of XML turn a carriage return into a new line (XML 1.0,
 * section 2.11), so it does not say which of the two was stored.
 */
// oxlint-disable-next-line no-control-regex -- it must match control characters
const RAW_CONTROL = /[\u0000-\u0008\u000b-\u001f]/;

/**
 * The characters of a text, with its references read.
 * @throws TransferFault `not_s3` for what has more than one reading: an unknown reference, a bare `&`, a control
 * character that is not written as a reference, half of a surrogate pair
 */
export function readXmlText(raw: string): string {
  if (RAW_CONTROL.test(raw)) throw new TransferFault('not_s3', 'the response has a control character');
  if (!raw.includes('&')) return raw;
  // The halves of a surrogate pair, which some stores write as two references, form a pair again.
  const text = raw.replaceAll(/&([^;&]*;?)/g, (_reference, name: string) => readReference(name));
  if (!text.isWellFormed()) throw characterError();
  return text;
}

/** A control character may be referred to (XML 1.1, section 2.2): S3 and Ceph write keys so. */
function readReference(name: string): string {
  const number = /^#(?:x([\da-fA-F]{1,6})|(\d{1,7}));$/.exec(name);
  if (number === null) {
    const text = ENTITIES.get(name.slice(0, -1));
    if (text === undefined || !name.endsWith(';')) throw characterError();
    return text;
  }
  const codePoint = number[1] === undefined ? Number(number[2]) : Number.parseInt(number[1], 16);
  if (codePoint === 0 || codePoint > 0x10_ff_ff) throw characterError();
  return String.fromCodePoint(codePoint);
}

/** Whether a text has nothing but blanks, which in XML are these four characters. */
export function isBlank(text: string): boolean {
  return /^[ \t\r\n]*$/.test(text);
}

/** Without the blanks around it. */
export function trimBlanks(text: string): string {
  return text.replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
}

const NAME = /^[A-Za-z_][\w:.-]*/;

/** The name at the start of a tag. @throws TransferFault `not_s3` */
export function readElementName(tag: string): string {
  const [name] = NAME.exec(tag) ?? [];
  if (name === undefined) throw new TransferFault('not_s3', 'the response is not well-formed XML');
  return name;
}

const ATTRIBUTES = /^(?:[ \t\r\n]+[A-Za-z_][\w:.-]*[ \t\r\n]*=[ \t\r\n]*(?:"[^"<]*"|'[^'<]*'))*[ \t\r\n]*$/;
const ATTRIBUTE_NAME = /([\w:.-]+)[ \t\r\n]*=[ \t\r\n]*(?:"[^"]*"|'[^']*')/g;

/**
 * The names of the attributes of a tag, from what follows its name.
 * @throws TransferFault `not_s3` if they are not well-formed, or one stands there twice
 */
export function readAttributeNames(text: string): readonly string[] {
  const names = [...text.matchAll(ATTRIBUTE_NAME)].map(([, name = '']) => name);
  if (ATTRIBUTES.test(text) && new Set(names).size === names.length) return names;
  throw new TransferFault('not_s3', 'the response is not well-formed XML');
}

/** @throws TransferFault `not_s3` for a declaration of another encoding than UTF-8 */
export function refuseEncoding(declaration: string): void {
  const [, encoding = 'utf-8'] = /\sencoding\s*=\s*["']([^"']*)["']/.exec(declaration) ?? [];
  if (/^(?:utf-?8|us-ascii|ascii)$/i.test(encoding)) return;
  throw new TransferFault('not_s3', 'the response is in another encoding than UTF-8');
}

function characterError(): TransferFault {
  return new TransferFault('not_s3', 'the response has a character that does not exist');
}
