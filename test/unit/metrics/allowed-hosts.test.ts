import { expect, it } from 'vitest';
import { isAllowedHost } from '../../../src/metrics/allowed-hosts.ts';

it.each([
  [undefined, true],
  ['127.0.0.1:8080', true],
  ['10.1.2.3', true],
  ['[::1]:8080', true],
  ['[fe80::1]', true],
  ['localhost:8080', true],
  ['LOCALHOST.', true],
  ['a.localhost', true],
  ['Metrics.internal:8080', true],
  ['evil.example', false],
  ['evil.example:8080', false],
  ['127.0.0.1.evil.example', false],
  ['localhost.evil.example', false],
  ['[evil.example]', false],
  ['evil.example:x', false],
  ['a:b:c', false],
])('answers for the host %s: %s', (header, isAnswered) => {
  expect(isAllowedHost(header, ['0.0.0.0', 'metrics.internal'])).toBe(isAnswered);
});
