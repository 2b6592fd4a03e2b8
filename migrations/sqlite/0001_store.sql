-- What the store keeps. Every row names its add-on and its workspace.
--
-- addon      1 api-studio, 2 universal-webhook, 3 clockify-addon: the order of their ports
-- workspace  the 12 bytes behind the platform's 24 digits; addon_id likewise
-- stay       one unbroken time that an add-on is installed in a workspace, from the first INSTALLED to DELETED. What is read belongs to the
--            present stay; what an ended one left is invisible until it has been removed, and a reinstall begins a new one.
-- chapter    a run of some thousand rows of a table, in the order of writing. Indices by workspace begin with it: a commit then touches the few
--            pages of the present chapter instead of one page for each workspace (measured: 23,000 rows/s against 8,400), and a list
--            looks into each chapter in turn (1.6 µs each).
-- times      milliseconds since 1970, UTC; ids are UUIDs of 16 bytes that sort by time

-- What is remembered of the lifecycle calls of a workspace; it outlives the installation.
CREATE TABLE marks (
    addon INTEGER NOT NULL,
    workspace BLOB NOT NULL,
    mark TEXT NOT NULL,
    PRIMARY KEY (addon, workspace)
) STRICT, WITHOUT ROWID;

CREATE TABLE installations (
    stay INTEGER PRIMARY KEY AUTOINCREMENT,
    addon INTEGER NOT NULL,
    workspace BLOB NOT NULL,
    addon_id BLOB NOT NULL,
    status TEXT NOT NULL,
    broken_at INTEGER,
    broken_reason TEXT,
    addon_user TEXT,
    as_user TEXT,
    installed_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    urls TEXT NOT NULL,
    settings TEXT NOT NULL,
    token BLOB NOT NULL, -- sealed
    webhooks TEXT NOT NULL, -- paths and SHA-256 of their tokens
    UNIQUE (addon, workspace)
) STRICT;

-- Stays that have ended and whose rows are still to be removed.
CREATE TABLE purges (
    stay INTEGER PRIMARY KEY,
    addon INTEGER NOT NULL,
    workspace BLOB NOT NULL
) STRICT;

CREATE TABLE events (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    addon INTEGER NOT NULL,
    workspace BLOB NOT NULL,
    stay INTEGER NOT NULL,
    chapter INTEGER NOT NULL,
    source TEXT, -- of a custom source; none is Clockify
    event_type TEXT NOT NULL,
    entity TEXT,
    received_at INTEGER NOT NULL,
    deliveries INTEGER NOT NULL,
    payload_hash BLOB NOT NULL,
    headers TEXT,
    payload BLOB NOT NULL,
    message TEXT -- the sender's own id of it, which a custom source may sign
) STRICT;
CREATE UNIQUE INDEX events_by_id ON events (id);
-- The same message of the same source is never an event twice. Clockify's events are not in here.
CREATE UNIQUE INDEX events_by_message ON events (stay, source, message) WHERE message IS NOT NULL;
CREATE INDEX events_by_stay ON events (chapter, stay, id, event_type, source);

-- Custom sources. They go with the installation, in the transaction of the uninstall.
CREATE TABLE sources (
    stay INTEGER NOT NULL,
    name TEXT NOT NULL,
    addon INTEGER NOT NULL,
    workspace BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    definition TEXT NOT NULL,
    secrets BLOB NOT NULL, -- sealed, to the source's name
    PRIMARY KEY (stay, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE flows (
    stay INTEGER NOT NULL,
    id BLOB NOT NULL,
    addon INTEGER NOT NULL,
    workspace BLOB NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (stay, id)
) STRICT, WITHOUT ROWID;

-- Versions outlive their flow, for the runs that are kept.
CREATE TABLE flow_versions (
    stay INTEGER NOT NULL,
    flow BLOB NOT NULL,
    version INTEGER NOT NULL,
    addon INTEGER NOT NULL,
    workspace BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (stay, flow, version)
) STRICT;

CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    addon INTEGER NOT NULL,
    workspace BLOB NOT NULL,
    stay INTEGER NOT NULL,
    chapter INTEGER NOT NULL,
    flow BLOB NOT NULL,
    flow_version INTEGER NOT NULL,
    event BLOB NOT NULL,
    event_type TEXT NOT NULL,
    entity TEXT,
    replay_of BLOB,
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    due_at INTEGER,
    started_at INTEGER,
    finished_at INTEGER,
    reason TEXT,
    steps TEXT NOT NULL,
    answers TEXT NOT NULL, -- the data of the steps, which may nest as deeply as JSON is read at all
    -- 1 could go on, 0 waits until something changes, NULL has ended
    queue INTEGER GENERATED ALWAYS AS (
        CASE
            WHEN state IN ('QUEUED', 'RUNNING') THEN 1
            WHEN state = 'WAITING' THEN due_at IS NOT NULL
        END
    ) VIRTUAL
) STRICT;
CREATE UNIQUE INDEX runs_by_id ON runs (id);
-- One run for an event and a flow; replays are as many as they are.
CREATE UNIQUE INDEX runs_by_event ON runs (event, flow, iif(replay_of IS NULL, x'', id));
CREATE INDEX runs_by_stay ON runs (chapter, stay, id, flow);
CREATE INDEX runs_queued ON runs (addon, queue, workspace, stay, id) WHERE queue IS NOT NULL;
CREATE INDEX runs_troubled ON runs (stay, state, id) WHERE state IN ('FAILED', 'UNCERTAIN', 'CANCELLED');

-- Written when the store could not be written a moment ago, to learn whether it can be now.
CREATE TABLE pulse (
    beats INTEGER NOT NULL
) STRICT;
INSERT INTO pulse VALUES (0);
