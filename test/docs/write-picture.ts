/** `npm run picture`: plays an outage with the real program, and draws what it printed into docs/pictures/outage.svg. */
import { writeFile } from 'node:fs/promises';
import { drawOutage } from './draw-outage.ts';
import { normaliseScenes, playOutage } from './play-outage.ts';

const startedAtMs = Date.now();
const scenes = normaliseScenes(await playOutage(), startedAtMs);
await writeFile(new URL('../../docs/pictures/outage.svg', import.meta.url), drawOutage(scenes));
console.log('drew docs/pictures/outage.svg');
