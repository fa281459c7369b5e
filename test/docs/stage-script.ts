import type { Line } from './command-lines.ts';
import type { Play } from './plays.ts';

/** Programs that lines call and that need what a test has not; in bash. */
export const STAND_INS: Readonly<Record<string, string>> = {
  psql: 'cat > "$HOME/psql.received"',
  pg_dump: 'echo "SELECT 1;"',
  'list-keys': 'printf "tmp/old\\ntmp/new\\n"',
  sudo: 'exec "$@"',
  // Without a network, npm cannot look for what a clone has itself.
  npx: 'exec "$@"',
  // Enables units as systemd would in this root, and cannot start them: they are run by test/package.
  systemctl: `units=()
for word; do [ "$word" = --now ] || units+=("$word"); done
real=$(PATH=\${PATH#*:} command -v systemctl) || exit 0
exec "$real" --root="$ROOT/units" "\${units[@]}"`,
  // The command of an image, as it is on this machine.
  docker: `[ "$1 $2" = "run -d" ] || exit 125
shift 2
while [[ $1 = -* ]]; do shift 2; done
shift
[ "$1" != valkey-server ] || command -v valkey-server >/dev/null || set -- redis-server "\${@:2}"
exec "$@" --daemonize yes --dir "$HOME"`,
};

const PRELUDE = `set -o pipefail
stored() { breakwater get --quiet "s3://$1" - >/dev/null; }
gone() { breakwater get --quiet "s3://$1" - >/dev/null 2>&1; [ $? = 66 ]; }
# As cron: nothing of this shell but the lines of the crontab above, and the PATH of cron itself without one there.
as_cron() {
  local name kept=(PATH="$PATH")
  [[ $PATH != *stand-ins* ]] || kept=(PATH=/usr/bin:/bin)
  for name in \${!BREAKWATER_*} \${!AWS_*}; do kept+=("$name=\${!name}"); done
  env -i HOME="$HOME" LOGNAME=root SHELL=/bin/sh "\${kept[@]}" sh -c "$1"
}
within() { for _ in {1..300}; do if eval "$1"; then return 0; fi; sleep 0.1; done; return 1; }
`;

/** One bash for all lines: a line's variables hold for the next, and each leaves its status, its error stream and its proof in files. */
export function scriptOf(lines: readonly (Line & { readonly play: Play })[]): string {
  return PRELUDE + lines.map((line, index) => partOf(line, `"$ROOT"/out/${index}`)).join('');
}

function partOf({ text, isCron, play }: Line & { readonly play: Play }, out: string): string {
  const { before = '', proves, until, presses } = play;
  const run =
    until !== undefined
      ? `bash -c ${quote(text)} >${out}.out 2>${out}.err & pid=$!
within ${quote(`(${until}) >/dev/null 2>&1`)} || echo 'never so: ${until.replaceAll("'", '"')}' >${out}.unproven
kill -TERM $pid $(pgrep -P $pid); wait $pid`
      : presses !== undefined
        ? `{ within ${quote(`grep -qF -- ${quote(presses.shows)} ${out}.out`)}; printf ${quote(presses.keys)}; sleep 0.5; } |
script -qec ${quote(text)} /dev/null >${out}.out 2>${out}.err`
        : isCron
          ? `as_cron ${quote(text)} >${out}.out 2>${out}.err`
          : `{ ${text}
} >${out}.out 2>${out}.err`;
  const proof =
    proves === undefined
      ? ''
      : `( ${proves}\n) >${out}.proof 2>&1 || cat ${out}.proof - >${out}.unproven <<< "this failed: "${quote(proves)}\n`;
  return `{ ${before === '' ? ':' : before}
} >/dev/null 2>&1
${run}
echo $? >${out}.status
${proof}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
