import type { UnfinishedWork, ClaimHolder, WorkClaim } from '../unfinished-work.ts';
import { formatTime } from '../clock.ts';
import { BreakwaterError } from '../errors.ts';

/** The id of a sweep on this machine. Includes the endpoint, because bucket names repeat across endpoints. */
export function nameSweep(job: { endpointUrl: string | null; bucket: string; prefix: string }): string {
  return JSON.stringify([job.endpointUrl ?? 'aws', job.bucket, job.prefix]);
}

/**
 * Claims a prefix for this process. Two concurrent sweeps would be safe, but their counts would be wrong.
 * @throws BreakwaterError `locked` if another process on this machine is sweeping it
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
  throw new BreakwaterError('locked', `s3://${bucket}/${prefix} is already being swept${formatHolder(holder)}`, {
    details: { reason: 'sweep_running', hint: 'wait for that process to end, or stop it' },
  });
}

function formatHolder(holder: ClaimHolder | null): string {
  if (holder === null) return '';
  const { pid, host, sinceMs } = holder;
  return ` by process ${pid} on ${host}, since ${formatTime(sinceMs)}`;
}
