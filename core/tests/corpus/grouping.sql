-- name: key_expressions_reused
SELECT date_trunc('month', order_date) + INTERVAL 1 DAY AS a, year(date_trunc('month', order_date)) AS y, DATE_TRUNC('month', Order_Date) AS b, (date_trunc('month', order_date))::VARCHAR AS c, count(*) AS n FROM orders GROUP BY date_trunc('month', order_date);

-- name: struct_field_keys
SELECT address.city, upper(address.city) AS uc, address['zip'] AS zip, count(*) AS n, max(address.geo.lat) AS lat FROM customers GROUP BY address.city, address['zip'] ORDER BY address.city;

-- name: alias_shadows_column
SELECT lower(channel) AS channel, count(*) AS amount, sum(amount) AS total FROM orders GROUP BY channel HAVING sum(amount) > 10 ORDER BY amount;

-- name: alias_shadow_lateral
SELECT amount * 2 AS amount, amount + 1 AS b, discount AS amount2, amount2 * 2 AS c FROM orders WHERE amount > 5 ORDER BY amount;

-- name: case_key
SELECT CASE WHEN amount > 100 THEN 'big' ELSE 'small' END AS size, channel || '/' || currency AS k, length(channel || '/' || currency) AS len_k, count(*) FROM orders GROUP BY 1, channel || '/' || currency;

-- name: qualified_keys
SELECT o.channel, channel AS c2, orders_x.n, o.currency || '!' AS cur FROM orders o JOIN (SELECT count(*) AS n FROM orders) orders_x ON true GROUP BY o.channel, n, currency;

-- name: using_key_group
SELECT customer_id, c.customer_id AS cc, count(o.order_id) AS n FROM customers c JOIN orders o USING (customer_id) GROUP BY customer_id, c.customer_id;

-- name: correlated_in_group
SELECT channel, count(*) AS n, (SELECT max(o2.amount) FROM orders o2 WHERE o2.channel = o.channel) AS mx, sum(amount) / (SELECT sum(amount) FROM orders) AS share, EXISTS (SELECT 1 FROM events WHERE event_type = o.channel) AS ev FROM orders o GROUP BY channel HAVING count(*) > (SELECT avg(n) FROM (SELECT count(*) AS n FROM orders GROUP BY channel));

-- name: aggregates_in_order_by
SELECT channel FROM orders GROUP BY channel ORDER BY sum(amount) DESC, count(*) FILTER (status = 'paid'), max(order_date) - min(order_date), channel;

-- name: windows_over_groups
SELECT channel, currency, sum(amount) AS s, rank() OVER (PARTITION BY channel ORDER BY sum(amount) DESC) AS r, sum(sum(amount)) OVER (PARTITION BY channel) AS ch_total, sum(amount) / sum(sum(amount)) OVER () AS share, lag(sum(amount)) OVER (ORDER BY channel, currency) AS prev, count(*) OVER () AS groups, max(count(*)) OVER (PARTITION BY currency) AS mc FROM orders GROUP BY channel, currency QUALIFY r <= 3;

-- name: group_by_all_mix
SELECT channel, date_part('year', order_date) AS y, sum(amount) / count(*) + 1 AS x, max(amount) - min(amount) AS spread, list(DISTINCT currency) AS curs, currency = 'EUR' AS eur, coalesce(sum(discount), 0) AS d FROM orders GROUP BY ALL ORDER BY ALL DESC;

-- name: having_alias_and_where_alias
SELECT channel AS ch, count(*) AS n, avg(amount) AS a FROM orders WHERE ch <> 'x' GROUP BY ch HAVING n > 1 AND a > 2 ORDER BY n + a;

-- name: distinct_with_order
SELECT DISTINCT channel, currency FROM orders ORDER BY channel DESC, currency;

-- name: distinct_aggregate
SELECT DISTINCT count(*) AS n, max(currency) AS c FROM orders GROUP BY channel ORDER BY n;

-- name: group_constant
SELECT 'all' AS label, 1 AS one, count(*) AS n, current_date AS d FROM orders GROUP BY label, one;

-- name: constant_with_aggregate
SELECT 'x' AS k, NULL AS nothing, count(*) AS n, max(amount) AS m, 1 + 1 AS two, now() AS at_time, [1, 2] AS l, {'a': 1} AS s FROM orders;

-- name: cte_shadows_table
WITH orders AS (SELECT order_id, amount * 2 AS amount FROM orders WHERE amount > 0) SELECT order_id, amount, amount > 10 AS big FROM orders;

-- name: nested_cte_scope
WITH a AS (SELECT 1 AS x), b AS (WITH a AS (SELECT 2 AS x, 'inner' AS y) SELECT * FROM a) SELECT a.x, b.x AS bx, b.y FROM a, b;

-- name: cte_in_subquery
SELECT (WITH t AS (SELECT max(amount) AS m FROM orders) SELECT m FROM t) AS m, x.n FROM (WITH t AS (SELECT count(*) AS n FROM orders) SELECT n FROM t) x;

