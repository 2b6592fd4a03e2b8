-- What seeing and making flows needs of the store.

-- When an admin saw to a run that wanted attention.
ALTER TABLE runs ADD COLUMN dismissed_at INTEGER;
CREATE INDEX runs_wanting ON runs (stay, id) WHERE state IN ('FAILED', 'UNCERTAIN') AND dismissed_at IS NULL;

-- Lists and counts by type of event look at no row.
DROP INDEX runs_by_stay;
CREATE INDEX runs_by_stay ON runs (chapter, stay, id, flow, event_type);

-- Runs that have ended. An entry is written once, when its run ends, in the same few pages as those of its time.
CREATE INDEX runs_ended ON runs (chapter, stay, id, flow, state, event_type)
    WHERE state IN ('SUCCEEDED', 'FAILED', 'STOPPED', 'UNCERTAIN', 'CANCELLED');

-- When a flow with a schedule is due next.
ALTER TABLE flows ADD COLUMN due_at INTEGER;
CREATE INDEX flows_due ON flows (due_at) WHERE due_at IS NOT NULL;
