import { span, type Line } from '../../ui/frame.ts';
import type { StateFileView } from './snapshot.ts';

type Problem = Exclude<StateFileView['condition'], 'ready'>;

/** What is wrong, what follows, and what to do. */
const EXPLANATIONS: Readonly<Record<Problem, readonly [string, string]>> = {
  missing: ['nothing has been recorded here yet:', 'every circuit is closed; the first transfer makes the file'],
  unwritable: [
    'the state file cannot be read:',
    'its circuits are unknown to this user; look at the rights of the file and of its directory',
  ],
  locked: ['the state file stays locked by another process:', 'it is asked again every 2 s'],
  full: ['the state file cannot be used, for its disk is full:', 'make room; it is asked again every 2 s'],
  corrupt: [
    'the state file is corrupt:',
    'the next command that writes sets it aside under a dated name, and begins a new one',
  ],
  newer_schema: ['the state file was written by a newer breakwater:', 'update this one to see its circuits'],
  network_file_system: [
    'the state file is on a network file system, where its locks are not safe:',
    'choose a directory on a local disk with --state-dir',
  ],
};

/** Says in words why there is nothing to show; no lines where all is well. */
export function explainStateFile({ path, condition }: StateFileView): readonly Line[] {
  if (condition === 'ready') return [];
  const [what, next] = EXPLANATIONS[condition];
  const tone = condition === 'missing' ? 'faint' : 'warning';
  return [[span(` ${what} `, tone), span(path)], [span(` ${next}`, tone)]];
}
