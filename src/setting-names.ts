/**
 * What has set each setting that a failure may be due to, for hints: a flag, a variable, a key of the user file or a field
 * of a profile. Null: nothing has.
 */
export interface SettingNames {
  readonly endpoint: string | null;
  readonly region: string | null;
  readonly profile: string | null;
  /** As far as that is known without looking for them. */
  readonly credentials: string | null;
  /** The certificate authorities. */
  readonly caBundle: string | null;
  /** The proxy for requests to the endpoint. */
  readonly proxy: string | null;
  readonly deadline: string | null;
}

export const NOTHING_SET: SettingNames = {
  endpoint: null,
  region: null,
  profile: null,
  credentials: null,
  caBundle: null,
  proxy: null,
  deadline: null,
};
