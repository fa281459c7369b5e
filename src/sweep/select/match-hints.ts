import type { EventSink } from '../../events.ts';
import type { SelectionSource } from './select-items.ts';
import type { SweepItem } from '../sweep-item.ts';

/** Explains a sweep that matches nothing although its user expected it to. Each hint is given once. */
export interface MatchHints {
  /** The same source, whose keys are compared with the prefix as they are read. */
  readonly watch: (source: SelectionSource) => SelectionSource;
  /** Call when everything was selected, with the number of matches. */
  readonly conclude: (matched: number) => void;
}

interface HintOptions {
  readonly bucket: string;
  readonly prefix: string;
  readonly emit: EventSink;
}

export function createMatchHints({ bucket, prefix, emit }: HintOptions): MatchHints {
  let [named, below] = [0, 0];
  let first: string | null = null;
  let hasUrl = false;
  const watchPages = async function* watched(
    pages: AsyncIterable<readonly SweepItem[]>,
  ): AsyncGenerator<readonly SweepItem[]> {
    for await (const page of pages) {
      named += page.length;
      below += page.filter(({ key }) => key.startsWith(prefix)).length;
      first ??= page[0]?.key ?? null;
      const url = hasUrl ? undefined : page.find(({ key }) => key.startsWith('s3://'));
      if (url !== undefined) {
        hasUrl = true;
        emit({ kind: 'warning', reason: 'key_list_urls', message: explainUrl(url.key) });
      }
      yield page;
    }
  };
  return {
    watch: (source) => (source.kind === 'named' ? { ...source, open: () => watchPages(source.open()) } : source),
    conclude: (matched) => {
      if (matched > 0) return;
      const pattern = explainPattern({ bucket, prefix });
      if (pattern !== null) emit({ kind: 'warning', reason: 'prefix_pattern', message: pattern });
      if (first === null || below > 0 || hasUrl) return;
      const message = `none of the ${named} keys begins with the prefix ${JSON.stringify(prefix)}; the first is ${JSON.stringify(first)}`;
      emit({ kind: 'warning', reason: 'keys_outside_prefix', message });
    },
  };
}

function explainUrl(key: string): string {
  return `the list contains ${JSON.stringify(key)}: keys are taken as they are, so leave out s3://BUCKET/`;
}

/** What a prefix that looks like a pattern does; null for any other. */
export function explainPattern({ bucket, prefix }: Pick<HintOptions, 'bucket' | 'prefix'>): string | null {
  const wildcard = prefix.search(/[*?]|\[[^\]]+\]/u);
  if (wildcard === -1) return null;
  const start = prefix.lastIndexOf('/', wildcard) + 1;
  const [base, pattern] = [prefix.slice(0, start), prefix.slice(start)];
  const instead = JSON.stringify(`s3://${bucket}/${base}`);
  return `nothing matched: the prefix ${JSON.stringify(prefix)} is taken literally; for a pattern, sweep ${instead} with --include ${JSON.stringify(pattern)}`;
}
