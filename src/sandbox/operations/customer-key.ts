import { createHash } from 'node:crypto';
import { Refusal } from '../protocol/wire.ts';

const ALGORITHM = 'x-amz-server-side-encryption-customer-algorithm';
const KEY = 'x-amz-server-side-encryption-customer-key';
export const CUSTOMER_KEY_MD5 = 'x-amz-server-side-encryption-customer-key-md5';

type Headers = ReadonlyMap<string, string>;
type KeptHeaders = Readonly<Record<string, string>>;

/**
 * The headers to keep and return for an object that is encrypted with a key of the client (S3 User Guide, SSE-C); none
 * without a key. The sandbox stores the MD5 of the key, and the bytes as they are.
 * @throws Refusal `InvalidRequest`, `InvalidArgument` for a key that is incomplete or not one of AES-256
 */
export function keepCustomerKey(headers: Headers): KeptHeaders {
  const [algorithm, key, md5] = [headers.get(ALGORITHM), headers.get(KEY), headers.get(CUSTOMER_KEY_MD5)];
  if (algorithm === undefined && key === undefined && md5 === undefined) return {};
  if (algorithm !== 'AES256')
    throw new Refusal('InvalidArgument', 'The Encryption request you specified is not valid.');
  const bytes = Buffer.from(key ?? '', 'base64');
  if (bytes.length !== 32)
    throw new Refusal('InvalidArgument', 'The secret key was invalid for the specified algorithm.');
  if (createHash('md5').update(bytes).digest('base64') !== md5) {
    const message = 'The calculated MD5 hash of the key did not match the hash that was provided.';
    throw new Refusal('InvalidArgument', message);
  }
  return { [ALGORITHM]: algorithm, [CUSTOMER_KEY_MD5]: md5 };
}

/**
 * Checks that a request has the key of what it reads or adds to.
 * @param kept the headers kept with it
 * @throws Refusal `InvalidRequest` if a key is missing or superfluous, `AccessDenied` for another one
 */
export function checkCustomerKey(headers: Headers, kept: KeptHeaders): void {
  const given = keepCustomerKey(headers)[CUSTOMER_KEY_MD5];
  const expected = kept[CUSTOMER_KEY_MD5];
  if (given === expected) return;
  if (expected === undefined) {
    throw new Refusal('InvalidRequest', 'The encryption parameters are not applicable to this object.');
  }
  if (given !== undefined) throw new Refusal('AccessDenied', 'Access Denied');
  const message =
    'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.';
  throw new Refusal('InvalidRequest', message);
}

/** The same for a request that needs no key: only one that is given must be right. @throws Refusal */
export function checkGivenKey(headers: Headers, kept: KeptHeaders): void {
  if (CUSTOMER_KEY_MD5 in keepCustomerKey(headers)) checkCustomerKey(headers, kept);
}
