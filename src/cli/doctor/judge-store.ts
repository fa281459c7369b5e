import { formatDuration } from '../../duration.ts';
import { findHint } from '../../guard/failure-hint.ts';
import type { Classification } from '../../retry/classify.ts';
import type { StoreAnswer } from '../../s3/connection/store-query.ts';
import type { SettingNames } from '../../setting-names.ts';
import { failed, ok, skipped, warning, type Finding } from './check.ts';

/** S3 refuses requests from clocks that differ by more, in ms (S3 API reference, RequestTimeTooSkewed). */
const SKEW_MAX_MS = 15 * 60_000;
/** Worth a warning, in ms: ages and times in logs are off by as much. */
const SKEW_NOTED_MS = 60_000;

/** Both requests to a store; null for one that was not sent, or had no answer within its time. */
export interface StoreAnswers {
  readonly unsigned: StoreAnswer | null;
  readonly signed: StoreAnswer | null;
}

interface Endpoint {
  readonly url: string;
  readonly names: SettingNames;
  /** How long an answer was waited for, in ms. */
  readonly limitMs: number;
}

/** Whether the store answers, and as S3. A failure of either request counts: a store may fail every other one. */
export function judgeEndpoint({ unsigned, signed }: StoreAnswers, { url, names, limitMs }: Endpoint): Finding {
  const answers = [signed, unsigned].filter((answer) => answer !== null);
  const down = answers.find(({ failure }) => failure?.errorCode === 'unavailable' && failure.code !== 'not_s3');
  if (down?.failure !== undefined && down.failure !== null) return judgeDown(down, down.failure, { url, names });
  const fromS3 = answers.find(({ head }) => head?.isFromS3 === true);
  if (fromS3?.head !== undefined && fromS3.head !== null) {
    const { tookMs } = fromS3.head;
    return ok(`${url} answers as S3 in ${Math.ceil(tookMs)} ms (${whatAnswered(fromS3)})`, factsOf(fromS3, url));
  }
  const [answer] = answers;
  const failure = answer?.failure ?? null;
  if (answer === undefined) {
    return failed('unavailable', `${url} does not answer within ${formatDuration(limitMs)}`, {
      hint: 'check the network, firewalls and the endpoint, or try again later',
      reason: 'timeout',
      facts: { url },
    });
  }
  if (answer.head !== null || failure === null || failure.code === 'not_s3') {
    const reason = failure?.httpStatus === 407 ? 'http_407' : 'not_s3';
    return failed('config', `${url} answers, but not as S3 does (${whatAnswered(answer)})`, {
      hint: findHint({ code: 'config', failure: reason }, names) ?? 'check the endpoint',
      reason,
      facts: factsOf(answer, url),
    });
  }
  return judgeDown(answer, failure, { url, names });
}

function judgeDown(answer: StoreAnswer, failure: Classification, { url, names }: Omit<Endpoint, 'limitMs'>): Finding {
  const { problem } = answer;
  if (problem !== undefined) {
    const { code, message, details } = problem;
    return failed(code, `${url} cannot be reached: ${message}`, {
      hint: details.hint ?? 'see breakwater config',
      reason: details.reason ?? code,
      facts: factsOf(answer, url),
    });
  }
  const { code, errorCode, message } = failure;
  const what = answer.head === null ? `cannot be reached: ${code}: ${message}` : `is failing: ${whatAnswered(answer)}`;
  return failed(errorCode, `${url} ${what}`, {
    hint: findHint({ code: errorCode, failure: code }, names) ?? 'check the endpoint',
    reason: code,
    facts: factsOf(answer, url),
  });
}

function whatAnswered({ head, failure }: StoreAnswer): string {
  const status = head === null ? '' : `HTTP ${head.httpStatus}`;
  return [failure?.code ?? '', status].filter((part) => part !== '').join(', ');
}

function factsOf({ head, failure }: StoreAnswer, url: string) {
  return {
    url,
    http_status: head?.httpStatus ?? null,
    answer: failure?.code ?? null,
    request_id: failure?.requestId ?? null,
    took_ms: head === null ? null : Math.ceil(head.tookMs),
    server: head?.server ?? null,
  };
}

/** This machine's clock beside the store's, which is in whole seconds. */
export function judgeClock({ unsigned, signed }: StoreAnswers): Finding {
  const heads = [unsigned?.head, signed?.head].filter((head) => head !== undefined && head !== null);
  const timed = heads.find(({ storeNowMs }) => storeNowMs !== null);
  if (timed === undefined || timed.storeNowMs === null) {
    return skipped(heads.length === 0 ? 'the store has not answered' : 'the store does not say what time it is');
  }
  // In the middle of its second, and of the time that the answer took.
  const offsetMs = Math.round(timed.nowMs - timed.tookMs / 2 - (timed.storeNowMs + 500));
  const facts = { offset_ms: offsetMs };
  const size = formatDuration(Math.round(Math.abs(offsetMs) / 1000) * 1000);
  const message = `this machine is ${size} ${offsetMs > 0 ? 'ahead of' : 'behind'} the store`;
  const trouble = { hint: "set this machine's clock, for example with NTP", reason: 'clock_skew', facts };
  if (Math.abs(offsetMs) > SKEW_MAX_MS) {
    return failed('config', `${message}; S3 refuses what is more than 15m off`, trouble);
  }
  if (Math.abs(offsetMs) > SKEW_NOTED_MS) return warning(message, trouble);
  return ok(Math.abs(offsetMs) < 2000 ? 'agrees with that of the store' : message, facts);
}
