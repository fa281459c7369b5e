import { isSameEtag } from '../../s3/checksum/etag.ts';
import { isStoredLater } from '../../s3/download/compare-listed.ts';
import type { ObjectFacts } from '../../s3/download/download-request.ts';
import { FactTrust } from '../../s3/download/fact-trust.ts';
import type { ListedIdentity } from '../../s3/download/listed-identity.ts';
import type { ListedObject } from '../../s3/list/list-objects.ts';

/**
 * Whether a store's listing describes objects as its responses to GET and HEAD do. Each difference costs a second request, so
 * what never agrees is not compared any more: ETags of a gateway, or the sizes of encrypted objects. The rest of the
 * identity still must agree, the time of storage among it.
 */
export class ListingTrust {
  readonly #etag = new FactTrust();
  readonly #size = new FactTrust();

  /** What the response about a listed object must say. */
  identify({ etag, sizeBytes, lastModifiedMs }: ListedObject): ListedIdentity {
    return {
      etag: this.#etag.isKept ? etag : null,
      sizeBytes: this.#size.isKept ? sizeBytes : null,
      lastModifiedMs,
      agreed: { etag: this.#etag.hasAgreed, size: this.#size.hasAgreed },
    };
  }

  /** Call after each response that proved to be about the object, or about what has replaced it. */
  note(listed: ListedObject, got: Pick<ObjectFacts, 'etag' | 'sizeBytes' | 'lastModifiedMs'>): void {
    // What has replaced it says nothing about the listing.
    if (isStoredLater(got, listed)) return;
    const { etag, sizeBytes } = listed;
    if (etag !== null) this.#etag.note(isSameEtag(etag, got.etag));
    if (got.sizeBytes !== null) this.#size.note(sizeBytes === got.sizeBytes);
  }
}
