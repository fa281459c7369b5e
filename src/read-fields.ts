/** The fields of a value from outside the program. */
export type UnknownFields = Readonly<Record<string, unknown>>;

/** The fields of an object, with unknown values; any other value has none. */
export function readFields(value: unknown): UnknownFields {
  // Any non-null object may be read by name.
  return typeof value === 'object' && value !== null ? (value as UnknownFields) : {};
}

/** The value of a table for a name from outside; undefined for the names that every object has, such as `constructor`. */
export function lookUp<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
