-- Webhooks that the manifest does not declare. They go with the installation, in the transaction of the uninstall.
CREATE TABLE subscriptions (
    stay BIGINT NOT NULL,
    event TEXT COLLATE "C" NOT NULL,
    addon SMALLINT NOT NULL,
    workspace BYTEA NOT NULL,
    webhook TEXT, -- the platform's id of one that the add-on made; none of one that was made by hand
    hash BYTEA NOT NULL, -- SHA-256 of its token
    since BIGINT NOT NULL,
    PRIMARY KEY (stay, event)
);
-- A token that is no signed one tells by this whose it is.
CREATE UNIQUE INDEX subscriptions_by_token ON subscriptions (addon, hash);
