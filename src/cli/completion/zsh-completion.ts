import { modelCompletion, type Completed, type CompletedCommand, type CompletedFlag } from './completion-model.ts';
import type { CommandManifest } from '../help/manifest.ts';

/** The completion for zsh, to be sourced or to be found as `_breakwater` in fpath. */
export function zshCompletion(manifest: CommandManifest): string {
  const commands = modelCompletion(manifest);
  return `#compdef breakwater
# Completion of breakwater for zsh: breakwater completion zsh

_breakwater_list() {
  local -a found
  found=("\${(@f)$(BREAKWATER_JSON=0 "\${(Q)_breakwater_program/#\\~/$HOME}" completion --list $1 2>/dev/null </dev/null)}")
  found=(\${found:#})
  shift
  compadd "$@" -a found
}
_breakwater_circuits() { _breakwater_list circuits }
_breakwater_profiles() { _breakwater_list profiles }
_breakwater_buckets() { _breakwater_list buckets -S '' }
_breakwater_files() { _files }
_breakwater_files_buckets() { local found=1; _files && found=0; _breakwater_buckets && found=0; return found }

_breakwater_commands() {
  local -a commands
  commands=(
${[...commands.map(({ id, summary }) => `${id}:${summary}`), 'help:show what a command takes'].map((line) => `    ${quote(line)}`).join('\n')}
  )
  _describe command commands
}

_breakwater() {
  local curcontext="$curcontext" state line _breakwater_program=$words[1]
  typeset -A opt_args
  _arguments -C '1: :_breakwater_commands' '(- *)--help[show the commands]' '(- *)--version[show the version]' '*:: :->arguments'
  [[ $state = arguments ]] || return
  curcontext="\${curcontext%:*:*}:breakwater-$words[1]:"
  case $words[1] in
    help) _breakwater_commands ;;
${commands.map(describeCommand).join('\n')}
  esac
}

if [[ $zsh_eval_context[-1] = loadautofunc ]]; then _breakwater "$@"; else compdef _breakwater breakwater; fi
`;
}

function describeCommand({ id, flags, first, rest }: CompletedCommand): string {
  const specs = [
    ...flags.flatMap(describeFlag),
    ...(first.length === 0 ? [] : [quote(`1: :${nameArguments(first)}`)]),
    ...(rest.length === 0 ? [] : [quote(`*: :${nameArguments(rest)}`)]),
  ];
  return `    ${id})\n      _arguments -s -S ${specs.map((spec) => `\\\n        ${spec}`).join(' ')} ;;`;
}

function describeFlag({ name, char, summary, isRepeatable, value }: CompletedFlag): readonly string[] {
  const text = `[${escape(summary)}]`;
  const taken = value === null ? '' : `:${escape(value.name)}:${nameAction(value.completed)}`;
  const once = isRepeatable ? '*' : '';
  const long = quote(`${once}${name}${value === null ? '' : '='}${text}${taken}`);
  return char === null ? [long] : [long, quote(`${once}-${char}${value === null ? '' : '+'}${text}${taken}`)];
}

function nameArguments(kinds: readonly Completed[]): string {
  if (kinds.length === 1) return nameAction(kinds[0] ?? null);
  return kinds.every((kind) => kind === 'files' || kind === 'buckets')
    ? '_breakwater_files_buckets'
    : nameAction(kinds[0] ?? null);
}

function nameAction(completed: Completed | null): string {
  if (completed === null) return ' ';
  if (typeof completed !== 'string')
    return `(${completed.map((word) => word.replaceAll(':', String.raw`\:`)).join(' ')})`;
  if (completed === 'directories') return '_files -/';
  return `_breakwater_${completed}`;
}

function escape(text: string): string {
  return text.replaceAll(/[\\[\]:]/g, String.raw`\$&`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
