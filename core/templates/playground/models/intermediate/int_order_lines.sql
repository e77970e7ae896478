-- Ephemeral: no table; its consumers get it as a CTE.
SELECT
    i.order_id,
    p.category,
    i.quantity,
    @net_price(p.price, i.quantity, i.discount_percent) AS amount
FROM raw.order_items AS i
JOIN raw.products AS p ON p.id = i.product_id
