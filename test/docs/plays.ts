/** What a command line needs and does, beyond a store with what it names, status 0 and no complaint. */
export interface Play {
  /** @default 0 */
  readonly status?: number;
  /** bash that runs before it, as the document says or as any machine would have it. */
  readonly before?: string;
  /** bash that runs after it, and proves by status 0 what it has done. */
  readonly proves?: string;
  /** It runs until it is ended; ended once this, in bash, succeeds. */
  readonly until?: string;
  /** It needs a terminal; these keys are pressed once `shows` is on it. */
  readonly presses?: { readonly keys: string; readonly shows: string };
  /** An engine of a fleet listens at port 6379. */
  readonly needsEngine?: true;
  /** It starts such an engine itself. */
  readonly startsEngine?: true;
  /** The store listens on this port. @default 9100 */
  readonly storePort?: number;
  /** Files of the clone are in the directory. */
  readonly isInClone?: true;
}

const WATCH: Play = { presses: { keys: 'q', shows: 'live' } };
const SANDBOX: Play = { until: 'curl -sf http://127.0.0.1:9000/_sandbox/faults' };
const FLEET: Play = { needsEngine: true, before: 'export BREAKWATER_FLEET=redis://redis.internal:6379' };
const FAILED = 'breakwater put --quiet --retries 0 --failure-threshold 1 db.tar s3://no-such-bucket/ || true';
const TEXTFILE: Play = { proves: 'grep -q s3_circuit_breaker_state /var/lib/node_exporter/breakwater.prom' };
const PSQL: Play = { proves: 'grep -q "SELECT 1" ~/psql.received' };
const REFUSED: Play = {
  proves: 'breakwater put db.tar s3://my-bucket/ 2>&1 | grep "bucket migration"; test "${PIPESTATUS[0]}" = 75',
};
/** Of docs/fleet.md; a stand-in for docker runs the image's command. */
const CONTAINER = `docker run -d --name breakwater-fleet -p 6379:6379 valkey/valkey:8 valkey-server \\
  --save '' --appendonly no --maxmemory 64mb --maxmemory-policy noeviction \\
  --user default off \\
  --user breakwater on '>PASSWORD' '~breakwater:*' +get +time +eval +set +lpush +ltrim +pexpire`;
const SWEPT = 'gone my-bucket/tmp/old && stored my-bucket/tmp/new';

