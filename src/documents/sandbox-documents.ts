import type { Count } from './values.ts';

/** What a sandbox did until it ended. */
export interface SandboxServed {
  /** Its URL. */
  readonly endpoint: string;
  /** Requests received. */
  readonly requests: Count;
}
