import { escapeControls } from './escape.ts';

/** The same value with every text in it made safe to show; numbers, keys and shape stay. */
export function escapeAll<T>(value: T): T {
  // Texts become texts, lists lists and records records: the type is the same by construction.
  return escapeValue(value) as T;
}

function escapeValue(value: unknown): unknown {
  if (typeof value === 'string') return escapeControls(value);
  if (Array.isArray(value)) return value.map(escapeValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, escapeValue(entry)]));
}