/** By the command line, word for word. */
export const PLAYS: Readonly<Record<string, Play>> = {
  // README.md
  'npx breakwater put README.md s3://my-bucket/hello/': { isInClone: true, proves: 'stored my-bucket/hello/README.md' },
  'npx breakwater get s3://my-bucket/hello/README.md copy.md': { proves: 'cmp README.md copy.md' },
  'npx breakwater sandbox': { ...SANDBOX, isInClone: true },
  'breakwater put -r photos/ s3://my-bucket/photos/': { proves: 'stored my-bucket/photos/2024/a.jpg' },
  'breakwater get s3://my-bucket/db/app.sql - | psql app': PSQL,
  'breakwater sweep s3://my-bucket/tmp/ --older-than 7d --dry-run': { proves: 'stored my-bucket/tmp/old' },
  'breakwater breaker-status --watch': WATCH,
  'breakwater put --json --deadline 10m -r dist/ s3://my-bucket/site/ > result.json': {
    proves: 'jq -e .ok result.json && stored my-bucket/site/index.html',
  },
  'export BREAKWATER_FLEET=redis://redis.internal:6379': {
    needsEngine: true,
    proves: 'breakwater breaker-status | grep "redis.internal.*answered"',
  },
  'breakwater breaker-status --check s3-upload --quiet && breakwater put --quiet /var/backups/db.tar s3://my-bucket/db/':
    {
      proves: 'stored my-bucket/db/db.tar',
    },
  'breakwater sweep s3://my-bucket/tmp/ --older-than 7d --yes --quiet --max-duration 2h': { proves: SWEPT },
  'BREAKWATER_PUSH=http://127.0.0.1:9091': {
    proves:
      'PATH=/usr/local/bin:/usr/bin:/bin as_cron "breakwater put --quiet $PWD/db.tar s3://my-bucket/" && grep -q s3_operations_total ~/pushed',
  },
  'BREAKWATER_TEXTFILE=/var/lib/node_exporter/breakwater.prom': {
    proves:
      'PATH=/usr/local/bin:/usr/bin:/bin as_cron "breakwater put --quiet $PWD/db.tar s3://my-bucket/" && grep -q s3_operations_total /var/lib/node_exporter/breakwater.prom',
  },

  // docs/
  'breakwater --json': { status: 2 },
  'breakwater breaker-isolate s3-upload --for 1h --reason "bucket migration"': REFUSED,
  'breakwater breaker-status --watch | head -1': { before: FAILED },
  "breakwater breaker-isolate s3-upload@eu-west-1 --for 1h --reason 'bucket migration'": {
    proves: 'breakwater breaker-status | grep "s3-upload@eu-west-1 .*isolated"',
  },
  'npx breakwater sandbox --scenario outage-30s': { ...SANDBOX, isInClone: true },
  'breakwater config --json | jq -r .settings.open_for.value': {
    proves: 'test "$(breakwater config --json --open-for 5m | jq -r .settings.open_for.value)" = 5m',
  },
  'breakwater config --schema > ~/.config/breakwater/config.schema.json': {
    before: 'mkdir -p ~/.config/breakwater',
    proves: 'jq -e .properties.open_for ~/.config/breakwater/config.schema.json',
  },
  [CONTAINER]: {
    proves: 'until breakwater breaker-status --fleet-host a 2>&1 | grep "fleet.internal.*answered"; do sleep 0.2; done',
    before: 'export BREAKWATER_FLEET=redis://breakwater:PASSWORD@fleet.internal:6379',
    startsEngine: true,
  },
  'export BREAKWATER_FLEET=redis://breakwater:PASSWORD@fleet.internal:6379': {
    startsEngine: true,
    before: CONTAINER,
    proves: 'until breakwater breaker-status | grep "fleet.internal.*answered"; do sleep 0.2; done',
  },
  'breakwater breaker-isolate --fleet s3-upload --for 1h --reason "bucket migration"': { ...FLEET, ...REFUSED },
  'sudo systemctl enable --now breakwater-sweep@tmp.timer': {
    proves: 'grep -qx OLDER_THAN=7d /etc/breakwater/tmp.env',
  },
  'sudo breakwater metrics --state-dir /var/lib/breakwater': {
    before: 'BREAKWATER_STATE_DIR=/var/lib/breakwater breakwater put db.tar s3://my-bucket/',
  },
  "sqlite3 ~/.local/state/breakwater/state.db 'SELECT name, state, epoch, failures FROM circuits'": { before: FAILED },
  'breakwater metrics --reset': { presses: { keys: 'y\n', shows: '[y/N]' } },
  'breakwater metrics --serve --listen 127.0.0.1:8080': {
    until: 'curl -sf http://127.0.0.1:8080/metrics | grep -q s3_circuit_breaker_state',
  },
  'breakwater metrics --push http://127.0.0.1:9091': { proves: 'grep -q s3_circuit_breaker_state ~/pushed' },
  'breakwater metrics --textfile /var/lib/node_exporter/breakwater.prom': TEXTFILE,
  'breakwater sweep s3://my-bucket/tmp/ --older-than 7d --yes --max-delete 100000 --report /var/log/left.ndjson': {
    proves: SWEPT,
  },
  'breakwater get s3://my-bucket/backups/db.tar': { proves: 'test -s db.tar' },
  "breakwater get 's3://my-bucket/logs/2024-*.gz' logs/": { proves: 'test -s logs/2024-01.gz' },
  'breakwater get -r s3://my-bucket/site/ site/': { proves: 'test -s site/index.html' },

  'breakwater breaker-isolate --fleet s3-upload --for 1h --reason "region throttles, see INC-4711"': {
    ...FLEET,
    proves: 'breakwater breaker-status | grep "INC-4711"',
  },
  'breakwater completion fish > ~/.config/fish/completions/breakwater.fish': {
    before: 'mkdir -p ~/.config/fish/completions',
    proves: 'grep -q breaker-status ~/.config/fish/completions/breakwater.fish',
  },

  // Examples of --help
  'breakwater breaker-status --check --quiet s3-upload && breakwater put db.tar s3://my-bucket/': {
    proves: 'stored my-bucket/db.tar',
  },
  'breakwater config --schema > config.schema.json': { proves: 'jq -e .properties.open_for config.schema.json' },
  'breakwater get s3://my-bucket/backups/backup.tar': { proves: 'test -s backup.tar' },
  "breakwater get --recursive --json --exclude '*.tmp' s3://my-bucket/cache/ ./cache/": {
    proves: 'test -s cache/kept && ! test -e cache/left.tmp',
  },
  'breakwater get --wait 2m s3://my-bucket/db/app.sql - | psql app': PSQL,
  'breakwater metrics | grep s3_operations_total': { before: 'breakwater put db.tar s3://my-bucket/' },
  'breakwater metrics --push http://pushgateway:9091': { proves: 'grep -q s3_circuit_breaker_state ~/pushed' },
  'breakwater metrics --textfile /var/lib/node_exporter/breakwater.prom --quiet': TEXTFILE,
  'breakwater put backup.tar s3://my-bucket/backups/': { proves: 'stored my-bucket/backups/backup.tar' },
  'breakwater put --recursive --json --deadline 10m dist/ s3://my-bucket/site/': {
    proves: 'stored my-bucket/site/index.html',
  },
  'pg_dump app | breakwater put --quiet - s3://my-bucket/db/app.sql': { proves: 'stored my-bucket/db/app.sql' },
  'breakwater sandbox': SANDBOX,
  'breakwater sandbox --scenario outage-30s': SANDBOX,
  'breakwater sandbox --fault PutObject:SlowDown:times=20 --fault GetObject:truncate:every=3': SANDBOX,
  'breakwater sandbox --seed "demo-bucket/tmp/item-{n}:count=5000:age=30d"': SANDBOX,
  "curl -d '*:503:ServiceUnavailable' http://127.0.0.1:9000/_sandbox/faults; curl -X DELETE http://127.0.0.1:9000/_sandbox/faults":
    { storePort: 9000 },
  'breakwater sweep s3://my-bucket/tmp/ --older-than 24h --dry-run': { proves: 'stored my-bucket/tmp/old' },
  'breakwater sweep s3://my-bucket/logs/ --older-than 90d --yes --quiet': { proves: 'gone my-bucket/logs/2024-01.gz' },
  'breakwater sweep s3://my-bucket/ --all --versions --older-than 30d --abort-uploads 7d --yes': {
    proves: 'stored my-bucket/tmp/old',
  },
  'list-keys | breakwater sweep s3://my-bucket/tmp/ --keys-from - --older-than 1d --yes': { proves: SWEPT },
};
