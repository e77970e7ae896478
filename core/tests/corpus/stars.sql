-- name: exclude_replace_rename
SELECT * EXCLUDE (notes, channel) REPLACE (amount / 100 AS amount, upper(currency) AS currency) RENAME (order_id AS id, ordered_at AS ts)
FROM orders;

-- name: qualified_stars
SELECT o.* EXCLUDE (customer_id), c.* EXCLUDE (address, preferences) REPLACE (lower(email) AS email), o.amount + 1 AS bumped
FROM orders o JOIN customers c ON c.customer_id = o.customer_id;

-- name: star_like
SELECT * LIKE '%_at', * ILIKE 'AM%', * SIMILAR TO 'item.*' FROM orders;

-- name: star_not_like
SELECT * NOT LIKE '%_id' FROM order_items;

-- name: columns_regex
SELECT COLUMNS('.*_id'), COLUMNS('^(ship|tax)') FROM orders;

-- name: columns_aggregate
SELECT min(COLUMNS(*)), max(COLUMNS(*)) FROM (SELECT amount, item_count, order_date FROM orders);

-- name: columns_lambda
SELECT COLUMNS(c -> c LIKE '%price%'), COLUMNS(lambda c: c LIKE '%cost%') FROM products p JOIN inventory i USING (product_id);

-- name: columns_regex_rename
SELECT COLUMNS('(.*)_id') AS '\1_key', COLUMNS('^(o|sh).*_at$') AS 'ts_\0' FROM orders;

-- name: columns_expression
SELECT COLUMNS('jan|feb|mar') * 2 AS doubled, COLUMNS('jan|feb') + COLUMNS('jan|feb') FROM monthly_sales;

-- name: columns_exclude
SELECT sum(COLUMNS(* EXCLUDE (region, product))) FROM monthly_sales;

-- name: columns_replace
SELECT COLUMNS(* EXCLUDE (region) REPLACE (jan * 10 AS jan))::VARCHAR FROM monthly_sales;

-- name: columns_list
SELECT COLUMNS(['jan', 'feb', 'mar']), coalesce(COLUMNS(['apr', 'mar']), 0) FROM monthly_sales;

-- name: unpacked_columns
SELECT region, coalesce(*COLUMNS(['jan', 'feb'])) AS first_month, greatest(*COLUMNS('jan|feb|mar')), concat_ws('-', *COLUMNS('region|product')) AS k
FROM monthly_sales;

-- name: columns_where
SELECT region, product FROM monthly_sales WHERE COLUMNS('jan|feb|mar') > 10;

-- name: columns_order
SELECT * FROM monthly_sales ORDER BY COLUMNS('jan|feb') DESC NULLS LAST;

-- name: columns_cast
SELECT COLUMNS('amount|discount|tax_rate')::DOUBLE, CAST(COLUMNS('item_.*') AS VARCHAR), round(COLUMNS('shipping_cost|amount'), 1) FROM orders;

-- name: columns_filter
SELECT count(COLUMNS(*)) FILTER (WHERE status = 'paid') FROM orders;

-- name: columns_window
SELECT order_id, sum(COLUMNS('amount|shipping_cost')) OVER (PARTITION BY customer_id ORDER BY ordered_at) FROM orders;

-- name: columns_qualified
SELECT COLUMNS(o.* EXCLUDE (order_id)), COLUMNS(p.*)::VARCHAR FROM order_items o JOIN products p USING (product_id);

-- name: columns_case
SELECT CASE WHEN COLUMNS('jan|feb') > 100 THEN 'hi' ELSE 'lo' END AS lvl, COLUMNS('jan|feb') IS NULL AS missing FROM monthly_sales;

-- name: struct_stars
SELECT address.*, struct_extract(address, 'geo') AS geo FROM customers c;

-- name: struct_star_parens
SELECT unnest(properties), unnest(properties.utm) FROM events;

-- name: star_over_join_using
SELECT * FROM orders JOIN order_items USING (order_id) JOIN products USING (product_id);

-- name: star_natural
SELECT * FROM inventory NATURAL JOIN products;

-- name: star_subquery_alias
SELECT t.a, t.b, t.* EXCLUDE (a) FROM (SELECT order_id, amount, status, order_date FROM orders) AS t(a, b);

-- name: star_count
SELECT count(*), count(), count(COLUMNS(o.*)), count(DISTINCT o.status) FROM orders o;

-- name: whole_row
SELECT o, c.email, (o).amount AS amt, o.status FROM orders o JOIN customers c USING (customer_id);

-- name: table_as_struct
SELECT struct_pack(*COLUMNS('jan|feb|mar')) AS months, [*COLUMNS('jan|feb|mar')] AS month_list FROM monthly_sales;

