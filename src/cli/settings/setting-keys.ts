/** The user file, parsed as JSON but not validated. */
export interface UserFile {
  readonly path: string;
  readonly entries: Readonly<Record<string, unknown>>;
}

/** The environment variable of a flag: `state-dir` is `BREAKWATER_STATE_DIR`. */
export function environmentName(flag: string): string {
  return `BREAKWATER_${fileKey(flag).toUpperCase()}`;
}

/** The user file's key of a flag: `state-dir` is `state_dir`. The flag's own spelling means the same there. */
export function fileKey(flag: string): string {
  return flag.replaceAll('-', '_');
}

/** What a setting of the user file is called there, of both spellings; undefined if it is not there. */
export function findFileKey(flag: string, { entries }: Pick<UserFile, 'entries'>): string | undefined {
  return [fileKey(flag), flag].find((key) => Object.hasOwn(entries, key));
}
