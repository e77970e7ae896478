-- name: struct_star_sub
SELECT s.*, s.a + 1 AS a1 FROM (SELECT {'a': amount, 'b': channel} AS s FROM orders);

-- name: struct_through_cte
WITH x AS (SELECT customer_id, {'n': count(*), 'total': sum(amount), 'last': {'at': max(ordered_at), 'ch': arg_max(channel, ordered_at)}} AS o FROM orders GROUP BY 1), y AS (SELECT *, o.last AS l FROM x) SELECT customer_id, o.n, o.total / o.n AS aov, l.at, l['ch'] AS ch, y.o.last.at AS at2, struct_extract(l, 'at') AS at3 FROM y;

-- name: struct_update_chain
SELECT struct_insert(properties, seen := event_time, utm2 := properties.utm).utm2.source AS s, struct_pack(a := 1, b := {'c': labels}).b.c[1] AS l, ({'x': [1, 2, 3]}).x[2] AS e FROM events;

-- name: list_of_structs_filter
SELECT invoice_id, list_filter(lines, lambda l: l.qty > 1) AS big, list_transform(lines, lambda l: {'sku': l.sku, 'net': l.qty * l.unit, 'gross': l.qty * l.unit * (1 + l.tax_pct / 100)}) AS calc, calc[1].gross AS g1, list_sum([x.net for x in calc]) AS net, list_sort([x.sku for x in calc], 'DESC', 'NULLS LAST') AS skus, list_aggregate([l.unit for l in lines], 'median') AS med, list_any_value([l.sku for l in lines]) AS anysku FROM invoices;

-- name: list_zip_unnest
SELECT invoice_id, z[1] AS a, z[2] AS b FROM (SELECT invoice_id, unnest(list_zip([l.sku for l in lines], range(1, len(lines) + 1))) AS z FROM invoices);

-- name: list_comp_if
SELECT [upper(t) for t in labels if length(t) > 3] AS up, [i for i in range(10) if i % 2 = 0] AS ev, [{'t': t, 'n': len(t)} for t in labels] AS st, [t[1] for t in labels] AS firsts, len([t for t in labels if t LIKE 'a%']) > 0 AS has_a FROM events;

-- name: map_ops
SELECT map_from_entries(list_zip(map_keys(metrics), map_values(metrics))) AS m, map([k for k in map_keys(metrics)], [v * 2 for v in map_values(metrics)]) AS dbl, list_transform(map_entries(metrics), lambda e: e.key || '=' || e.value) AS kv, metrics['cpu'] > 0.5 AS hot, cardinality(metrics) AS n, map_contains_value(metrics, 1.0) AS c, histogram(event_type) OVER () AS h, unnest(map_entries(metrics), recursive := true) FROM events;

-- name: map_agg
SELECT user_id, map(list(event_type), list(event_time)) AS m, map_from_entries(list((event_type, event_time))) AS mfe, histogram(event_type) AS h, histogram(event_type)['view'] AS views, map_keys(histogram(labels)) AS hk, max(map_values(metrics)) AS mv FROM events GROUP BY user_id;

-- name: pivot_simple
PIVOT sales ON year IN (2023, 2024) USING sum(revenue) GROUP BY product_id;

-- name: pivot_multi
PIVOT sales ON year IN (2023, 2024), quarter IN (1, 2) USING sum(revenue) AS rev, max(units) AS mx GROUP BY store_id ORDER BY store_id LIMIT 3;

-- name: pivot_sql_standard
SELECT * FROM sales PIVOT (sum(revenue) AS r, count(*) FOR year IN (2023 AS y23, 2024) quarter IN (1) GROUP BY product_id) AS p;

-- name: pivot_no_group
FROM (PIVOT (SELECT store_id, year, units FROM sales) ON year IN (2022, 2023) USING first(units)) SELECT *, "2022" + "2023" AS both;

-- name: pivot_in_cte
WITH p AS (PIVOT sales ON quarter IN (1, 2, 3, 4) USING sum(revenue) GROUP BY store_id, year) SELECT store_id, year, coalesce("1", 0) + coalesce("2", 0) AS h1, "3" + "4" AS h2, p.* EXCLUDE (store_id) FROM p;

-- name: unpivot_simple
UNPIVOT monthly_sales ON jan, feb, mar INTO NAME month VALUE sales;

-- name: unpivot_columns
UNPIVOT monthly_sales ON COLUMNS(* EXCLUDE (region, product)) INTO NAME m VALUE v;

