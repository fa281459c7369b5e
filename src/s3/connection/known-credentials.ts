import type { S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../../clock.ts';

type Provider = S3Client['config']['credentials'];
type Identity = Awaited<ReturnType<Provider>>;

/** How long before their end credentials are asked for again, in ms: the SDK's provider renews them 5 minutes before. */
const MARGIN_MS = 6 * 60_000;

interface KnownCredentialsOptions {
  /** Read late, because the client replaces it. */
  readonly provider: () => Provider;
  /** Changes when credentials that had not ended were replaced. */
  readonly generation: () => number;
  readonly clock: Pick<Clock, 'now'>;
}

/** The credentials of a client without a promise, as long as the provider would return the same. */
export class KnownCredentials {
  readonly #options: KnownCredentialsOptions;
  #known: { readonly identity: Identity; readonly generation: number } | null = null;

  constructor(options: KnownCredentialsOptions) {
    this.#options = options;
  }

  /** Null if they have to be asked for. */
  get current(): Identity | null {
    const { generation, clock } = this.#options;
    if (this.#known === null || this.#known.generation !== generation()) return null;
    const { identity } = this.#known;
    const { expiration } = identity;
    return expiration === undefined || expiration.getTime() - MARGIN_MS > clock.now() ? identity : null;
  }

  /** @throws the provider's error */
  async find(): Promise<Identity> {
    const { provider, generation } = this.#options;
    const before = generation();
    const identity = await provider()();
    this.#known = { identity, generation: before };
    return identity;
  }
}
