import { randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  type BucketVersioningStatus,
  type Part,
} from '@aws-sdk/client-s3';
import { expect, vi } from 'vitest';
import { PATIENCE } from '../support/patience.ts';

/** An account of the store, as the environment of the program. */
export type Account = Readonly<Record<'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY', string>>;

/** How a test may kill the store, and start it again with its data. */
export interface StoreProcess {
  /** Contains the id of the process that answers, which leads a process group of its own. */
  readonly pidFile: string;
  /** A program that returns when the store answers; does nothing if it is up. */
  readonly start: string;
}

/** A store that is not ours, with a bucket of this test run. Reads and writes go through the SDK alone. */
export class TestStore {
  readonly endpoint: string;
  /**
   * What the program needs in its environment to use the store: with another endpoint (`..._PROGRAM_ENDPOINT`) and more
   * (`..._PROGRAM_ENV`, JSON) when it must go through a proxy.
   */
  readonly env: Readonly<Record<string, string>>;
  /** An account that may do nothing in the buckets of this one. Null if there is none. */
  readonly deniedAccount: Account | null;
  /** Null if the store must be left running. */
  readonly process: StoreProcess | null;
  readonly s3: S3Client;
  readonly bucket = nameBucket();

  private constructor(settings: (name: string) => string | undefined) {
    this.endpoint = settings('ENDPOINT') ?? '';
    this.env = {
      AWS_ENDPOINT_URL_S3: settings('PROGRAM_ENDPOINT') ?? this.endpoint,
      AWS_REGION: 'us-east-1',
      ...readAccount(settings, ''),
      ...(JSON.parse(settings('PROGRAM_ENV') ?? '{}') as Record<string, string>),
    };
    this.deniedAccount = settings('DENIED_ACCESS_KEY_ID') === undefined ? null : readAccount(settings, 'DENIED_');
    const [pidFile, start] = [settings('PID_FILE'), settings('START')];
    this.process = pidFile === undefined || start === undefined ? null : { pidFile, start };
    this.s3 = this.connect();
  }

  /** The store of the variables `BREAKWATER_TEST_<NAME>_...`; null if they name none, and then says so. */
  static find(name: string): TestStore | null {
    const prefix = `BREAKWATER_TEST_${name.toUpperCase()}_`;
    const settings = (variable: string): string | undefined => process.env[`${prefix}${variable}`];
    if (settings('ENDPOINT') !== undefined) return new TestStore(settings);
    console.log(`skipped: tests against ${name} need ${prefix}ENDPOINT and keys`);
    return null;
  }