-- name: in_values
SELECT order_id, channel IN (VALUES ('web'), ('app')) AS v, order_id IN (SELECT unnest([1, 2, 3])) AS u, order_id = ANY (SELECT range FROM range(5)) AS r FROM orders WHERE EXISTS (VALUES (1)) AND (channel, currency) IN (VALUES ('web', 'EUR'));

-- name: grouping_with_functions
SELECT coalesce(channel, 'total') AS ch, CASE WHEN grouping(channel) = 1 THEN 'sum' ELSE 'detail' END AS lvl, sum(amount) AS s, grouping(channel) + grouping(currency) AS g FROM orders GROUP BY ROLLUP (channel, currency) HAVING grouping(channel) = 0 ORDER BY grouping(channel), 1;

-- name: group_by_lateral
SELECT o.channel, t.tag, count(*) AS n FROM orders o, LATERAL (SELECT unnest(string_split(o.notes, ',')) AS tag) t GROUP BY o.channel, t.tag;

-- name: unnest_grouped
SELECT tag, count(*) AS n FROM (SELECT unnest(tags) AS tag FROM customers) GROUP BY tag ORDER BY n DESC;

-- name: group_by_struct
SELECT {'c': channel, 'k': currency} AS key, key['c'] AS c, count(*) AS n FROM orders GROUP BY key;

-- name: group_by_list_expr
SELECT tags[1] AS first_tag, len(tags) AS n_tags, tags, count(*) AS n FROM customers GROUP BY tags;

-- name: count_variants
SELECT count(*) AS a, count(DISTINCT channel) AS b, count(DISTINCT (channel, currency)) AS c, count(*) - count(notes) AS d, count(*) FILTER (notes IS NULL) AS e, sum((notes IS NULL)::INT) AS f, count(CASE WHEN amount > 1 THEN 1 END) AS g, count_if(amount > 1) AS h, sum(amount > 1) AS i, avg((amount > 1)::INT) AS j, count(1) AS k, count(DISTINCT 1) AS l FROM orders;

-- name: ordered_set_grouped
SELECT channel, percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) AS med, percentile_disc([0.1, 0.9]) WITHIN GROUP (ORDER BY amount DESC) AS tails, mode() WITHIN GROUP (ORDER BY currency) AS m, percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) FILTER (WHERE status = 'paid') AS paid_med, quantile_cont(item_count, 0.5) AS q FROM orders GROUP BY channel;

-- name: self_reference_names
SELECT o.order_id AS id, o.customer_id AS o, o.amount FROM orders o WHERE o.amount > 1 ORDER BY o.order_id;

-- name: using_three
SELECT product_id, store_id, s.revenue, i.on_hand, p.product_name FROM sales s JOIN inventory i USING (product_id) LEFT JOIN products p USING (product_id) JOIN stores USING (store_id) WHERE product_id > 1 AND store_id < 5 GROUP BY ALL;

-- name: full_join_using_group
SELECT product_id, count(*) AS n, sum(units) AS u FROM sales FULL JOIN inventory USING (product_id) GROUP BY product_id HAVING product_id IS NOT NULL;

-- name: derived_of_derived
SELECT a.x, a.y, b.x AS bx FROM (SELECT * FROM (SELECT order_id AS x, amount AS y FROM orders) q WHERE y > 1) a JOIN (SELECT x FROM (VALUES (1), (2)) v(x)) b ON a.x = b.x;

-- name: list_of_structs_union
SELECT [{'a': 1, 'b': 'x'}, {'a': 2, 'b': NULL}] AS l, [{'a': 1}, {'a': 2.5}] AS m, CASE WHEN true THEN {'a': 1} ELSE {'a': 2.5} END AS c, coalesce(NULL, {'a': NULL}) AS n, [[1], NULL, [2.5]] AS o, [DATE '2024-01-01', NULL] AS p, [NULL, 'a', 'b'] AS q
UNION ALL
SELECT [], NULL, {'a': NULL}, {'a': 1}, [[1]], NULL, ['z'];

-- name: aliases_and_aggregates
SELECT amount * 2 AS x, count(*) FILTER (x > 1) OVER () AS a, sum(x) OVER (ORDER BY x) AS b, lag(x) OVER (PARTITION BY x > 2 ORDER BY order_id) AS c FROM orders ORDER BY sum(x) OVER ();

-- name: columns_in_aggregates
SELECT channel, count(*) AS amount, max(amount) AS mx, upper(channel) AS currency, amount + 1 AS plus FROM orders GROUP BY channel, amount HAVING max(currency) > 'a' AND amount > 1 AND sum(amount) > 2 ORDER BY max(currency), amount;

-- name: filter_over_groups
SELECT channel, sum(amount) AS s, count(*) FILTER (WHERE sum(amount) > 10) OVER () AS big, s + sum(discount) AS t FROM orders GROUP BY channel;
