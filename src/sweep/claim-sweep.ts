import type { UnfinishedWork, ClaimHolder, WorkClaim } from '../unfinished-work.ts';
import { formatTime } from '../clock.ts';
import { formatDuration } from '../duration.ts';
import { BreakwaterError } from '../errors.ts';
import { formatShard, type Shard } from './shard.ts';

interface NamedSweep {
  readonly bucket: string;
  readonly prefix: string;
  /** @default null: all keys */
  readonly shard?: Shard | null;
}

/**
 * The id of a sweep, for its lock and its checkpoint, which are of its shard alone. Includes the endpoint, because
 * bucket names repeat across endpoints.
 */
export function nameSweep(job: NamedSweep & { readonly endpointUrl: string | null }): string {
  const { endpointUrl, bucket, prefix, shard = null } = job;
  const part = shard === null || shard.of === 1 ? [] : [formatShard(shard)];
  return JSON.stringify([endpointUrl ?? 'aws', bucket, prefix, ...part]);
}

/**
 * Claims a prefix for this process. Two concurrent sweeps would be safe, but their counts would be wrong.
 * @throws BreakwaterError `locked` if another process is sweeping it
 */
export async function claimSweep(
  unfinished: Pick<UnfinishedWork, 'claim'>,
  { id, bucket, prefix, shard = null }: NamedSweep & { readonly id: string },
): Promise<WorkClaim> {
  let holder: ClaimHolder | null = null;
  const claim = await unfinished.claim(id, (held) => {
    holder = held;
  });
  if (claim !== null) return claim;
  const part = shard === null ? '' : `shard ${formatShard(shard)} of `;
  throw new BreakwaterError('locked', `${part}s3://${bucket}/${prefix} is already being swept${formatHolder(holder)}`, {
    details: { reason: 'sweep_running', hint: adviseOn(holder) },
  });
}

/** A process of another host may have died: its claim cannot tell. */
function adviseOn(holder: ClaimHolder | null): string {
  const outlivedMs = holder?.outlivedMs ?? 0;
  const end = outlivedMs === 0 ? '' : `; if it was killed, its lock ends within ${formatDuration(outlivedMs)}`;
  return `wait for that process to end, or stop it${end}`;
}

/** Why a sweep ends whose claim another process has taken, as it may after this one was suspended. */
export function takenOverError({ bucket, prefix }: Pick<NamedSweep, 'bucket' | 'prefix'>): BreakwaterError {
  return new BreakwaterError('locked', `another process has taken over the sweep of s3://${bucket}/${prefix}`, {
    details: { reason: 'taken_over', hint: 'that process goes on with it' },
  });
}

function formatHolder(holder: ClaimHolder | null): string {
  if (holder === null) return '';
  const { pid, host, sinceMs } = holder;
  return ` by process ${pid} on ${host}, since ${formatTime(sinceMs)}`;
}
