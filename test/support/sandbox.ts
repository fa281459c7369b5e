import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.ts';

/** A sandbox of one test, with one empty bucket named `bucket`. */
export interface TestSandbox extends Sandbox, AsyncDisposable {
  /** What the program needs in its environment to use it. */
  readonly env: Readonly<Record<string, string>>;
  readonly putObject: (bucket: string, key: string, object: { body: string | Buffer; ageMs?: number }) => void;
}

export async function startTestSandbox(options: SandboxOptions = {}): Promise<TestSandbox> {
  const sandbox = await startSandbox(options);
  sandbox.createBucket('bucket');
  return {
    ...sandbox,
    env: {
      AWS_ENDPOINT_URL_S3: sandbox.endpoint,
      AWS_REGION: sandbox.region,
      AWS_ACCESS_KEY_ID: sandbox.accessKeyId,
      AWS_SECRET_ACCESS_KEY: sandbox.secretAccessKey,
    },
    putObject: (bucket, key, object) => sandbox.seed({ bucket, key, ...object }),
    [Symbol.asyncDispose]: sandbox.close,
  };
}
