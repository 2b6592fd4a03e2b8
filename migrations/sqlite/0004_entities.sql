-- What is known of a workspace's entities. A row without data says that the entity is gone, so that an older page does not bring it back.
CREATE TABLE entities (
    number INTEGER PRIMARY KEY,
    addon INTEGER NOT NULL,
    workspace BLOB NOT NULL,
    stay INTEGER NOT NULL,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    parent TEXT,
    name TEXT,
    sort TEXT, -- the name in lower case, empty without a name, NULL once it is gone: what lists are searched and ordered by
    fetched_at INTEGER NOT NULL,
    data TEXT
) STRICT;
CREATE UNIQUE INDEX entities_by_id ON entities (stay, type, id);
CREATE INDEX entities_by_name ON entities (stay, type, sort, id) WHERE sort IS NOT NULL;
CREATE INDEX entities_by_age ON entities (stay, fetched_at);

-- The one bootstrap of each workspace, and where its operations are. A page writes its head and one operation.
CREATE TABLE bootstraps (
    stay INTEGER PRIMARY KEY,
    addon INTEGER NOT NULL,
    workspace BLOB NOT NULL,
    id BLOB NOT NULL,
    due INTEGER NOT NULL, -- 1 as long as it is not finished
    head TEXT NOT NULL
) STRICT;
CREATE INDEX bootstraps_due ON bootstraps (addon, workspace, stay) WHERE due = 1;

CREATE TABLE bootstrap_operations (
    number INTEGER PRIMARY KEY,
    addon INTEGER NOT NULL,
    workspace BLOB NOT NULL,
    stay INTEGER NOT NULL,
    position INTEGER NOT NULL, -- the order in which they are read
    operation TEXT NOT NULL,
    progress TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX bootstrap_operations_by_stay ON bootstrap_operations (stay, operation);
