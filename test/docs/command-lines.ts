import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** One command, as a reader would paste it. */
export interface Line {
  readonly text: string;
  /** A crontab's line: the text is the command in it. */
  readonly isCron: boolean;
}

/** Lines that stand together, and are run one after the other in one shell. */
export interface Block {
  /** Such as `README.md:48`. */
  readonly place: string;
  readonly lines: readonly Line[];
}

/** Every command line of the documents and of the examples that `--help` shows. */
export function collectBlocks(): readonly Block[] {
  const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md', { cwd: ROOT })];
  return [...documents.toSorted().flatMap((path) => readBlocks(path, read(path))), ...readExamples()];
}

/** The files of packaging/ that are given out as they are; a test of the package runs what is in each. */
export function collectPackagingFiles(): readonly string[] {
  return globSync('packaging/{examples,systemd,container,debian}/**/*', { cwd: ROOT, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(ROOT.length))
    .toSorted();
}

/** The commands of one document: fenced blocks of `sh`, crontabs, what follows `$ `, and commands in the text. */
export function readBlocks(path: string, text: string): readonly Block[] {
  const blocks: Block[] = [];
  const add = (offset: number, lines: readonly Line[]): void => {
    const line = text.slice(0, offset).split('\n').length;
    if (lines.length > 0) blocks.push({ place: `${path}:${line}`, lines });
  };
  const prose = text.replaceAll(
    /^ *```(\w*)\n(.*?)^ *```$/gms,
    (fenced: string, language: string, body: string, at: number) => {
      // A guide's console blocks are played by guides.test.ts.
      if (!(language === 'console' && path.startsWith('docs/guides/'))) add(at, readFenced(language, body));
      return fenced.replaceAll(/[^\n]/g, ' ');
    },
  );
  for (const { 1: code = '', index } of prose.matchAll(/`([^`]+)`/g)) {
    const command = code.replaceAll(/\s+/g, ' ');
    if (isCommand(command)) add(index, [{ text: command, isCron: false }]);
  }
  return blocks;
}

/** A program with arguments; words in capitals and dots stand for what a reader has to put there. */
function isCommand(code: string): boolean {
  const isStart = /^(?:\w+=\S+ )*(?:npx|npm|sudo|breakwater|curl|docker|kubectl|systemctl|journalctl) \S/.test(code);
  return isStart && !/(?:^|[\s/=])(?:[A-Z]{3,}|I\/N)(?:$|[\s/])|\.\.\.|…/.test(code.replace(/^(?:[A-Z]\w*=\S+ )+/, ''));
}

function readFenced(language: string, body: string): readonly Line[] {
  if (language === 'sh') return splitStatements(body);
  if (language === '' && body.split('\n').some((line) => CRON.test(line))) return splitStatements(body);
  if (language === '' || language === 'console') {
    const typed = [...body.matchAll(/^ *\$ (.*)$/gm)].map(([, command = '']) => command);
    return typed.map((text) => ({ text, isCron: false }));
  }
  const run = [...body.matchAll(/^ *(?:- )?(?:run: )?((?:npx )?breakwater .*)$/gm)];
  return run.map(([, text = '']) => ({ text, isCron: false }));
}

/** Five fields of time, in the files of /etc/cron.d a user, and the command. */
const CRON = /^(?:[\d*/,-]+ +){5}(?:(?:root|backup) +)?(\S.*)$/;

/** The statements of a script: as many lines as make a whole one. */
function splitStatements(script: string): readonly Line[] {
  const lines: Line[] = [];
  let open = '';
  for (const line of script.split('\n')) {
    const cron = open === '' ? CRON.exec(line)?.[1] : undefined;
    if (cron !== undefined) lines.push({ text: cron, isCron: true });
    else if ((open + line).trim() !== '') {
      open += `${line}\n`;
      if (open.endsWith('\\\n') || spawnSync('bash', ['-n'], { input: open }).status !== 0) continue;
      const text = open.trim().replace(/ {2,}# .*$/, '');
      if (!text.startsWith('#')) lines.push({ text, isCron: false });
      open = '';
    }
  }
  if (open !== '') throw new Error(`not a whole command: ${open}`);
  return lines;
}

function readExamples(): readonly Block[] {
  const { commands } = JSON.parse(read('oclif.manifest.json')) as {
    commands: Record<string, { examples?: readonly { readonly command: string }[] }>;
  };
  return Object.entries(commands).flatMap(([name, { examples = [] }]) =>
    examples.map(({ command }, index) => ({
      place: `${name} --help, example ${index + 1}`,
      lines: [{ text: command.replaceAll('<%= config.bin %>', 'breakwater'), isCron: false }],
    })),
  );
}

function read(path: string): string {
  return readFileSync(ROOT + path, 'utf8');
}
