/** A key that was pressed, or text that was pasted; contains no control characters. */
export type Key =
  /** One typed character. */
  | { readonly kind: 'text'; readonly text: string }
  /** Text that the terminal marked as pasted: for a field, never for a command. */
  | { readonly kind: 'paste'; readonly text: string }
  | { readonly [Name in NamedKey]: { readonly kind: Name } }[NamedKey];

/** Keys that type no text. */
export type NamedKey =
  | 'up'
  | 'down'
  | 'page_up'
  | 'page_down'
  | 'home'
  | 'end'
  | 'enter'
  | 'escape'
  | 'backspace'
  /** Ctrl-U: clears the line being typed. */
  | 'clear'
  /** Ctrl-C. */
  | 'interrupt'
  /** Ctrl-Z: stops the process until the shell continues it. */
  | 'suspend';
