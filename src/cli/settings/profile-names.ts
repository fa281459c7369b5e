/** A profile and the text of both AWS files, with names that the SDK can read. */
export interface ProfileFiles {
  readonly profile: string;
  readonly config: string;
  readonly credentials: string;
}

/**
 * A profile's name without blanks: the AWS CLI accepts `[profile "my role"]`, but the SDK drops such sections. `%` is
 * among the characters that it takes.
 */
export function encodeProfileName(name: string): string {
  return name.replaceAll('%', '%25').replaceAll(/\s/g, '%20');
}

/** Encodes the names of sections, and of the profiles and sessions that they refer to, in one of the AWS files. */
export function encodeProfileNames(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      const header = /^\s*\[\s*(?:(profile|sso-session|services)\s+)?(["']?)(.*?)\2\s*\]/.exec(line);
      if (header !== null) {
        const [, kind, , name = ''] = header;
        return `[${kind === undefined ? '' : `${kind} `}${encodeProfileName(name)}]`;
      }
      const reference = /^(\s*(?:source_profile|sso_session|services)\s*=\s*)(.*?)\s*$/.exec(line);
      return reference === null ? line : `${reference[1]}${encodeProfileName(reference[2] ?? '')}`;
    })
    .join('\n');
}
