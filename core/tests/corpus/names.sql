-- name: operators
SELECT amount+1, amount - discount, -amount, +item_count, amount*2/3, item_count//2, item_count%2, amount**2, amount^2, 1||'a', NOT (amount>1), amount>1 AND discount<1 OR notes IS NULL, (amount), ((amount + 1)), amount BETWEEN 1 AND 2, status IN ('paid', 'shipped'), channel LIKE 'a%', channel NOT LIKE 'a%', channel ILIKE 'x', notes IS NOT NULL, ~item_count, item_count & 3, item_count << 1, amount = 1, amount <> 1, amount != 1, notes ~ 'a.*', notes !~ 'b', notes SIMILAR TO 'c' FROM orders;

-- name: functions_unaliased
SELECT count(*), count(DISTINCT channel), sum(amount), avg(amount), min(order_date), max(ordered_at), string_agg(channel, ','), string_agg(DISTINCT channel, ',' ORDER BY channel), list(order_id ORDER BY ordered_at DESC), array_agg(amount) FILTER (WHERE amount > 10), count(*) FILTER (status = 'paid'), arg_max(order_id, amount), median(amount), quantile_cont(amount, 0.5), approx_count_distinct(channel), bool_or(amount > 1), first(channel ORDER BY order_id), sum(amount) / count(*), round(avg(amount), 2), coalesce(sum(amount), 0), sum(CASE WHEN status = 'paid' THEN amount ELSE 0 END), max(amount) - min(amount) FROM orders;

-- name: casts_unaliased
SELECT amount::DOUBLE, CAST(amount AS INTEGER), amount::VARCHAR(10), TRY_CAST(notes AS DATE), order_date::TIMESTAMP, ordered_at::DATE, amount::DECIMAL(18, 4), '2024-01-01'::DATE, DATE '2024-01-01', TIMESTAMP '2024-01-01 10:00:00', INTERVAL 1 DAY, INTERVAL '1' MONTH, INTERVAL (item_count) DAY, INTERVAL '2 days', notes::JSON, notes::BLOB, item_count::BIGINT::VARCHAR, [1, 2]::BIGINT[], status::VARCHAR, amount::FLOAT, amount::INT8, amount::STRING, notes::TIMESTAMPTZ, notes::UUID FROM orders;

-- name: case_unaliased
SELECT CASE WHEN amount > 100 THEN 'big' ELSE 'small' END, CASE status WHEN 'paid' THEN 1 WHEN 'shipped' THEN 2 END, CASE WHEN amount IS NULL THEN NULL WHEN amount > 0 AND discount > 0 THEN amount * discount END, if(amount > 1, 'a', 'b'), ifnull(notes, 'x'), coalesce(notes, channel, 'none'), nullif(channel, ''), greatest(amount, 1), least(amount, discount, 0) FROM orders;

-- name: windows_unaliased
SELECT row_number() OVER (), row_number() OVER (PARTITION BY customer_id ORDER BY ordered_at DESC), rank() OVER (ORDER BY amount DESC NULLS LAST), sum(amount) OVER (PARTITION BY customer_id ORDER BY ordered_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), avg(amount) OVER (ORDER BY order_date ROWS 6 PRECEDING), lag(amount) OVER (PARTITION BY customer_id ORDER BY ordered_at), lead(amount, 2, 0) OVER (ORDER BY ordered_at), first_value(amount IGNORE NULLS) OVER w, last_value(channel) OVER (w ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING), count(*) OVER (), count(*) FILTER (WHERE amount > 1) OVER w, ntile(4) OVER (ORDER BY amount), sum(amount) OVER (ORDER BY order_date RANGE BETWEEN INTERVAL 7 DAYS PRECEDING AND CURRENT ROW), sum(amount) OVER (ORDER BY order_id ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING EXCLUDE CURRENT ROW), nth_value(amount, 3) OVER w, percent_rank() OVER (ORDER BY amount) FROM orders WINDOW w AS (PARTITION BY channel ORDER BY ordered_at);

-- name: windows_unaliased_two
SELECT sum(amount) OVER w, sum(amount) OVER (PARTITION BY channel, currency), max(amount) OVER (ORDER BY order_id GROUPS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING), amount / sum(amount) OVER (PARTITION BY customer_id), cume_dist() OVER (PARTITION BY channel ORDER BY amount), dense_rank() OVER (ORDER BY amount ASC, order_id DESC NULLS FIRST), first_value(channel) OVER (ORDER BY order_id RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING), sum(DISTINCT amount) OVER (PARTITION BY channel), list(channel ORDER BY amount) OVER (PARTITION BY customer_id) FROM orders WINDOW w AS (ORDER BY order_id ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING EXCLUDE TIES);

-- name: dates_unaliased
SELECT date_trunc('month', order_date), extract(year FROM order_date), extract('dow' FROM ordered_at), date_part('week', order_date), year(order_date), order_date + 7, order_date - INTERVAL 1 MONTH, ordered_at - shipped_at, date_diff('day', order_date, shipped_at), strftime(order_date, '%Y-%m'), current_date, CURRENT_TIMESTAMP, now(), ordered_at AT TIME ZONE 'UTC', age(ordered_at), order_date + INTERVAL '1 week', make_date(2024, 1, 1), last_day(order_date), monthname(order_date), epoch(ordered_at), to_days(3), date_add(order_date, INTERVAL 3 DAY), time_bucket(INTERVAL '1 hour', ordered_at) FROM orders;

