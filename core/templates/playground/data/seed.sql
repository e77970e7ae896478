-- The raw tables: 1,500 customers, 40 products, 12,000 orders with 30,000 items, 90 days of web events. The numbers come
-- from `hash`, so every playground has the same rows.
CREATE SCHEMA IF NOT EXISTS raw;

CREATE OR REPLACE TABLE raw.customers AS
SELECT
    i::BIGINT AS id,
    'Customer ' || i AS name,
    lower('customer' || i || '@example.' || ['com', 'org', 'net'][1 + (hash(i) % 3)::INTEGER]) AS email,
    ['Berlin', 'Lisbon', 'Oslo', 'Porto', 'Vienna', 'Zürich'][1 + (hash(i, 'city') % 6)::INTEGER] AS city,
    CASE WHEN hash(i, 'ref') % 4 = 0 THEN NULL ELSE (1 + hash(i, 'ref') % 1500)::BIGINT END AS referred_by,
    (DATE '2023-01-01' + (hash(i, 'd') % 700)::INTEGER) AS signed_up_on
FROM range(1, 1501) AS r(i);
ALTER TABLE raw.customers ALTER COLUMN id SET NOT NULL;

CREATE OR REPLACE TABLE raw.products AS
SELECT
    i::BIGINT AS id,
    ['Kettle', 'Lamp', 'Chair', 'Desk', 'Mug', 'Shelf', 'Rug', 'Clock'][1 + (i % 8)::INTEGER] || ' ' || i AS name,
    ['kitchen', 'light', 'seating', 'office'][1 + (i % 4)::INTEGER] AS category,
    (4 + (hash(i, 'p') % 20000) / 100.0)::DECIMAL(10, 2) AS price
FROM range(1, 41) AS r(i);

CREATE OR REPLACE TABLE raw.orders AS
SELECT
    i::BIGINT AS id,
    (1 + hash(i, 'c') % 1500)::BIGINT AS customer_id,
    TIMESTAMP '2024-10-01' + INTERVAL (hash(i, 't') % 7776000) SECOND AS ordered_at,
    ['placed', 'shipped', 'completed', 'completed', 'completed', 'returned'][1 + (hash(i, 's') % 6)::INTEGER] AS status
FROM range(1, 12001) AS r(i);
ALTER TABLE raw.orders ALTER COLUMN id SET NOT NULL;

CREATE OR REPLACE TABLE raw.order_items AS
SELECT
    row_number() OVER (ORDER BY o.id, n.n)::BIGINT AS id,
    o.id AS order_id,
    (1 + hash(o.id, n.n, 'p') % 40)::BIGINT AS product_id,
    (1 + hash(o.id, n.n, 'q') % 4)::INTEGER AS quantity,
    (hash(o.id, n.n, 'd') % 25)::INTEGER AS discount_percent
FROM raw.orders AS o, range(1, 6) AS n(n)
WHERE n.n <= 1 + hash(o.id, 'n') % 4;

CREATE OR REPLACE TABLE raw.events AS
SELECT
    i::BIGINT AS id,
    CASE WHEN hash(i, 'a') % 3 = 0 THEN NULL ELSE (1 + hash(i, 'c') % 1500)::BIGINT END AS customer_id,
    ['view', 'search', 'cart', 'checkout'][1 + (hash(i, 'k') % 4)::INTEGER] AS kind,
    TIMESTAMP '2024-10-01' + INTERVAL (hash(i, 't') % 7776000) SECOND AS happened_at
FROM range(1, 25001) AS r(i);
