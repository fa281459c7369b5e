/** `npm run guides [NAME...]`: plays the guides, and writes into them what was printed. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { playGuide } from './play-guide.ts';
import { readGuide } from './read-guide.ts';

const GUIDES = new URL('../../docs/guides/', import.meta.url);

async function write(name: string): Promise<void> {
  const path = new URL(name, GUIDES);
  const text = await readFile(path, 'utf8');
  const lines = text.split('\n');
  const { places } = readGuide(text);
  const at = new Map([...places].flatMap(([step, place]) => (step.kind === 'command' ? [[step.line, place]] : [])));
  // From the end, so that the places before it stay.
  for (const { step, printed } of (await playGuide(text)).toReversed()) {
    const place = at.get(step.line);
    if (place !== undefined) lines.splice(place.from, place.to - place.from, ...printed);
  }
  await writeFile(path, lines.join('\n'));
  console.log(`played ${name}`);
}

const asked = process.argv.slice(2);
const names =
  asked.length > 0 ? asked : (await readdir(GUIDES)).filter((name) => name.endsWith('.md') && name !== 'README.md');
await Promise.all(names.map(write));
