/** `npm run build`: bundles the program in a folder of its own, then moves its files to dist/, where commands may be running. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'rolldown';
import config from '../../rolldown.config.ts';
import { takePlace } from './take-place.ts';

const ROOT = dirname(dirname(import.meta.dirname));
/** On the same file system as dist/, and ignored by git. */
const BUILD = join(ROOT, 'build');

process.chdir(ROOT);
mkdirSync(BUILD, { recursive: true });
const scratch = mkdtempSync(join(BUILD, 'dist-'));
try {
  for (const bundle of config) {
    const [output = {}] = [bundle.output].flat();
    await build({ ...bundle, logLevel: 'warn', output: { ...output, dir: scratch } });
  }
  takePlace(scratch, join(ROOT, 'dist'), { last: join('cli', 'main.cjs') });
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
