import { fileKey } from './setting-keys.ts';
import type { Setting } from './setting.ts';
import { SETTING_TABLE } from './setting-table.ts';

type Schema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema (draft 2020-12) of the user file, from the table of settings: what it allows, the program accepts. A key
 * has two spellings, of which a file may have one.
 */
export function configSchema(): Schema {
  const settings = Object.values<Setting<unknown>>(SETTING_TABLE);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'breakwater configuration',
    description: 'The file breakwater/config.json below $XDG_CONFIG_HOME, or below ~/.config',
    type: 'object',
    properties: {
      $schema: { type: 'string', description: 'where editors find this schema' },
      ...Object.fromEntries(settings.map((setting) => [fileKey(setting.flag), settingSchema(setting)])),
      ...Object.fromEntries(
        settings.filter(hasTwoSpellings).map(({ flag }) => [flag, { $ref: `#/properties/${fileKey(flag)}` }]),
      ),
    },
    additionalProperties: false,
    allOf: settings.filter(hasTwoSpellings).map(({ flag }) => ({ not: { required: [fileKey(flag), flag] } })),
  };
}

function hasTwoSpellings({ flag }: Setting<unknown>): boolean {
  return fileKey(flag) !== flag;
}

function settingSchema({ schema, summary, accepts, format, fallback, shownDefault }: Setting<unknown>): Schema {
  const value = format(fallback);
  const otherwise = value === null && shownDefault !== null ? `; default: ${shownDefault}` : '';
  return {
    ...schema,
    description: `${summary} (${accepts}${otherwise})`,
    ...(value === null ? {} : { default: value }),
  };
}
