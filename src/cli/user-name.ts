import { userInfo } from 'node:os';

/** The user who makes a manual change, for the history. */
export function readUserName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the user id may have no name.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
