-- Webhooks that the manifest does not declare. They go with the installation, in the transaction of the uninstall.
CREATE TABLE subscriptions (
    stay INTEGER NOT NULL,
    event TEXT NOT NULL,
    addon INTEGER NOT NULL,
    workspace BLOB NOT NULL,
    webhook TEXT, -- the platform's id of one that the add-on made; none of one that was made by hand
    hash BLOB NOT NULL, -- SHA-256 of its token
    since INTEGER NOT NULL,
    PRIMARY KEY (stay, event)
) STRICT, WITHOUT ROWID;
-- A token that is no signed one tells by this whose it is.
CREATE UNIQUE INDEX subscriptions_by_token ON subscriptions (addon, hash);
