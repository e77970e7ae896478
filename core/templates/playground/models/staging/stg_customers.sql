-- One row per customer, with a clean e-mail address.
SELECT
    id AS customer_id,
    name AS customer_name,
    lower(trim(email)) AS email,
    city,
    referred_by,
    signed_up_on
FROM raw.customers
