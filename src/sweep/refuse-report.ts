import { fstatSync, statSync, type BigIntStats } from 'node:fs';
import { BreakwaterError } from '../errors.ts';
import { maskCredentials } from '../mask-credentials.ts';

/** A local file that keys are read from: a path, or the descriptor of standard input. */
export type KeyFile = string | number;

/**
 * Refuses a report that is one of the files that the keys are read from, by any name: opening it would empty the file.
 * A device such as `/dev/null` or a terminal is not emptied, and may be both.
 * @throws BreakwaterError `usage`
 */
export function refuseReportOverKeys(reportPath: string | null, files: readonly KeyFile[]): void {
  const report = reportPath === null || files.length === 0 ? null : findFacts(reportPath);
  if (reportPath === null || report === null || report.isCharacterDevice()) return;
  const same = files.find((file) => isSame(findFacts(file), report));
  if (same === undefined) return;
  const name = typeof same === 'number' ? 'standard input' : maskCredentials(same);
  throw new BreakwaterError('usage', `the report ${maskCredentials(reportPath)} is ${name}, which contains the keys`, {
    details: { hint: 'nothing was read or deleted; name another file for --report' },
  });
}

/** Through links; null for what does not exist or cannot be looked at. */
function findFacts(file: KeyFile): BigIntStats | null {
  try {
    return typeof file === 'number' ? fstatSync(file, { bigint: true }) : statSync(file, { bigint: true });
  } catch {
    return null;
  }
}

function isSame(facts: BigIntStats | null, { dev, ino }: BigIntStats): boolean {
  return facts !== null && facts.dev === dev && facts.ino === ino;
}
