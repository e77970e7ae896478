-- delete_insert: the days in the result replace the same days in the table.
SELECT
    order_date,
    count(*) AS orders,
    sum(amount) AS revenue,
    sum(sum(amount)) OVER (ORDER BY order_date) AS revenue_to_date
FROM fct_orders
WHERE status IS DISTINCT FROM 'returned'
GROUP BY order_date
