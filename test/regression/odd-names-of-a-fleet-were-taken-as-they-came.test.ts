/**
 * Met: `redis://bücher.example` was looked up percent-encoded, and `l%6fcalhost` not decoded. `breaker-isolate 's3-upload@a}b'`
 * isolated a circuit that no transfer has. A key `breakwater:{}` in the server made `breaker-reset --fleet --all` close
 * "fleet/". `--fleet-host` accepted characters that turn the direction of text.
 * Cause: `URL` leaves the host of a scheme that it does not know as it is; any visible ASCII was a scope, and any text in
 * the braces a circuit; only control characters were refused.
 * Fix: the host is decoded and written in ASCII, scopes have one alphabet, and keys and hosts a form.
 */
import { describe, expect, it } from 'vitest';
import { fleetNamesToReset } from '../../src/breaker/fleet-circuits.ts';
import BreakerIsolate from '../../src/commands/breaker-isolate.ts';
import { resolveSettings } from '../../src/cli/settings/resolve-settings.ts';
import { isScope } from '../../src/circuit/circuit-name.ts';
import { BreakwaterError } from '../../src/errors.ts';
import { createFleetStore } from '../../src/fleet/fleet-store.ts';
import { parseFleetUrl } from '../../src/fleet/fleet-url.ts';
import { runInProcess } from '../support/in-process.ts';
import { MemoryEngine } from '../support/memory-engine.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

describe('the host of a fleet', () => {
  it.each([
    ['redis://bücher.example', 'xn--bcher-kva.example', 'redis://xn--bcher-kva.example:6379/0'],
    ['redis://l%6fcalhost:1', 'localhost', 'redis://localhost:1/0'],
    ['rediss://Redis.Internal.', 'redis.internal.', 'rediss://redis.internal.:6379/0'],
    ['redis://my_redis', 'my_redis', 'redis://my_redis:6379/0'],
    ['redis://[::1]:7/3', '::1', 'redis://[::1]:7/3'],
    ['redis://127.0.0.1', '127.0.0.1', 'redis://127.0.0.1:6379/0'],
  ])('of %s is %s', (url, host, name) => {
    expect(parseFleetUrl(url, { origin: 'test' })).toMatchObject({ host, name });
  });

  it.each(['redis://a%2fb', 'redis://a%40b', 'redis://a%ffb', 'redis://a%00b', 'redis://a%20b', 'redis://%E2%80%AE'])(
    'is none in %s',
    (url) => {
      expect(() => parseFleetUrl(url, { origin: 'test' })).toThrow(BreakwaterError);
    },
  );
});

it.each([
  ['eu-west-1', true],
  ['127.0.0.1:9000', true],
  ['[::1]:9000', true],
  [`${'a'.repeat(250)}:9000`, true],
  ['a}b', false],
  ['a b', false],
  ['*', false],
  ['http://x', false],
  ['', false],
])('%j is a scope: %s', (text, expected) => {
  expect(isScope(text)).toBe(expected);
});

it('a circuit that no transfer has cannot be isolated', async () => {
  const sandbox = await startTestSandbox();
  const { status, stderr } = await runInProcess(BreakerIsolate, ['s3-upload@a}b'], {
    env: sandbox.env,
    home: '/nonexistent',
  });
  expect([status, stderr]).toEqual([2, expect.stringContaining('no circuit is named "s3-upload@a}b"')]);
  await sandbox.close();
});

it('keys of another form are no circuits', async () => {
  const clock = new VirtualClock();
  const engine = new MemoryEngine(clock.now());
  for (const key of [
    '{}',
    '{ }',
    '{s3-upload@x}',
    '{s3-upload}',
    '{s3-upload@}',
    '{S3}',
    '{s3-upload@\u202e}',
    '{}}',
  ]) {
    const fullKey = `breakwater:${key}`;
    await engine.compareAndSet({
      key: fullKey,
      expected: null,
      value: 'x',
      expiresInMs: null,
      listKey: `${fullKey}:history`,
      entries: [],
    });
  }
  const store = createFleetStore({
    ask: async (work) => await work(engine, new AbortController().signal),
    clock,
    random: () => 0,
  });
  const found = await fleetNamesToReset({ store } as never, { queries: [], known: [] });
  expect(found).toEqual({ names: ['s3-upload', 's3-upload@x'], missing: null });
});

it.each([
  ['node-1.eu', true],
  ["Björn's-Mac", true],
  ['a\u202eb', false],
  ['a\u200bb', false],
  ['a\ufeff', false],
  ['a b', false],
  ['a\u0007', false],
])('--fleet-host %j is accepted: %s', (host, isAccepted) => {
  const resolve = () =>
    resolveSettings({ flags: { 'fleet-host': host }, env: {}, home: '/', file: { path: 'f', entries: {} } });
  if (isAccepted) expect(resolve()).toMatchObject({ fleetHost: host });
  else expect(resolve).toThrow(/--fleet-host/);
});
