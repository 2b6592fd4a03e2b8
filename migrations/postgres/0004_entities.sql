-- What is known of a workspace's entities. A row without data says that the entity is gone, so that an older page does not bring it back.
CREATE TABLE entities (
    addon SMALLINT NOT NULL,
    workspace BYTEA NOT NULL,
    stay BIGINT NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    parent TEXT COLLATE "C",
    name BYTEA, -- UTF-8
    sort BYTEA, -- UTF-8: the name in lower case, empty without a name, NULL once it is gone: what lists are searched and ordered by
    fetched_at BIGINT NOT NULL,
    data TEXT,
    PRIMARY KEY (stay, type, id)
);
CREATE INDEX entities_by_name ON entities (stay, type, sort, id) WHERE sort IS NOT NULL;
