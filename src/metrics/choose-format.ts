import type { MetricFormat } from './print.ts';

/** The media type and version of each format. */
const FORMATS: Readonly<Record<MetricFormat, { readonly type: string; readonly version: string }>> = {
  prometheus: { type: 'text/plain', version: '0.0.4' },
  openmetrics: { type: 'application/openmetrics-text', version: '1.0.0' },
};

interface MediaRange {
  readonly type: string;
  /** Null if any version is accepted. */
  readonly version: string | null;
  /** From 0 (never) to 1. */
  readonly quality: number;
}

/**
 * Chooses the format by the `Accept` header (RFC 9110, 12.4.2 and 12.5.1): the most specific range decides a format's
 * quality, the higher quality wins. The Prometheus text format wins a tie, and is sent where neither is accepted: a
 * scraper can do more with it than with a 406.
 */
export function chooseFormat(accept: string | undefined): MetricFormat {
  const ranges = (accept ?? '*/*').split(',').map(parseRange);
  return qualityOf('openmetrics', ranges) > qualityOf('prometheus', ranges) ? 'openmetrics' : 'prometheus';
}

/** The value of `Content-Type`. */
export function mediaTypeOf(format: MetricFormat): string {
  const { type, version } = FORMATS[format];
  return `${type}; version=${version}; charset=utf-8`;
}

function qualityOf(format: MetricFormat, ranges: readonly MediaRange[]): number {
  const { type, version } = FORMATS[format];
  const fitting = ranges.filter((range) => range.version === null || range.version === version);
  for (const wanted of [type, `${type.split('/')[0]}/*`, '*/*']) {
    const named = fitting.filter((range) => range.type === wanted);
    // A range with a version is more specific than one without.
    const exact = named.filter((range) => range.version !== null);
    const deciding = exact.length > 0 ? exact : named;
    if (deciding.length > 0) return Math.max(...deciding.map(({ quality }) => quality));
  }
  return 0;
}

function parseRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((each) => each.trim().toLowerCase());
  const valueOf = (name: string): string | null => {
    const found = parameters.map((each) => each.split('=')).find(([key = '']) => key.trim() === name);
    return found?.[1]?.trim().replaceAll('"', '') ?? null;
  };
  const quality = Number(valueOf('q') ?? 1);
  // A quality that is no number counts as 0: what a client did not say is not sent to it.
  return { type, version: valueOf('version'), quality: quality >= 0 && quality <= 1 ? quality : 0 };
}
