-- What flows need beside their definitions. Both tables go with the installation, in the transaction of the uninstall.

-- Secrets of a workspace, for its flows.
CREATE TABLE secrets (
    stay BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    addon SMALLINT NOT NULL,
    workspace BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    value BYTEA NOT NULL, -- sealed, to the secret's name
    PRIMARY KEY (stay, name)
);

-- Flows that have failed lately: how often in a row, and whether they are paused for it.
CREATE TABLE standings (
    stay BIGINT NOT NULL,
    flow UUID NOT NULL,
    addon SMALLINT NOT NULL,
    workspace BYTEA NOT NULL,
    failures BIGINT NOT NULL,
    paused_at BIGINT,
    reason BYTEA, -- UTF-8
    PRIMARY KEY (stay, flow)
);
