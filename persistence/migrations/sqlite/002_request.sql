-- HTTP requests that came as events: who took them, and what was answered. A request that is sent
-- again hears the same.
CREATE TABLE request (
  request_id  TEXT    NOT NULL PRIMARY KEY CHECK (request_id <> ''),
  instance_id BLOB    NOT NULL CHECK (length(instance_id) = 16),
  at_ms       INTEGER NOT NULL,
  answer      TEXT
) STRICT, WITHOUT ROWID;
