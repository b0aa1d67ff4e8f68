-- HTTP requests that came as events: who took them, and what was answered. A request that is sent
-- again hears the same.
CREATE TABLE request (
  request_id  text COLLATE "C" NOT NULL PRIMARY KEY CHECK (request_id <> ''),
  instance_id uuid   NOT NULL,
  at_ms       bigint NOT NULL,
  answer      text
) WITH (fillfactor = 80);
