/** The fields of a value from outside the program. */
export type UnknownFields = Readonly<Record<string, unknown>>;

/** The fields of an object, with unknown values; any other value has none. */
export function readFields(value: unknown): UnknownFields {
  // Any non-null object may be read by name.
  return typeof value === 'object' && value !== null ? (value as UnknownFields) : {};
}
