import { BreakwaterError } from '../errors.ts';

export const PUSH_MODES = ['totals', 'deltas'] as const;
export type PushMode = (typeof PUSH_MODES)[number];

/** Where a push goes, and under which group. */
export interface PushTarget {
  readonly url: URL;
  /** `scheme://host:port`, for messages: no part of it is secret. */
  readonly shown: string;
}

/**
 * The address of one group of a Pushgateway: `URL/metrics/job/JOB/instance/INSTANCE`.
 *
 * Job and instance must be stable: the gateway never expires groups, so one with a process id would stay forever.
 * @throws BreakwaterError `config`; its message never repeats the URL, which may hold a secret by mistake
 */
export function findPushTarget({ url, job, instance }: { url: string; job: string; instance: string }): PushTarget {
  const base = URL.canParse(url) ? new URL(url) : null;
  if (base === null || !['http:', 'https:'].includes(base.protocol)) {
    throw refuse('the push URL is not an http or https URL', 'such as http://127.0.0.1:9091');
  }
  if (base.username !== '' || base.password !== '') {
    throw refuse(
      'the push URL contains credentials',
      'put them into BREAKWATER_PUSH_USER and BREAKWATER_PUSH_PASSWORD, or BREAKWATER_PUSH_TOKEN',
    );
  }
  if (base.search !== '' || base.hash !== '') throw refuse('the push URL has a query or a fragment', 'leave it out');
  const path = base.pathname.replace(/\/+$/, '');
  base.pathname = `${path}/metrics/${encodeLabel('job', job)}/${encodeLabel('instance', instance)}`;
  return { url: base, shown: base.origin };
}

/**
 * A grouping label in the path. Values that a path cannot hold are sent as base64, in the Pushgateway's form. A value of
 * dots alone would change the path, and with it the group.
 */
function encodeLabel(name: string, value: string): string {
  if (value === '') return `${name}@base64/=`;
  if (value.includes('/') || value === '.' || value === '..')
    return `${name}@base64/${Buffer.from(value).toString('base64url')}`;
  return `${name}/${encodeURIComponent(value)}`;
}

function refuse(message: string, hint: string): BreakwaterError {
  return new BreakwaterError('config', message, { details: { reason: 'push_url', hint } });
}
