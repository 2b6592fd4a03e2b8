-- What the store keeps. Every row names its add-on and its workspace. The twin of migrations/sqlite, with the same names.
--
-- addon      1 api-studio, 2 universal-webhook, 3 clockify-addon: the order of their ports
-- workspace  the 12 bytes behind the platform's 24 digits; addon_id likewise
-- stay       one unbroken time that an add-on is installed in a workspace, from the first INSTALLED to DELETED. What is read belongs to the
--            present stay; what an ended one left is invisible until it has been removed, and a reinstall begins a new one.
-- times      milliseconds since 1970, UTC; ids are UUIDs that sort by time
-- texts      JSON stands in TEXT, byte for byte as it was written: JSONB would refuse the escape of U+0000 and change numbers. Texts that come from
--            others and may hold U+0000 itself, which TEXT does not take, are their UTF-8 bytes. Names are compared byte by byte ("C").

-- What is remembered of the lifecycle calls of a workspace; it outlives the installation.
CREATE TABLE marks (
    addon SMALLINT NOT NULL,
    workspace BYTEA NOT NULL,
    mark TEXT NOT NULL,
    PRIMARY KEY (addon, workspace)
);

CREATE TABLE installations (
    stay BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    addon SMALLINT NOT NULL,
    workspace BYTEA NOT NULL,
    addon_id BYTEA NOT NULL,
    status TEXT NOT NULL,
    broken_at BIGINT,
    broken_reason BYTEA, -- UTF-8
    addon_user BYTEA, -- UTF-8
    as_user BYTEA, -- UTF-8
    installed_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    urls TEXT NOT NULL,
    settings TEXT NOT NULL,
    token BYTEA NOT NULL, -- sealed
    webhooks TEXT NOT NULL, -- paths and SHA-256 of their tokens
    UNIQUE (addon, workspace)
);

-- Stays that have ended and whose rows are still to be removed.
CREATE TABLE purges (
    stay BIGINT PRIMARY KEY,
    addon SMALLINT NOT NULL,
    workspace BYTEA NOT NULL
);

CREATE TABLE events (
    id UUID PRIMARY KEY,
    addon SMALLINT NOT NULL,
    workspace BYTEA NOT NULL,
    stay BIGINT NOT NULL,
    source TEXT COLLATE "C", -- of a custom source; none is Clockify
    event_type TEXT COLLATE "C" NOT NULL,
    entity BYTEA, -- UTF-8
    received_at BIGINT NOT NULL,
    deliveries BIGINT NOT NULL,
    payload_hash BYTEA NOT NULL,
    headers TEXT,
    payload BYTEA NOT NULL,
    message BYTEA -- UTF-8: the sender's own id of it, which a custom source may sign
);
CREATE INDEX events_by_stay ON events (stay, id) INCLUDE (event_type, source);
-- The same message of the same source is never an event twice. Clockify's events are not in here.
CREATE UNIQUE INDEX events_by_message ON events (stay, source, message) WHERE message IS NOT NULL;

-- Custom sources. They go with the installation, in the transaction of the uninstall.
CREATE TABLE sources (
    stay BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    addon SMALLINT NOT NULL,
    workspace BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    definition TEXT NOT NULL,
    secrets BYTEA NOT NULL, -- sealed, to the source's name
    PRIMARY KEY (stay, name)
);

CREATE TABLE flows (
    stay BIGINT NOT NULL,
    id UUID NOT NULL,
    addon SMALLINT NOT NULL,
    workspace BYTEA NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (stay, id)
);

-- Versions outlive their flow, for the runs that are kept.
CREATE TABLE flow_versions (
    stay BIGINT NOT NULL,
    flow UUID NOT NULL,
    version BIGINT NOT NULL,
    addon SMALLINT NOT NULL,
    workspace BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (stay, flow, version)
);

CREATE TABLE runs (
    id UUID PRIMARY KEY,
    addon SMALLINT NOT NULL,
    workspace BYTEA NOT NULL,
    stay BIGINT NOT NULL,
    flow UUID NOT NULL,
    flow_version BIGINT NOT NULL,
    event UUID NOT NULL,
    event_type TEXT COLLATE "C" NOT NULL,
    entity BYTEA, -- UTF-8
    replay_of UUID,
    created_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    due_at BIGINT,
    started_at BIGINT,
    finished_at BIGINT,
    reason TEXT,
    steps TEXT NOT NULL,
    answers TEXT NOT NULL, -- the data of the steps, which may nest as deeply as JSON is read at all
    -- 1 could go on, 0 waits until something changes, NULL has ended
    queue SMALLINT GENERATED ALWAYS AS (
        CASE
            WHEN state IN ('QUEUED', 'RUNNING') THEN 1
            WHEN state = 'WAITING' THEN (due_at IS NOT NULL)::INTEGER
        END
    ) STORED
);
-- One run for an event and a flow; replays are as many as they are.
CREATE UNIQUE INDEX runs_by_event ON runs (event, flow, (CASE WHEN replay_of IS NULL THEN '00000000-0000-0000-0000-000000000000'::UUID ELSE id END));
CREATE INDEX runs_by_stay ON runs (stay, id) INCLUDE (flow);
CREATE INDEX runs_queued ON runs (addon, queue, workspace, stay, id) WHERE queue IS NOT NULL;
CREATE INDEX runs_troubled ON runs (stay, state, id) WHERE state IN ('FAILED', 'UNCERTAIN', 'CANCELLED');

-- Written when the store could not be written a moment ago, to learn whether it can be now. Its lock is the store's as well: a batch of the
-- journal shares it with other processes' batches, whoever changes more than that has it alone.
CREATE TABLE pulse (
    beats BIGINT NOT NULL
);
INSERT INTO pulse VALUES (0);
