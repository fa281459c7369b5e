/** Reads an object's fields by name; whatever is no object has none. The values stay unknown. */
export function readFields(value: unknown): Readonly<Record<string, unknown>> {
  // Any non-null object may be read by name.
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
