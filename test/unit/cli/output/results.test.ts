import { describe, expect, it } from 'vitest';
import { presentMany } from '../../../../src/cli/output/many-result.ts';
import { presentSweep } from '../../../../src/cli/output/sweep-result.ts';
import { BreakwaterError } from '../../../../src/errors.ts';
import type { CommandResult } from '../../../../src/cli/command-run.ts';
import type { SweepJob } from '../../../../src/sweep/run-sweep.ts';
import { findObjectFailure } from '../../../../src/sweep/sweep-failure.ts';
import { NO_LIMITS } from '../../../../src/sweep/sweep-limits.ts';
import type { SweepEnding, SweepResult } from '../../../../src/sweep/sweep.ts';
import { EMPTY_SURVEY, type Survey } from '../../../../src/sweep/tally.ts';

const denied = new BreakwaterError('access_denied', 'S3 refused\u0007 b', {
  details: { httpStatus: 403, requestId: 'R1' },
});
const gone = new BreakwaterError('not_found', 'c is not there');

const NOTHING = { done: 0, skipped: 0, bytes: 0, unverified: 0, failed: 0, failures: [], ended: null };

describe('presentMany', () => {
  it.each([
    [0, 0, 'sent', 'sent 0 objects, 0 B'],
    [1, 1, 'sent', 'sent 1 object, 1 B'],
    [2, 3_145_728, 'received', 'received 2 objects, 3.0 MiB'],
  ] as const)('sums up %d objects of %d bytes', (done, bytes, verb, summary) => {
    expect(presentMany({ ...NOTHING, done, bytes }, verb)).toEqual({
      // An upload is verified by S3 itself.
      json: {
        objects: done,
        skipped: 0,
        bytes,
        ...(verb === 'received' && { unverified: 0 }),
        failed: 0,
        failures: [],
      },
      lines: [],
      summary,
    });
  });

  it('names every failure, and ends as partial with the first of them', () => {
    const failures = [
      { name: 'b\n', error: denied },
      { name: 'c', error: gone },
    ];
    const result = presentMany({ ...NOTHING, done: 1, bytes: 5, failed: 2, failures }, 'sent');
    expect(result).toMatchObject({
      summary: 'sent 1 object, 5 B; 2 failed',
      lines: [
        'failed b\\n: S3 refused\\x07 b (access_denied, HTTP 403, request id R1)',
        'failed c: c is not there (not_found)',
      ],
      failure: {
        code: 'partial',
        message: '2 of 3 objects failed, the first: S3 refused\\x07 b (access_denied, HTTP 403, request id R1)',
      },
      // Names stay raw for programs.
      json: {
        objects: 1,
        failed: 2,
        failures: [
          { name: 'b\n', code: 'access_denied', message: 'S3 refused\u0007 b', http_status: 403, request_id: 'R1' },
          { name: 'c', code: 'not_found', message: 'c is not there', http_status: null, request_id: null },
        ],
      },
    });
  });

  it('counts skipped objects, and fails with the error that ended the run', () => {
    const ended = new BreakwaterError('circuit_open', 'the circuit is open');
    const result = presentMany({ ...NOTHING, done: 2, skipped: 3, bytes: 8, ended }, 'sent');
    expect(result).toMatchObject({ summary: 'sent 2 objects, 8 B; 3 already there', json: { skipped: 3 } });
    expect(result.failure).toBe(ended);
  });

  it('counts what no checksum could verify', () => {
    const result = presentMany({ ...NOTHING, done: 2, bytes: 8, unverified: 1 }, 'received');
    expect(result).toMatchObject({ summary: 'received 2 objects, 8 B; 1 not verified', json: { unverified: 1 } });
  });

  it('counts failures beyond the named ones', () => {
    const { failure } = presentMany({ ...NOTHING, failed: 150, failures: [{ name: 'b', error: gone }] }, 'sent');
    expect(failure?.message).toBe('150 of 150 objects failed, the first: c is not there (not_found)');
  });
});

const job: SweepJob = {
  bucket: 'b',
  prefix: 'p\u001b/',
  endpointUrl: null,
  olderThanMs: 7 * 86_400_000,
  abortUploadsMs: null,
  selection: {
    patterns: { include: [], exclude: [] },
    minSizeBytes: null,
    maxSizeBytes: null,
    source: { kind: 'objects' },
    listConcurrency: 8,
  },
  shard: null,
  limits: NO_LIMITS,
  isDryRun: false,
  isStrict: false,
  isUnconditional: false,
  reportPath: null,
};
const NO_OUTCOME = { survey: null, swept: null, uploads: null, failure: null };
const presentSurvey = (survey: Survey): CommandResult => presentSweep(job, { ...NO_OUTCOME, survey });
const presentSwept = (swept: SweepResult, strictness: { isStrict: boolean }): CommandResult =>
  presentSweep(job, { ...NO_OUTCOME, swept, failure: findObjectFailure(swept, strictness) });
