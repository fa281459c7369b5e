/** What the shell does with the process, as far as a whole screen must know it. */
export interface JobControl {
  /** Calls `onStop` in place of a stop from outside, and `onContinue` after every stop, until disposed. */
  readonly listen: (listeners: { readonly onStop: () => void; readonly onContinue: () => void }) => Disposable;
  /** Stops as Ctrl-Z does. Resolves when the shell has continued it, or soon if nothing could stop it. */
  readonly stop: (whom: 'process' | 'group') => Promise<void>;
}
