-- Attributes that are numbers, in the order of numbers: `attr.amount>99990` finds its runs. Written with
-- a start and never again.
CREATE INDEX instance_attribute_number ON instance_attribute
  (name, CASE WHEN value < ':' AND value >= '-' THEN CAST(value AS REAL) END, instance_id)
  WHERE value < ':' AND value >= '-';
