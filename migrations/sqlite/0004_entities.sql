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
