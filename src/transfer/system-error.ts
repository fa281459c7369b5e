/** The code of a Node system error (`ENOENT`), or null where it is none. */
export function readSystemCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
