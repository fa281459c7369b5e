import { parseDuration } from '../../duration.ts';
import { BreakwaterError } from '../../errors.ts';
import { escapeControls } from '../../escape.ts';
import { hasCredentials, quoteGiven } from '../../mask-credentials.ts';
import { parseSize } from './values.ts';

/** Initial objects of the sandbox. */
export interface SeedPlan {
  readonly bucket: string;
  /** One per object. */
  readonly keys: readonly string[];
  readonly ageMs: number;
  readonly sizeBytes: number;
}

/** The syntax of a seed, for help and error messages. */
export const SEED_FORM = 'BUCKET/KEY[:age=AGE][:size=SIZE][:count=N]';

/** Maximum total size of the seeded objects, in bytes, because all are kept in memory. */
const SEED_BYTES_MAX = 1_073_741_824;
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const COUNT_MAX = 1_000_000;

/**
 * Parses a seed: `logs/day.log:age=9d`, `big/file.bin:size=64MiB`, `many/item-{n}:count=5000:age=30d`. With a count,
 * keys are numbered from 1 at `{n}`, or at the end.
 * @throws BreakwaterError `usage`
 */
export function parseSeed(text: string): SeedPlan {
  const [path = '', ...options] = text.split(':');
  const slash = path.indexOf('/');
  const [bucket, key] = [path.slice(0, slash), path.slice(slash + 1)];
  if (slash < 1 || key === '') throw refuse(text, 'it has no bucket and key');
  if (!BUCKET_NAME.test(bucket)) throw refuse(text, `"${bucket}" is not a valid bucket name`);
  const given = new Map(options.map((option) => split(text, option)));
  const take = (name: string, parse: (value: string) => number | undefined, fallback: number): number => {
    const value = given.get(name);
    given.delete(name);
    const number = value === undefined ? fallback : parse(value);
    if (number === undefined) throw refuse(text, `"${value}" is not a valid ${name}`);
    return number;
  };
  const ageMs = take('age', parseDuration, 0);
  const sizeBytes = take('size', parseSize, 1024);
  const isNumbered = given.has('count');
  const count = take('count', parseCount, 1);
  const [unknown] = given.keys();
  if (unknown !== undefined) throw refuse(text, `unknown option ${unknown}; use age, size or count`);
  if (sizeBytes * count > SEED_BYTES_MAX) throw refuse(text, 'its objects are kept in memory, 1 GiB at most');
  return { bucket, keys: isNumbered ? numberKeys(key, count) : [key], ageMs, sizeBytes };
}

function numberKeys(key: string, count: number): readonly string[] {
  const pattern = key.includes('{n}') ? key : `${key}{n}`;
  const digits = String(count).length;
  return Array.from({ length: count }, (_, index) => pattern.replace('{n}', String(index + 1).padStart(digits, '0')));
}

function parseCount(value: string): number | undefined {
  const count = /^\d{1,7}$/.test(value) ? Number(value) : 0;
  return count >= 1 && count <= COUNT_MAX ? count : undefined;
}

function split(text: string, option: string): readonly [string, string] {
  const at = option.indexOf('=');
  if (at < 1) throw refuse(text, `"${option}" is not OPTION=VALUE`);
  return [option.slice(0, at), option.slice(at + 1)];
}

/** @param why not said where the value has credentials: it quotes pieces of it */
function refuse(text: string, why: string): BreakwaterError {
  return new BreakwaterError(
    'usage',
    `${quoteGiven(text)} is not a valid seed${hasCredentials(text) ? '' : `: ${escapeControls(why)}`}`,
    {
      details: { hint: `use demo, none, or ${SEED_FORM}, such as logs/old.log:age=9d` },
    },
  );
}
