/** What else a machine does seldom delays three runs in turn. */
const RUNS = 3;

/**
 * The shortest of up to three runs, in ms, for a limit that is the point of a test: whatever else the machine does only
 * makes a run longer. The first within the limit is enough.
 */
export async function findShortestMs(limitMs: number, measureMs: () => Promise<number>): Promise<number> {
  let shortestMs = Infinity;
  for (let run = 1; run <= RUNS && shortestMs >= limitMs; run += 1)
    shortestMs = Math.min(shortestMs, await measureMs());
  return shortestMs;
}