  /** A client of the SDK, to be destroyed by the caller. */
  connect(): S3Client {
    const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = this.env;
    const credentials = { accessKeyId, secretAccessKey };
    return new S3Client({ endpoint: this.endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  }

  async open(): Promise<void> {
    await this.s3.send(new CreateBucketCommand({ Bucket: this.bucket }));
  }

  async close(): Promise<void> {
    await this.#removeBucket(this.bucket);
    this.s3.destroy();
  }

  /** A second bucket, which is emptied and deleted at the end of the test. */
  async createBucket(): Promise<AsyncDisposable & { readonly name: string }> {
    const name = nameBucket();
    await this.s3.send(new CreateBucketCommand({ Bucket: name }));
    return { name, [Symbol.asyncDispose]: async () => await this.#removeBucket(name) };
  }

  async setVersioning(bucket: string, Status: BucketVersioningStatus): Promise<void> {
    await this.s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status } }));
  }

  async put(key: string, body: string | Buffer, bucket = this.bucket): Promise<void> {
    await this.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  }

  /** The bytes as a client that is not ours gets them. */
  async read(key: string, bucket = this.bucket): Promise<Buffer> {
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  }

  /** At most 1000. */
  async listKeys(prefix = '', bucket = this.bucket): Promise<readonly string[]> {
    const { Contents = [] } = await this.s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
    return Contents.map(({ Key = '' }) => Key);
  }

  /** Versions by their key, delete markers with a minus in front. */
  async listVersions(bucket: string): Promise<readonly string[]> {
    const { Versions = [], DeleteMarkers = [] } = await this.s3.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    return [...Versions.map(({ Key = '' }) => Key), ...DeleteMarkers.map(({ Key = '' }) => `-${Key}`)];
  }

  async listUploads(prefix = '', bucket = this.bucket): Promise<readonly { Key: string; UploadId: string }[]> {
    const { Uploads = [] } = await this.s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }));
    return Uploads.map(({ Key = '', UploadId = '' }) => ({ Key, UploadId }));
  }

  async listParts(upload: { Key: string; UploadId: string }): Promise<readonly Part[]> {
    return (await this.s3.send(new ListPartsCommand({ Bucket: this.bucket, ...upload }))).Parts ?? [];
  }

  /** Waits until the unfinished upload below a prefix has this many parts. */
  async waitForParts(prefix: string, count: number): Promise<{ Key: string; UploadId: string }> {
    return await vi.waitFor(async () => {
      const [upload] = await this.listUploads(prefix);
      if (upload === undefined) throw new Error('no upload has begun');
      expect((await this.listParts(upload)).length).toBeGreaterThanOrEqual(count);
      return upload;
    }, PATIENCE);
  }

  async abort(upload: { Key: string; UploadId: string }, bucket = this.bucket): Promise<void> {
    await this.s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, ...upload }));
  }

  /** Waits until what was stored before has an age: stores list times in whole seconds, Swift rounds them up. */
  async waitForAge(): Promise<void> {
    const tellTime = async (): Promise<number> => Date.parse((await fetch(this.endpoint)).headers.get('date') ?? '');
    const startedAtMs = await tellTime();
    await vi.waitFor(async () => expect(await tellTime()).toBeGreaterThan(startedAtMs + 1000), {
      ...PATIENCE,
      interval: 100,
    });
  }

  async #removeBucket(bucket: string): Promise<void> {
    for (const upload of await this.listUploads('', bucket)) await this.abort(upload, bucket);
    for (let left = await this.#listDeletable(bucket); left.length > 0; left = await this.#listDeletable(bucket)) {
      for (let start = 0; start < left.length; start += 16) {
        const some = left.slice(start, start + 16);
        await Promise.all(some.map((entry) => this.s3.send(new DeleteObjectCommand({ Bucket: bucket, ...entry }))));
      }
    }
    await this.s3.send(new DeleteBucketCommand({ Bucket: bucket })).catch((error: unknown) => {
      // Swift sometimes refuses to delete a versioned bucket in which it lists nothing any more.
      if (!(error instanceof Error && error.name === 'BucketNotEmpty')) throw error;
    });
  }

  /**
   * The noncurrent versions, or the current ones if there are no others. Swift restores the next version when a current
   * one is deleted, and takes a minute for that if the request has no `Content-Length`.
   */
  async #listDeletable(bucket: string): Promise<readonly { Key: string; VersionId: string }[]> {
    const { Versions = [], DeleteMarkers = [] } = await this.s3.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    const all = [...Versions, ...DeleteMarkers];
    const noncurrent = all.filter(({ IsLatest }) => IsLatest !== true);
    return (noncurrent.length > 0 ? noncurrent : all).map(({ Key = '', VersionId = '' }) => ({ Key, VersionId }));
  }
}

function nameBucket(): string {
  return `breakwater-${randomBytes(6).toString('hex')}`;
}

function readAccount(settings: (name: string) => string | undefined, prefix: string): Account {
  return {
    AWS_ACCESS_KEY_ID: settings(`${prefix}ACCESS_KEY_ID`) ?? '',
    AWS_SECRET_ACCESS_KEY: settings(`${prefix}SECRET_ACCESS_KEY`) ?? '',
  };
}
