import { string } from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';
import { BreakwaterError } from '../../errors.ts';
import { readRegularBytes } from '../../files/read-regular-file.ts';
import {
  createCustomerKey,
  PLAIN_ACCESS,
  type CustomerKey,
  type ObjectAccess,
} from '../../s3/connection/request-shape.ts';
import type { CommandRun } from '../command-run.ts';
import { expandHome, findHome } from '../find-home.ts';
import type { AwsContext } from '../settings/aws-config.ts';

const KEY_FLAG = 'sse-customer-key-file';

/** AES-256. */
const KEY_BYTES = 32;

/** For commands that read no object, and so need no key. */
export const payerFlags = {
  'request-payer': string({
    summary: 'agree to pay for the requests, for a bucket whose requester pays',
    options: ['requester'] as const,
    helpValue: 'requester',
    helpGroup: 'S3',
  }),
};

/** Flags that every request about an object needs. */
export const accessFlags = {
  ...payerFlags,
  [KEY_FLAG]: string({
    summary: 'key for server-side encryption with a key of your own (SSE-C): 32 bytes, raw or in base64',
    helpValue: 'FILE',
    helpGroup: 'S3',
  }),
};

type AccessFlags = Partial<InferredFlags<typeof accessFlags>>;

/**
 * Reads these flags, and the file of the key.
 * @param run its `aws` says where the key will be sent
 * @throws BreakwaterError `config`; the message never contains the key
 */
export function readObjectAccess(flags: AccessFlags, { aws, env }: Pick<CommandRun, 'aws' | 'env'>): ObjectAccess {
  const access = { ...PLAIN_ACCESS, isRequesterPaying: flags['request-payer'] === 'requester' };
  const path = flags[KEY_FLAG];
  if (path === undefined) return access;
  refusePlainHttp(aws());
  return { ...access, customerKey: readCustomerKey(expandHome(path, findHome(env))) };
}

function readCustomerKey(path: string): CustomerKey {
  const bytes = readKeyBytes(path);
  if (bytes.byteLength === KEY_BYTES) return createCustomerKey(bytes);
  const text = bytes.toString('latin1').trim();
  const decoded = /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (decoded.byteLength === KEY_BYTES) return createCustomerKey(decoded);
  throw keyError(`the file of --${KEY_FLAG} is not a key: it has ${bytes.byteLength} bytes`, {
    hint: `a key has ${KEY_BYTES} bytes, raw or in base64: make one with head -c ${KEY_BYTES} /dev/urandom > FILE`,
  });
}

function readKeyBytes(path: string): Buffer {
  try {
    return readRegularBytes(path);
  } catch (error) {
    throw keyError(`the file of --${KEY_FLAG} cannot be read`, {
      cause: error,
      hint: 'check the path and its permissions; it must be a regular file',
    });
  }
}

/** S3 refuses such requests, but only once the key has been sent (S3 User Guide, "Using server-side encryption with SSE-C"). */
function refusePlainHttp({ endpointUrl }: Pick<AwsContext, 'endpointUrl'>): void {
  const url = endpointUrl === null ? null : new URL(endpointUrl);
  if (url?.protocol !== 'http:' || isLoopback(url.hostname)) return;
  throw keyError('the key would be sent over plain HTTP, where anybody can read it', {
    hint: 'use an https endpoint; over http, a key is sent to this machine only',
  });
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}

function keyError(
  message: string,
  { hint, cause }: { readonly hint: string; readonly cause?: unknown },
): BreakwaterError {
  return new BreakwaterError('config', message, { cause, details: { reason: 'bad_customer_key', hint } });
}
