import { readFields } from '../../read-fields.ts';

/** Failures that only say that a source of credentials is not configured here. */
const NOT_CONFIGURED =
  /skipping|not set|not specified|unable to find environment|disabled|did not contain|from any providers|profile:? \[?default\b.*(found|resolve)|resolve.*\[default\]/i;

/** Collects what the SDK's providers report while they look for credentials. */
export class CredentialLog {
  readonly #lines: string[] = [];

  /** One line of the SDK's debug log: a provider that is asked, or `-> why it has none`. */
  note(line: string): void {
    this.#lines.push(formatOneLine(line));
  }

  /** Every line so far, in order. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /**
   * The most telling reason, on one line. A provider that ends the search throws its own error; otherwise the last one
   * wins, which is rarely the one that was meant to work.
   */
  reasonOf(error: unknown): string {
    const last = formatOneLine(error instanceof Error ? error.message : String(error));
    if (!isFromEmptyChain(error)) return last;
    const failures = this.#lines.flatMap((line) => /(?:->|\(!\)) (.*)$/.exec(line)?.[1] ?? []);
    const telling = failures.findLast((failure) => !NOT_CONFIGURED.test(failure)) ?? last;
    // The command line and what the program says may contain secrets.
    return telling.startsWith('Command failed:') ? 'its credential_process failed' : telling;
  }
}

/** The end of the chain. An error with `tryNextLink` would have asked the next provider. */
function isFromEmptyChain(error: unknown): boolean {
  const { message, tryNextLink } = readFields(error);
  return tryNextLink === true || /from any providers/.test(String(message));
}

function formatOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 500);
}
