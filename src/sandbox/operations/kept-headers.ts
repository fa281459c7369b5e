import { Refusal } from '../protocol/wire.ts';
import { keepCustomerKey } from './customer-key.ts';
import { countTags } from './tags.ts';

type Headers = ReadonlyMap<string, string>;
export type KeptHeaders = Readonly<Record<string, string>>;

const DESCRIPTIONS: ReadonlySet<string> = new Set([
  'content-type',
  'cache-control',
  'content-disposition',
  'content-language',
  'expires',
]);
const METADATA = 'x-amz-meta-';

/** The maximum of user metadata, in bytes of names and values (S3 User Guide, working with object metadata). */
const METADATA_MAX_BYTES = 2048;

const STORAGE_CLASS = 'x-amz-storage-class';
const ENCRYPTION = 'x-amz-server-side-encryption';
const KMS_KEY_ID = 'x-amz-server-side-encryption-aws-kms-key-id';
const TAG_COUNT = 'x-amz-tagging-count';

/** Classes whose objects can be read at once. */
const READABLE_CLASSES: ReadonlySet<string> = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
]);
/** Classes whose objects have to be restored first, which is not implemented here. */
const ARCHIVE_CLASSES: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);
const ENCRYPTIONS: ReadonlySet<string> = new Set(['AES256', 'aws:kms', 'aws:kms:dsse']);

/** Canned ACLs that give nobody more than the owner of everything here already has. */
const ACLS: ReadonlySet<string> = new Set(['private', 'bucket-owner-read', 'bucket-owner-full-control']);

/** The headers to store with a new object and to return with every read. @throws Refusal */
export function keepHeaders(headers: Headers): KeptHeaders {
  return { ...keepDescription(headers), ...keepPlacement(headers), ...keepTags(headers) };
}

/** What a copy takes from its original or from its request, as the metadata directive says. @throws Refusal */
export function keepDescription(headers: Headers): KeptHeaders {
  const metadata = [...headers].filter(([name]) => name.startsWith(METADATA));
  const bytes = metadata.reduce((sum, [name, value]) => sum + name.length - METADATA.length + value.length, 0);
  if (bytes > METADATA_MAX_BYTES) {
    throw new Refusal('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size');
  }
  const described = [...headers].filter(([name]) => DESCRIPTIONS.has(name));
  const coding = readContentCoding(headers.get('content-encoding') ?? '');
  return {
    ...Object.fromEntries([...described, ...metadata]),
    ...(coding === '' ? {} : { 'content-encoding': coding }),
  };
}

/** Where and how an object is stored, which every write decides anew. @throws Refusal `NotImplemented` ... */
export function keepPlacement(headers: Headers): KeptHeaders {
  checkAcl(headers);
  const storageClass = headers.get(STORAGE_CLASS) ?? 'STANDARD';
  if (!READABLE_CLASSES.has(storageClass) && !ARCHIVE_CLASSES.has(storageClass)) {
    throw new Refusal('NotImplemented', `The storage class ${storageClass} is not implemented here`);
  }
  const placed = storageClass === 'STANDARD' ? {} : { [STORAGE_CLASS]: storageClass };
  return { ...placed, ...keepEncryption(headers), ...keepCustomerKey(headers) };
}

/** Of the headers kept with an object: what a copy without a new description keeps of its original. */
export function descriptionOf(kept: KeptHeaders): KeptHeaders {
  return Object.fromEntries(Object.entries(kept).filter(([name]) => !isPlacement(name) && name !== TAG_COUNT));
}

export function tagsOf(kept: KeptHeaders): KeptHeaders {
  return Object.fromEntries(Object.entries(kept).filter(([name]) => name === TAG_COUNT));
}

/** Of the headers kept with an object: those that the response to its write repeats. */
export function writtenHeaders(kept: KeptHeaders): KeptHeaders {
  return Object.fromEntries(Object.entries(kept).filter(([name]) => name.startsWith(ENCRYPTION)));
}

export function storageClassOf(kept: KeptHeaders): string {
  return kept[STORAGE_CLASS] ?? 'STANDARD';
}

/** @throws Refusal `InvalidObjectState` for an archived object */
export function checkReadable(kept: KeptHeaders): void {
  const storageClass = storageClassOf(kept);
  if (!ARCHIVE_CLASSES.has(storageClass)) return;
  const message = "The operation is not valid for the object's storage class";
  throw new Refusal('InvalidObjectState', message, { elements: { StorageClass: storageClass } });
}

/** @throws Refusal `NotImplemented` for an ACL that would have to give something to somebody */
export function checkAcl(headers: Headers): void {
  const acl = headers.get('x-amz-acl') ?? 'private';
  if (!ACLS.has(acl)) throw new Refusal('NotImplemented', `The ACL ${acl} is not implemented here`);
}

function isPlacement(name: string): boolean {
  return name === STORAGE_CLASS || name.startsWith(ENCRYPTION);
}

function keepEncryption(headers: Headers): KeptHeaders {
  const encryption = headers.get(ENCRYPTION);
  const keyId = headers.get(KMS_KEY_ID);
  if (encryption !== undefined && !ENCRYPTIONS.has(encryption)) {
    throw new Refusal('NotImplemented', `The encryption ${encryption} is not implemented here`);
  }
  if (keyId !== undefined && encryption?.startsWith('aws:kms') !== true) {
    const message = 'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption';
    throw new Refusal('InvalidArgument', `${message} : aws:kms`);
  }
  return {
    ...(encryption === undefined ? {} : { [ENCRYPTION]: encryption }),
    ...(keyId === undefined ? {} : { [KMS_KEY_ID]: keyId }),
  };
}

function keepTags(headers: Headers): KeptHeaders {
  const count = countTags(headers.get('x-amz-tagging') ?? '');
  return count === 0 ? {} : { [TAG_COUNT]: String(count) };
}

/** Without `aws-chunked`, which frames the request and is not a coding of the object. */
function readContentCoding(text: string): string {
  const codings = text.split(',').map((coding) => coding.trim());
  return codings.filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked').join(',');
}
