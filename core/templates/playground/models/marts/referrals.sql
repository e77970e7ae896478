-- How far each customer is from somebody who came alone.
WITH RECURSIVE chain AS (
    SELECT customer_id, 0 AS depth FROM stg_customers WHERE referred_by IS NULL
    UNION ALL
    SELECT c.customer_id, chain.depth + 1
    FROM stg_customers AS c
    JOIN chain ON chain.customer_id = c.referred_by
    WHERE chain.depth < 10
)
SELECT customer_id, min(depth) AS depth
FROM chain
GROUP BY customer_id
