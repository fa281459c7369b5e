import type { HelpForm } from './command-help.ts';
import { listCommands, type CommandManifest } from './manifest.ts';
import { alignTerms, fillText } from './fill-text.ts';

/** The help of the program: its commands, and where to read on. */
export function programHelp(
  manifest: CommandManifest,
  { width, heading }: Omit<HelpForm, 'isFull'>,
): readonly string[] {
  const commands = listCommands(manifest);
  return [
    ...fillText('Move objects to and from S3, with retries for errors and a circuit breaker for outages.', width),
    '',
    'usage: breakwater COMMAND [ARGUMENTS] [FLAGS]',
    '',
    heading('COMMANDS'),
    ...alignTerms(
      commands.map(({ id, summary }) => [id, summary]),
      width,
    ),
    '',
    ...fillText(
      'breakwater COMMAND --help shows what a command takes, and --help-all explains every flag. Precedence: flags, environment (BREAKWATER_ and the name of the flag), ~/.config/breakwater/config.json, defaults.',
      width,
    ),
  ];
}
