import { lookUp, readFields } from '../../read-fields.ts';

/** Failures that only say that a source of credentials is not configured here. */
const NOT_CONFIGURED =
  /skipping|not set|not specified|unable to find environment|disabled|did not contain|from any providers|profile:? \[?default\b.*(found|resolve)|resolve.*\[default\]/i;

/** Messages of JavaScript itself: the SDK has met something that it did not expect. Its log has texts alone. */
const OF_JAVASCRIPT =
  /^(?:Cannot (?:read|set|convert|destructure|create|mix)|Unexpected |Invalid (?:URL|time value|regular|array|string)|Converting circular)| is not (?:a function|a constructor|iterable|defined|valid JSON|an object)|maxBuffer length exceeded/;

/** By the provider of the SDK that has met it. */
const MISREAD: Readonly<Record<string, string>> = {
  fromProcess: 'its credential_process did not print credentials in JSON',
  fromSSO: 'its single sign-on session or token cannot be read; aws sso login makes a new one',
  fromSso: 'its single sign-on session or token cannot be read; aws sso login makes a new one',
  fromLoginCredentials: 'the session of aws login cannot be read; aws login makes a new one',
  fromTokenFile: 'the token for its web identity cannot be used',
  fromWebToken: 'the token for its web identity cannot be used',
  fromHttp: 'AWS_CONTAINER_CREDENTIALS_FULL_URI, or the response from there, cannot be used',
  fromContainerMetadata: 'AWS_CONTAINER_CREDENTIALS_FULL_URI, or the response from there, cannot be used',
  fromInstanceMetadata: 'AWS_EC2_METADATA_SERVICE_ENDPOINT, or the response from there, cannot be used',
};

const NO_METADATA = 'none are set, and the metadata server of an EC2 instance does not give any';

/** The SDK's message for a response without one, or that is not of AWS. */
const WITHOUT_WORDS = /^(?:Unknown(?:Error)?)?$|Deserialization error/;

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
    const status = readFields(readFields(error)['$metadata'])['httpStatusCode'];
    if (typeof status === 'number' && (isOfJavaScript(error) || WITHOUT_WORDS.test(last)))
      return `the service that gives them answered HTTP ${status}, not in the form of AWS`;
    if (!isFromEmptyChain(error)) {
      return isOfJavaScript(error) || OF_JAVASCRIPT.test(last) ? this.#explainMisread(this.#lines.length) : last;
    }
    const failures = this.#lines.map((line) => /(?:->|\(!\)) (.*)$/.exec(line)?.[1] ?? null);
    const index = failures.findLastIndex((failure) => failure !== null && !NOT_CONFIGURED.test(failure));
    const telling = failures[index] ?? this.#nameSilentSource() ?? last;
    if (OF_JAVASCRIPT.test(telling)) return this.#explainMisread(index);
    // The command line and what the program says may contain secrets.
    const failed = /^Command failed(?: \((status \d+|ended by \w+)\))?:/.exec(telling);
    if (failed === null) return telling.replace(/^Error: /, '');
    const how = failed[1] ?? null;
    return `its credential_process failed${how === null ? '' : ` (${how})`}`;
  }

  /** The reason for the last source, about which the SDK reports neither a status nor that nothing responded. */
  #nameSilentSource(): string | null {
    const asked = this.#lines.findLast((line) => line.includes('::'));
    if (asked?.includes('remoteProvider::fromHttp') === true) return MISREAD['fromHttp'] ?? null;
    return asked?.includes('remoteProvider::fromInstanceMetadata') === true ? NO_METADATA : null;
  }

  /** By the last provider that was asked before a line. */
  #explainMisread(index: number): string {
    const asked = this.#lines.slice(0, Math.max(0, index)).map((line) => /\b(from[A-Z]\w+)$/.exec(line)?.[1] ?? '');
    return (
      lookUp(MISREAD, asked.findLast((name) => name !== '') ?? '') ?? 'the settings of its source cannot be understood'
    );
  }
}

function isOfJavaScript(error: unknown): boolean {
  return [TypeError, RangeError, SyntaxError, ReferenceError].some((kind) => error instanceof kind);
}

/** The end of the chain. An error with `tryNextLink` would have asked the next provider. */
function isFromEmptyChain(error: unknown): boolean {
  const { message, tryNextLink } = readFields(error);
  return tryNextLink === true || /from any providers/.test(String(message));
}

function formatOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 500);
}
