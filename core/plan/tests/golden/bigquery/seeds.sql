-- setup: create_schema reference
CREATE SCHEMA IF NOT EXISTS reference;
-- all_types: full_refresh into reference.all_types (absent)
-- because: target does not exist
-- create_table reference.all_types__rocky_seed
CREATE OR REPLACE TABLE reference.all_types__rocky_seed (
  id INT64,
  zip STRING,
  price FLOAT64,
  paid BOOL,
  day DATE,
  `at` DATETIME,
  `select` STRING,
  `it"s; DROP` STRING,
  empty STRING
);
-- insert reference.all_types__rocky_seed [rows]
INSERT INTO reference.all_types__rocky_seed (id, zip, price, paid, day, `at`, `select`, `it"s; DROP`, empty) VALUES
(1, '00501', 19.99e0, TRUE, DATE '2026-01-31', DATETIME '2026-01-31 10:00:00.5', 'say "hi"', 'it\'s', NULL),
(-2, NULL, 1e3, FALSE, DATE '2024-02-29', DATETIME '2026-01-31 00:00:00', 'two\nlines', '', NULL);
-- swap reference.all_types
CREATE OR REPLACE TABLE reference.all_types AS
SELECT * FROM reference.all_types__rocky_seed;
-- drop reference.all_types__rocky_seed
DROP TABLE IF EXISTS reference.all_types__rocky_seed;
-- empty: full_refresh into seeds.empty (table(a))
-- because: target exists: it is made anew
-- create_table seeds.empty__rocky_seed
CREATE OR REPLACE TABLE seeds.empty__rocky_seed (
  a STRING,
  b STRING
);
-- swap seeds.empty
CREATE OR REPLACE TABLE seeds.empty AS
SELECT * FROM seeds.empty__rocky_seed;
-- drop seeds.empty__rocky_seed
DROP TABLE IF EXISTS seeds.empty__rocky_seed;
-- taken: full_refresh into seeds.taken (view)
-- because: target `my-project.seeds.taken` exists and is not a table
-- refuse my-project.seeds.taken [refuse: target `my-project.seeds.taken` exists and is not a table]
;
-- broken: full_refresh into reference.broken (absent)
-- because: line 2 has 1 fields, the header 2
-- refuse my-project.reference.broken [refuse: line 2 has 1 fields, the header 2]
;
-- empty: full_refresh into seeds.empty (table(a))
-- because: target `my-project.seeds.empty` is made by another seed already
-- refuse my-project.seeds.empty [refuse: target `my-project.seeds.empty` is made by another seed already]
;
