import { formatTime } from '../../clock.ts';
import type { PhaseStartedLine, RequestLine, SandboxStartedLine } from '../../documents/log-lines.ts';
import { formatDuration } from '../../duration.ts';
import { toJsonText } from '../../json-text.ts';
import type { LoggedRequest } from '../../sandbox/request-log.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { Phase, Scenario } from '../../sandbox/scenario.ts';
import { escapeControls } from '../../escape.ts';
import type { OutputMode } from './output.ts';

interface Form extends Pick<OutputMode, 'logFormat'> {
  readonly nowMs: number;
}

/** Instructions for a running sandbox. `program` is what its user has called it by. */
export function listeningLines(
  sandbox: Pick<Sandbox, 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey'>,
  { scenario, program, logFormat, nowMs }: Form & { readonly scenario: Scenario; readonly program: string },
): readonly string[] {
  const { endpoint, region, accessKeyId, secretAccessKey } = sandbox;
  if (logFormat === 'json') {
    const line: SandboxStartedLine = {
      ...startLine(nowMs),
      event: 'sandbox_started',
      message: `a local S3 is running at ${endpoint}`,
      endpoint,
      region,
      access_key_id: accessKeyId,
      secret_access_key: secretAccessKey,
      scenario,
    };
    return [toJsonText(line)];
  }
  return [
    `a local S3 is running at ${endpoint}; press Ctrl-C to stop it. In another terminal:`,
    '',
    `  export AWS_ENDPOINT_URL_S3=${endpoint} AWS_REGION=${region}`,
    `  export AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey}`,
    `  ${program} get s3://demo/hello.txt -`,
    `  echo mine | ${program} put - s3://demo/mine.txt`,
    `  ${program} sweep s3://demo/logs/ --older-than 7d --dry-run`,
    '',
    ...(scenario === 'calm' ? outageLines(endpoint) : scenarioLines(scenario, program)),
    '',
  ];
}

function outageLines(endpoint: string): readonly string[] {
  return [
    'To start and end an outage of uploads:',
    '',
    `  curl -d PutObject:503:ServiceUnavailable ${endpoint}/_sandbox/faults`,
    `  curl -X DELETE ${endpoint}/_sandbox/faults`,
  ];
}

function scenarioLines(scenario: Scenario, program: string): readonly string[] {
  return [
    `The scenario ${scenario} starts with the first request. To watch one:`,
    '',
    `  while sleep 1; do echo mine | ${program} put --quiet --retries 1 - s3://demo/mine.txt; done`,
    `  ${program} breaker-status --watch`,
  ];
}

/** The start of a phase of a scenario. */
export function phaseLine({ text, lastsMs }: Phase, { logFormat, nowMs }: Form): string {
  if (logFormat === 'json') {
    const line: PhaseStartedLine = {
      ...startLine(nowMs),
      event: 'phase_started',
      message: text,
      lasts_ms: lastsMs,
    };
    return toJsonText(line);
  }
  return `scenario: ${text}${lastsMs === null ? '' : `, for ${formatDuration(lastsMs)}`}`;
}

/** A request and its response. */
export function requestLine(request: LoggedRequest, { logFormat, nowMs }: Form): string {
  const { method, url, operation, bucket, key, status, code, fault } = request;
  const what = operation === null ? `${method} ${url}` : `${operation} ${bucket}${key === '' ? '' : `/${key}`}`;
  const how = [status ?? '', code ?? '', fault === null ? '' : `(fault: ${fault})`].filter((part) => part !== '');
  const message = escapeControls(`${what} ${how.join(' ')}`);
  if (logFormat === 'text') return message;
  const facts = { method, url, operation, bucket, key, status, code, fault };
  const line: RequestLine = { ...startLine(nowMs), event: 'request', message, ...facts };
  return toJsonText(line);
}

function startLine(nowMs: number) {
  return { time: formatTime(nowMs), level: 'notice' } as const;
}
