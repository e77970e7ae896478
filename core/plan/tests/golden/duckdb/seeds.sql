-- setup: create_schema reference
CREATE SCHEMA IF NOT EXISTS reference;
-- all_types: full_refresh into reference.all_types (absent)
-- because: target does not exist
-- create_table reference.all_types
CREATE OR REPLACE TABLE reference.all_types (
  id BIGINT,
  zip VARCHAR,
  price DOUBLE,
  paid BOOLEAN,
  day DATE,
  "at" TIMESTAMP,
  "select" VARCHAR,
  "it""s; DROP" VARCHAR,
  empty VARCHAR
);
-- insert reference.all_types [rows]
INSERT INTO reference.all_types (id, zip, price, paid, day, "at", "select", "it""s; DROP", empty) VALUES
(1, '00501', 19.99e0, TRUE, DATE '2026-01-31', TIMESTAMP '2026-01-31 10:00:00.5', 'say "hi"', 'it''s', NULL),
(-2, NULL, 1e3, FALSE, DATE '2024-02-29', TIMESTAMP '2026-01-31 00:00:00', 'two
lines', '', NULL);
-- empty: full_refresh into seeds.empty (table(a))
-- because: target exists: it is made anew
-- create_table seeds.empty
CREATE OR REPLACE TABLE seeds.empty (
  a VARCHAR,
  b VARCHAR
);
-- taken: full_refresh into seeds.taken (view)
-- because: target `shop.seeds.taken` exists and is not a table
-- refuse shop.seeds.taken [refuse: target `shop.seeds.taken` exists and is not a table]
;
-- broken: full_refresh into reference.broken (absent)
-- because: line 2 has 1 fields, the header 2
-- refuse shop.reference.broken [refuse: line 2 has 1 fields, the header 2]
;
-- empty: full_refresh into seeds.empty (table(a))
-- because: target `shop.seeds.empty` is made by another seed already
-- refuse shop.seeds.empty [refuse: target `shop.seeds.empty` is made by another seed already]
;