const asked = { bucket: 'b', prefix: 'p\u001b/', older_than_ms: 604_800_000 };

const READABLE = { unreadable: 0, failures: [] };

describe('presentSweep of a dry run', () => {
  it('names what cannot be checked', () => {
    const failures = [{ key: 'p/a', versionId: null, code: 'AccessDenied', message: 'no' }];
    const { json, lines } = presentSurvey({ ...EMPTY_SURVEY, unreadable: 3, failures });
    expect(json).toMatchObject({ matched: 0, unreadable: 3, failures: [{ key: 'p/a', code: 'AccessDenied' }] });
    expect(lines?.slice(-3)).toEqual(['3 that cannot be checked, kept', 'left p/a: AccessDenied: no', 'left 2 more']);
  });

  it('shows what would be deleted: count, bytes, oldest, newest, some names and how many more', () => {
    const samples = ['p/a', 'p/b\n'];
    const survey = { objects: 3, bytes: 1024, oldestMs: 0, newestMs: 86_400_000, samples, unknownAge: 2, ...READABLE };
    expect(presentSurvey(survey)).toEqual({
      json: {
        ...asked,
        dry_run: true,
        matched: 3,
        bytes: 1024,
        oldest: '1970-01-01T00:00:00.000Z',
        newest: '1970-01-02T00:00:00.000Z',
        samples: ['p/a', 'p/b\n'],
        unknown_age: 2,
        unreadable: 0,
        failures: [],
      },
      lines: [
        '3 objects older than 7d in s3://b/p\\x1b/, 1.0 KiB',
        'oldest 1970-01-01T00:00:00.000Z, newest 1970-01-02T00:00:00.000Z',
        '  p/a',
        '  p/b\\n',
        '  and 1 more',
        '2 of unknown age, kept: the store reports no modification time',
      ],
    });
  });

  it.each([
    [0, ['0 objects older than 7d in s3://b/p\\x1b/, 0 B']],
    [
      1,
      [
        '1 object older than 7d in s3://b/p\\x1b/, 0 B',
        'oldest 1970-01-01T00:00:00.000Z, newest 1970-01-01T00:00:00.000Z',
        '  k',
      ],
    ],
  ])('shows no more lines than needed for %d objects', (objects, lines) => {
    const times = objects === 0 ? { oldestMs: null, newestMs: null } : { oldestMs: 0, newestMs: 0 };
    const samples = objects === 0 ? [] : ['k'];
    expect(presentSurvey({ objects, bytes: 0, ...times, samples, unknownAge: 0, ...READABLE }).lines).toEqual(lines);
  });
});

