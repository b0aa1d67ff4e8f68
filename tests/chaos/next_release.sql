-- needs: @KNOWN@
-- What a migration of the next release may do, in tables that are written all the time: add.
ALTER TABLE instance ADD COLUMN made_up text NOT NULL DEFAULT 'unknown';
ALTER TABLE journal ADD COLUMN made_up integer;
CREATE TABLE made_up (number bigint PRIMARY KEY);
CREATE INDEX made_up_instance ON instance (made_up) WHERE made_up <> 'unknown';
