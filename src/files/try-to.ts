/** Does what may fail where that is not an error. @returns whether it was done */
export function tryTo(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
