import { formatTime } from '../../clock.ts';
import { xmlResponse, type Node } from '../protocol/xml.ts';
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

export const createBucket: Operate = ({ bucket, headers }, { buckets, nowMs }) => {
  checkAcl(headers);
  buckets.create(bucket, nowMs);
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
  buckets.get(bucket);
  return xmlResponse(['LocationConstraint', '']);
};
