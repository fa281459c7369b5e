import { isDeepStrictEqual } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { everySingleChange } from '../../support/answers/arbitrary.ts';
import { findFault } from '../../support/answers/compare.ts';
import { readWithNode, readWithParser, type AnswerReading } from '../../support/answers/read-answer.ts';
import { loadPlantedCopy, type PlantedFault } from '../../support/planted-copy.ts';
import type { ResponseParser } from '../../../src/http/response-parser.ts';

const PARSER = ['response-parser.ts', 'response-head.ts', 'request-head.ts', 'line-reader.ts'].map(
  (name) => `http/${name}`,
);

const inHead = (text: string, becomes: string): PlantedFault => ({ file: 'response-head.ts', text, becomes });
const inFields = (text: string, becomes: string): PlantedFault => ({ file: 'request-head.ts', text, becomes });
const inParser = (text: string, becomes: string): PlantedFault => ({ file: 'response-parser.ts', text, becomes });
const inLines = (text: string, becomes: string): PlantedFault => ({ file: 'line-reader.ts', text, becomes });

const FAULTS: readonly (readonly [string, PlantedFault])[] = [
  ['a blank in a name', inFields('INVALID_NAME = /[^', 'INVALID_NAME = /[^ ')],
  ['control characters', inHead('!isFieldValue(value)', 'false')],
  ['a body after 204', inHead('status === 204 || ', '')],
  ['a sign before a length', inHead('/^\\d{1,15}$/', '/^\\+?\\d{1,15}$/')],
  ['anything after a length', inHead('/^\\d{1,15}$/', '/^\\d{1,15}/')],
  ['a length beside chunks', inHead("'chunked' && length === undefined", "'chunked'")],
  ['a coding beside a length', inHead('coding === undefined && ', '')],
  ['any coding with chunks', inHead("?.toLowerCase() === 'chunked'", "?.includes('chunked')")],
  ['a connection that is to end', inHead('if (announcesClose(headers)) return 0;', '')],
  ['a connection that a proxy ends', inHead(' || /\\bclose\\b/i.test(ofProxy)', '')],
  ['a connection of HTTP/1.0', inParser('isOld || framing.kind', 'framing.kind')],
  ['a chunk that goes on', inParser("if (text !== '') refuseResponse('a chunk with a wrong size');", '')],
  ['a blank after a chunk size', inParser('{1,12})(?:;', '{1,12}) *(?:;')],
  ['any chunk extension', inParser('CHUNK_SIZE.exec(text)', '/^([0-9a-f]{1,12})(?:;.*)?$/i.exec(text)')],
  ['a status below 100', inParser('([1-9]\\d{2})', '(\\d{3})')],
  ['an interim answer that ends the connection', inParser(' || announcesClose(headers)', '')],
  ['an interim answer of HTTP/1.0', inParser('} else if (isOld || ', '} else if (')],
  ['a switch of protocols', inParser("if (status === 101) refuseResponse('another protocol');", '')],
  [
    'a length in trailers',
    inParser("(length ?? coding) !== undefined) refuseResponse('a body", "false) refuseResponse('a body"),
  ],
  ['any trailer', inParser('= readHeaders([line])', '= {}')],
  [
    'trailers without an end',
    inParser("if (left === 0 || line.length > leftBytes) refuseResponse('too many trailers');", ''),
  ],
  ['a body after HEAD', inParser("this.#method === 'HEAD'", 'false')],
  ['a long head', inParser('HEAD_BYTES_MAX = 16 * 1024', 'HEAD_BYTES_MAX = 64 * 1024')],
  ['LF alone', inParser('text.split(END_OF_LINE)', 'text.split(/\\r?\\n/)')],
  ['a mark that is split', inLines('heldBytes - mark.length + 1', 'heldBytes')],
  ['a start that is lost', inLines('this.#held.copy(grown, 0, 0, this.#heldBytes);', '')],
];

const read: (readonly [readonly string[], string, AnswerReading])[] = [];

beforeAll(async () => {
  for (const { pieces, method } of everySingleChange()) {
    read.push([pieces, method, await readWithNode(pieces, method)]);
  }
});

it.each(FAULTS)('the comparison with Node finds a reader that accepts or does this: %s', async (_name, planted) => {
  const copy = await loadPlantedCopy([...PARSER, 'retry/transfer-fault.ts', 'errors.ts'], planted);
  const Parser = copy['ResponseParser'] as typeof ResponseParser;
  const isFound = read.some(([pieces, method, theirs]) => {
    const ours = readWithParser(pieces, method, Parser);
    const inOnePiece = readWithParser([pieces.join('')], method, Parser);
    return findFault(ours, theirs) !== null || !isDeepStrictEqual(ours, inOnePiece);
  });
  expect(isFound).toBe(true);
});
