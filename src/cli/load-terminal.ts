import type * as Terminal from '../ui/terminal.tsx';

/** Loads what draws, with Ink and React: only when there is something to draw, and nowhere else. */
export async function loadTerminal(): Promise<typeof Terminal> {
  // Left to itself, React takes its build for developers, which costs several times the work for each frame.
  process.env['NODE_ENV'] ??= 'production';
  return await import('../ui/terminal.tsx');
}
