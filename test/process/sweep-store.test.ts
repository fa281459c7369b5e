import { describe, expect, it } from 'vitest';
import { openObjectStore, type ObjectStore } from '../../src/s3/object-store.ts';
import { systemClock } from '../../src/clock.ts';
import type { Event } from '../../src/events.ts';
import type { StoreQuirk } from '../../src/sandbox/protocol/wire.ts';
import { createAgeClock } from '../../src/sweep/select/age-clock.ts';
import { selectItems } from '../../src/sweep/select/select-items.ts';
import { NO_LIMITS } from '../../src/sweep/sweep-limits.ts';
import { sweep, type SweepResult } from '../../src/sweep/sweep.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

const DAY_MS = 86_400_000;
const PLACE = { bucket: 'bucket', prefix: 'tmp/', olderThanMs: 3_600_000 };

interface Stage extends AsyncDisposable {
  readonly sandbox: TestSandbox;
  readonly store: ObjectStore;
  readonly events: readonly Event[];
  readonly sweepAll: (change?: { readonly afterPage?: () => void }) => Promise<SweepResult>;
}

/** The real client over a real socket, in this process: what a sweep and a store make of each other. */
async function createStage(quirks: readonly StoreQuirk[] = []): Promise<Stage> {
  const sandbox = await startTestSandbox({ quirks });
  process.env['AWS_ACCESS_KEY_ID'] = sandbox.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = sandbox.secretAccessKey;
  const { guard, events } = createFakeGuard({ settings: { retry: { retries: 4, baseMs: 10, jitter: 'none' } } });
  const place = {
    endpointUrl: sandbox.endpoint,
    region: sandbox.region,
    profile: null,
    profileFiles: null,
    pathStyle: true,
  };
  const realGuard = { ...guard, clock: systemClock };
  const store = await openObjectStore(
    { ...place, connectTimeoutMs: 5000, credentialsTimeoutMs: 1000, certificates: null },
    systemClock,
    realGuard,
  );
  return {
    sandbox,
    store,
    events,
    sweepAll: async ({ afterPage = () => undefined } = {}) => {
      const pages = async function* changed() {
        const ageClock = createAgeClock({ now: systemClock.now, emit: () => undefined });
        for await (const page of selectItems(PLACE, { store, ageClock })) {
          afterPage();
          yield page;
        }
      };
      return await sweep(
        pages(),
        { ...PLACE, limits: NO_LIMITS },
        {
          store,
          emit: guard.emit,
          signal: guard.signal,
          onLeft: async () => await Promise.resolve(),
          onSettled: () => undefined,
          isOurs: () => true,
        },
      );
    },
    [Symbol.asyncDispose]: async () => {
      store.close();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}

function seed({ sandbox }: Stage, keys: readonly string[]): void {
  for (const key of keys) sandbox.putObject('bucket', key, { body: 'old', ageMs: DAY_MS });
}

const ALL: readonly (readonly StoreQuirk[])[] = [
  [],
  ['needs-content-md5'],
  ['ignores-delete-conditions'],
  ['refuses-delete-conditions'],
  ['needs-content-md5', 'refuses-delete-conditions'],
  ['no-delete-objects'],
  ['no-delete-objects', 'refuses-delete-conditions'],
];

describe('a sweep of a store', () => {
  it.each(ALL.map((quirks) => [quirks]))('with the quirks %j deletes everything, odd names too', async (quirks) => {
    await using stage = await createStage(quirks);
    const odd = [`a&b<c>'"`, 'with space', 'a+b', 'grüße', 'bell\u0007', 'cr\rx', 'lf\nx', '\u{1f600}', 'a%20b', './x'];
    seed(
      stage,
      [...odd, ...Array.from({ length: 60 }, (_, number) => `k${number}`)].map((name) => `tmp/${name}`),
    );
    const { tally, ending } = await stage.sweepAll();
    expect(ending.kind).toBe('complete');
    expect(tally).toMatchObject({ matched: 70, deleted: 70, changed: 0, failed: 0, failures: [] });
    expect(stage.sandbox.keys('bucket')).toEqual([]);
  });

  it.each(ALL.filter((quirks) => !quirks.some((quirk) => quirk.endsWith('-conditions'))).map((quirks) => [quirks]))(
    'with the quirks %j leaves alone what was overwritten since it was listed',
    async (quirks) => {
      await using stage = await createStage(quirks);
      seed(stage, ['tmp/a', 'tmp/b', 'tmp/c']);
      const afterPage = (): void => stage.sandbox.putObject('bucket', 'tmp/b', { body: 'new' });
      const { tally } = await stage.sweepAll({ afterPage });
      expect(tally).toMatchObject({ matched: 3, deleted: 2, changed: 1, failed: 0 });
      expect(stage.sandbox.keys('bucket')).toEqual(['tmp/b']);
      expect(stage.sandbox.read('bucket', 'tmp/b')?.toString()).toBe('new');
    },
  );

  it('that ignores conditions says so', async () => {
    await using stage = await createStage(['ignores-delete-conditions']);
    seed(stage, ['tmp/a']);
    await stage.sweepAll();
    expect(stage.events).toContainEqual(expect.objectContaining({ kind: 'deletes_adapted', condition: 'ignored' }));
  });

  it('whose answers get lost: what is gone then is counted as deleted', async () => {
    for (const quirks of [[], ['no-delete-objects']] as const) {
      await using stage = await createStage(quirks);
      seed(stage, ['tmp/a', 'tmp/b', 'tmp/c']);
      stage.sandbox.addFault('DeleteObjects:lost:skip=1:times=1');
      stage.sandbox.addFault('DeleteObject:lost:skip=1:times=2');
      const { tally } = await stage.sweepAll();
      expect(tally).toMatchObject({ matched: 3, deleted: 3, changed: 0, failed: 0 });
    }
  });

  it('that throttles is swept all the same', async () => {
    await using stage = await createStage();
    seed(
      stage,
      Array.from({ length: 6000 }, (_, number) => `tmp/${number}`),
    );
    stage.sandbox.addFault('DeleteObjects:SlowDown:skip=2:times=2');
    const { tally, ending } = await stage.sweepAll();
    expect(ending.kind).toBe('complete');
    expect(tally).toMatchObject({ deleted: 6000, failed: 0 });
  });

  it.each([
    ['ListObjectsV2:html', 'unavailable'],
    ['ListObjectsV2:403:AccessDenied', 'access_denied'],
    ['DeleteObjects:403:AccessDenied', 'access_denied'],
    ['DeleteObjects:404:NoSuchBucket', 'not_found'],
    ['DeleteObjectsEntry:AccessDenied', 'access_denied'],
  ])('that answers %s ends as %s, and nothing is counted as deleted', async (fault, code) => {
    await using stage = await createStage();
    seed(stage, ['tmp/a', 'tmp/b']);
    stage.sandbox.addFault(fault);
    const { tally, ending } = await stage.sweepAll();
    expect(ending).toMatchObject({ kind: 'failed', error: { code } });
    expect(tally.deleted).toBe(0);
    expect(stage.sandbox.keys('bucket')).toHaveLength(2);
  });
});
