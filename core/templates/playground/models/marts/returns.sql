SELECT city, count(*) FILTER (WHERE o.is_returned) AS returned, count(*) AS orders
FROM stg_orders AS o
JOIN stg_customers USING (customer_id)
GROUP BY city
HAVING count(*) > 0
