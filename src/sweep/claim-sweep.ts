import type { UnfinishedWork, ClaimHolder, WorkClaim } from '../unfinished-work.ts';
import { formatTime } from '../clock.ts';
import { BreakwaterError } from '../errors.ts';

/** What a sweep is known by on this machine; the same bucket name at another endpoint is another bucket. */
export function nameSweep(place: {
  readonly endpointUrl: string | null;
  readonly bucket: string;
  readonly prefix: string;
}): string {
  return JSON.stringify([place.endpointUrl ?? 'aws', place.bucket, place.prefix]);
}

/**
 * Makes a prefix this process's own to sweep. Two at once would do no harm, and only count and throttle each other.
 * @throws BreakwaterError `locked` while another living process of this machine has it
 */
export async function claimSweep(
  unfinished: Pick<UnfinishedWork, 'claim'>,
  { id, bucket, prefix }: { readonly id: string; readonly bucket: string; readonly prefix: string },
): Promise<WorkClaim> {
  let holder: ClaimHolder | null = null;
  const claim = await unfinished.claim(id, (held) => {
    holder = held;
  });
  if (claim !== null) return claim;
  throw new BreakwaterError('locked', `s3://${bucket}/${prefix} is being swept already${formatHolder(holder)}`, {
    details: { reason: 'sweep_running', hint: 'let it end, or end it; it gives back the prefix however it ends' },
  });
}

function formatHolder(holder: ClaimHolder | null): string {
  if (holder === null) return '';
  const { pid, host, sinceMs } = holder;
  return ` by process ${pid} on ${host}, since ${formatTime(sinceMs)}`;
}
