import { readFileSync } from 'node:fs';

/**
 * A soft limit of this process, by its name in proc_pid_limits(5); null for no limit, or an unknown one, as outside
 * Linux.
 */
export function readProcessLimit(name: 'Max open files' | 'Max address space'): number | null {
  try {
    const [, soft = ''] = new RegExp(`^${name}\\s+(\\S+)`, 'm').exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return /^\d+$/.test(soft) ? Number(soft) : null;
  } catch {
    return null;
  }
}
