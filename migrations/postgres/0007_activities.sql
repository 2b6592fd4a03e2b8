-- What was changed, by whom: the latest of each installation, which go with it in the transaction of the uninstall.
CREATE TABLE activities (
    stay BIGINT NOT NULL,
    id UUID NOT NULL,
    addon SMALLINT NOT NULL,
    workspace BYTEA NOT NULL,
    at BIGINT NOT NULL,
    person BYTEA, -- UTF-8, as the following; none is the platform
    what TEXT COLLATE "C" NOT NULL,
    subject BYTEA,
    detail BYTEA,
    PRIMARY KEY (stay, id)
);
