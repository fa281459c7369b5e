import type { Node } from '../protocol/xml.ts';

/** The one account, which owns everything. An id of S3 has 64 hex digits. */
const ACCOUNT: readonly Node[] = [
  ['ID', 'b0a7'.repeat(16)],
  ['DisplayName', 'sandbox'],
];

export const OWNER: Node = ['Owner', ACCOUNT];
export const INITIATOR: Node = ['Initiator', ACCOUNT];