-- name: unpivot_multi
UNPIVOT wide_kpis ON (kpi_2023, units_2023) AS y23, (kpi_2024, units_2024) AS y24 INTO NAME year VALUE kpi, units;

-- name: unpivot_nulls
SELECT * FROM monthly_sales UNPIVOT INCLUDE NULLS (amount FOR month IN (jan AS 'January', feb AS 'February', mar, apr));

-- name: unpivot_cast
FROM (UNPIVOT (SELECT site, COLUMNS('kpi_.*')::VARCHAR FROM wide_kpis) ON COLUMNS('kpi.*') INTO NAME k VALUE v) SELECT site, right(k, 4)::INT AS y, v::DOUBLE AS d;

-- name: unpivot_stacked
SELECT region, upper(month) AS mon, sum(v) AS v FROM (UNPIVOT monthly_sales ON jan, feb, mar, apr INTO NAME month VALUE v) GROUP BY ALL;

-- name: columns_lambda
SELECT COLUMNS(c -> c LIKE '%_id'), COLUMNS(lambda c: c LIKE 'ship%') FROM orders;

-- name: columns_agg
SELECT min(COLUMNS(* EXCLUDE (notes, status))), count(COLUMNS('.*_at')) FROM orders;

-- name: columns_replace_expr
SELECT COLUMNS(* EXCLUDE (notes) REPLACE (amount / 2 AS amount)) FROM orders;

-- name: columns_unpack
SELECT coalesce(*COLUMNS(['notes', 'channel', 'currency'])) AS first_text, greatest(*COLUMNS('^(amount|discount)$')) AS g, struct_pack(*COLUMNS('order.*')) AS sp FROM orders;

-- name: columns_rename_regex
SELECT COLUMNS('(.*)_at') AS '\1_time', COLUMNS('^(order)_(.*)$') AS '\2_of_\1' FROM orders;

-- name: columns_in_where
SELECT order_id FROM orders WHERE COLUMNS(['amount', 'discount']) > 0;

-- name: star_mix
SELECT * EXCLUDE (notes) REPLACE (upper(channel) AS channel, amount * 2 AS amount) RENAME (order_id AS id, customer_id AS cust) FROM orders;

-- name: star_like
SELECT * LIKE '%_at', * ILIKE 'ORDER%', * NOT LIKE '%\_%' ESCAPE '\' FROM orders;

-- name: star_similar
SELECT * SIMILAR TO '(order|ship).*', * NOT SIMILAR TO '.*(_|a).*' FROM orders;

-- name: star_glob
SELECT * GLOB '*_id' FROM orders;

-- name: exclude_qualified
SELECT * EXCLUDE (o.customer_id, c.email), c.* EXCLUDE (tags, preferences, address) RENAME (email AS mail) FROM orders o JOIN customers c ON o.customer_id = c.customer_id;

-- name: exclude_using
SELECT * EXCLUDE (customer_id) FROM orders JOIN customers USING (customer_id);

-- name: from_first_alias
FROM orders o JOIN customers c USING (customer_id) SELECT c.email, sum(o.amount) AS total WHERE o.amount > 10 GROUP BY c.email HAVING total > 100 ORDER BY total DESC;

-- name: from_only
FROM stores;

-- name: from_values
FROM (VALUES (1, 'a', 1.5), (2, NULL, 2), (NULL, 'c', 3.25)) t(id, name, v) SELECT *, v * id AS p;

-- name: values_bare
VALUES (1, DATE '2024-01-01', 'x'), (2::BIGINT, NULL, 'y');

-- name: from_prefix_alias
SELECT t.a, u.b FROM t: (SELECT 1 AS a), u: (SELECT 2 AS b);

-- name: prefix_select_alias
SELECT total: sum(amount), n: count(*), ch: channel FROM orders GROUP BY channel;

-- name: positional_join
SELECT a.sale_date, b.price, a.*, b.* EXCLUDE (volume) FROM sales a POSITIONAL JOIN prices b;

-- name: lateral_top_n
SELECT c.customer_id, r.order_id, r.amount FROM customers c, LATERAL (SELECT order_id, amount FROM orders o WHERE o.customer_id = c.customer_id ORDER BY amount DESC LIMIT 3) r;

-- name: lateral_left
SELECT c.customer_id, l.n, l.last_at FROM customers c LEFT JOIN LATERAL (SELECT count(*) AS n, max(ordered_at) AS last_at FROM orders o WHERE o.customer_id = c.customer_id) l ON true;

