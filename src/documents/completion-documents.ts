/** The completion script of a shell. */
export interface CompletionScript {
  readonly shell: 'bash' | 'zsh' | 'fish';
  readonly script: string;
}

/** Names that the scripts complete. */
export interface NamesKnown {
  readonly names: readonly string[];
}
