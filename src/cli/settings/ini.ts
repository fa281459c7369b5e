/** Sections of an AWS config file: keys of nested settings are `s3.endpoint_url`. */
export type IniSections = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** `profile "name"` means `profile name`, as to the SDK. */
const QUOTED_NAME = /^(\S+)\s+(["']?)(.*)\2$/;

/**
 * Reads the INI dialect of the AWS shared config and credentials files: `[section]`, `key = value`, indented
 * settings below a key without a value, comments with `#` and `;`. What it does not understand is left out:
 * the SDK reads the same file and says what is wrong.
 */
export function parseIni(text: string): IniSections {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | null = null;
  let parent: string | null = null;
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[([^\]]*)\]/.exec(line);
    if (header !== null) {
      const name = (header[1] ?? '').trim().replace(QUOTED_NAME, '$1 $3');
      section = sections.get(name) ?? new Map<string, string>();
      sections.set(name, section);
      parent = null;
      continue;
    }
    const entry = /^(\s*)([^=#;\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line);
    if (entry === null || section === null) continue;
    const [, indent = '', key = '', raw = ''] = entry;
    const value = raw.replace(/(^|\s)[#;].*$/, '').trim();
    const isNested = indent !== '' && parent !== null;
    section.set((isNested ? `${parent}.${key}` : key).toLowerCase(), value);
    if (!isNested) parent = value === '' ? key : null;
  }
  return sections;
}
