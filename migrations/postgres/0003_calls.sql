-- Calls that people made through the explorer. Kept for a month, and only the newest of a workspace. The twin of migrations/sqlite.
CREATE TABLE api_calls (
    stay BIGINT NOT NULL,
    id UUID NOT NULL,
    addon SMALLINT NOT NULL,
    workspace BYTEA NOT NULL,
    operation TEXT COLLATE "C" NOT NULL,
    method TEXT COLLATE "C" NOT NULL,
    path TEXT NOT NULL,
    bearer TEXT COLLATE "C" NOT NULL,
    person BYTEA, -- UTF-8
    status BIGINT, -- of the answer, if there was one
    latency_ms BIGINT NOT NULL,
    error BYTEA, -- UTF-8
    created_at BIGINT NOT NULL,
    content BYTEA NOT NULL, -- what was sent and what came back, sealed to the call's id
    PRIMARY KEY (stay, id)
);
CREATE INDEX api_calls_by_age ON api_calls (created_at);
