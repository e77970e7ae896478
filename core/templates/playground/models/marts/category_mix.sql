SELECT
    l.category,
    date_trunc('month', o.ordered_at) AS month,
    sum(l.amount) AS revenue,
    sum(l.amount) / sum(sum(l.amount)) OVER (PARTITION BY date_trunc('month', o.ordered_at)) AS share
FROM int_order_lines AS l
JOIN stg_orders AS o USING (order_id)
GROUP BY l.category, date_trunc('month', o.ordered_at)
