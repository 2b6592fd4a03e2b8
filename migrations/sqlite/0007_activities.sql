-- What was changed, by whom: the latest of each installation, which go with it in the transaction of the uninstall.
CREATE TABLE activities (
    stay INTEGER NOT NULL,
    id BLOB NOT NULL,
    addon INTEGER NOT NULL,
    workspace BLOB NOT NULL,
    at INTEGER NOT NULL,
    person TEXT, -- none is the platform
    what TEXT NOT NULL,
    subject TEXT,
    detail TEXT,
    PRIMARY KEY (stay, id)
) STRICT, WITHOUT ROWID;
