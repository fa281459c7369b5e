import type { SettingSource } from '../cli/settings/trace-settings.ts';

/** A value, and what has set it. */
export interface ValueDocument {
  /** As the config file takes it; a secret is `***`. Null: not set. */
  readonly value: string | number | boolean | null;
  readonly source: SettingSource;
  /** The flag, the variable or the key that has set it; null for a default. */
  readonly set_by: string | null;
}

/** A setting of this program. */
export interface SettingDocument extends ValueDocument {
  /** With its dashes: `--open-for`. */
  readonly flag: string;
  /** In the environment. */
  readonly variable: string;
  /** For people: what holds while it is not set; null if that is nothing. */
  readonly otherwise: string | null;
}

/** Every setting, its value and what has set it. */
export interface ConfigFound {
  /** The config file. */
  readonly file: { readonly path: string; readonly found: boolean };
  /** By key of the config file: `open_for`. */
  readonly settings: Readonly<Record<string, SettingDocument>>;
  /** The AWS settings in use, by name; null if one of them cannot be used. */
  readonly aws: Readonly<Record<string, ValueDocument>> | null;
  /** The variables that hold a secret or name its file, by name. */
  readonly secrets: Readonly<Record<string, ValueDocument>>;
  /** Full names of the circuits that put and get would use. */
  readonly circuits: readonly string[];
  /** Variables that begin with `BREAKWATER_`, and that no command reads: most often misspelt. */
  readonly unknown_variables: readonly {
    readonly name: string;
    /** The variable that is most like it; null if none is close. */
    readonly nearest: string | null;
  }[];
}

/** The JSON Schema of the config file. */
export interface ConfigSchema {
  readonly schema: Readonly<Record<string, unknown>>;
}