-- name: rowid_columns
SELECT rowid, order_id FROM orders WHERE rowid < 10;

-- name: exclude_qualified
SELECT * EXCLUDE (o.customer_id, c.created_at, tags) FROM orders o JOIN customers c ON o.customer_id = c.customer_id;

-- name: rename_only
SELECT * RENAME (region AS area, jan AS january) FROM monthly_sales;

-- name: positional_refs
SELECT #1, #3 + #4 AS s FROM monthly_sales ORDER BY #1;

-- name: replace_many
SELECT * REPLACE (coalesce(jan, 0) AS jan, coalesce(feb, 0) AS feb, mar::INTEGER AS mar, apr::VARCHAR AS apr) FROM monthly_sales;

-- name: columns_lambda_complex
SELECT any_value(COLUMNS(c -> c IN ('region', 'product'))), avg(COLUMNS(c -> NOT c IN ('region', 'product'))) FROM monthly_sales;

-- name: columns_struct_fields
SELECT COLUMNS(* EXCLUDE (specs, embedding, image, colors, dimensions)) FROM products;

-- name: columns_max_named
SELECT max(COLUMNS('(\w+)_at')) AS 'latest_\1', min(COLUMNS('(\w+)_at')) AS 'earliest_\1' FROM orders;

-- name: star_from_values
SELECT * FROM (VALUES (1, 'a', 1.5, DATE '2024-01-01'), (2, NULL, 2, NULL)) v;

-- name: star_from_first
FROM orders;

-- name: from_where_only
FROM customers c WHERE c.is_active ORDER BY created_at LIMIT 5;

-- name: table_statement
TABLE departments;

-- name: select_nothing_special
SELECT DISTINCT region FROM stores UNION SELECT region FROM departments ORDER BY region;

-- name: exclude_from_lateral
SELECT * EXCLUDE (n) FROM orders o, LATERAL (SELECT count(*) AS n, sum(quantity) AS q, max(unit_price) AS p FROM order_items i WHERE i.order_id = o.order_id);

-- name: star_with_window
SELECT *, row_number() OVER () AS rn, count(*) OVER (PARTITION BY region) FROM stores;

-- name: star_dots
SELECT stores.*, main.departments.department_name FROM stores, departments;

-- name: chosen_a
SELECT *, COLUMNS('amount|discount')::DOUBLE * 2 AS 'dbl_\0' FROM orders;

-- name: chosen_b
SELECT customer_id, COLUMNS(o.* EXCLUDE (customer_id, notes)) FROM orders o;

-- name: chosen_d
SELECT COLUMNS(c -> c LIKE '%\_id' ESCAPE '\') FROM orders;

-- name: chosen_e
SELECT COLUMNS(c -> regexp_matches(c, '^o.*_id$') OR c = 'amount') FROM orders;

-- name: chosen_f
SELECT COLUMNS(c -> length(c) < 7) FROM orders;

-- name: chosen_g
SELECT COLUMNS(c -> c NOT IN ('notes', 'channel') AND NOT starts_with(c, 'order')) FROM orders;

-- name: chosen_h
SELECT COLUMNS(c -> upper(c) = 'AMOUNT'), COLUMNS(lambda c: contains(c, 'ship')) FROM orders;

-- name: chosen_i
SELECT COLUMNS('(?i)AMOUNT'), COLUMNS('\w+_at\b'), COLUMNS('^.{4,6}$'), COLUMNS('[a-d]mount|dis[^x]+') FROM orders;

-- name: chosen_j
SELECT COLUMNS('order_(?:id|date)'), COLUMNS('(?P<x>ship)ped.*'), COLUMNS('_(at|id)$'), COLUMNS('^[[:alpha:]]+$') FROM orders;

-- name: chosen_k
SELECT * SIMILAR TO 'order_.*', * NOT ILIKE '%_AT', * GLOB 'a*' FROM orders;

-- name: chosen_m
SELECT sum(COLUMNS(c -> c LIKE 'j%' OR c IN ('feb', 'mar'))) + 1 AS s FROM monthly_sales;

-- name: chosen_n
SELECT coalesce(COLUMNS(['jan', 'feb']), 0)::INT FROM monthly_sales WHERE COLUMNS(* EXCLUDE (region, product)) IS NOT NULL;

-- name: chosen_o
SELECT COLUMNS(c -> c = 'jan' OR (c >= 'f' AND c < 'g')) FROM monthly_sales;

-- name: chosen_q
SELECT COLUMNS('\d'), COLUMNS('x') FROM (SELECT 1 AS a1, 2 AS b2, 3 AS x);

-- name: chosen_r
SELECT COLUMNS('^amount'), COLUMNS('(\w+)_(\w+)') AS '\2_\1' FROM orders;
