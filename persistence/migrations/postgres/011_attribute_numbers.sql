-- needs: 4
-- Attributes that are numbers, in the order of numbers: `attr.amount>99990` finds its runs. Written with
-- a start and never again. A column of its own: from an index of the expression alone PostgreSQL would
-- not read without the rows.
ALTER TABLE instance_attribute ADD COLUMN number double precision GENERATED ALWAYS AS
  (CASE WHEN value ~ '^(-|[0-9])' THEN CAST(value AS double precision) END) STORED;
CREATE INDEX instance_attribute_number ON instance_attribute (name, number, instance_id)
  WHERE number IS NOT NULL;
