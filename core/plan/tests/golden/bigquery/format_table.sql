-- orders: full_refresh into marts.orders (absent)
-- because: target does not exist
-- create_table marts.orders [rows]
CREATE OR REPLACE TABLE marts.orders
PARTITION BY TIMESTAMP_TRUNC(updated_at, DAY)
CLUSTER BY day, id
OPTIONS (description = 'it\'s')
AS
SELECT id, day, amount, updated_at FROM raw.orders WHERE updated_at IS NOT NULL;
-- orders: incremental into marts.orders (absent)
-- because: target does not exist
-- create_table marts.orders [rows]
CREATE TABLE marts.orders
PARTITION BY TIMESTAMP_TRUNC(updated_at, DAY)
CLUSTER BY day, id
OPTIONS (description = 'it\'s')
AS
SELECT id, day, amount, updated_at FROM raw.orders WHERE updated_at IS NOT NULL;
-- watermark marts.orders [observe: watermark]
SELECT MAX(updated_at) FROM marts.orders;
-- orders: merge into marts.orders (absent)
-- because: target does not exist
-- check_keys marts.orders [guard: duplicate keys in the result of model `orders`]
SELECT id, COUNT(*) AS n FROM (
SELECT id, day, amount, updated_at FROM raw.orders WHERE updated_at IS NOT NULL
) AS _rocky_q
GROUP BY id
HAVING COUNT(*) > 1
ORDER BY 1
LIMIT 5;
-- create_table marts.orders [rows]
CREATE TABLE marts.orders
PARTITION BY TIMESTAMP_TRUNC(updated_at, DAY)
CLUSTER BY day, id
OPTIONS (description = 'it\'s')
AS
SELECT id, day, amount, updated_at FROM raw.orders WHERE updated_at IS NOT NULL;
-- orders: delete_insert into marts.orders (absent)
-- because: target does not exist
-- create_table marts.orders [rows]
CREATE TABLE marts.orders
PARTITION BY TIMESTAMP_TRUNC(updated_at, DAY)
CLUSTER BY day, id
OPTIONS (description = 'it\'s')
AS
SELECT id, day, amount, updated_at FROM raw.orders WHERE updated_at IS NOT NULL;
-- orders: microbatch into marts.orders (absent)
-- because: target does not exist: 1 partition is computed
-- windows, 1 at once:
--   2026-04-07 [2026-04-07 00:00:00, 2026-04-08 00:00:00)
-- create_table marts.orders
CREATE TABLE IF NOT EXISTS marts.orders
PARTITION BY TIMESTAMP_TRUNC(updated_at, DAY)
CLUSTER BY day, id
OPTIONS (description = 'it\'s')
AS
SELECT * FROM (
SELECT id, day, amount, updated_at FROM raw.orders WHERE updated_at IS NOT NULL
) AS _rocky_q
WHERE 1 = 0;
-- replace_window marts.orders [rows]
BEGIN TRANSACTION;
DELETE FROM marts.orders
WHERE updated_at >= $start_date AND updated_at < $end_date;
INSERT INTO marts.orders (id, day, amount, updated_at)
SELECT id, day, amount, updated_at FROM (
SELECT id, day, amount, updated_at FROM raw.orders WHERE updated_at IS NOT NULL
) AS _rocky_q
WHERE _rocky_q.updated_at >= $start_date AND _rocky_q.updated_at < $end_date;
COMMIT TRANSACTION;
