import { BreakwaterError } from '../../errors.ts';
import { quoteGiven } from '../../mask-credentials.ts';
import type { Environment } from './resolve-settings.ts';

const MODES = ['when_supported', 'when_required'] as const;

/** Whether checksums are used wherever S3 supports them, or only where it requires one. */
type ChecksumMode = (typeof MODES)[number];

/** The AWS settings by which tools leave the newer checksums out, for stores that refuse their headers. */
export interface ChecksumModes {
  readonly inRequests: ChecksumMode;
  readonly inResponses: ChecksumMode;
}

interface Sources {
  readonly env: Environment;
  /** A setting of the profile; null if it is not set. */
  readonly read: (key: string) => string | null;
}

/**
 * Reads `AWS_REQUEST_CHECKSUM_CALCULATION` and `AWS_RESPONSE_CHECKSUM_VALIDATION`, or else the profile (AWS SDKs and Tools
 * Reference Guide, "Data Integrity Protections for Amazon S3").
 * @throws BreakwaterError `config` for any other word
 */
export function readChecksumModes(sources: Sources): ChecksumModes {
  return {
    inRequests: readMode('request_checksum_calculation', sources),
    inResponses: readMode('response_checksum_validation', sources),
  };
}

function readMode(key: string, { env, read }: Sources): ChecksumMode {
  const variable = `AWS_${key.toUpperCase()}`;
  const set = env[variable] ?? '';
  const [name, text] = set === '' ? [`${key} in the AWS config files`, read(key)] : [variable, set];
  if (text === null) return 'when_supported';
  const mode = MODES.find((word) => word === text.toLowerCase());
  if (mode !== undefined) return mode;
  throw new BreakwaterError(
    'config',
    `${name}: ${quoteGiven(text, 100)} is not accepted; expected ${MODES.join(' or ')}`,
    {
      details: { reason: 'bad_value', hint: `fix or unset ${name}` },
    },
  );
}
