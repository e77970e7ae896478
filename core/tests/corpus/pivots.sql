-- name: pivot_statement
PIVOT sales ON year IN (2022, 2023, 2024) USING sum(revenue) GROUP BY store_id;

-- name: pivot_two_aggregates
PIVOT sales ON quarter IN (1, 2, 3, 4) USING sum(revenue) AS rev, count(*) AS n GROUP BY product_id;

-- name: pivot_two_columns
PIVOT sales ON year IN (2023, 2024), quarter IN (1, 2) USING sum(units);

-- name: pivot_from_form
SELECT * FROM sales PIVOT (sum(revenue) FOR year IN (2022, 2023) GROUP BY store_id);

-- name: pivot_from_aliased
SELECT p.store_id, p.y22, p.y23 - p.y22 AS diff
FROM sales PIVOT (sum(revenue) FOR year IN (2022 AS y22, 2023 AS y23) GROUP BY store_id) AS p;

-- name: pivot_from_two_aggs
SELECT *
FROM (SELECT region, product, jan, apr FROM monthly_sales) PIVOT (sum(jan) AS total, max(apr) FOR product IN ('x', 'y', 'z'));

-- name: pivot_cte
WITH q AS (SELECT channel, date_part('year', order_date) AS yr, amount FROM orders)
SELECT * FROM q PIVOT (sum(amount) AS total, avg(amount) AS mean FOR yr IN (2022, 2023, 2024));

-- name: pivot_multi_for
SELECT * FROM sales PIVOT (sum(units) FOR year IN (2023, 2024) quarter IN (1, 2) GROUP BY store_id, product_id);

-- name: pivot_in_cte_statement
WITH p AS (PIVOT sales ON quarter IN (1, 2) USING sum(revenue), max(units) GROUP BY store_id)
SELECT * FROM p JOIN stores USING (store_id);

-- name: pivot_subquery_statement
SELECT store_id, "2023", "2024" - "2023" AS growth FROM (PIVOT sales ON year IN (2023, 2024) USING sum(revenue) GROUP BY store_id);

-- name: pivot_no_group
PIVOT (SELECT store_id, year, revenue FROM sales) ON year IN (2023, 2024) USING sum(revenue);

-- name: pivot_expression
PIVOT orders ON (date_part('month', order_date)) IN (1, 2, 3) USING count(*) GROUP BY channel;

-- name: pivot_enum
PIVOT (SELECT channel, status, amount FROM orders) ON status IN ('paid', 'shipped') USING sum(amount), count(*) AS cnt;

-- name: pivot_pair
PIVOT sales ON (year || '-' || quarter) IN ('2023-1', '2023-2') USING sum(revenue) GROUP BY store_id;

-- name: pivot_filter_order
PIVOT sales ON year IN (2023, 2024) USING round(sum(revenue), 2) AS r, first(units) GROUP BY store_id ORDER BY store_id LIMIT 3;

-- name: unpivot_statement
UNPIVOT monthly_sales ON jan, feb, mar INTO NAME month VALUE amount;

-- name: unpivot_default
UNPIVOT monthly_sales ON jan, feb, mar, apr;

-- name: unpivot_columns_expr
UNPIVOT monthly_sales ON COLUMNS(* EXCLUDE (region, product)) INTO NAME m VALUE v;

-- name: unpivot_from_form
SELECT region, month, sum(amount) AS total
FROM monthly_sales UNPIVOT (amount FOR month IN (jan, feb, mar, apr))
GROUP BY ALL;

-- name: unpivot_include_nulls
SELECT * FROM monthly_sales UNPIVOT INCLUDE NULLS (amount FOR month IN (jan AS 'January', feb AS 'February'));

-- name: unpivot_pairs
UNPIVOT monthly_sales ON (jan, feb) AS h1, (mar, apr) AS h2 INTO NAME half VALUE first_month, second_month;

-- name: unpivot_from_pairs
SELECT * FROM monthly_sales UNPIVOT ((a, b) FOR h IN ((jan, feb) AS 'one', (mar, apr) AS 'two'));

-- name: unpivot_exprs
UNPIVOT (SELECT store_id, sq_meters, store_name FROM stores) ON sq_meters::VARCHAR, store_name INTO NAME k VALUE v;

-- name: unpivot_cte
WITH u AS (UNPIVOT monthly_sales ON jan, feb, mar INTO NAME month VALUE amount)
SELECT product, month, amount, sum(amount) OVER (PARTITION BY product ORDER BY month) AS running, amount / sum(amount) OVER () AS share FROM u;

-- name: pivot_then_unpivot
WITH p AS (PIVOT sales ON year IN (2023, 2024) USING sum(revenue) GROUP BY store_id)
SELECT store_id, yr::INTEGER AS yr, revenue FROM p UNPIVOT (revenue FOR yr IN ("2023", "2024"));

