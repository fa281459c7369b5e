import { drawTerminal } from './draw-terminal.ts';
import { PICTURE_COLUMNS, type Scene } from './play-outage.ts';

const faint = (text: string): string => `\u001b[2m${text}\u001b[0m`;

/** The lines of the picture: each command behind a prompt, what it printed, and for the refused one how fast and why. */
export function listOutageLines(scenes: readonly Scene[]): string[] {
  return scenes.flatMap(({ command, printed, status, durationMs, requests }, index) => [
    ...(index === 0 ? [] : ['']),
    `${faint('$')} ${command}`,
    ...printed,
    ...(status === 75
      ? [faint(`# exit status 75 after ${Math.round(durationMs)} ms; requests sent to S3: ${requests}`)]
      : []),
  ]);
}

export function drawOutage(scenes: readonly Scene[]): string {
  return drawTerminal(listOutageLines(scenes), {
    columns: PICTURE_COLUMNS,
    title: 'breakwater in an outage of S3',
    description:
      'The fifth put in a row fails after four attempts and opens the circuit. The next put is refused within milliseconds and says when to try again. breaker-status shows the open circuit and its last error.',
  });
}
