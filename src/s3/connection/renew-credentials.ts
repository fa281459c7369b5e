import type { S3Client } from '@aws-sdk/client-s3';
import { readFields } from '../../read-fields.ts';

const EXPIRED: ReadonlySet<unknown> = new Set(['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired']);

type Provider = S3Client['config']['credentials'];

/**
 * Fetches credentials anew when S3 calls them expired before their time: another program may have newer ones, or the
 * clock may be wrong. Once for all requests that fail together.
 */
export class CredentialRenewal {
  readonly #provider: () => Provider;
  #generation = 0;
  #renewing: Promise<void> | null = null;
  #useless: string | null = null;

  /** @param provider read late, because the client replaces it */
  constructor(provider: () => Provider) {
    this.#provider = provider;
  }

  /** The credentials that a request starts with. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * Marks the error (`$metadata.credentialsRenewed`) if it says "expired" and there are other credentials by now, so
   * that the retry chain tries once more at once.
   * @param startedWith the generation when the request started
   */
  async noteError(error: unknown, startedWith: number): Promise<void> {
    const { name, Code: code, $metadata } = readFields(error);
    if (!EXPIRED.has(code ?? name) || typeof $metadata !== 'object' || $metadata === null) return;
    if (startedWith === this.#generation) await (this.#renewing ??= this.#renew());
    if (startedWith !== this.#generation) Object.assign($metadata, { credentialsRenewed: true });
  }

  async #renew(): Promise<void> {
    try {
      const before = keyOf(await this.#provider()());
      if (before === this.#useless) return;
      const now = keyOf(await this.#provider()({ forceRefresh: true }));
      if (now === before) this.#useless = now;
      else this.#generation += 1;
    } catch {
      // S3's own error says what is wrong.
    } finally {
      this.#renewing = null;
    }
  }
}

function keyOf({ accessKeyId, sessionToken = '' }: { accessKeyId: string; sessionToken?: string | undefined }): string {
  return `${accessKeyId} ${sessionToken}`;
}
