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
CREATE INDEX entities_by_age ON entities (stay, fetched_at);

-- The one bootstrap of each workspace, and where its operations are. A page writes its head and one operation.
CREATE TABLE bootstraps (
    stay BIGINT PRIMARY KEY,
    addon SMALLINT NOT NULL,
    workspace BYTEA NOT NULL,
    id UUID NOT NULL,
    due SMALLINT NOT NULL, -- 1 as long as it is not finished
    head TEXT NOT NULL
);
CREATE INDEX bootstraps_due ON bootstraps (addon, workspace, stay) WHERE due = 1;

CREATE TABLE bootstrap_operations (
    addon SMALLINT NOT NULL,
    workspace BYTEA NOT NULL,
    stay BIGINT NOT NULL,
    position BIGINT NOT NULL, -- the order in which they are read
    operation TEXT COLLATE "C" NOT NULL,
    progress TEXT NOT NULL,
    PRIMARY KEY (stay, operation)
);
