import { describe, expect, it } from 'vitest';
import { readChecksumModes } from '../../../../src/cli/settings/checksum-modes.ts';

function read(env: Readonly<Record<string, string>>, profile: Readonly<Record<string, string>> = {}) {
  return readChecksumModes({ env, read: (key) => profile[key] ?? null });
}

describe('the AWS settings for checksums', () => {
  it.each([
    [{}, {}, 'when_supported', 'when_supported'],
    [{ AWS_REQUEST_CHECKSUM_CALCULATION: 'when_required' }, {}, 'when_required', 'when_supported'],
    [{ AWS_RESPONSE_CHECKSUM_VALIDATION: 'WHEN_REQUIRED' }, {}, 'when_supported', 'when_required'],
    [
      { AWS_REQUEST_CHECKSUM_CALCULATION: '' },
      { request_checksum_calculation: 'when_required' },
      'when_required',
      'when_supported',
    ],
    [
      { AWS_REQUEST_CHECKSUM_CALCULATION: 'when_supported' },
      { request_checksum_calculation: 'when_required' },
      'when_supported',
      'when_supported',
    ],
    [{}, { response_checksum_validation: 'When_Required' }, 'when_supported', 'when_required'],
  ])('%j and the profile %j', (env, profile, inRequests, inResponses) => {
    expect(read(env, profile)).toEqual({ inRequests, inResponses });
  });

  it('names the setting that is wrong', () => {
    expect(() => read({ AWS_REQUEST_CHECKSUM_CALCULATION: 'never' })).toThrow(
      /^AWS_REQUEST_CHECKSUM_CALCULATION: "never"/,
    );
    expect(() => read({}, { response_checksum_validation: 'x' })).toThrow(
      /^response_checksum_validation in the AWS config/,
    );
  });
});
