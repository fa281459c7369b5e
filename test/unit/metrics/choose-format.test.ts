import { describe, expect, it } from 'vitest';
import { chooseFormat, mediaTypeOf } from '../../../src/metrics/choose-format.ts';

const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1';

describe('the format of a scrape', () => {
  it.each([
    [undefined, 'prometheus'],
    ['', 'prometheus'],
    ['*/*', 'prometheus'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'prometheus'],
    ['application/openmetrics-text', 'openmetrics'],
    ['Application/OpenMetrics-Text; Version=1.0.0', 'openmetrics'],
    ['application/openmetrics-text; version="1.0.0"', 'openmetrics'],
    ['application/openmetrics-text;version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', 'prometheus'],
    [PROMETHEUS_3, 'openmetrics'],
    ['text/plain;version=0.0.4, application/openmetrics-text;q=0', 'prometheus'],
    ['text/plain;version=0.0.4;q=0.9,application/openmetrics-text;version=1.0.0;q=0.1', 'prometheus'],
    ['text/plain;q=0.1, application/openmetrics-text;q=0.2', 'openmetrics'],
    ['application/*, text/plain;q=0.5', 'openmetrics'],
    ['*/*, text/plain;q=0', 'openmetrics'],
    ['application/openmetrics-text;q=much', 'prometheus'],
    ['application/openmetrics-text;q=5, text/plain;q=0.1', 'prometheus'],
    ['nothing/known', 'prometheus'],
  ])('for Accept: %s is %s', (accept, format) => {
    expect(chooseFormat(accept)).toBe(format);
  });

  it('is named in the content type', () => {
    expect(mediaTypeOf('openmetrics')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  });
});
