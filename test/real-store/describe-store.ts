import { afterAll, beforeAll, describe } from 'vitest';
import { describeAccess } from './access.ts';
import { describeAccessHeaders } from './access-headers.ts';
import { describeListings } from './listings.ts';
import { describeNames } from './names.ts';
import { describeOutage } from './outage.ts';
import { describeResume } from './resume.ts';
import { describeSweep } from './sweep.ts';
import { TestStore } from './test-store.ts';
import { describeTransfers } from './transfers.ts';

/** Where real stores differ, and the program with them. */
export interface StoreTraits {
  /** What `put --if-none-match` of a small file meets: the store checks it, or answers 501. */
  readonly conditionalPut: 'checked' | 'not_implemented';
  /** Whether objects may have tags; otherwise the store answers 501. */
  readonly hasTags: boolean;
  /** Whether a request that is signed for another region is refused. */
  readonly checksRegion: boolean;
  /** Whether a delete leaves a marker where versioning is suspended. */
  readonly hasNullMarkers: boolean;
  /** Whether objects are encrypted with a key of the user (SSE-C); otherwise the store ignores it. */
  readonly hasCustomerKeys: boolean;
  /** Whether `tenant:bucket` names a bucket. */
  readonly hasTenants: boolean;
}

/**
 * The same suite for every store, so that the sandbox and the program cannot agree on one misreading of S3. One file for
 * each store: they run side by side. The outage comes last.
 */
export function describeStore(name: string, traits: StoreTraits): void {
  const store = TestStore.find(name);
  describe.skipIf(store === null)(`against ${name}`, () => {
    // Skipped tests are declared all the same, and never run.
    const open = store ?? ({} as TestStore);
    beforeAll(async () => await open.open());
    afterAll(async () => await open.close());
    describeTransfers(open, traits);
    describeAccessHeaders(open, traits);
    describeNames(open);
    describeResume(open);
    describeListings(open);
    describeSweep(open, traits);
    describeAccess(open, { name, traits });
    describeOutage(open, name);
  });
}
