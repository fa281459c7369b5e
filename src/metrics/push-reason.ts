import { after } from '../abort.ts';
import type { Clock } from '../clock.ts';
import { readFields } from '../read-fields.ts';

/** Maximum characters read from a gateway's reason for rejecting metrics: some 20 series by name. */
const REASON_MAX = 2000;
/** Time limit for the reason, in ms: the status is known already. */
const REASON_LIMIT_MS = 1000;

type ReasonKind = 'text' | 'json';

/** How a response explains itself; null for a page, such as that of a proxy, and for compressed bytes. */
export function reasonKind(headers: Readonly<Record<string, string | string[] | undefined>>): ReasonKind | null {
  const coding = String(headers['content-encoding'] ?? 'identity').toLowerCase();
  const type = String(headers['content-type'] ?? '').toLowerCase();
  if (coding !== 'identity') return null;
  if (type.startsWith('text/plain')) return 'text';
  return /^application\/(?:[\w.-]+\+)?json\b/.test(type) ? 'json' : null;
}

interface ReasonOptions {
  readonly kind: ReasonKind;
  /** The `authorization` header that was sent, or null. */
  readonly authorization: string | null;
  readonly clock: Pick<Clock, 'sleep'>;
}

/**
 * The reason of a Pushgateway, or of a proxy before it, on one line, with a colon before it: the first line of a text may be
 * only the number of the errors that follow. Empty if there is none, or if it repeats our credentials.
 */
export async function readReason(
  body: AsyncIterable<Buffer> & { readonly destroy: () => unknown },
  { kind, authorization, clock }: ReasonOptions,
): Promise<string> {
  const read = await readText(body, clock);
  const text = kind === 'json' ? (findMessage(read) ?? '') : read;
  if (secretsOf(authorization).some((secret) => text.includes(secret))) return '';
  const lines = text
    .slice(0, REASON_MAX)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.length === 0 ? '' : `: ${lines.join(' ')}${text.length > REASON_MAX ? ' …' : ''}`;
}

/** The text of a body as far as it arrives within the limits of time and length; also of one that breaks off. */
async function readText(
  body: AsyncIterable<Buffer> & { readonly destroy: () => unknown },
  clock: Pick<Clock, 'sleep'>,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  using _timer = after(clock, REASON_LIMIT_MS, () => void body.destroy());
  try {
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > REASON_MAX) break;
    }
  } catch {
    // The status is enough.
  }
  return text;
}

/** The words of an error as JSON: of Prometheus' own interfaces, and of most gateways. */
function findMessage(text: string): string | null {
  try {
    const { error, message, detail } = readFields(JSON.parse(text));
    const { message: inner } = readFields(error);
    return [error, inner, message, detail].find((words) => typeof words === 'string') ?? null;
  } catch {
    return null;
  }
}

/** The header, what follows its scheme, and the user and password that it encodes. */
function secretsOf(authorization: string | null): readonly string[] {
  if (authorization === null) return [];
  const [, scheme = '', value = ''] = /^(\S+) (.*)$/.exec(authorization) ?? [];
  const password =
    scheme === 'Basic'
      ? Buffer.from(value, 'base64')
          .toString()
          .replace(/^[^:]*:/, '')
      : '';
  return [authorization, value, password].filter((secret) => secret !== '');
}
