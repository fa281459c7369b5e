import { readFileSync } from 'node:fs';

/** The file system type of a path's mount, as in proc_pid_mountinfo(5); empty if it is not listed. */
export function readMountKind(path: string): string {
  let longest = '';
  let kind = '';
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [mount = '', file = ''] = line.split(' - ');
    const point = (mount.split(' ')[4] ?? '').replaceAll('\\040', ' ');
    const contains = point !== '' && (path === point || path.startsWith(point === '/' ? point : `${point}/`));
    // A later mount on the same point hides the earlier one.
    if (!contains || point.length < longest.length) continue;
    longest = point;
    kind = file.split(' ')[0] ?? '';
  }
  return kind;
}
