SELECT
    id AS order_id,
    customer_id,
    ordered_at,
    ordered_at::DATE AS order_date,
    status,
    status = 'returned' AS is_returned
FROM raw.orders
