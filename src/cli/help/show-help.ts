import { paint } from '../../ui/paint.ts';
import { decidesColour, type ColourQuestion } from '../output/terminal-style.ts';
import { commandHelp } from './command-help.ts';
import { readManifest } from './manifest.ts';
import { programHelp } from './program-help.ts';

/** Without a terminal, as for scripts and pagers. */
const WIDTH = 80;
const WIDTH_MIN = 40;
/** Longer lines are hard to read. */
const WIDTH_MAX = 100;

interface HelpOptions extends ColourQuestion {
  /** The command line. */
  readonly argv: readonly string[];
  /** The directory of package.json. */
  readonly root: string;
  /** Of the terminal; undefined for none, 0 where it does not say. */
  readonly columns: number | undefined;
}

/** The help that a command line asks for; null if it names a command that does not exist. */
export async function makeHelp({ argv, root, columns, ...colour }: HelpOptions): Promise<string | null> {
  const manifest = await readManifest(root);
  const heading = (text: string): string => (decidesColour(colour) ? paint(text, 'strong') : text);
  const form = {
    width: Math.min(Math.max(columns || WIDTH, WIDTH_MIN), WIDTH_MAX),
    isFull: argv.includes('--help-all'),
    heading,
  };
  const [word = '-'] = argv;
  if (word.startsWith('-')) return `${programHelp(manifest, form).join('\n')}\n`;
  const command = Object.hasOwn(manifest.commands, word) ? manifest.commands[word] : undefined;
  return command === undefined ? null : `${commandHelp(command, form).join('\n')}\n`;
}
