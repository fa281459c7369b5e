import { modelCompletion, type Completed, type CompletedCommand } from './completion-model.ts';
import type { CommandManifest } from '../help/manifest.ts';

/** The completion for bash 3.2 or later, without the package bash-completion. */
export function bashCompletion(manifest: CommandManifest): string {
  const commands = modelCompletion(manifest);
  const ids = [...commands.map(({ id }) => id), 'help'].join(' ');
  return `# Completion of breakwater for bash: breakwater completion bash
${FUNCTIONS}
_breakwater() {
  local IFS=$' \\t\\n'
  local -a words=()
  local typed quote head prefix='' filenames='' cur command='' flag='' flags='' valued='' choices=''
  local first='' rest='' kind ended='' count=0 i
  _breakwater_split
  cur=\${words[\${#words[@]} - 1]}
  _breakwater_read "$cur"
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
    case "$ended\${words[i]}" in
      --) ended=1 ;;
      -*) case "$valued" in *" \${words[i]} "*) ((i++)) && ((i == \${#words[@]} - 1)) && flag=\${words[i - 1]} ;; esac ;;
      *) count=$((count + 1)) ;;
    esac
  done
  case "$ended$cur" in
    --*=*) [ -z "$flag" ] && flag=\${cur%%=*} && prefix=$flag= ;;
  esac
  if [ -n "$flag" ]; then
    case "$command $flag" in
${describeValues(commands)}
    esac
    return
  fi
  case "$ended$typed" in -*) _breakwater_reply "$flags" && return ;; esac
  if [ "$count" = 0 ]; then rest=$first; fi
  for kind in $rest; do "_breakwater_$kind"; done
}
complete -F _breakwater breakwater
`;
}

/** The completion of one word, whatever is quoted in it. */
const FUNCTIONS = String.raw`
# Sets words to those up to the cursor, with what bash has split at COMP_WORDBREAKS joined again.
_breakwater_split() {
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
  # What follows the cursor stays as it is, and no quote is closed by it.
  trimmed=${'$'}{words[n - 1]} i=$((${'$'}{#COMP_LINE} - ${'$'}{#line} - COMP_POINT))
  ((i <= ${'$'}{#trimmed})) || i=${'$'}{#trimmed}
  ((i <= 0)) || words[n - 1]=${'$'}{trimmed:0:${'$'}{#trimmed} - i}
}

# Reads the word $1 as the shell does. Sets typed, its text; quote, what is open at its end; and head, the text before
# what readline replaces: it replaces what follows the open quote, or else the last character of COMP_WORDBREAKS.
_breakwater_read() {
  local rest=$1 char before=''
  typed='' quote='' head=''
  while [ -n "$rest" ]; do
    char=${'$'}{rest%"${'$'}{rest#?}"} rest=${'$'}{rest#?}
    case "$quote$char" in
      \'\' | \"\") quote='' head=$before ;;
      \' | \") quote=$char before=$head head=$typed ;;
      \\ | \"\\)
        char=${'$'}{rest%"${'$'}{rest#?}"} rest=${'$'}{rest#?}
        case "$quote$char" in \" | \"[\$\"${'\\`'}\\]) ;; \"*) typed+=\\ ;; esac
        typed+=$char
        ;;
      # Where @ begins the name of a host, readline replaces it, too.
      @) case "$COMP_WORDBREAKS" in *@*) head=$typed ;; esac && typed+=$char ;;
      ?) typed+=$char && case "$COMP_WORDBREAKS" in *"$char"*) head=$typed ;; esac ;;
      *) typed+=$char ;;
    esac
  done
}

# Offers $1 if it begins as what is typed. A space follows it, unless $2 is empty.
_breakwater_offer() {
  local offered=$prefix$1
  case "$offered" in "$typed"*) offered=${'$'}{offered#"$head"} ;; *) return 0 ;; esac
  # Names of files are quoted by readline, and with them all that is offered beside them.
  [ -n "$filenames" ] || _breakwater_quote || return 0
  [ -n "$2" ] || ! type compopt >/dev/null 2>&1 || compopt -o nospace
  COMPREPLY+=("$offered")
}

# Quotes what is offered, so that the shell reads it as text wherever it is inserted. Fails where it cannot be.
_breakwater_quote() {
  local rest=$offered char
  if [ -z "$quote" ]; then
    [ -z "$offered" ] || printf -v offered %q "$offered"
    return 0
  fi
  offered=''
  while [ -n "$rest" ]; do
    char=${'$'}{rest%"${'$'}{rest#?}"} rest=${'$'}{rest#?}
    case "$quote$char" in
      \"[\$\"${'\\`'}\\]) offered+=\\$char ;;
      \'\') offered+=\'\\\'\' ;;
      # No quoting keeps it from the history there.
      '"!') case "$-" in *H*) return 1 ;; *) offered+=$char ;; esac ;;
      *) offered+=$char ;;
    esac
  done
}

# Offers the words of $1.
_breakwater_reply() {
  local IFS=$' \n' word
  for word in $1; do _breakwater_offer "$word" ' '; done
}

# What the program knows of this machine; it sends nothing.
_breakwater_list() {
  local program=${'$'}{words[0]/#\~/$HOME} line
  while IFS= read -r line; do _breakwater_offer "$line" "$2"; done < <(BREAKWATER_JSON=0 "$program" completion --list "$1" 2>/dev/null </dev/null)
}
_breakwater_circuits() { _breakwater_list circuits ' '; }
_breakwater_profiles() { _breakwater_list profiles ' '; }
_breakwater_buckets() { _breakwater_list buckets ''; }
_breakwater_choices() { _breakwater_reply "$choices"; }

# Offers what compgen finds for the action $1.
_breakwater_paths() {
  local line path=${'$'}{typed#"$prefix"}
  case "$path" in s3:*) return 0 ;; esac
  type compopt >/dev/null 2>&1 && compopt -o filenames && filenames=1
  while IFS= read -r line; do _breakwater_offer "$line" ' '; done < <(compgen "$1" -- "$path")
}
_breakwater_files() { _breakwater_paths -f; }
_breakwater_directories() { _breakwater_paths -d; }
`;

function describeCommand({ id, flags, first, rest }: CompletedCommand): string {
  const names = flags.flatMap(({ name, char }) => (char === null ? [name] : [name, `-${char}`]));
  const valued = flags
    .filter(({ value }) => value !== null)
    .flatMap(({ name, char }) => (char === null ? [name] : [name, `-${char}`]));
  const [one, more] = [first, rest].map((kinds) => kinds.map((kind) => (typeof kind === 'string' ? kind : 'choices')));
  const words = [...first, ...rest].find((kind) => typeof kind !== 'string') ?? [];
  const definition = words.length === 0 ? '' : `\n      choices='${words.join(' ')}'`;
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
