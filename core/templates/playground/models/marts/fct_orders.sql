-- Incremental: each run adds the orders that came after the newest one in the table.
WITH lines AS (
    SELECT order_id, sum(amount) AS amount, sum(quantity) AS items, count(DISTINCT category) AS categories
    FROM int_order_lines
    GROUP BY order_id
)
SELECT
    o.order_id,
    o.customer_id,
    o.ordered_at,
    o.order_date,
    o.status,
    coalesce(l.amount, 0) AS amount,
    coalesce(l.items, 0) AS items,
    coalesce(l.categories, 0) AS categories
FROM stg_orders AS o
LEFT JOIN lines AS l USING (order_id)
