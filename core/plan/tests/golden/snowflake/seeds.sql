-- setup: create_schema REFERENCE
CREATE SCHEMA IF NOT EXISTS REFERENCE;
-- all_types: full_refresh into REFERENCE.ALL_TYPES (absent)
-- because: target does not exist
-- create_table REFERENCE.ALL_TYPES__rocky_seed
CREATE OR REPLACE TABLE REFERENCE."ALL_TYPES__rocky_seed" (
  id NUMBER(38,0),
  zip VARCHAR,
  price FLOAT,
  paid BOOLEAN,
  day DATE,
  at TIMESTAMP_NTZ(6),
  "select" VARCHAR,
  "it""s; DROP" VARCHAR,
  empty VARCHAR
);
-- insert REFERENCE.ALL_TYPES__rocky_seed [rows]
INSERT INTO REFERENCE."ALL_TYPES__rocky_seed" (id, zip, price, paid, day, at, "select", "it""s; DROP", empty) VALUES
(1, '00501', 19.99e0, TRUE, DATE '2026-01-31', TIMESTAMP '2026-01-31 10:00:00.5', 'say "hi"', 'it''s', NULL),
(-2, NULL, 1e3, FALSE, DATE '2024-02-29', TIMESTAMP '2026-01-31 00:00:00', 'two
lines', '', NULL);
-- swap REFERENCE.ALL_TYPES
CREATE OR REPLACE TABLE REFERENCE.ALL_TYPES AS
SELECT * FROM REFERENCE."ALL_TYPES__rocky_seed";
-- drop REFERENCE.ALL_TYPES__rocky_seed
DROP TABLE IF EXISTS REFERENCE."ALL_TYPES__rocky_seed";
-- empty: full_refresh into SEEDS.EMPTY (table(A))
-- because: target exists: it is made anew
-- create_table SEEDS.EMPTY__rocky_seed
CREATE OR REPLACE TABLE SEEDS."EMPTY__rocky_seed" (
  a VARCHAR,
  b VARCHAR
);
-- swap SEEDS.EMPTY
CREATE OR REPLACE TABLE SEEDS.EMPTY AS
SELECT * FROM SEEDS."EMPTY__rocky_seed";
-- drop SEEDS.EMPTY__rocky_seed
DROP TABLE IF EXISTS SEEDS."EMPTY__rocky_seed";
-- taken: full_refresh into SEEDS.TAKEN (view)
-- because: target `SHOP.SEEDS.TAKEN` exists and is not a table
-- refuse SHOP.SEEDS.TAKEN [refuse: target `SHOP.SEEDS.TAKEN` exists and is not a table]
;
-- broken: full_refresh into REFERENCE.BROKEN (absent)
-- because: line 2 has 1 fields, the header 2
-- refuse SHOP.REFERENCE.BROKEN [refuse: line 2 has 1 fields, the header 2]
;
-- empty: full_refresh into SEEDS.EMPTY (table(A))
-- because: target `SHOP.SEEDS.EMPTY` is made by another seed already
-- refuse SHOP.SEEDS.EMPTY [refuse: target `SHOP.SEEDS.EMPTY` is made by another seed already]
;
