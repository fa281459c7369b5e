import { execFileSync } from 'node:child_process';

/** Whether this user can mount in a name space of its own; containers often forbid it. */
export function canMount(): boolean {
  try {
    execFileSync('unshare', ['-rm', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
