import type { Sandbox } from './sandbox.ts';

const DAY_MS = 86_400_000;

export const DEMO_BUCKET = 'demo';

/** Fills a sandbox with a few objects of different ages, so that a sweep matches only some. */
export function seedDemo(sandbox: Pick<Sandbox, 'seed'>): void {
  const seed = (key: string, ageMs: number, body: string): void =>
    sandbox.seed({ bucket: DEMO_BUCKET, key, ageMs, body, contentType: 'text/plain' });
  seed('hello.txt', 60_000, 'Hello from the sandbox.\n');
  for (let day = 1; day <= 12; day += 1) {
    seed(`logs/day-${String(day).padStart(2, '0')}.log`, day * DAY_MS, `${day} days old\n`.repeat(day));
  }
  for (let count = 1; count <= 3; count += 1) seed(`tmp/upload-${count}.part`, count * 10 * DAY_MS, 'left behind\n');
}
