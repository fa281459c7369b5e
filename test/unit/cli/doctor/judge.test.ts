import { describe, expect, it } from 'vitest';
import { judgeBucket, judgeCredentials } from '../../../../src/cli/doctor/judge-credentials.ts';
import { judgeFleet, judgeFleetFailure } from '../../../../src/cli/doctor/judge-fleet.ts';
import { judgeNode } from '../../../../src/cli/doctor/judge-machine.ts';
import { judgeCertificates, judgeName, judgeProxy } from '../../../../src/cli/doctor/judge-network.ts';
import { judgeState } from '../../../../src/cli/doctor/judge-state.ts';
import { judgeClock, judgeEndpoint } from '../../../../src/cli/doctor/judge-store.ts';
import { classify } from '../../../../src/retry/classify.ts';
import { TransferFault } from '../../../../src/retry/transfer-fault.ts';
import type { StoreAnswer } from '../../../../src/s3/connection/store-query.ts';
import { NOTHING_SET } from '../../../../src/setting-names.ts';
import type { StateProblem } from '../../../../src/state/state.ts';
import { isNetworkKind } from '../../../../src/state/file-system-kind.ts';

const NOW_MS = 1_800_000_000_000;
const NAMES = NOTHING_SET;

function answer(status: number, code: string | null, { aheadMs = 0, isFromS3 = true } = {}): StoreAnswer {
  const error = { name: code ?? '', $metadata: { httpStatusCode: status } };
  const head = {
    httpStatus: status,
    tookMs: 10,
    storeNowMs: NOW_MS + aheadMs,
    nowMs: NOW_MS + 505,
    server: null,
    isFromS3,
  };
  return { head, failure: code === null ? null : classify(error) };
}

const silent: StoreAnswer = { head: null, failure: classify(new TransferFault('response_timeout', 'no response')) };

describe('judgeEndpoint', () => {
  const at = { url: 'http://s', names: NAMES, limitMs: 9000 };

  it.each([
    { signed: answer(200, null), unsigned: answer(403, 'AccessDenied'), status: 'ok', why: 'both answer' },
    { signed: null, unsigned: answer(403, 'AccessDenied'), status: 'ok', why: 'a refusal is an answer of S3' },
    {
      signed: answer(200, null),
      unsigned: answer(404, 'Unknown', { isFromS3: false }),
      status: 'ok',
      why: 'only one knows it',
    },
    {
      signed: answer(200, null),
      unsigned: answer(503, 'SlowDown'),
      status: 'failed',
      code: 'unavailable',
      why: 'one in two fails',
    },
    { signed: null, unsigned: silent, status: 'failed', code: 'unavailable', why: 'silent' },
    { signed: null, unsigned: null, status: 'failed', code: 'unavailable', why: 'neither has ended' },
    {
      signed: null,
      unsigned: answer(404, 'Unknown', { isFromS3: false }),
      status: 'failed',
      code: 'config',
      why: 'another server',
    },
    {
      signed: null,
      unsigned: answer(407, 'Unknown', { isFromS3: false }),
      status: 'failed',
      code: 'config',
      why: 'a proxy',
    },
  ])('is $status where $why', ({ signed, unsigned, status, code = null }) => {
    const found = judgeEndpoint({ signed, unsigned }, at);
    expect([found.status, found.code]).toEqual([status, code]);
    expect(found.hint === null).toBe(status === 'ok');
  });
});

describe('judgeClock', () => {
  it.each([
    [0, 'ok'],
    [59_000, 'ok'],
    [-61_000, 'warning'],
    [899_000, 'warning'],
    [-901_000, 'failed'],
  ])('finds a store that is %s ms ahead %s', (aheadMs, status) => {
    const found = judgeClock({ signed: null, unsigned: answer(403, 'AccessDenied', { aheadMs }) });
    expect([found.status, found.facts]).toEqual([status, { offset_ms: aheadMs === 0 ? 0 : -aheadMs }]);
  });

  it('is skipped without an answer', () => {
    expect(judgeClock({ signed: null, unsigned: silent }).status).toBe('skipped');
  });
});

describe('judgeCredentials', () => {
  const found = { source: 'a role', expiresAtMs: null };

  it.each([
    { outcome: { found }, signed: answer(200, null), status: 'ok', message: 'from a role, accepted' },
    { outcome: { found }, signed: answer(403, 'AccessDenied'), status: 'ok', message: 'from a role, accepted' },
    { outcome: { found }, signed: answer(503, 'SlowDown'), status: 'ok', message: 'from a role, not tried' },
    { outcome: { found }, signed: null, status: 'ok', message: 'from a role, not tried' },
    { outcome: { found }, signed: answer(403, 'InvalidAccessKeyId'), status: 'failed', message: 'InvalidAccessKeyId' },
    {
      outcome: { found: { ...found, expiresAtMs: NOW_MS + 60_000 } },
      signed: null,
      status: 'warning',
      message: 'expire in 1m',
    },
    {
      outcome: { found: { ...found, expiresAtMs: NOW_MS - 1 } },
      signed: null,
      status: 'warning',
      message: 'have expired',
    },
    { outcome: { lateAfterMs: 5000 }, signed: null, status: 'failed', message: 'none after 5s' },
  ])('is $status: $message', ({ outcome, signed, status, message }) => {
    const judged = judgeCredentials(outcome, { signed, names: NAMES, nowMs: NOW_MS });
    expect([judged.status, judged.message]).toEqual([status, expect.stringContaining(message)]);
  });

  it.each([
    [answer(200, null), 'ok', null],
    [answer(403, 'AccessDenied'), 'failed', 'access_denied'],
    [answer(404, 'NoSuchBucket'), 'failed', 'not_found'],
    [answer(503, 'SlowDown'), 'failed', 'unavailable'],
  ])('judges a bucket, too', (signed, status, code) => {
    const judged = judgeBucket('s3://b', { signed, names: NAMES });
    expect([judged.status, judged.code]).toEqual([status, code]);
  });
});

