/**
 * The tables of the state file, as migrations: entry N brings `user_version` N to N + 1.
 * Published entries never change; a new need is a new entry.
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
  `,
];

/** Transitions kept per circuit; older ones are dropped as new ones come. */
export const TRANSITIONS_KEPT = 1000;
