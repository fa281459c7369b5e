/** A key that was pressed, or text that was typed or pasted; contains no control characters. */
export type Key =
  | { readonly kind: 'text'; readonly text: string }
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
  | 'interrupt';
