/**
 * The tables of the state file, as migrations: entry N takes `user_version` from N to N + 1. Published entries never
 * change; a schema change is a new entry.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE circuits (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('closed', 'open', 'half_open', 'isolated')),
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    failures INTEGER NOT NULL CHECK (failures >= 0),
    successes INTEGER NOT NULL CHECK (successes >= 0),
    opened_at_ms INTEGER,
    open_for_ms INTEGER,
    failure_threshold INTEGER NOT NULL,
    success_threshold INTEGER NOT NULL,
    lease TEXT,
    last_failure TEXT,
    manual TEXT,
    changed_at_ms INTEGER
  ) STRICT;

  CREATE TABLE transitions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    circuit TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    why TEXT NOT NULL,
    cause TEXT,
    manual TEXT,
    process TEXT NOT NULL
  ) STRICT;
  CREATE INDEX transitions_by_circuit ON transitions (circuit, id);

  CREATE TABLE refusals (
    circuit TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (circuit, epoch)
  ) STRICT;

  CREATE TABLE counters (
    family TEXT NOT NULL,
    labels TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (family, labels)
  ) STRICT;

  CREATE TABLE gauges (
    family TEXT NOT NULL,
    labels TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (family, labels)
  ) STRICT;

  CREATE TABLE histograms (
    family TEXT NOT NULL,
    labels TEXT NOT NULL,
    bounds TEXT NOT NULL,
    counts TEXT NOT NULL,
    sum REAL NOT NULL,
    PRIMARY KEY (family, labels)
  ) STRICT;

  CREATE TABLE activity (
    circuit TEXT NOT NULL,
    slot_ms INTEGER NOT NULL,
    successes INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    durations TEXT NOT NULL,
    retries TEXT NOT NULL,
    PRIMARY KEY (circuit, slot_ms)
  ) STRICT;

  CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    process TEXT NOT NULL,
    target TEXT,
    started_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    moved_bytes INTEGER NOT NULL,
    total_bytes INTEGER,
    objects_begun INTEGER NOT NULL,
    objects_done INTEGER NOT NULL,
    objects_failed INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE checkpoints (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    saved_at_ms INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (kind, id)
  ) STRICT;

  CREATE TABLE claims (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    taken_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE IF NOT EXISTS marks (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL,
    set_at_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE IF NOT EXISTS met_circuits (
    circuit TEXT PRIMARY KEY,
    met_at_ms INTEGER NOT NULL
  ) STRICT;
  `,
];

/** Transitions kept per circuit; older ones are deleted. */
export const TRANSITIONS_KEPT = 1000;
