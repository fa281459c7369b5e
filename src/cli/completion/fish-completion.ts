import { modelCompletion, type Completed, type CompletedCommand, type CompletedFlag } from './completion-model.ts';
import type { CommandManifest } from '../help/manifest.ts';

/** The completion for fish 3 or later. */
export function fishCompletion(manifest: CommandManifest): string {
  const commands = modelCompletion(manifest);
  const ids = commands.map(({ id }) => id).join(' ');
  return `# Completion of breakwater for fish: breakwater completion fish

function __breakwater_list
  set -l words (commandline -opc)
  set -l program (string replace -r '^~' $HOME -- $words[1])
  set -lx BREAKWATER_JSON 0
  $program completion --list $argv[1] 2>/dev/null </dev/null
end

# The command on the line; nothing where there is none yet.
function __breakwater_command
  for word in (commandline -opc)[2..-1]
    if contains -- $word ${ids} help
      echo $word
      return
    end
  end
end

function __breakwater_is
  test "$(__breakwater_command)" = $argv[1]
end

# Whether an argument stands between the command and the word that is completed.
function __breakwater_follows
  set -l words (commandline -opc)
  not string match -q -- '-*' $words[-1]; and test "$words[-1]" != "$(__breakwater_command)"
end

complete -c breakwater -f
complete -c breakwater -n __fish_use_subcommand -l help -d 'show the commands'
complete -c breakwater -n __fish_use_subcommand -l version -d 'show the version'
complete -c breakwater -n '__breakwater_is help' -a '${ids}'
complete -c breakwater -n 'test -z "$(__breakwater_command)"' -a help -d 'show what a command takes'
${commands.flatMap(describeCommand).join('\n')}
`;
}

function describeCommand({ id, summary, flags, first, rest }: CompletedCommand): readonly string[] {
  const within = `complete -c breakwater -n '__breakwater_is ${id}'`;
  const later = first.length === 0 ? [] : rest.filter((kind) => !first.includes(kind));
  return [
    `complete -c breakwater -n 'test -z "$(__breakwater_command)"' -a ${id} -d ${quote(summary)}`,
    ...flags.map((flag) => `${within} ${describeFlag(flag)}`),
    ...first.map((kind) => `${within} ${nameAction(kind)}`),
    ...later.map(
      (kind) => `complete -c breakwater -n '__breakwater_is ${id}; and __breakwater_follows' ${nameAction(kind)}`,
    ),
  ];
}

function describeFlag({ name, char, summary, value }: CompletedFlag): string {
  const short = char === null ? '' : `-s ${char} `;
  const taken = value === null ? '' : value.completed === null ? '-x ' : `-r ${nameAction(value.completed)} `;
  return `${short}-l ${name.slice(2)} ${taken}-d ${quote(summary)}`;
}

function nameAction(completed: Completed): string {
  if (typeof completed !== 'string') return `-f -a ${quote(completed.join(' '))}`;
  if (completed === 'files') return '-F';
  return completed === 'directories'
    ? `-f -a '(__fish_complete_directories)'`
    : `-f -a '(__breakwater_list ${completed})'`;
}

function quote(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}
