-- What flows need beside their definitions. Both tables go with the installation, in the transaction of the uninstall.

-- Secrets of a workspace, for its flows.
CREATE TABLE secrets (
    stay INTEGER NOT NULL,
    name TEXT NOT NULL,
    addon INTEGER NOT NULL,
    workspace BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    value BLOB NOT NULL, -- sealed, to the secret's name
    PRIMARY KEY (stay, name)
) STRICT, WITHOUT ROWID;

-- Flows that have failed lately: how often in a row, and whether they are paused for it.
CREATE TABLE standings (
    stay INTEGER NOT NULL,
    flow BLOB NOT NULL,
    addon INTEGER NOT NULL,
    workspace BLOB NOT NULL,
    failures INTEGER NOT NULL,
    paused_at INTEGER,
    reason TEXT,
    PRIMARY KEY (stay, flow)
) STRICT, WITHOUT ROWID;
