import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveSettings, type SettingSources } from '../../../../src/cli/settings/resolve-settings.ts';
import { environmentName, fileKey } from '../../../../src/cli/settings/setting-keys.ts';
import { parseSwitch } from '../../../../src/cli/settings/setting.ts';
import { SETTING_TABLE } from '../../../../src/cli/settings/setting-table.ts';
import { readUserFile } from '../../../../src/cli/settings/user-file.ts';

const FILE = '/home/me/.config/breakwater/config.json';

function resolveFrom({
  flags = {},
  env = {},
  entries = {},
}: {
  flags?: SettingSources['flags'];
  env?: SettingSources['env'];
  entries?: Readonly<Record<string, unknown>>;
}) {
  return resolveSettings({ flags, env, file: { path: FILE, entries }, home: '/home/me' });
}

describe('resolveSettings', () => {
  it('knows what has set the settings that hints name', () => {
    const env = { BREAKWATER_REGION: 'r', BREAKWATER_DEADLINE: '' };
    const entries = { deadline: '1h', region: 'file' };
    expect(resolveFrom({ flags: { profile: 'p' }, env, entries }).origins).toEqual({
      profile: '--profile',
      region: 'BREAKWATER_REGION',
      deadlineMs: `deadline in ${FILE}`,
    });
  });

  it('takes ~/ at the start of a path for the home directory, which no shell replaces in a crontab, a unit or a file', () => {
    const entries = { state_dir: '~/state', textfile: '~/a/x.prom' };
    const fromFile = resolveFrom({
      entries,
      env: { BREAKWATER_PUSH_CA: '~/ca.pem' },
      flags: { 'fleet-ca': '~/fleet.pem' },
    });
    expect(fromFile).toMatchObject({
      stateDirectory: '/home/me/state',
      textfile: '/home/me/a/x.prom',
      pushCa: '/home/me/ca.pem',
      fleetCa: '/home/me/fleet.pem',
    });
    expect(resolveFrom({ env: { BREAKWATER_STATE_DIR: '~' } }).stateDirectory).toBe('/home/me');
  });

  it('leaves a ~ alone that is not the home directory', () => {
    for (const path of ['/a/~/b', '~other/b', './~/b', '/a~/b']) {
      expect(resolveFrom({ env: { BREAKWATER_PUSH_CA: path } }).pushCa).toBe(path);
    }
    expect(resolveFrom({ flags: { profile: '~/p' } }).profile).toBe('~/p');
  });

  it('has the defaults of the contract where nothing is said', () => {
    expect(resolveFrom({})).toEqual({
      origins: {},
      endpointUrl: null,
      region: null,
      profile: null,
      pathStyle: null,
      stateDirectory: '/home/me/.local/state/breakwater',
      json: false,
      quiet: false,
      verbose: false,
      noColor: false,
      ascii: false,
      logFormat: 'text',
      retries: 3,
      retryBaseMs: 1000,
      retryJitter: 'none',
      requestTimeoutMs: 60_000,
      connectTimeoutMs: 5000,
      stallTimeoutMs: 30_000,
      credentialsTimeoutMs: 30_000,
      deadlineMs: null,
      failureThreshold: 5,
      successThreshold: 2,
      openForMs: 60_000,
      probeLeaseMs: 30_000,
      circuitScope: null,
      noBreaker: false,
      waitMs: 0,
      push: null,
      pushMode: 'totals',
      pushJob: null,
      pushInstance: null,
      pushCa: null,
      textfile: null,
      fleet: null,
      fleetQuorum: 2,
      fleetTimeoutMs: 150,
      fleetCa: null,
      fleetHost: null,
    });
  });

  // Each source has another value, so that the one that was taken shows.
  it.each([
    [{ flag: true, env: true, file: true }, 1],
    [{ flag: true, env: true, file: false }, 1],
    [{ flag: true, env: false, file: true }, 1],
    [{ flag: true, env: false, file: false }, 1],
    [{ flag: false, env: true, file: true }, 2],
    [{ flag: false, env: true, file: false }, 2],
    [{ flag: false, env: false, file: true }, 7],
    [{ flag: false, env: false, file: false }, 3],
  ])('lets flag go over environment over file over default: %j', ({ flag, env, file }, retries) => {
    const settings = resolveFrom({
      flags: flag ? { retries: '1' } : {},
      env: env ? { BREAKWATER_RETRIES: '2' } : {},
      entries: file ? { retries: 7 } : {},
    });
    expect(settings.retries).toBe(retries);
  });

  it.each([
    ['an empty variable is unset', { env: { BREAKWATER_RETRIES: '' }, entries: { retries: 7 } }, { retries: 7 }],
    ['a switch off goes over one on', { env: { BREAKWATER_JSON: '0' }, entries: { json: true } }, { json: false }],
    ['a switch has words', { env: { BREAKWATER_QUIET: 'YES' } }, { quiet: true }],
    ['a given switch is on', { flags: { json: true }, env: { BREAKWATER_JSON: 'false' } }, { json: true }],
    ['a negated switch is off', { flags: { 'path-style': false } }, { pathStyle: false }],
    ['a wait may be zero', { flags: { wait: '0' } }, { waitMs: 0 }],
    ['a switch called no-...', { flags: { 'no-breaker': true } }, { noBreaker: true }],
    ['state below XDG', { env: { XDG_STATE_HOME: '/var/x' } }, { stateDirectory: '/var/x/breakwater' }],
    [
      'a relative XDG directory is none',
      { env: { XDG_STATE_HOME: 'x' } },
      { stateDirectory: '/home/me/.local/state/breakwater' },
    ],
    ['a directory as it is named', { env: { BREAKWATER_STATE_DIR: '/srv/b' } }, { stateDirectory: '/srv/b' }],
    ['a relative directory from here', { flags: { 'state-dir': 'b' } }, { stateDirectory: join(process.cwd(), 'b') }],
  ])('reads: %s', (_why, sources, settings) => {
    expect(resolveFrom(sources)).toMatchObject(settings);
  });

  it.each([
    ['retries', '-1', 'a whole number from 0 to 100'],
    ['retries', '101', 'a whole number from 0 to 100'],
    ['retries', '1.5', 'a whole number from 0 to 100'],
    ['retries', 'three', 'a whole number from 0 to 100'],
    ['retries', '3x', 'a whole number from 0 to 100'],
    ['retries', 'x3', 'a whole number from 0 to 100'],
    ['failure-threshold', '0', 'a whole number from 1 to 1000000'],
    ['open-for', '30', 'a duration with a unit (ms, s, m, h, d), such as 500ms, 30s or 7d10h, from 1ms to 24d'],
    ['open-for', '0s', 'from 1ms to 24d'],
    ['deadline', '25d', 'from 1ms to 24d'],
    ['retry-jitter', 'some', 'none or full'],
    ['log-format', 'JSON', 'text or json'],
    ['json', 'maybe', 'true or false'],
    ['region', 'eu west', 'a region name, such as eu-west-1'],
    ['circuit-scope', 'a b', 'up to 100 letters, digits, dots, colons, underscores, hyphens and brackets'],
    ['circuit-scope', 'x'.repeat(101), 'up to 100 letters'],
    ['state-dir', 'a\nb', 'a directory path'],
    ['push-mode', 'put', 'totals or deltas'],
  ])('refuses --%s %j, by name, value and what is accepted, wherever it stands', (flag, value, accepts) => {
    const shown = `"${value.replace('\n', '\\n')}" is not accepted; expected `;
    const refusal = (name: string, code: string) =>
      expect.objectContaining({
        code,
        details: {
          reason: 'bad_value',
          hint: expect.stringContaining(code === 'usage' ? `fix ${name};` : `fix or unset ${name}`),
        },
        message: expect.toSatisfy((text: string) => text.startsWith(`${name}: ${shown}`) && text.includes(accepts)),
      });
    expect(() => resolveFrom({ flags: { [flag]: value } })).toThrow(refusal(`--${flag}`, 'usage'));
    const variable = environmentName(flag);
    expect(() => resolveFrom({ env: { [variable]: value } })).toThrow(refusal(variable, 'config'));
    const key = fileKey(flag);
    expect(() => resolveFrom({ entries: { [key]: value } })).toThrow(refusal(`${key} in ${FILE}`, 'config'));
  });

  it.each([[null], [{}], [[3]]])('refuses %j in the file: a setting is a text, a number or true and false', (value) => {
    const message = `retries in ${FILE}: "${JSON.stringify(value)}" is not accepted; expected a whole number from 0 to 100`;
    expect(() => resolveFrom({ entries: { retries: value } })).toThrow(
      expect.objectContaining({ code: 'config', message }),
    );
  });

  it.each([
    ['opne_for', 'open_for'],
    ['open-fro', 'open_for'],
    ['openFor', 'open_for'],
    ['--open-for', 'open_for'],
    ['BREAKWATER_OPEN_FOR', 'open_for'],
    ['RETRIES', 'retries'],
    ['failureThreshold', 'failure_threshold'],
    ['failure-treshold', 'failure_threshold'],
  ])('refuses the unknown key %s of the file, and names the nearest', (key, nearest) => {
    const hint = new RegExp(`^did you mean "${nearest}"[?] known settings: .*open_for`);
    expect(() => resolveFrom({ entries: { retries: 1, [key]: 1 } })).toThrow(
      expect.objectContaining({
        code: 'config',
        message: `unknown setting "${key}" in ${FILE}`,
        details: { reason: 'unknown_setting', hint: expect.stringMatching(hint) },
      }),
    );
  });

  it.each([['bucket'], ['retry'], ['openForMs'], ['__proto__'], ['constructor'], ['']])(
    'refuses the unknown key %j of the file, which is near to none',
    (key) => {
      const entries = Object.fromEntries([[key, 1]]);
      expect(() => resolveFrom({ entries })).toThrow(
        expect.objectContaining({
          message: `unknown setting "${key}" in ${FILE}`,
          details: { reason: 'unknown_setting', hint: expect.stringMatching(/^known settings: .*open_for/) },
        }),
      );
    },
  );

  it('takes the keys of the file in both spellings, and the key of a schema', () => {
    const entries = { 'open-for': '5s', probe_lease: '6s', $schema: './config.schema.json' };
    expect(resolveFrom({ entries })).toMatchObject({ openForMs: 5000, probeLeaseMs: 6000 });
    expect(() => resolveFrom({ entries: { 'open-for': '5' } })).toThrow(
      expect.objectContaining({ message: expect.stringContaining(`open-for in ${FILE}: "5" is not accepted`) }),
    );
  });

  it('refuses both spellings of one key, also with the same value', () => {
    expect(() => resolveFrom({ entries: { 'open-for': '5s', open_for: '5s' } })).toThrow(
      expect.objectContaining({
        code: 'config',
        message: `"open_for" and "open-for" in ${FILE} are the same setting`,
        details: { reason: 'duplicate_setting', hint: 'keep one of the two' },
      }),
    );
  });

  it.each([
    ['region', true, 'a region name, such as eu-west-1, in double quotes'],
    ['state_dir', 5, 'a directory path, in double quotes'],
    ['profile', ['a'], 'a profile name, in double quotes'],
    ['open_for', 30, 'a duration with a unit'],
    ['retries', true, 'a whole number from 0 to 100'],
    ['json', 'on', 'true or false'],
    ['quiet', {}, 'true or false'],
    ['log_format', 1, 'text or json'],
  ])('refuses %s of the wrong type %j in the file, and says what is accepted', (key, value, accepts) => {
    expect(() => resolveFrom({ entries: { [key]: value } })).toThrow(
      expect.objectContaining({
        code: 'config',
        message: expect.toSatisfy((text: string) => text.startsWith(`${key} in ${FILE}: `) && text.includes(accepts)),
      }),
    );
  });

  it('says of any text that it is a setting within its bounds, or refuses it with a code', () => {
    const flag = fc.constantFrom(...Object.values(SETTING_TABLE).map((setting) => setting.flag));
    fc.assert(
      fc.property(flag, fc.oneof(fc.string(), fc.nat().map(String)), (name, value) => {
        try {
          const { retries, openForMs, failureThreshold } = resolveFrom({ flags: { [name]: value } });
          expect(retries <= 100 && openForMs >= 1 && failureThreshold >= 1).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: 'usage', details: { reason: 'bad_value' } });
        }
      }),
    );
  });
});

