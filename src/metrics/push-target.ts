import { BreakwaterError } from '../errors.ts';

export type PushMode = 'totals' | 'deltas';

/** The address and group of a push. */
export interface PushTarget {
  readonly url: URL;
  /** `scheme://host:port`, for messages; contains no secret. */
  readonly shown: string;
}

interface PushSetting {
  readonly url: string;
  /** What has set it, for messages. */
  readonly origin: string;
  readonly job: string;
  readonly instance: string;
}

/**
 * The URL of a Pushgateway group: `URL/metrics/job/JOB/instance/INSTANCE`.
 *
 * Job and instance must be stable, because the gateway never expires groups: one with a PID would stay forever.
 * @throws BreakwaterError `config`; the message never repeats the URL, which may contain a secret by mistake
 */
export function findPushTarget({ url, origin, job, instance }: PushSetting): PushTarget {
  const base = URL.canParse(url) ? new URL(url) : null;
  if (base === null || !['http:', 'https:'].includes(base.protocol)) {
    throw refuse('the push URL is not an http or https URL', `correct ${origin}, for example to http://127.0.0.1:9091`);
  }
  if (base.username !== '' || base.password !== '') {
    throw refuse(
      'the push URL contains credentials',
      `take them out of ${origin}, and put them in BREAKWATER_PUSH_USER and BREAKWATER_PUSH_PASSWORD, or BREAKWATER_PUSH_TOKEN`,
    );
  }
  if (base.search !== '' || base.hash !== '') {
    throw refuse('the push URL has a query or a fragment', `remove it from ${origin}`);
  }
  const path = base.pathname.replace(/\/+$/, '');
  base.pathname = `${path}/metrics/${encodeLabel('job', job)}/${encodeLabel('instance', instance)}`;
  return { url: base, shown: base.origin };
}

/**
 * A grouping label in the path. Values that are not valid in a path use the Pushgateway's base64 form. `.` or `..`
 * would change the path, and with it the group.
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
