import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { surveyJson } from '../../../../src/cli/settings/json-fault.ts';

describe('surveyJson', () => {
  it.each([
    { text: '{"a":1,\n}', line: 2, column: 1, expected: 'a key in double quotes' },
    { text: '{\n  "a": 1\n  "b": 2\n}', line: 3, column: 3, expected: 'a comma or }' },
    { text: "{'a':1}", line: 1, column: 2, expected: 'a key in double quotes' },
    { text: '{"a" 1}', line: 1, column: 6, expected: 'a colon' },
    { text: '{\r\n"a": yes}', line: 2, column: 6, expected: 'a value' },
    { text: '{"a":01}', line: 1, column: 6, expected: 'a value' },
    { text: '{"a":[1 2]}', line: 1, column: 9, expected: 'a comma or ]' },
    { text: '{"a":"\\x"}', line: 1, column: 7, expected: 'an escape of JSON' },
    { text: '{"a":"b\nc"}', line: 1, column: 8, expected: 'a double quote' },
    { text: '{"a":1', line: 1, column: 7, expected: 'a comma or }' },
    { text: '// b\n{}', line: 1, column: 1, expected: 'a value' },
    { text: '{}\n{}', line: 2, column: 1, expected: 'the end of the file' },
    { text: '', line: 1, column: 1, expected: 'a value' },
    { text: '['.repeat(101), line: 1, column: 101, expected: 'less nesting' },
  ])('finds the fault of $text', ({ text, ...fault }) => {
    expect(surveyJson(text)).toEqual({ fault });
  });

  it('lists the keys of the outermost object alone, as often as they are written', () => {
    expect(surveyJson(' {"a":{"b":[{"c":1}]}, "d":-1.5e3, "\\u0061":"x"} ')).toEqual({ keys: ['a', 'd', 'a'] });
  });

  it('agrees with JSON.parse on what is JSON', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '1',
      '-',
      '0',
      '.5',
      'e9',
      'true',
      'null',
      ' ',
      '\\',
      '\u0001',
      '\u0085',
      'é',
    );
    const broken = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        fc.oneof(
          broken,
          fc.json(),
          fc.jsonValue().map((value) => JSON.stringify(value, null, 2)),
        ),
        (text) => {
          let isJson = true;
          try {
            JSON.parse(text);
          } catch {
            isJson = false;
          }
          expect('keys' in surveyJson(text)).toBe(isJson);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
