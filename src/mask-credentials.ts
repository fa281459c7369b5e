/** Stands where a secret is. */
export const MASK = '***';

/** To the last @, because a password may contain /, # and @. S3's own URLs have no user, and their keys may contain @. */
const USER = /(?<![a-z\d+.-])(?!s3:)([a-z][a-z\d+.-]*:\/\/)[^]*@/gi;
/** Of the same URLs: a token, or a signature. */
const QUERY = /(?<![a-z\d+.-])(?!s3:)([a-z][a-z\d+.-]*:\/\/[^\s?#"]*)[?#][^\s"]*/gi;
/** `user:password@host` without a scheme. */
const BARE_USER = /^[^\s/@:"]+:(?!\/\/)[^\s"]+(?=@[\w.-]+(?::\d+)?(?:\/\d*)?$)/;

/**
 * A word that a user gave, without the user, password and query of a URL in it: for errors, which end in the logs of CI.
 * Whoever puts a URL with a password into the wrong flag or argument must not find it there.
 */
export function maskCredentials(text: string): string {
  return text.replace(USER, `$1${MASK}@`).replace(QUERY, `$1?${MASK}`).replace(BARE_USER, MASK);
}
