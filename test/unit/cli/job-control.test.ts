import { expect, it } from 'vitest';
import { createJobControl } from '../../../src/cli/job-control.ts';

it('stops nothing on Windows, which knows no such signal', async () => {
  const before = process.listenerCount('SIGTSTP');
  const control = createJobControl('win32');
  using _listening = control.listen({ onStop: () => undefined, onContinue: () => undefined });
  expect(process.listenerCount('SIGTSTP')).toBe(before);
  await control.stop('group');
});