describe('presentSweep', () => {
  const clean = {
    matched: 2,
    deleted: 2,
    deletedBytes: 10,
    changed: 0,
    failed: 0,
    denied: 0,
    notTried: 0,
    failures: [],
  };
  const left = [{ key: 'k\n', versionId: null, code: 'InternalError', message: 'try again' }];
  const rough = {
    matched: 4,
    deleted: 2,
    deletedBytes: 10,
    changed: 1,
    failed: 1,
    denied: 0,
    notTried: 0,
    failures: left,
  };
  const complete: SweepEnding = { kind: 'complete' };
  const done = { dry_run: false, complete: true, stopped_by: null };

  it('shows what was deleted', () => {
    expect(presentSwept({ tally: clean, ending: complete }, { isStrict: true })).toEqual({
      json: { ...asked, ...done, matched: 2, deleted: 2, changed: 0, failed: 0, not_tried: 0, bytes: 10, failures: [] },
      lines: [],
      summary: 'deleted 2 of 2 objects in s3://b/p\\x1b/, 10 B',
    });
  });

  it('names what is left, which is not a failure', () => {
    const named = [{ key: 'k\n', version_id: null, code: 'InternalError', message: 'try again' }];
    expect(presentSwept({ tally: rough, ending: complete }, { isStrict: false })).toEqual({
      json: {
        ...asked,
        ...done,
        matched: 4,
        deleted: 2,
        changed: 1,
        failed: 1,
        not_tried: 0,
        bytes: 10,
        failures: named,
      },
      lines: ['left k\\n: InternalError: try again'],
      summary:
        'deleted 2 of 4 objects in s3://b/p\\x1b/, 10 B; kept 1 overwritten since the listing; 1 left for the next sweep',
    });
  });

  it('counts what is left beyond the names', () => {
    const { lines } = presentSwept({ tally: { ...rough, failed: 7 }, ending: complete }, { isStrict: false });
    expect(lines?.at(-1)).toBe('left 6 more');
  });

  const over = new BreakwaterError('interrupted', 'interrupted by SIGTERM');
  it.each<[SweepEnding, boolean, string | null, string | undefined]>([
    [{ kind: 'complete' }, false, null, undefined],
    [{ kind: 'complete' }, true, null, 'partial'],
    [{ kind: 'limit', limit: 'max_delete' }, false, 'max_delete', 'partial'],
    [{ kind: 'limit', limit: 'max_bytes' }, false, 'max_bytes', 'partial'],
    [{ kind: 'time' }, false, 'max_duration', undefined],
    [{ kind: 'time' }, true, 'max_duration', 'partial'],
    [{ kind: 'failed', error: over }, false, 'interrupted', 'interrupted'],
  ])('ends %o, strict: %s, as stopped by %s with %s', (ending, isStrict, stoppedBy, code) => {
    const { json, failure } = presentSwept({ tally: rough, ending }, { isStrict });
    expect(json).toMatchObject({ complete: ending.kind === 'complete', stopped_by: stoppedBy, deleted: 2 });
    expect(failure?.code).toBe(code);
  });

  it('has no summary for a sweep that failed before it deleted anything', () => {
    const none = {
      matched: 0,
      deleted: 0,
      deletedBytes: 0,
      changed: 0,
      failed: 0,
      denied: 0,
      notTried: 0,
      failures: [],
    };
    const { summary } = presentSwept({ tally: none, ending: { kind: 'failed', error: over } }, { isStrict: false });
    expect(summary).toBeNull();
  });

  it('says what was not tried, which is neither left nor matched', () => {
    const ending: SweepEnding = { kind: 'failed', error: over };
    const { json, summary } = presentSwept({ tally: { ...clean, notTried: 7 }, ending }, { isStrict: false });
    expect(json).toMatchObject({ matched: 2, failed: 0, not_tried: 7 });
    expect(summary).toBe('deleted 2 of 2 objects in s3://b/p\\x1b/, 10 B; 7 not tried');
    const none = { ...clean, matched: 0, deleted: 0, notTried: 7 };
    expect(presentSwept({ tally: none, ending }, { isStrict: false }).summary).toContain('7 not tried');
  });

  it.each([
    ['changed', 2, 0],
    ['failed', 0, 2],
  ])('fails under --strict if everything that matched was %s', (_what, changed, failed) => {
    const tally = { ...clean, deleted: 0, changed, failed };
    expect(presentSwept({ tally, ending: complete }, { isStrict: false }).failure).toBeUndefined();
    const { failure } = presentSwept({ tally, ending: complete }, { isStrict: true });
    expect(failure).toMatchObject({ code: 'partial', details: { reason: 'nothing_deleted' } });
  });

  it('fails under --strict if the time ran out, even if nothing failed', () => {
    const { failure, summary } = presentSwept({ tally: clean, ending: { kind: 'time' } }, { isStrict: true });
    expect(failure?.details.reason).toBe('max_duration');
    expect(summary).toContain('stopped by --max-duration, the next sweep continues');
  });
});

describe('presentSweep of unfinished uploads', () => {
  const failures = [{ key: 'u\n', versionId: null, code: 'AccessDenied', message: 'no' }];
  const uploads = { matched: 3, running: 0, aborted: 2, failed: 1, notTried: 4, failures };
  const uploadsOnly = { ...job, olderThanMs: null, abortUploadsMs: 86_400_000 };
  const base = { bucket: 'b', prefix: 'p\u001b/', dry_run: false };

  it('counts them, and names what is left', () => {
    const named = [{ key: 'u\n', code: 'AccessDenied', message: 'no' }];
    expect(presentSweep(uploadsOnly, { ...NO_OUTCOME, uploads })).toEqual({
      json: {
        ...base,
        uploads: {
          older_than_ms: 86_400_000,
          matched: 3,
          running: 0,
          aborted: 2,
          failed: 1,
          not_tried: 4,
          failures: named,
        },
      },
      lines: ['left upload of u\\n: AccessDenied: no'],
      summary: 'aborted 2 of 3 unfinished uploads older than 1d, 1 left, 4 not tried',
    });
  });

  it('has null for them if aborting failed, with the failure', () => {
    const result = presentSweep(uploadsOnly, { ...NO_OUTCOME, uploads: 'failed', failure: denied });
    expect(result).toEqual({ json: { ...base, uploads: null }, failure: denied });
  });

  it('says what was not done after a no', () => {
    expect(presentSweep(uploadsOnly, null)).toEqual({ json: null, summary: 'nothing was aborted' });
    expect(presentSweep(job, null)).toEqual({ json: null, summary: 'nothing was deleted' });
  });
});
