/**
 * S3's answers from nothing: objects are described by their names, so the server keeps nothing but the sizes and digests of what it
 * was sent. `NxS/` is a tree of N objects of S bytes, a hundred in each of its directories: `5000x4096/d00000/f00` is its first.
 * `NxS-KIND/` is one whose objects came to be another way (`ObjectKind`), so that other checksums are told of them.
 *
 * No signature is checked; a batch delete deletes nothing.
 */
import { document, refuse, type NullRequest, type NullResponse } from './message.ts';
import { readObject } from './read-object.ts';
import { findNamed, listTree } from './trees.ts';
import { completeUpload, createUpload, putContent, type Written } from './write-object.ts';

/** @param tellsUnasked tell checksums also to who does not ask */
export function respond(
  request: NullRequest,
  { written, tellsUnasked }: { written: Written; tellsUnasked: boolean },
): NullResponse {
  const { method, key, query } = request;
  if (key === '') return respondBucket(request);
  if (method === 'GET' || method === 'HEAD') {
    const object = findNamed(key) ?? written.objects.get(key);
    return object === undefined ? refuse(404, 'NoSuchKey') : readObject(request, { object, tellsUnasked });
  }
  if (method === 'PUT') return putContent(request, written);
  if (method === 'POST')
    return query.has('uploads') ? createUpload(request, written) : completeUpload(request, written);
  written.uploads.delete(query.get('uploadId') ?? '');
  return { status: 204, headers: [], body: '' };
}

function respondBucket({ method, query, body }: NullRequest): NullResponse {
  if (method === 'POST') {
    const isQuiet = body.includes('<Quiet>true</Quiet>');
    const deleted = isQuiet
      ? []
      : [...body.matchAll(/<Key>[^<]*<\/Key>/g)].map(([name]) => `<Deleted>${name}</Deleted>`);
    return document('DeleteResult', deleted.join(''));
  }
  if (method !== 'GET') return { status: 200, headers: [], body: '' };
  if (query.has('location')) return document('LocationConstraint', '');
  if (query.has('uploads')) return document('ListMultipartUploadsResult', '<IsTruncated>false</IsTruncated>');
  return listTree(query);
}