-- name: unpivot_alias
SELECT u.region, u.name, u.value + 1 AS v1 FROM (UNPIVOT monthly_sales ON jan, apr) AS u WHERE u.value IS NOT NULL;

-- name: conditional_pivot
SELECT
    store_id,
    sum(revenue) FILTER (WHERE quarter = 1) AS q1,
    sum(revenue) FILTER (WHERE quarter = 2) AS q2,
    sum(CASE WHEN quarter = 3 THEN revenue END) AS q3,
    sum(IF(quarter = 4, revenue, 0)) AS q4,
    list(DISTINCT year ORDER BY year) AS years,
    max(units) - min(units) AS spread
FROM sales GROUP BY store_id;

-- name: pivot_wider
PIVOT_WIDER sales ON quarter IN (1, 2, 3, 4) USING avg(units);

-- name: pivot_longer
PIVOT_LONGER monthly_sales ON jan, feb;

-- name: pivot_list_agg
PIVOT sales ON quarter IN (1, 2) USING list(units) AS u, string_agg(product_id::VARCHAR, ',') AS p GROUP BY store_id, year;

-- name: pivot_join_source
PIVOT (SELECT s.region, x.year, x.revenue FROM sales x JOIN stores s USING (store_id)) ON year IN (2022, 2023) USING sum(revenue) AS total, count(revenue) GROUP BY region;

-- name: unpivot_table_function
UNPIVOT (SELECT 1 AS a, 2 AS b, 3.5 AS c, 'x' AS k) ON a, b, c;

-- name: pivot_form_a
PIVOT sales ON year IN (2023 y23, 2024 AS y24) USING sum(revenue) total, count(*) n GROUP BY store_id;

-- name: pivot_form_b
SELECT * FROM sales PIVOT (sum(revenue) total FOR year IN (2023 y23, 2024 "y 24") GROUP BY store_id) p;

-- name: pivot_form_c
UNPIVOT monthly_sales ON (jan, feb) h1, (mar, apr) h2 INTO NAME half VALUE a, b;

-- name: pivot_form_d
UNPIVOT monthly_sales ON jan january, feb february INTO NAME m VALUE v;

-- name: pivot_form_f
SELECT * FROM sales PIVOT (sum(revenue) FOR year IN (2022, 2023)) AS p(a, b, c, d, e, f, g);

-- name: pivot_form_g
SELECT * FROM (SELECT year, revenue FROM sales) PIVOT (sum(revenue) s, avg(revenue) FOR year IN (2022, 2023));

-- name: pivot_form_h
PIVOT sales ON year || '_' || quarter IN ('2023_1') USING max(units);

-- name: pivot_form_i
FROM sales PIVOT (sum(units) FOR quarter IN (1, 2)) SELECT *;

-- name: pivot_form_j
SELECT * FROM monthly_sales UNPIVOT ((a, b) FOR h IN ((jan, feb), (mar, apr)));

-- name: pivot_form_k
PIVOT sales ON quarter IN (1, 2) USING sum(revenue) ORDER BY ALL LIMIT 3;

-- name: pivot_form_o
PIVOT sales ON quarter IN (1, 2) USING sum(revenue) FILTER (WHERE units > 1) AS r, first(sale_date ORDER BY units) GROUP BY store_id, year;

-- name: pivot_form_p
SELECT p.* FROM (SELECT * FROM sales) s PIVOT (sum(units) FOR year IN (2022, 2023)) p WHERE p."2022" > 1;

-- name: pivot_form_r
PIVOT (SELECT year(order_date) AS y, channel FROM orders) ON channel IN ('web', 'app') USING count(*) AS cnt, count(*) AS cnt2 GROUP BY y;

-- name: pivot_form_s
PIVOT orders ON channel IN ('web', NULL, 'app') USING sum(amount) GROUP BY currency;

-- name: pivot_form_v
SELECT * FROM (UNPIVOT monthly_sales ON COLUMNS('jan|feb')) WHERE value > 1;

-- name: pivot_form_w
UNPIVOT monthly_sales ON * EXCLUDE (region, product) INTO NAME m VALUE v;

-- name: pivot_form_x
UNPIVOT (SELECT region, jan * 2 AS jan2, feb FROM monthly_sales) ON jan2, feb;

-- name: pivot_form_y
SELECT region, sum(v) FROM monthly_sales UNPIVOT INCLUDE NULLS (v FOR m IN (jan, feb, mar)) GROUP BY region ORDER BY ALL;

-- name: pivot_form_z
PIVOT orders ON status IN ('paid', 'shipped') USING avg(amount)::DECIMAL(10,2) AS a, round(avg(amount), 1) r GROUP BY channel;
