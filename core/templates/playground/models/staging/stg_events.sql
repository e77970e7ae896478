SELECT id AS event_id, customer_id, kind, happened_at
FROM raw.events
WHERE customer_id IS NOT NULL
