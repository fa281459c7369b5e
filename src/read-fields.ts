/** The fields of a value that comes from outside. */
export type UnknownFields = Readonly<Record<string, unknown>>;

/** Reads the fields of an object by name; any other value has none. The fields' own values stay unknown. */
export function readFields(value: unknown): UnknownFields {
  // Any non-null object may be read by name.
  return typeof value === 'object' && value !== null ? (value as UnknownFields) : {};
}
