-- What seeing and making flows needs of the store. The twin of migrations/sqlite, with the same names.

-- When an admin saw to a run that wanted attention.
ALTER TABLE runs ADD COLUMN dismissed_at BIGINT;
CREATE INDEX runs_wanting ON runs (stay, id) WHERE state IN ('FAILED', 'UNCERTAIN') AND dismissed_at IS NULL;

-- Lists and counts by type of event look at no row.
DROP INDEX runs_by_stay;
CREATE INDEX runs_by_stay ON runs (stay, id) INCLUDE (flow, event_type);

-- Runs that have ended.
CREATE INDEX runs_ended ON runs (stay, id) INCLUDE (flow, state, event_type)
    WHERE state IN ('SUCCEEDED', 'FAILED', 'STOPPED', 'UNCERTAIN', 'CANCELLED');

-- When a flow with a schedule is due next.
ALTER TABLE flows ADD COLUMN due_at BIGINT;
CREATE INDEX flows_due ON flows (due_at) WHERE due_at IS NOT NULL;
