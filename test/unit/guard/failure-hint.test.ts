import { describe, expect, it } from 'vitest';
import { findHint } from '../../../src/guard/failure-hint.ts';
import { NOTHING_SET } from '../../../src/setting-names.ts';

const SET = {
  endpoint: 'AWS_ENDPOINT_URL_S3',
  region: 'AWS_REGION',
  profile: 'AWS_PROFILE',
  credentials: 'profile "dev" (AWS_PROFILE)',
  caBundle: 'AWS_CA_BUNDLE',
  proxy: 'https_proxy',
  deadline: 'BREAKWATER_DEADLINE',
};

describe('findHint', () => {
  it.each([
    ['connection_refused', 'unavailable', /check the network, or set --endpoint-url$/, /check https_proxy$/],
    ['host_not_found', 'unavailable', /^check the region and the network$/, /^check the host name in https_proxy, or/],
    ['not_s3', 'unavailable', /check --endpoint-url,/, /check AWS_ENDPOINT_URL_S3, and the proxy of https_proxy,/],
    ['EPROTO', 'unavailable', /port of --endpoint-url$/, /port of AWS_ENDPOINT_URL_S3/],
    ['http_407', 'unavailable', /HTTPS_PROXY or HTTP_PROXY$/, /URL of https_proxy$/],
    ['PermanentRedirect', 'config', /set --region$/, /correct AWS_REGION$/],
    ['AuthorizationHeaderMalformed', 'config', /set --region$/, /correct AWS_REGION$/],
    ['NoSuchBucket', 'not_found', /the region and --endpoint-url$/, /AWS_REGION and AWS_ENDPOINT_URL_S3$/],
    ['AccessDenied', 'access_denied', /^check the credentials and/, /^check the credentials from profile "dev" \(AWS_/],
    [
      'ExpiredToken',
      'access_denied',
      /^the credentials have/,
      /^the credentials from profile "dev" \(AWS_PROFILE\) have/,
    ],
    [
      'InvalidAccessKeyId',
      'access_denied',
      /check the credentials, /,
      /from profile "dev" .* store of AWS_ENDPOINT_URL_S3$/,
    ],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'unavailable', /^set AWS_CA_BUNDLE/, /not in the file of AWS_CA_BUNDLE/],
    ['SlowDown', 'deadline', /with --deadline$/, /with BREAKWATER_DEADLINE$/],
    ['SlowDown', 'unavailable', /breaker-status/, /breaker-status/],
  ] as const)('of %s (%s) names what has been set', (failure, code, unset, set) => {
    expect(findHint({ code, failure }, NOTHING_SET)).toMatch(unset);
    expect(findHint({ code, failure }, SET)).toMatch(set);
  });

  it.each([
    ['AccessDenied', 'get_object', 'ask its administrator for s3:GetObject on arn:aws:s3:::bkt/a/k, or check the cred'],
    ['http_403', 'head_object', 'ask its administrator for s3:GetObject on arn:aws:s3:::bkt/a/k, or check the cred'],
    ['AccessDenied', 'list_objects', 'ask its administrator for s3:ListBucket on arn:aws:s3:::bkt, or'],
    [
      'AccessDenied',
      'put_object',
      'ask its administrator for s3:PutObject and s3:AbortMultipartUpload on arn:aws:s3:::bkt/a',
    ],
    ['ExpiredToken', 'put_object', 'the credentials have expired'],
  ] as const)('of %s for %s says what to ask for', (failure, operation, says) => {
    const target = { operation, bucket: 'bkt', key: 'a/k' };
    expect(findHint({ code: 'access_denied', failure, target }, NOTHING_SET)).toContain(says);
  });

  it.each([
    ['connection_refused', 'nothing is listening there: check AWS_ENDPOINT_URL_S3'],
    ['host_not_found', 'check the host name in AWS_ENDPOINT_URL_S3, or the network'],
  ])('of %s without a proxy names the endpoint', (failure, hint) => {
    expect(findHint({ code: 'unavailable', failure }, { ...SET, proxy: null })).toBe(hint);
  });

  it('is none where nothing is known', () => {
    expect(findHint({ code: 'internal', failure: 'constructor' }, SET)).toBeUndefined();
  });
});
