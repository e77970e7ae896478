-- ==== absent ====
-- orders: time_interval into marts.orders (absent)
-- because: target does not exist: 2 partitions are computed
-- windows, 1 at once:
--   2026-04-06 2026-04-07 [2026-04-06 00:00:00, 2026-04-08 00:00:00)
-- create_table marts.orders
CREATE TABLE IF NOT EXISTS marts.orders AS
SELECT * FROM (
SELECT id, day, amount, updated_at, '@end_date' AS note
FROM raw.orders
WHERE updated_at >= '1970-01-01 00:00:00' AND updated_at < '1970-01-01 00:00:00' AND amount > 0
) AS _rocky_q
WHERE 1 = 0;
-- replace_window marts.orders [rows]
ALTER SESSION SET TRANSACTION_ABORT_ON_ERROR = TRUE;
BEGIN TRANSACTION;
DELETE FROM marts.orders
WHERE UPDATED_AT >= $start_date AND UPDATED_AT < $end_date;
INSERT INTO marts.orders (ID, DAY, AMOUNT, UPDATED_AT, NOTE)
SELECT ID, DAY, AMOUNT, UPDATED_AT, NOTE FROM (
SELECT id, day, amount, updated_at, '@end_date' AS note
FROM raw.orders
WHERE updated_at >= $start_date AND updated_at < $end_date AND amount > 0
) AS _rocky_q
WHERE _rocky_q.UPDATED_AT >= $start_date AND _rocky_q.UPDATED_AT < $end_date;
COMMIT;
-- count marts.orders [partitions]
SELECT TO_CHAR(UPDATED_AT, 'YYYY-MM-DD') AS partition_key, COUNT(*) AS row_count FROM marts.orders
WHERE UPDATED_AT >= $start_date AND UPDATED_AT < $end_date
GROUP BY 1
ORDER BY 1;
-- ==== table ====
-- orders: time_interval into marts.orders (table(NOTE, UPDATED_AT, ID, GONE, DAY, AMOUNT))
-- because: target exists: 4 partitions are computed; its column `GONE` is not in the query and stays NULL in new rows; looking back ends at first_partition 2026-04-01
-- windows, 1 at once:
--   2026-03-31 2026-04-01 [2026-03-31 00:00:00, 2026-04-02 00:00:00)
--   2026-04-02 2026-04-03 [2026-04-02 00:00:00, 2026-04-04 00:00:00)
-- replace_window marts.orders [rows]
ALTER SESSION SET TRANSACTION_ABORT_ON_ERROR = TRUE;
BEGIN TRANSACTION;
DELETE FROM marts.orders
WHERE UPDATED_AT >= $start_date AND UPDATED_AT < $end_date;
INSERT INTO marts.orders (ID, DAY, AMOUNT, UPDATED_AT, NOTE)
SELECT ID, DAY, AMOUNT, UPDATED_AT, NOTE FROM (
SELECT id, day, amount, updated_at, '@end_date' AS note
FROM raw.orders
WHERE updated_at >= $start_date AND updated_at < $end_date AND amount > 0
) AS _rocky_q
WHERE _rocky_q.UPDATED_AT >= $start_date AND _rocky_q.UPDATED_AT < $end_date;
COMMIT;
-- count marts.orders [partitions]
SELECT TO_CHAR(UPDATED_AT, 'YYYY-MM-DD') AS partition_key, COUNT(*) AS row_count FROM marts.orders
WHERE UPDATED_AT >= $start_date AND UPDATED_AT < $end_date
GROUP BY 1
ORDER BY 1;
-- ==== view ====
-- orders: time_interval into marts.orders (view)
-- because: target is a view: a table takes its place: 2 partitions are computed
-- windows, 1 at once:
--   2026-04-06 2026-04-07 [2026-04-06 00:00:00, 2026-04-08 00:00:00)
-- drop marts.orders
DROP VIEW marts.orders;
-- create_table marts.orders
CREATE TABLE IF NOT EXISTS marts.orders AS
SELECT * FROM (
SELECT id, day, amount, updated_at, '@end_date' AS note
FROM raw.orders
WHERE updated_at >= '1970-01-01 00:00:00' AND updated_at < '1970-01-01 00:00:00' AND amount > 0
) AS _rocky_q
WHERE 1 = 0;
-- replace_window marts.orders [rows]
ALTER SESSION SET TRANSACTION_ABORT_ON_ERROR = TRUE;
BEGIN TRANSACTION;
DELETE FROM marts.orders
WHERE UPDATED_AT >= $start_date AND UPDATED_AT < $end_date;
INSERT INTO marts.orders (ID, DAY, AMOUNT, UPDATED_AT, NOTE)
SELECT ID, DAY, AMOUNT, UPDATED_AT, NOTE FROM (
SELECT id, day, amount, updated_at, '@end_date' AS note
FROM raw.orders
WHERE updated_at >= $start_date AND updated_at < $end_date AND amount > 0
) AS _rocky_q
WHERE _rocky_q.UPDATED_AT >= $start_date AND _rocky_q.UPDATED_AT < $end_date;
COMMIT;
-- count marts.orders [partitions]
SELECT TO_CHAR(UPDATED_AT, 'YYYY-MM-DD') AS partition_key, COUNT(*) AS row_count FROM marts.orders
WHERE UPDATED_AT >= $start_date AND UPDATED_AT < $end_date
GROUP BY 1
ORDER BY 1;
-- ==== table refreshed ====
-- orders: time_interval into marts.orders (table(NOTE, UPDATED_AT, ID, GONE, DAY, AMOUNT))
-- because: full refresh was asked for: 7 partitions are computed
-- windows, 1 at once:
--   2026-04-01 2026-04-02 2026-04-03 2026-04-04 2026-04-05 2026-04-06 2026-04-07 [2026-04-01 00:00:00, 2026-04-08 00:00:00)
-- create_table marts.orders [rows]
CREATE OR REPLACE TABLE marts.orders AS
SELECT * FROM (
SELECT id, day, amount, updated_at, '@end_date' AS note
FROM raw.orders
WHERE updated_at >= $start_date AND updated_at < $end_date AND amount > 0
) AS _rocky_q
WHERE _rocky_q.UPDATED_AT >= $start_date AND _rocky_q.UPDATED_AT < $end_date;
-- count marts.orders [partitions]
SELECT TO_CHAR(UPDATED_AT, 'YYYY-MM-DD') AS partition_key, COUNT(*) AS row_count FROM marts.orders
WHERE UPDATED_AT >= $start_date AND UPDATED_AT < $end_date
GROUP BY 1
ORDER BY 1;
-- ==== view refreshed ====
-- orders: time_interval into marts.orders (view)
-- because: target is a view: a table takes its place: 7 partitions are computed
-- windows, 1 at once:
--   2026-04-01 2026-04-02 2026-04-03 2026-04-04 2026-04-05 2026-04-06 2026-04-07 [2026-04-01 00:00:00, 2026-04-08 00:00:00)
-- drop marts.orders
DROP VIEW marts.orders;
-- create_table marts.orders [rows]
CREATE OR REPLACE TABLE marts.orders AS
SELECT * FROM (
SELECT id, day, amount, updated_at, '@end_date' AS note
FROM raw.orders
WHERE updated_at >= $start_date AND updated_at < $end_date AND amount > 0
) AS _rocky_q
WHERE _rocky_q.UPDATED_AT >= $start_date AND _rocky_q.UPDATED_AT < $end_date;
-- count marts.orders [partitions]
SELECT TO_CHAR(UPDATED_AT, 'YYYY-MM-DD') AS partition_key, COUNT(*) AS row_count FROM marts.orders
WHERE UPDATED_AT >= $start_date AND UPDATED_AT < $end_date
GROUP BY 1
ORDER BY 1;
