/** A UNC path; not a device such as `\\.\NUL`, nor a long local path (`\\?\C:\`). */
const SERVER_PATH = /^(?:[\\/]{2}[^\\/.?]|\\\\\?\\UNC\\)/i;

/** Whether a path of Windows names a server. A drive that is one does not show it. */
export function isOnServer(path: string): boolean {
  return SERVER_PATH.test(path);
}