-- name: nested_unaliased
SELECT address.city, address.geo.lat, (address).zip, address['street'], tags[1], tags[1:2], tags[-1], preferences['theme'], preferences.theme, [1, 2, 3], [first_name, last_name], {'a': 1, 'b': first_name}, MAP {'k': 1}, (first_name, last_name), row(1, 2), list_transform(tags, x -> upper(x)), list_filter(tags, lambda x: x LIKE 'a%'), [t || '!' FOR t IN tags], [t FOR t IN tags IF len(t) > 2], list_reduce([1, 2], (a, b) -> a + b), struct_pack(x := 1, y := 2), address.geo.lat + address.geo.lon, len(tags), tags || ['x'], array_length(tags), list_contains(tags, 'a'), 'a' IN tags, unnest(tags) FROM customers;

-- name: methods_unaliased
SELECT first_name.upper(), first_name.lower().trim(), tags.list_transform(x -> x || 'a'), email.split_part('@', 2), email.split('@')[2], first_name.concat(' ', last_name), tags.len(), ('a').upper(), created_at.year(), email.regexp_extract('(.*)@', 1), credit_limit.round(1), tags.list_filter(x -> x.starts_with('a')).len() FROM customers;

-- name: subqueries_unaliased
SELECT (SELECT max(amount) FROM orders), (SELECT count(*) FROM orders o WHERE o.customer_id = c.customer_id), EXISTS (SELECT 1 FROM orders WHERE customer_id = c.customer_id), customer_id IN (SELECT customer_id FROM orders), customer_id NOT IN (SELECT customer_id FROM orders), credit_limit > ALL (SELECT amount FROM orders), credit_limit = ANY (SELECT amount FROM orders), NOT EXISTS (SELECT * FROM orders), ARRAY(SELECT order_id FROM orders), (SELECT amount FROM orders ORDER BY amount DESC LIMIT 1), (SELECT avg(amount) FROM orders WHERE status = 'paid') - credit_limit FROM customers c;

-- name: json_unaliased
SELECT payload->'a', payload->>'b', payload->'$.a.b', (payload->>'n')::INT, payload->'a'->'b', payload->0, json_extract_string(payload, '$.x'), payload['a'], payload.a, payload->>'$.items[0]', json_extract(payload, 'a')::VARCHAR, to_json(labels), payload->>'a' = 'x', (payload->'a') IS NULL FROM events;

-- name: strings_unaliased
SELECT upper(email), lower(trim(email)), substring(email, 1, 3), substring(email FROM 2 FOR 3), trim(BOTH 'x' FROM email), trim(LEADING FROM email), position('@' IN email), email[1], email[2:3], left(email, 1), replace(email, 'a', 'b'), regexp_replace(email, 'a+', 'b', 'g'), split_part(email, '@', 1), concat(first_name, ' ', last_name), first_name || ' ' || last_name, concat_ws(', ', first_name, last_name), length(email), format('{}', email), email LIKE '%@%' ESCAPE '\', email GLOB '*', starts_with(email, 'a'), email ^@ 'a', md5(email), overlay_x FROM (SELECT *, 1 AS overlay_x FROM customers);

-- name: literals_unaliased
SELECT 1, -1, 1.50, 1e10, 'it''s', TRUE, NULL, 1_000, .5, 5., 'a' || 'b', 1 + 2 * 3, (1 + 2) * 3, 10 / 4, - 5, 2 - -1, NOT TRUE, 1 IN (1, 2), [1, 2][1], {'a': 1}.a, 'abc'[1], INTERVAL 1 YEAR + INTERVAL 2 DAY, DATE '2024-01-01' + 1, 12345678901234567890;

-- name: aggregates_of_expressions
SELECT sum(amount * (1 - discount)), avg(CASE WHEN status = 'paid' THEN amount END), count(DISTINCT date_trunc('month', order_date)), sum(amount) FILTER (WHERE order_date > DATE '2024-01-01'), max(ordered_at)::DATE, min(coalesce(amount, 0)), sum(IF(status = 'paid', 1, 0)), count(*) * 100.0 / sum(count(*)) OVER (), string_agg(channel || ':' || currency, ';' ORDER BY amount DESC), list_distinct(list(channel)), any_value(notes) IS NULL, (sum(amount) > 100)::INT, sum(amount)::BIGINT % 7, concat('x', max(channel)), round(sum(amount * tax_rate)::DECIMAL(18, 2), 1) FROM orders GROUP BY channel;

-- name: quoted_and_keywords
SELECT "Order Total", "order", "select" + 1, "user" || 'x', value, "MixedCase", "a.b", year, "group", t."Order Total" * 2, count_, "end"::VARCHAR, upper("desc"), {'select': 1, 'x y': 2}, "name", type, "date" FROM (SELECT 1 AS "Order Total", 2 AS "order", 3 AS "select", 'u' AS "user", 5 AS value, 6 AS "MixedCase", 7 AS "a.b", 2024 AS year, 'g' AS "group", 9 AS count_, 10 AS "end", 'd' AS "desc", 'n' AS name, 't' AS type, DATE '2024-01-01' AS date) t;

-- name: mixed_case_columns
SELECT ORDER_ID, Customer_Id, o.AMOUNT, O.Status, SUM(Amount) OVER (PARTITION BY CUSTOMER_ID), Upper(Channel), COUNT(*) OVER () FROM Orders O;
