-- Runs with a call whose outcome is unknown, by the age of its key: `key.born<20h`. Nothing is in it while
-- providers answer.
CREATE INDEX instance_keyed ON instance (instance_id, key_born_at, status)
  WHERE key_born_at IS NOT NULL;
