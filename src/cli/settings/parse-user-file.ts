import { BreakwaterError } from '../../errors.ts';
import { quoteGiven } from '../../mask-credentials.ts';
import { findNearestWord } from '../../ui/nearest-word.ts';
import { surveyJson } from './json-fault.ts';
import { fileKey, type UserFile } from './setting-keys.ts';
import { SETTING_TABLE } from './setting-table.ts';

/**
 * Reads the text of the user file. The keys are not checked.
 * @throws BreakwaterError `config` with line and column of the first fault, or the key that is there twice
 */
export function parseUserFile(file: string, path: string): Readonly<Record<string, unknown>> {
  // Editors of Windows begin files with a byte order mark, which JSON allows readers to skip (RFC 8259, section 8.1).
  const text = file.replace(/^\uFEFF/, '');
  const survey = surveyJson(text);
  if ('fault' in survey) {
    const { line, column, expected } = survey.fault;
    // The parser's own message quotes the file, which may contain secrets.
    throw new BreakwaterError(
      'config',
      `${path} is not valid JSON: line ${line}, column ${column}: expected ${expected}`,
      {
        details: { reason: 'bad_json', hint: 'correct it there; breakwater config --schema describes the file' },
      },
    );
  }
  const entries: unknown = JSON.parse(text, keepLargeNumber);
  if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) {
    throw new BreakwaterError('config', `${path} is not a JSON object`);
  }
  const twice = survey.keys.find((key, index) => survey.keys.indexOf(key) < index);
  if (twice !== undefined) {
    throw new BreakwaterError('config', `${quoteGiven(twice)} is set twice in ${path}`, {
      details: { reason: 'duplicate_setting', hint: 'keep one of the two' },
    });
  }
  return Object.fromEntries(Object.entries(entries));
}

/** What TypeScript does not know of JSON yet (ECMAScript, "JSON.parse source text access"). */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => object };

/** A number that would become another one keeps its digits: it is refused as a setting, and shown as the file has it. */
function keepLargeNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const isOther = typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER;
  return isOther && context?.source !== undefined ? rawJSON(context.source) : value;
}

/** The key by which an editor finds the schema of the file. */
const SCHEMA_KEY = '$schema';

/** @throws BreakwaterError `config` for an unknown key, with the nearest one, and for a key in both spellings */
export function checkKeys({ path, entries }: UserFile): void {
  const flags = Object.values(SETTING_TABLE).map(({ flag }) => flag);
  const twice = flags.find(
    (flag) => fileKey(flag) !== flag && [flag, fileKey(flag)].every((key) => Object.hasOwn(entries, key)),
  );
  if (twice !== undefined) {
    throw new BreakwaterError('config', `"${fileKey(twice)}" and "${twice}" in ${path} are the same setting`, {
      details: { reason: 'duplicate_setting', hint: 'keep one of the two' },
    });
  }
  const known = flags.map(fileKey);
  const isKnown = (key: string): boolean => key === SCHEMA_KEY || known.includes(key) || flags.includes(key);
  const unknown = Object.keys(entries).find((key) => !isKnown(key));
  if (unknown === undefined) return;
  // As a flag, as a variable, or in the spelling of other files.
  const word = unknown
    .toLowerCase()
    .replaceAll('-', '_')
    .replace(/^(?:breakwater)?_+/, '');
  const nearest = findNearestWord(word, known);
  const meant = nearest === null ? '' : `did you mean "${nearest}"? `;
  throw new BreakwaterError('config', `unknown setting ${quoteGiven(unknown)} in ${path}`, {
    details: { reason: 'unknown_setting', hint: `${meant}known settings: ${known.join(', ')}` },
  });
}
