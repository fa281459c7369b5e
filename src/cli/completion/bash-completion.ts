import { modelCompletion, type Completed, type CompletedCommand } from './completion-model.ts';
import type { CommandManifest } from '../help/manifest.ts';

/** The completion for bash 3.2 or later, without the package bash-completion. */
export function bashCompletion(manifest: CommandManifest): string {
  const commands = modelCompletion(manifest);
  const ids = [...commands.map(({ id }) => id), 'help'].join(' ');
  return `# Completion of breakwater for bash: breakwater completion bash
${FUNCTIONS}
_breakwater() {
  local -a words=()
  local cur command='' flag='' flags='' valued='' first='' rest='' count=0 i
  _breakwater_words
  cur=\${words[\${#words[@]} - 1]}
  COMPREPLY=()
  for ((i = 1; i < \${#words[@]} - 1; i++)); do
    case " ${ids} " in *" \${words[i]} "*) command=\${words[i]} && break ;; esac
  done
  case "$command" in
${commands.map(describeCommand).join('\n')}
    *)
      _breakwater_reply '${ids} --help --version' && return ;;
  esac
  for ((i++; i < \${#words[@]} - 1; i++)); do
    case "\${words[i]}" in
      -*) case "$valued" in *" \${words[i]} "*) ((i++)) && ((i == \${#words[@]} - 1)) && flag=\${words[i - 1]} ;; esac ;;
      *) count=$((count + 1)) ;;
    esac
  done
  case "$cur" in
    --*=*) [ -z "$flag" ] && flag=\${cur%%=*} && _breakwater_skip=$flag= ;;
  esac
  if [ -n "$flag" ]; then
    cur=\${cur#"$_breakwater_skip"}
    case "$command $flag" in
${describeValues(commands)}
    esac
    return
  fi
  case "$cur" in -*) _breakwater_reply "$flags" && return ;; esac
  if [ "$count" = 0 ]; then rest=$first; fi
  for kind in $rest; do "_breakwater_$kind"; done
}
complete -F _breakwater breakwater
`;
}

/** Joins what bash has split at the characters of COMP_WORDBREAKS, and gives it back from where bash replaces a word. */
const FUNCTIONS = String.raw`
_breakwater_words() {
  local line=$COMP_LINE trimmed i n=0
  for ((i = 0; i <= COMP_CWORD; i++)); do
    trimmed=${'$'}{line#"${'$'}{line%%[![:space:]]*}"}
    if ((i > 0)) && [ "$trimmed" = "$line" ] && [ -n "${'$'}{COMP_WORDS[i]}" ]; then
      words[n - 1]+=${'$'}{COMP_WORDS[i]}
    else
      words[n]=${'$'}{COMP_WORDS[i]}
      n=$((n + 1))
    fi
    line=${'$'}{trimmed#"${'$'}{COMP_WORDS[i]}"}
  done
  _breakwater_skip=''
}

# Offers the words of $1, one a line or separated by spaces, that begin as what is typed.
_breakwater_reply() {
  local IFS=$' \n' word
  for word in $1; do _breakwater_offer "$word" ' '; done
}

_breakwater_offer() {
  local typed=$cur quote='' offered=$1 before
  case "$typed" in [\"\']*) quote=${'$'}{typed%"${'$'}{typed#?}"} typed=${'$'}{typed#?} ;; *) typed=${'$'}{typed//\\/} ;; esac
  case "$offered" in "$typed"*) ;; *) return 0 ;; esac
  if [ -z "$quote" ]; then
    [ "$2" = ' ' ] || type compopt >/dev/null 2>&1 && [ "$2" != ' ' ] && compopt -o nospace
    printf -v offered %q "$offered"
    before=$cur
    case "$COMP_WORDBREAKS" in *:*) case "$before" in *:*) before=${'$'}{before%"${'$'}{before##*:}"} ;; *) before='' ;; esac ;; *) before='' ;; esac
    offered=${'$'}{offered#"$before"}
  fi
  COMPREPLY+=("$offered")
}

# What the program knows of this machine; it sends nothing.
_breakwater_list() {
  local program=${'$'}{words[0]/#\~/$HOME} line
  while IFS= read -r line; do _breakwater_offer "$line" "$2"; done < <("$program" completion --list "$1" 2>/dev/null </dev/null)
}
_breakwater_circuits() { _breakwater_list circuits ' '; }
_breakwater_profiles() { _breakwater_list profiles ' '; }
_breakwater_buckets() { _breakwater_list buckets ''; }

_breakwater_files() {
  local line typed=${'$'}{cur//\\/}
  case "$typed" in s3:*) return 0 ;; [\"\']*) typed=${'$'}{typed#?} ;; esac
  type compopt >/dev/null 2>&1 && compopt -o filenames
  while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$typed")
}
_breakwater_directories() {
  local line typed=${'$'}{cur//\\/}
  type compopt >/dev/null 2>&1 && compopt -o filenames
  while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$typed")
}
`;

function describeCommand({ id, flags, first, rest }: CompletedCommand): string {
  const names = flags.flatMap(({ name, char }) => (char === null ? [name] : [name, `-${char}`]));
  const valued = flags
    .filter(({ value }) => value !== null)
    .flatMap(({ name, char }) => (char === null ? [name] : [name, `-${char}`]));
  const [one, more] = [first, rest].map((kinds) => kinds.map((kind) => (typeof kind === 'string' ? kind : 'words')));
  const words = [...first, ...rest].find((kind) => typeof kind !== 'string') ?? [];
  const definition = words.length === 0 ? '' : `\n      _breakwater_words_of='${words.join(' ')}'`;
  return `    ${id})${definition}
      flags='${names.join(' ')}'
      valued=' ${valued.join(' ')} '
      first='${one?.join(' ') ?? ''}' rest='${more?.join(' ') ?? ''}' ;;`;
}

/** The values of each flag; flags with the same values share a line. */
function describeValues(commands: readonly CompletedCommand[]): string {
  const actions = new Map<string, string[]>();
  for (const { id, flags } of commands) {
    for (const { name, value } of flags) {
      const action = nameAction(value?.completed ?? null);
      if (action !== null) actions.set(action, [...(actions.get(action) ?? []), `'${id} ${name}'`]);
    }
  }
  return [...actions].map(([action, flags]) => `      ${flags.join('|')}) ${action} ;;`).join('\n');
}

function nameAction(completed: Completed | null): string | null {
  if (completed === null) return null;
  return typeof completed === 'string' ? `_breakwater_${completed}` : `_breakwater_reply '${completed.join(' ')}'`;
}
