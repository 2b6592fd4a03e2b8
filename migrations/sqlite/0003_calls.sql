-- Calls that people made through the explorer. Kept for a month, and only the newest of a workspace.
CREATE TABLE api_calls (
    number INTEGER PRIMARY KEY,
    stay INTEGER NOT NULL,
    id BLOB NOT NULL,
    addon INTEGER NOT NULL,
    workspace BLOB NOT NULL,
    operation TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    bearer TEXT NOT NULL,
    person TEXT,
    status INTEGER, -- of the answer, if there was one
    latency_ms INTEGER NOT NULL,
    error TEXT,
    created_at INTEGER NOT NULL,
    content BLOB NOT NULL -- what was sent and what came back, sealed to the call's id
) STRICT;
CREATE UNIQUE INDEX api_calls_by_stay ON api_calls (stay, id);
CREATE INDEX api_calls_by_age ON api_calls (created_at);
