import { parseDuration } from '../../duration.ts';
import { BreakwaterError } from '../../errors.ts';
import { hasCredentials, quoteGiven } from '../../mask-credentials.ts';
import type { FaultEffect, FaultRule } from './fault.ts';
import { SANDBOX_OPERATIONS, statusOf } from '../protocol/wire.ts';

/** The syntax of a fault, for help and error messages. */
export const FAULT_FORM = 'OPERATION:EFFECT[:OPTION=VALUE...]';
const PLAIN_EFFECTS = ['reset', 'hang', 'html', 'truncate', 'stall', 'corrupt', 'latency', 'lost'] as const;
const OPERATIONS = [...SANDBOX_OPERATIONS, 'DeleteObjectsEntry', '*'] as const;

/**
 * Parses a fault: an operation or `*`, an effect, options. `PutObject:SlowDown:times=5`, `*:500:InternalError:for=30s`,
 * `GetObject:truncate:key=big/`.
 * @throws BreakwaterError `usage`
 */
export function parseFault(text: string): FaultRule {
  const [operationText = '', effectText = '', ...rest] = text.split(':');
  const operation = OPERATIONS.find((name) => name === operationText);
  if (operation === undefined) throw refuse(text, `the operation must be one of ${OPERATIONS.join(', ')}`);
  const [codeText, ...tail] = rest;
  const hasStatus = /^[1-5]\d\d$/.test(effectText) && codeText !== undefined && !codeText.includes('=');
  const options = new Map((hasStatus ? tail : rest).map((option) => splitOption(text, option)));
  const count = (name: string): number | null => readNumber(text, options, { name, parse: parseWhole });
  const duration = (name: string): number | null => readNumber(text, options, { name, parse: parseDuration });
  const take = (name: string): string | null => {
    const value = options.get(name) ?? null;
    options.delete(name);
    return value;
  };
  const retryAfterSeconds = count('retry-after');
  const effect = hasStatus
    ? ({ kind: 'error', status: Number(effectText), code: codeText, retryAfterSeconds } as const)
    : readEffect(text, effectText, retryAfterSeconds);
  const rule: FaultRule = {
    operation,
    effect,
    bucket: take('bucket'),
    keyPrefix: take('key'),
    keySuffix: take('suffix'),
    times: count('times'),
    each: count('each'),
    skip: count('skip') ?? 0,
    every: Math.max(1, count('every') ?? 1),
    lastsMs: duration('for'),
    latencyMs: duration('after') ?? 0,
  };
  const [unknown] = options.keys();
  if (unknown !== undefined) {
    throw refuse(
      text,
      `${unknown} is not an option; use times, each, skip, every, for, after, bucket, key, suffix, retry-after`,
    );
  }
  return rule;
}

function readEffect(text: string, word: string, retryAfterSeconds: number | null): FaultEffect {
  const kind = PLAIN_EFFECTS.find((name) => name === word);
  if (kind !== undefined) return { kind };
  const status = statusOf(word);
  if (status === undefined) {
    throw refuse(text, `the effect must be an S3 error code, STATUS:CODE, or one of ${PLAIN_EFFECTS.join(', ')}`);
  }
  return { kind: 'error', status, code: word, retryAfterSeconds };
}

function splitOption(text: string, option: string): readonly [string, string] {
  const at = option.indexOf('=');
  if (at < 1) throw refuse(text, `"${option}" is not OPTION=VALUE`);
  return [option.slice(0, at), option.slice(at + 1)];
}

function readNumber(
  text: string,
  options: Map<string, string>,
  { name, parse }: { name: string; parse: (value: string) => number | undefined },
): number | null {
  const value = options.get(name);
  if (value === undefined) return null;
  options.delete(name);
  const number = parse(value);
  if (number === undefined) throw refuse(text, `"${value}" is not a valid ${name}`);
  return number;
}

function parseWhole(value: string): number | undefined {
  return /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

/** @param why not said where the value has credentials: it quotes pieces of it */
function refuse(text: string, why: string): BreakwaterError {
  return new BreakwaterError('usage', `${quoteGiven(text)} is not a fault${hasCredentials(text) ? '' : `: ${why}`}`, {
    details: { hint: `write ${FAULT_FORM}, such as PutObject:SlowDown:times=5` },
  });
}
