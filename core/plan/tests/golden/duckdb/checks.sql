-- setup: create_schema marts
CREATE SCHEMA IF NOT EXISTS marts;
-- customers: full_refresh into marts.customers (absent)
-- because: target does not exist
-- create_table marts.customers [rows]
CREATE OR REPLACE TABLE marts.customers AS
SELECT id, name FROM raw.customers;
-- check row_count (row_count, fails the run): NotEmpty
SELECT COUNT(*) AS n FROM marts.customers;
-- check column_match (column_match): Columns { expected: ["id", "name"], ignored: ["_rocky_failed_tests"] }
SELECT * FROM marts.customers;
-- check negative (custom, fails the run): AtMost { threshold: Number(2.0) }
SELECT COUNT(*) FROM marts.customers WHERE amount < 0;
-- check row_count_anomaly (anomaly): Anomaly { threshold_pct: Number(20.0) }
SELECT COUNT(*) AS n FROM marts.customers;
-- orders: full_refresh into marts.orders (absent)
-- because: target does not exist
-- create_table marts.orders [rows]
CREATE OR REPLACE TABLE marts.orders AS
SELECT id, customer, amount, day, updated_at, 'x' AS kind FROM raw.orders;
-- check row_count (row_count, fails the run): NotEmpty
SELECT COUNT(*) AS n FROM marts.orders;
-- check column_match (column_match): Columns { expected: ["id", "customer", "amount", "day", "updated_at", "kind"], ignored: ["_rocky_failed_tests"] }
SELECT * FROM marts.orders;
-- check freshness (freshness, fails the run): Freshness { column: "updated_at", threshold_seconds: 60, ahead_seconds: 60 }
SELECT epoch(MAX(CASE WHEN isfinite(updated_at) THEN updated_at END)) AS seconds, CAST(MAX(CASE WHEN isfinite(updated_at) THEN updated_at END) AS VARCHAR) AS newest, COUNT(*) AS n FROM marts.orders;
-- check negative (custom, fails the run): AtMost { threshold: Number(2.0) }
SELECT COUNT(*) FROM marts.orders WHERE amount < 0;
-- check row_count_anomaly (anomaly): Anomaly { threshold_pct: Number(20.0) }
SELECT COUNT(*) AS n FROM marts.orders;
-- check one_row_a_day (test, fails the run): Zero
SELECT COUNT(*) AS n FROM (
SELECT customer, day, COUNT(*) AS occurrences
FROM marts.orders
GROUP BY customer, day
HAVING COUNT(*) > 1
) AS repeated;
SELECT customer, day, COUNT(*) AS occurrences
FROM marts.orders
GROUP BY customer, day
HAVING COUNT(*) > 1
LIMIT 5;
-- check not_null_id (test, fails the run): Zero
SELECT COUNT(*) AS n
FROM marts.orders
WHERE id IS NULL;
SELECT *
FROM marts.orders
WHERE id IS NULL
LIMIT 5;
-- check unique_id (test, fails the run): Zero
SELECT COUNT(*) AS n FROM (
SELECT id, COUNT(*) AS occurrences
FROM marts.orders
WHERE (amount > 0 -- only these
)
GROUP BY id
HAVING COUNT(*) > 1
) AS repeated;
SELECT id, COUNT(*) AS occurrences
FROM marts.orders
WHERE (amount > 0 -- only these
)
GROUP BY id
HAVING COUNT(*) > 1
LIMIT 5;
-- check accepted_values_customer (test, fails the run): Zero
SELECT COUNT(*) AS n
FROM marts.orders
WHERE customer NOT IN (1, 2);
SELECT *
FROM marts.orders
WHERE customer NOT IN (1, 2)
LIMIT 5;
-- check accepted_values_kind (test): Zero
SELECT COUNT(*) AS n
FROM marts.orders
WHERE kind NOT IN ('it''s', 'x');
SELECT *
FROM marts.orders
WHERE kind NOT IN ('it''s', 'x')
LIMIT 5;
-- check relationships_customer (test, fails the run, at the end): Zero
SELECT COUNT(*) AS n
FROM marts.orders
WHERE customer IS NOT NULL AND customer NOT IN (SELECT parent.id FROM marts.customers AS parent WHERE parent.id IS NOT NULL);
SELECT *
FROM marts.orders
WHERE customer IS NOT NULL AND customer NOT IN (SELECT parent.id FROM marts.customers AS parent WHERE parent.id IS NOT NULL)
LIMIT 5;
-- check relationships_customer_2 (test, fails the run): Zero
SELECT COUNT(*) AS n
FROM marts.orders
WHERE customer IS NOT NULL AND customer NOT IN (SELECT parent."select" FROM raw.customers AS parent WHERE parent."select" IS NOT NULL);
SELECT *
FROM marts.orders
WHERE customer IS NOT NULL AND customer NOT IN (SELECT parent."select" FROM raw.customers AS parent WHERE parent."select" IS NOT NULL)
LIMIT 5;
-- check expression (test, fails the run): Zero
SELECT COUNT(*) AS n
FROM marts.orders
WHERE NOT (amount >= 0
);
SELECT *
FROM marts.orders
WHERE NOT (amount >= 0
)
LIMIT 5;
-- check row_count_range (test, fails the run): Within { min: Some(1), max: Some(100) }
SELECT COUNT(*) AS n
FROM marts.orders;
-- check in_range_amount (test, fails the run): Zero
SELECT COUNT(*) AS n
FROM marts.orders
WHERE (amount < -1.5 OR amount > 1000000000000000000000);
SELECT *
FROM marts.orders
WHERE (amount < -1.5 OR amount > 1000000000000000000000)
LIMIT 5;
-- check regex_match_kind (test, fails the run): Zero
SELECT COUNT(*) AS n
FROM marts.orders
WHERE NOT (regexp_matches(kind, '^\d+''s$'));
SELECT *
FROM marts.orders
WHERE NOT (regexp_matches(kind, '^\d+''s$'))
LIMIT 5;
-- check aggregate_amount (test, fails the run): Holds { what: "AVG(amount) <> 0" }
SELECT AVG(amount) AS found, CASE WHEN AVG(amount) <> 0 THEN 1 ELSE 0 END AS holds
FROM marts.orders;
-- check aggregate (test, fails the run): Holds { what: "COUNT(*) >= 1" }
SELECT COUNT(*) AS found, CASE WHEN COUNT(*) >= 1 THEN 1 ELSE 0 END AS holds
FROM marts.orders;
-- check unique_expr (test, fails the run): Zero
SELECT COUNT(*) AS n FROM (
SELECT (id + 1 -- next
), COUNT(*) AS occurrences
FROM marts.orders
GROUP BY (id + 1 -- next
)
HAVING COUNT(*) > 1
) AS repeated;
SELECT (id + 1 -- next
), COUNT(*) AS occurrences
FROM marts.orders
GROUP BY (id + 1 -- next
)
HAVING COUNT(*) > 1
LIMIT 5;
-- check not_in_future_updated_at (test, fails the run): Zero
SELECT COUNT(*) AS n
FROM marts.orders
WHERE updated_at > $now;
SELECT *
FROM marts.orders
WHERE updated_at > $now
LIMIT 5;
-- check older_than_n_days_day (test, fails the run): Zero
SELECT COUNT(*) AS n
FROM marts.orders
WHERE day > $now - INTERVAL '30' DAY;
SELECT *
FROM marts.orders
WHERE day > $now - INTERVAL '30' DAY
LIMIT 5;
-- check null_rate (null_rate, fails the run): NullRate { place: 0, threshold: Number(0.05) }
SELECT COUNT(*), COUNT(customer), COUNT(amount) FROM (SELECT customer, amount FROM marts.orders USING SAMPLE 10 PERCENT (bernoulli)) AS sampled;
SELECT COUNT(*), COUNT(customer), COUNT(amount) FROM marts.orders;
-- check null_rate (null_rate, fails the run): NullRate { place: 1, threshold: Number(0.05) }
SELECT COUNT(*), COUNT(customer), COUNT(amount) FROM (SELECT customer, amount FROM marts.orders USING SAMPLE 10 PERCENT (bernoulli)) AS sampled;
SELECT COUNT(*), COUNT(customer), COUNT(amount) FROM marts.orders;
