export interface BackoffSettings {
  /** The first wait, in ms; it doubles with each retry. @default 1000 */
  readonly baseMs: number;
  /** `full`: a random wait between 0 and the computed wait. @default 'none' */
  readonly jitter: 'none' | 'full';
}

/**
 * The longest wait that doubling or a server's hint can reach, in ms; a larger `baseMs` raises it.
 * Source: the AWS SDKs' reference guide, "Retry behavior" (maximum backoff of 20 s).
 */
export const BACKOFF_CAP_MS = 20_000;

/**
 * The wait before retry number `retry` (1 is the first): 1 s, 2 s, 4 s ... by default, in whole ms.
 *
 * A `Retry-After` hint that is longer than the backoff replaces it, up to the cap.
 * @param random in [0, 1), used only for jitter
 */
export function backoffDelayMs(
  retry: number,
  { settings, hintMs, random }: { settings: BackoffSettings; hintMs: number | null; random: () => number },
): number {
  const capMs = Math.max(BACKOFF_CAP_MS, settings.baseMs);
  const grownMs = Math.min(settings.baseMs * 2 ** (retry - 1), capMs);
  const delayMs = settings.jitter === 'full' ? random() * grownMs : grownMs;
  return Math.round(Math.max(delayMs, Math.min(hintMs ?? 0, capMs)));
}