describe('judgeState', () => {
  const trouble = (problem: StateProblem, why: string | null = null) => ({ problem, why });
  const fine = {
    directory: '/d',
    fileSystem: 'ext4',
    isOnNetwork: false,
    isThere: true,
    directoryTrouble: null,
    fileTrouble: null,
    freeBytes: 1e12,
    freeFiles: 1e6,
    hasDescriptors: true,
  };

  it.each([
    [{}, 'ok', null],
    [{ isThere: false }, 'ok', null],
    [{ fileSystem: null, freeBytes: null }, 'ok', null],
    [{ freeBytes: 1e6 }, 'warning', null],
    [{ freeBytes: 0 }, 'failed', 'local_io'],
    [{ isOnNetwork: true }, 'failed', 'local_io'],
    [{ directoryTrouble: trouble('unwritable', 'EACCES') }, 'failed', 'local_io'],
    [{ directoryTrouble: trouble('unwritable', 'EACCES'), isThere: false }, 'failed', 'local_create'],
    [{ directoryTrouble: trouble('full', 'ENOSPC') }, 'failed', 'local_io'],
    [{ directoryTrouble: trouble('full', 'ENOSPC'), freeFiles: 0 }, 'failed', 'local_io'],
    [{ freeFiles: 3 }, 'warning', null],
    [{ freeFiles: null }, 'ok', null],
    [{ hasDescriptors: false }, 'failed', 'local_io'],
    [{ fileTrouble: trouble('unwritable', 'it is not a regular file') }, 'failed', 'local_io'],
    [{ fileTrouble: trouble('foreign') }, 'failed', 'config'],
    [{ fileTrouble: trouble('corrupt') }, 'failed', 'local_io'],
    [{ fileTrouble: trouble('locked') }, 'failed', 'local_io'],
    [{ fileTrouble: trouble('newer_schema') }, 'failed', 'local_io'],
  ])('finds %j %s', (facts, status, code) => {
    const found = judgeState({ ...fine, ...facts });
    expect([found.status, found.code]).toEqual([status, code]);
  });

  it.each([
    ['ext4', false],
    ['nfs4', true],
    ['cifs', true],
    ['fuse.sshfs', true],
    ['fuse.ntfs-3g', false],
    ['overlay', false],
  ])('takes %s for a network file system: %s', (kind, isNetwork) => {
    expect(isNetworkKind(kind)).toBe(isNetwork);
  });
});

describe('judgeFleet', () => {
  const fleet = { engine: 'redis://r:1/0', connectedInMs: 5, roundTripMs: 1, offsetMs: 0, quorum: 2, host: 'h' };

  it('warns of an engine that is slower than a command waits, and of a circuit that refuses', () => {
    const judge = (more: object) =>
      judgeFleet({ ...fleet, otherHosts: ['b'], refusing: [], keepsHistory: true, ...more }, { timeoutMs: 150 });
    expect(judge({})).toMatchObject({ status: 'ok', message: expect.stringContaining('others with failures: b') });
    expect(judge({ connectedInMs: 151 })).toMatchObject({ status: 'warning', reason: 'fleet_timeout' });
    expect(judge({ keepsHistory: false })).toMatchObject({ status: 'warning', reason: 'fleet_no_history' });
    expect(judge({ refusing: ['s3-upload@x'] })).toMatchObject({ status: 'warning', reason: 'circuit_open' });
  });

  it.each([
    ['timeout', 'unavailable'],
    ['connection_refused', 'unavailable'],
    ['wrong_password', 'config'],
    ['not_trusted', 'config'],
  ] as const)('fails where it cannot be asked: %s is %s', (code, status) => {
    expect(judgeFleetFailure('redis://r:1/0', { code, limitMs: 2000, isRead: false })).toMatchObject({
      status: 'failed',
      code: status,
    });
  });
});

describe('the rest of the machine', () => {
  it('knows an old Node, a silent name server, a masked proxy and expired certificates', () => {
    expect(judgeNode('22.1.0', { engine: '>=24', platform: 'p' })).toMatchObject({ status: 'failed', code: 'config' });
    expect(judgeNode('24.0.0', { engine: '>=24', platform: 'p' }).status).toBe('ok');
    const lookup = { host: 'h', addresses: [], tookMs: 2500, isSilent: true };
    expect(judgeName([lookup], { names: NAMES }).message).toBe('h: no name server answers within 2s500ms');
    expect(judgeName([{ ...lookup, isSilent: false }], { names: NAMES }).status).toBe('failed');
    expect(judgeName([{ ...lookup, addresses: ['::1', '127.0.0.1'] }], { names: NAMES }).status).toBe('ok');
    expect(judgeProxy({ name: 'HTTP_PROXY', url: 'http://u:hunter2@p:1' }).message).toBe('http://***@p:1 (HTTP_PROXY)');
    const bundle = { setBy: 'AWS_CA_BUNDLE', path: '/ca', count: 2, expired: 1 };
    expect(judgeCertificates(bundle, { isUnchecked: false }).status).toBe('ok');
    expect(judgeCertificates({ ...bundle, expired: 2 }, { isUnchecked: false }).status).toBe('warning');
    expect(judgeCertificates(null, { isUnchecked: true }).reason).toBe('unchecked');
  });
});