describe('parseSwitch', () => {
  it.each([
    ['true', true],
    ['TRUE', true],
    ['1', true],
    ['yes', true],
    ['y', true],
    ['false', false],
    ['0', false],
    ['No', false],
    ['n', false],
    ['on', undefined],
    ['', undefined],
    ['2', undefined],
  ])('takes %j for %s', (word, isOn) => {
    expect(parseSwitch(word)).toBe(isOn);
  });
});

describe('SETTING_TABLE', () => {
  it.each([
    ['retries', 'N', '3'],
    ['retryBaseMs', 'DURATION', '1s'],
    ['openForMs', 'DURATION', '1m'],
    ['waitMs', 'DURATION', '0s'],
    ['deadlineMs', 'DURATION', 'none'],
    ['retryJitter', 'none|full', 'none'],
    ['region', 'NAME', 'AWS settings'],
    ['json', null, null],
  ] as const)('shows in help what %s takes and what it is without a word', (name, placeholder, shownDefault) => {
    expect(SETTING_TABLE[name]).toMatchObject({ placeholder, shownDefault });
  });
});

describe('readUserFile', () => {
  let home = '';
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'breakwater-user-file-'));
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  function write(base: string, text: string): string {
    const directory = join(base, 'breakwater');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'config.json'), text);
    return join(directory, 'config.json');
  }

  it('takes a file that is not there as an empty one', () => {
    expect(readUserFile({ env: {}, home: join(home, 'nobody') }).entries).toEqual({});
    writeFileSync(join(home, 'a-file'), '');
    expect(readUserFile({ env: { XDG_CONFIG_HOME: join(home, 'a-file') }, home }).entries).toEqual({});
  });

  it('reads below XDG_CONFIG_HOME, and below .config where that is not absolute', () => {
    write(join(home, '.config'), '{"retries":1}');
    const path = write(join(home, 'xdg'), '{"retries":2}');
    expect(readUserFile({ env: { XDG_CONFIG_HOME: join(home, 'xdg') }, home })).toEqual({
      path,
      entries: { retries: 2 },
    });
    expect(readUserFile({ env: { XDG_CONFIG_HOME: 'xdg' }, home }).entries).toEqual({ retries: 1 });
  });

  it.each([
    ['{"push_job": "secret"', 'is not valid JSON: line 1, column 22: expected a comma or }'],
    ['{\n  "retries": 3,\n}', 'is not valid JSON: line 3, column 1: expected a key in double quotes'],
    ['', 'is not valid JSON: line 1, column 1: expected a value'],
    ['[]', 'is not a JSON object'],
    ['null', 'is not a JSON object'],
    ['"secret"', 'is not a JSON object'],
  ])('refuses %j, names the file, and shows nothing of it', (text, why) => {
    const path = write(join(home, 'bad'), text);
    expect(() => readUserFile({ env: { XDG_CONFIG_HOME: join(home, 'bad') }, home })).toThrow(
      expect.objectContaining({ code: 'config', message: `${path} ${why}` }),
    );
  });

  it('skips the byte order mark of an editor', () => {
    write(join(home, 'marked'), '\uFEFF{"retries":2}');
    expect(readUserFile({ env: { XDG_CONFIG_HOME: join(home, 'marked') }, home }).entries).toEqual({ retries: 2 });
  });

  it('refuses a key that is there twice, because only one of the two would count', () => {
    const path = write(join(home, 'twice'), '{"retries":2, "wait": "1s", "retries":9}');
    expect(() => readUserFile({ env: { XDG_CONFIG_HOME: join(home, 'twice') }, home })).toThrow(
      expect.objectContaining({ code: 'config', message: `"retries" is set twice in ${path}` }),
    );
  });

  it('refuses one that cannot be read', () => {
    mkdirSync(join(home, 'directory', 'breakwater', 'config.json'), { recursive: true });
    expect(() => readUserFile({ env: { XDG_CONFIG_HOME: join(home, 'directory') }, home })).toThrow(
      expect.objectContaining({
        code: 'config',
        message: expect.stringMatching(/^cannot read .*: it is not a regular file$/),
      }),
    );
  });
});
