import { BatchDeleter } from '../../src/s3/delete/delete-batch.ts';
import type { DeleteTarget } from '../../src/s3/delete/delete-target.ts';
import { createFakeGuard } from './fake-guard.ts';
import { createFakeS3, runWithS3, type FakeResponse, type FakeRequest } from './fake-s3.ts';

export const ETAG = '"11111111111111111111111111111111"';

/** One key as it stands in a request. */
export interface Asked {
  readonly key: string;
  readonly etag: string | null;
  readonly versionId: string | null;
}

/** What happens to a key; nothing means that it is deleted. */
type Ends = (asked: Asked) => string | null;

export function readAsked(body: Buffer): Asked[] {
  const part = (text: string, name: string): string | null => {
    const found = new RegExp(`<${name}>(.*?)</${name}>`).exec(text)?.[1];
    if (found === undefined) return null;
    return found.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  };
  return [...body.toString().matchAll(/<Object>(.*?)<\/Object>/g)].map(([, text = '']) => ({
    key: part(text, 'Key') ?? '',
    etag: part(text, 'ETag'),
    versionId: part(text, 'VersionId'),
  }));
}

const escapeXml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

export function deletedResponse(asked: readonly Asked[], ends: Ends = () => null): FakeResponse {
  const entries = asked.map((each) => {
    const code = ends(each);
    const version = each.versionId === null ? '' : `<VersionId>${each.versionId}</VersionId>`;
    const name = `<Key>${escapeXml(each.key)}</Key>${version}`;
    return code === null
      ? `<Deleted>${name}</Deleted>`
      : `<Error>${name}<Code>${code}</Code><Message>why</Message></Error>`;
  });
  const body = `<?xml version="1.0"?><DeleteResult>${entries.join('')}</DeleteResult>`;
  return { headers: { 'content-type': 'application/xml' }, body };
}

/** A store that leaves an object alone whose ETag is another. */
export const honours: Ends = ({ etag }) => (etag === null || etag === ETAG ? null : 'PreconditionFailed');

export type Response = (
  asked: readonly Asked[],
  number: number,
  request: FakeRequest,
) => FakeResponse | Promise<FakeResponse>;

/**
 * Batch deletions in front of a store in memory.
 * @param answer to the requests after the first one that asks for a key, which tries out the store
 * @param isTried the store has been tried out already, by a key of its own
 */
export function prepare(response: Response, { isTried = true } = {}) {
  let isTrying = isTried;
  const requests: FakeRequest[] = [];
  const fake = createFakeS3(async (request) => {
    const asked = readAsked(request.body);
    if (isTrying) return deletedResponse(asked, honours);
    requests.push(request);
    return await response(asked, requests.length, request);
  });
  const guard = createFakeGuard();
  const deleter = new BatchDeleter(fake.s3, guard.guard);
  const begin = async (...items: (string | DeleteTarget)[]) => {
    if (isTrying) await runWithS3(guard.clock, deleter.deleteBatch({ bucket: 'b', items: [target('trial')] }));
    isTrying = false;
    guard.events.length = 0;
    return deleter.deleteBatch({
      bucket: 'b',
      items: items.map((item) => (typeof item === 'string' ? target(item) : item)),
    });
  };
  return {
    ...guard,
    deleter,
    requests,
    begin,
    run: async (...items: (string | DeleteTarget)[]) => {
      const { deleted, changed, stayed, error } = await runWithS3(guard.clock, begin(...items));
      return {
        deleted: deleted.map(({ key }) => key),
        changed: changed.map(({ key }) => key),
        stayed: stayed.map(({ item, code }) => `${item.key} ${code}`),
        error,
      };
    },
    sent: () => requests.map(({ body }) => readAsked(body).map(({ key }) => key)),
    adapted: () => guard.events.find(({ kind }) => kind === 'deletes_adapted'),
  };
}

export function target(key: string, known: Partial<DeleteTarget> = {}): DeleteTarget {
  return { key, versionId: null, etag: ETAG, ...known };
}

export const byKey =
  (codes: Readonly<Record<string, string>>): Ends =>
  ({ key }) =>
    codes[key] ?? null;
