-- Searches by error look at the runs that have one, newest first, and at nothing else of them.
CREATE INDEX instance_troubled ON instance (instance_id, status, error_type, error_status,
                                            workflow_id)
  WHERE error_status <> 0;
