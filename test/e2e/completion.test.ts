import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KILL_AFTER_MS, Program } from '../support/program.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

const has = (shell: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, shell)));

/** What bash does for Tab: it splits the line, and hands the words to the function. */
const BASH = String.raw`
source script.bash
# It works only below readline.
compopt() { :; }
line=$1
COMP_LINE=$line COMP_POINT=${'$'}{#line}
read -ra COMP_WORDS <<<"$(printf %s "$line" | sed -E 's/([:=]+)/ \1 /g')"
case "$line" in *[[:space:]]) COMP_WORDS+=('') ;; esac
COMP_CWORD=$((${'$'}{#COMP_WORDS[@]} - 1))
_breakwater
printf '%s\n' "${'$'}{COMPREPLY[@]}"
`;

/** A zsh with a terminal, whose answer is caught where the completions would be shown. */
const ZSH = String.raw`
zmodload zsh/zpty
rm -f found ready
zpty z zsh -f -i
zpty -w z 'PROMPT= RPROMPT=; autoload -Uz compinit; compinit -u -D; source ./script.zsh; zstyle ":completion:*" list-colors ""
compadd() { local -a words descriptions; builtin compadd -A words "$@"; print -rl -- "${'$'}{words[@]}" >>found; builtin compadd "$@" }
bindkey "^I" complete-word; setopt no_beep no_list_beep; : >ready'
repeat 200; do [[ -e ready ]] && break; sleep 0.02; done
zpty -w -n z "$1"$'\t'
repeat 150; do sleep 0.02; zpty -r -t z out; [[ -s found ]] && { sleep 0.1; break }; done
[[ -e found ]] && cat found
zpty -d z
`;

let program: Program;
let sandbox: TestSandbox;
let env: Record<string, string>;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  program = await Program.create(sandbox.env);
  await mkdir(program.path('bin'));
  await writeFile(program.path('bin/breakwater'), `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`);
  await chmod(program.path('bin/breakwater'), 0o755);
  env = { ...program.env, PATH: `${program.path('bin')}${delimiter}${program.env['PATH'] ?? ''}`, TERM: 'xterm' };
  await mkdir(program.path('.aws'));
  await writeFile(program.path('.aws/config'), "[default]\n[profile my role]\n[profile it's]\n[sso-session x]\n");
  await writeFile(program.path('.aws/credentials'), '[backup]\naws_access_key_id = A\n');
  await writeFile(program.path('a file.txt'), 'bytes');
  for (const shell of ['bash', 'zsh', 'fish']) {
    await writeFile(program.path(`script.${shell}`), (await program.run(['completion', shell])).text);
  }
  await writeFile(program.path('bash.sh'), BASH);
  await writeFile(program.path('zsh.zsh'), ZSH);
  expect((await program.run(['put', 'a file.txt', 's3://bucket/key'])).status).toBe(0);
  expect((await program.run(['breaker-isolate', 's3-upload@eu-west-1'])).status).toBe(0);
});

afterAll(async () => {
  await program[Symbol.asyncDispose]();
  await sandbox[Symbol.asyncDispose]();
});

const RUN = {
  bash: (line: string) => ['bash', 'bash.sh', line],
  zsh: (line: string) => ['zsh', '-f', 'zsh.zsh', line],
  fish: (line: string) => ['fish', '--no-config', '-c', 'source script.fish; complete -C $argv[1]', line],
} as const;

function complete(shell: keyof typeof RUN, line: string): readonly string[] {
  const [file = '', ...words] = RUN[shell](line);
  const { stdout, stderr } = spawnSync(file, words, {
    cwd: program.directory,
    env,
    encoding: 'utf8',
    timeout: KILL_AFTER_MS,
  });
  expect(stderr).toBe('');
  const found = stdout.split('\n').map((text) => (text.split('\t')[0] ?? '').trimEnd());
  return [...new Set(found)].filter((text) => text !== '').toSorted();
}

/** Text before what the shell offers, which is the rest of the word after a colon in bash. */
describe.each(['bash', 'zsh', 'fish'] as const)('the completion for %s', (shell) => {
  const test = it.skipIf(!has(shell));

  test('completes commands', () => {
    expect(complete(shell, 'breakwater pu')).toEqual(['put']);
    expect(complete(shell, 'breakwater breaker-')).toEqual(['breaker-isolate', 'breaker-reset', 'breaker-status']);
  });

  test('completes the flags of the command only', () => {
    const found = complete(shell, 'breakwater sweep s3://b/ --older');
    expect(found).toEqual(['--older-than'].map((name) => (found.includes(`${name}=`) ? `${name}=` : name)));
    expect(complete(shell, 'breakwater put --older')).toEqual([]);
  });

  test('completes fixed values', () => {
    expect(complete(shell, 'breakwater put --checksum crc32')).toEqual(['crc32', 'crc32c']);
    expect(complete(shell, 'breakwater put --retry-jitter f')).toEqual(['full']);
  });

  test('completes circuits that this machine knows', () => {
    const found = complete(shell, 'breakwater breaker-reset s3-up').map((name) => name.replaceAll('\\', ''));
    expect(found).toContain('s3-upload');
    expect(found).toContain('s3-upload@eu-west-1');
  });

  test('completes buckets that were used', () => {
    for (const command of ['get', 'doctor']) {
      const found = complete(shell, `breakwater ${command} s3://b`);
      expect(found).toEqual([shell === 'bash' ? '//bucket/' : 's3://bucket/']);
    }
  });

  test('completes profiles, with blanks and quotes', () => {
    const found = complete(shell, 'breakwater put --profile ').map((name) => name.replaceAll('\\', ''));
    expect(found).toEqual(['backup', 'default', "it's", 'my role']);
  });

  test('completes file names', () => {
    const found = complete(shell, 'breakwater put a').map((name) => name.replaceAll('\\', ''));
    expect(found).toEqual(['a file.txt']);
  });
});

describe('the command completion', () => {
  it('sends nothing, whatever is configured', async () => {
    const before = sandbox.requests().length;
    const configured = { BREAKWATER_PUSH: sandbox.endpoint, BREAKWATER_FLEET: 'redis://127.0.0.1:1' };
    for (const kind of ['circuits', 'profiles', 'buckets']) {
      const ended = await program.run(['completion', '--list', kind], { env: configured });
      expect([kind, ended.status, ended.stderr]).toEqual([kind, 0, '']);
    }
    expect(sandbox.requests().length).toBe(before);
  });

  it('asks for a shell that it knows', async () => {
    expect(await program.run(['completion'])).toMatchObject({ status: 2 });
    expect(await program.run(['completion', 'tcsh'])).toMatchObject({ status: 2 });
  });
});
