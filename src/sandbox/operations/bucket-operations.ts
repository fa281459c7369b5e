import { formatTime } from '../../clock.ts';
import { Refusal } from '../protocol/wire.ts';
import { malformedDocument, readDocument, xmlResponse, type Node } from '../protocol/xml.ts';
import { checkAcl } from './kept-headers.ts';
import { OWNER } from './owner.ts';
import type { Operate } from './operate.ts';

export const listBuckets: Operate = (_request, { buckets }) =>
  xmlResponse([
    'ListAllMyBucketsResult',
    [
      OWNER,
      [
        'Buckets',
        buckets.list().map(({ name, createdAtMs }): Node => [
          'Bucket',
          [
            ['Name', name],
            ['CreationDate', formatTime(createdAtMs)],
          ],
        ]),
      ],
    ],
  ]);

export const createBucket: Operate = ({ bucket, headers, body }, { buckets, nowMs }) => {
  checkAcl(headers);
  buckets.create(bucket, nowMs, readLocation(body));
  return { status: 200, headers: { location: `/${bucket}` }, body: '' };
};

export const headBucket: Operate = ({ bucket }, { buckets }) => {
  buckets.get(bucket);
  return { status: 200, headers: {}, body: '' };
};

export const deleteBucket: Operate = ({ bucket }, { buckets }) => {
  buckets.delete(bucket);
  return { status: 204, headers: {}, body: '' };
};

export const getBucketLocation: Operate = ({ bucket }, { buckets }) => {
  return xmlResponse(['LocationConstraint', buckets.get(bucket).location]);
};

/** The region of a new bucket; empty for the default. @throws Refusal */
function readLocation(body: Buffer): string {
  if (body.length === 0) return '';
  const { name, children } = readDocument(body.toString());
  if (name !== 'CreateBucketConfiguration') throw malformedDocument();
  const other = children.find((child) => child.name !== 'LocationConstraint');
  if (other !== undefined) throw new Refusal('NotImplemented', `The element ${other.name} is not implemented here`);
  const [location] = children;
  if (location === undefined) return '';
  // S3 calls this region by no name here.
  if (location.text !== 'us-east-1' && /^[a-z]{2}[a-z-]*-\d+$|^EU$/.test(location.text)) return location.text;
  throw new Refusal('InvalidLocationConstraint', 'The specified location-constraint is not valid');
}
