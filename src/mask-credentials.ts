import { escapeControls } from './escape.ts';

/** Stands where a secret is. */
export const MASK = '***';

/** To the last @, because a password may contain /, # and @. S3's own URLs have no user, and their keys may contain @. */
const USER = /(?<![a-z\d+.-])(?!s3:)([a-z][a-z\d+.-]*:\/\/)[^]*@/gi;
/** Of the same URLs: a token, or a signature. */
const QUERY = /(?<![a-z\d+.-])(?!s3:)([a-z][a-z\d+.-]*:\/\/[^\s?#"]*)[?#][^\s"]*/gi;
/** `user:password@host` without a scheme. Not an ARN, a path on a drive of Windows, nor a name with a time of day before its @. */
const BARE_USER =
  /^(?!arn:aws|[a-z]:[\\/]|[^:@]*(?<!\d)\d\d:\d\d(?::\d\d)?@)[^\s/@:"]+:(?!\/\/)[^\s"]+(?=@[\w.-]+(?::\d+)?(?:\/\d*)?$)/i;

/** S3's, written with keys: no bucket has a colon, but the ARN of an access point, which has no @ before its slash. */
const S3_USER = /(?<![a-z\d+.-])s3:\/\/[^/@\s"]*:[^/@\s"]*@/gi;
/** `redis://:password`, without a host. */
const PASSWORD_ALONE = /(?<![a-z\d+.-])([a-z][a-z\d+.-]*:\/\/):[^\s"]+/gi;
/** `//user:password@host`. */
const BARE_AUTHORITY = /(?<![\w:/.-])\/\/[^\s/@:"]*:[^\s"]*@(?=[\w.[-])/g;

/**
 * A word that a user gave, without the user, password and query of a URL in it: for errors, which end in the logs of CI.
 * Whoever puts a URL with a password into the wrong flag or argument must not find it there.
 */
export function maskCredentials(text: string): string {
  return text
    .replace(S3_USER, `s3://${MASK}@`)
    .replace(USER, `$1${MASK}@`)
    .replace(PASSWORD_ALONE, `$1${MASK}`)
    .replace(BARE_AUTHORITY, `//${MASK}@`)
    .replace(QUERY, `$1?${MASK}`)
    .replace(BARE_USER, MASK);
}

/** Whether `maskCredentials` hides a part of it. */
export function hasCredentials(text: string): boolean {
  return maskCredentials(text) !== text;
}

/**
 * A value that a user gave, as an error that refuses it quotes it: without credentials and control characters, and cut.
 * @param most characters @default 200
 */
export function quoteGiven(text: string, most = 200): string {
  const shown = escapeControls(maskCredentials(text));
  return `"${shown.length > most ? `${shown.slice(0, most)}...` : shown}"`;
}
