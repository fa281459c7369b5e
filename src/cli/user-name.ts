import { userInfo } from 'node:os';

/** The user who makes a change by hand, for the history. */
export function readUserName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id that has no name.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
