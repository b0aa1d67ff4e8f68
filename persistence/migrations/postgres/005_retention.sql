-- needs: 4
-- What belongs to a run that is deleted, and whether an event is still somebody's mail.
CREATE INDEX request_by_instance ON request (instance_id);
CREATE INDEX message_by_event ON message (event_id) WHERE event_id IS NOT NULL;
