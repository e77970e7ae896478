-- Merge: existing customers are updated, new ones inserted.
SELECT
    c.customer_id,
    c.customer_name,
    c.city,
    c.signed_up_on,
    r.customer_name AS referred_by_name,
    a.level AS activity,
    a.last_seen
FROM stg_customers AS c
LEFT JOIN stg_customers AS r ON r.customer_id = c.referred_by
LEFT JOIN int_active_customers AS a ON a.customer_id = c.customer_id