-- name: lateral_chain
SELECT p.product_id, d.total, e.scaled FROM products p, LATERAL (SELECT p.dimensions[1] * p.dimensions[2] AS total) d, LATERAL (SELECT d.total * 1.5 AS scaled, p.cost / d.total AS per) e;

-- name: correlated_scalar
SELECT o.order_id, (SELECT max(i.unit_price) FROM order_items i WHERE i.order_id = o.order_id) AS top, (SELECT count(*) FROM order_items i WHERE i.order_id = o.order_id AND i.quantity > (SELECT avg(quantity) FROM order_items)) AS above, EXISTS (FROM order_items i WHERE i.order_id = o.order_id) AS has, o.amount > ALL (SELECT amount FROM orders x WHERE x.customer_id = o.customer_id AND x.order_id <> o.order_id) AS biggest, ARRAY(SELECT product_id FROM order_items i WHERE i.order_id = o.order_id ORDER BY 1) AS prods FROM orders o;

-- name: scalar_struct_subquery
SELECT (SELECT {'mn': min(amount), 'mx': max(amount)} FROM orders) AS rng, (SELECT list(DISTINCT channel) FROM orders)[1] AS ch, (SELECT s FROM (SELECT amount, channel FROM orders) s LIMIT 1) AS rowval;

-- name: whole_row
SELECT o, o.amount, list(o) OVER (PARTITION BY o.channel) AS same, to_json(o) AS j FROM (SELECT order_id, amount, channel FROM orders) o;

-- name: whole_row_agg
SELECT arg_max(s, s.revenue) AS best, arg_max(s, s.revenue).store_id AS best_store, max(s).units AS mu, list(s ORDER BY s.sale_date)[1].revenue AS first_rev FROM sales s;

-- name: qualify_dedupe
SELECT * EXCLUDE (rn) FROM (SELECT *, row_number() OVER (PARTITION BY order_id ORDER BY ordered_at DESC NULLS LAST) AS rn FROM orders) WHERE rn = 1;

-- name: qualify_expr
SELECT ticker, quoted_at, price FROM prices QUALIFY price > avg(price) OVER (PARTITION BY ticker) AND row_number() OVER (PARTITION BY ticker ORDER BY quoted_at) <= 10;

-- name: qualify_group
SELECT region, country, sum(sq_meters) AS sq FROM stores GROUP BY region, country QUALIFY rank() OVER (PARTITION BY region ORDER BY sum(sq_meters) DESC) = 1;

-- name: grouping_sets_mix
SELECT region, country, date_trunc('year', opened) AS y, count(*), grouping(region, country) AS g, grouping_id(date_trunc('year', opened)) AS gy FROM stores GROUP BY GROUPING SETS ((region, country), (region), date_trunc('year', opened), ());

-- name: cube_rollup_concat
SELECT region, country, store_name, avg(sq_meters) FROM stores GROUP BY region, ROLLUP (country, store_name);

-- name: group_by_all_expr
SELECT date_trunc('week', ordered_at) AS wk, channel || ':' || currency AS k, count(*) + 1 AS n, sum(amount) / 7 AS d FROM orders GROUP BY ALL ORDER BY ALL;

-- name: distinct_on
SELECT DISTINCT ON (customer_id, date_trunc('month', order_date)) customer_id, order_date, amount FROM orders ORDER BY customer_id, date_trunc('month', order_date), amount DESC;

-- name: window_exclude_all
SELECT id, sum(big) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING EXCLUDE CURRENT ROW) a, avg(dec9) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE GROUP) b, count(*) OVER (ORDER BY id GROUPS 1 PRECEDING EXCLUDE TIES) c, max(txt) OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE NO OTHERS) d, list(tiny) OVER (ORDER BY id ROWS 1 PRECEDING) e, mode(small) OVER () f, quantile_cont(dbl, [0.1, 0.9]) OVER (PARTITION BY flag) g, string_agg(txt, '-') OVER (ORDER BY id) h FROM exotic;

-- name: window_distinct_filter
SELECT ticker, count(DISTINCT volume) FILTER (WHERE price > 1) OVER (PARTITION BY ticker) n, sum(DISTINCT volume) OVER (PARTITION BY ticker ORDER BY quoted_at) s, lead(price, 2, 0) OVER w l, lag(price IGNORE NULLS) OVER w g, nth_value(price, 3) OVER w nv, first_value(volume ORDER BY price DESC) OVER (PARTITION BY ticker) f, cume_dist() OVER w cd, ntile(4) OVER w nt, percent_rank(ORDER BY price) OVER w pr FROM prices WINDOW w AS (PARTITION BY ticker ORDER BY quoted_at);
