-- Waves: a batch begins with a few runs, and pauses by itself when too many of them fail again.
ALTER TABLE repair_batch ADD COLUMN waves INTEGER NOT NULL DEFAULT 0 CHECK (waves IN (0, 1));
ALTER TABLE repair_batch ADD COLUMN stop_percent INTEGER NOT NULL DEFAULT 0
  CHECK (stop_percent BETWEEN 0 AND 100);
ALTER TABLE repair_batch ADD COLUMN wave INTEGER NOT NULL DEFAULT 0 CHECK (wave >= 0);
