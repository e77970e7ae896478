-- full_refresh: rebuilt by every run.
SELECT
    c.customer_id,
    c.city,
    count(o.order_id) AS orders,
    coalesce(sum(o.amount), 0) AS lifetime_value,
    ntile(4) OVER (ORDER BY coalesce(sum(o.amount), 0) DESC) AS quartile
FROM dim_customers AS c
LEFT JOIN fct_orders AS o ON o.customer_id = c.customer_id AND o.status <> 'returned'
GROUP BY c.customer_id, c.city
