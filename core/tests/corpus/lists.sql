-- name: list_functions
SELECT list_append(ints, 4) AS a, list_prepend(0, ints) AS b, list_concat(ints, [1, 2]) AS c, array_append(ints, 5) AS d, list_slice(ints, 1, 2) AS e, ints[1:3:2] AS f, list_reverse(ints) AS g, list_sort(ints, 'DESC', 'NULLS FIRST') AS h, list_distinct(ints) AS i, list_unique(ints) AS j, list_any_value(ints) AS k, list_count(ints) AS l, list_min(ints) AS m, list_avg(ints) AS n, list_median(ints) AS o, list_mode(ints) AS p, list_stddev_pop(ints) AS q, list_string_agg(ints) AS r, list_first(ints) AS s, list_last(ints) AS t, list_intersect(ints, [1]) AS u, list_has_any(ints, [1]) AS v, list_has_all(ints, [1, 2]) AS w, list_grade_up(ints) AS x, list_resize(ints, 5, 0) AS y, list_indexof(ints, 3) AS z, list_product(ints) AS aa, list_where(ints, [true, false]) AS bb, list_select(ints, [1, 2]) AS cc, array_pop_back(ints) AS dd, array_push_front(ints, 1) AS ee, flatten(nested) AS ff, list_bool_and([true]) AS gg, list_histogram(ints) AS hh, list_approx_count_distinct(ints) AS ii, list_sum(flatten(nested)) AS jj, list_var_samp(ints) AS kk, list_entropy(ints) AS ll, ints && [1] AS mm, ints @> [1] AS nn, ints <@ [1, 2, 3] AS oo, list_extract(ints, 1) AS pp, list_element(ints, -1) AS qq, array_to_string(ints, '-') AS rr, list_bit_xor(ints) AS ss, generate_series(1, 5) AS tt, range(0, 10, 2) AS uu, repeat(ints, 2) AS vv, cardinality(mp) AS ww, array_has(ints, 2) AS xx
FROM exotic;

-- name: lambdas_deep
SELECT
    list_transform(ints, x -> {'v': x, 'sq': x * x, 'half': x / 2}) AS a,
    list_transform(nested, l -> list_sum(l)) AS b,
    list_transform(nested, l -> list_transform(l, x -> x + id)) AS c,
    list_filter(sts, s -> s.v > 1 AND s.k <> 'x') AS d,
    list_transform(list_filter(sts, s -> s.v IS NOT NULL), s -> s.k || ':' || s.v) AS e,
    list_reduce(ints, (acc, x) -> acc + x, 0) AS f,
    list_reduce(['a', 'b'], lambda a, b, i: a || b || i) AS g,
    list_reduce(ints, (acc, x) -> acc + x, 0::BIGINT) AS h,
    list_transform(range(5), i -> i * dec9) AS i,
    list_transform(ints, lambda x, i: x * i) AS j,
    list_sort(list_transform(sts, s -> s.v)) AS k,
    list_transform(ints, x -> CASE WHEN x > 1 THEN 'big' ELSE NULL END) AS l,
    list_transform(sts, s -> struct_pack(key := s.k, twice := s.v * 2)) AS m,
    list_zip(ints, list_transform(ints, x -> x::VARCHAR)) AS n,
    list_filter(ints, (x, i) -> i % 2 = 0) AS o,
    map_from_entries(list_transform(sts, s -> (s.k, s.v))) AS q,
    map(list_transform(sts, s -> s.k), list_transform(sts, s -> s.v)) AS r,
    list_aggregate(list_transform(sts, s -> s.v), 'sum') AS s,
    apply(ints, x -> x > 2) AS t,
    array_filter(arr, x -> x > 0) AS u,
    filter(ints, x -> x > 0) AS v,
    reduce(ints, (a, b) -> greatest(a, b)) AS w,
    list_transform([d, d + 1], x -> year(x)) AS x,
    list_transform(map_entries(mp), e -> e.key) AS y
FROM exotic;

-- name: comprehension_mix
SELECT [x FOR x IN range(10) IF x % 2 = 0] AS evens, [lower(c) FOR c IN ['A', 'B']] AS low, [{'n': x, 's': x * x} FOR x IN ints] AS squares, [s.k FOR s IN sts IF s.v > 1] AS ks, [x + i FOR x, i IN ints] AS with_index, [d + x::INTEGER FOR x IN range(3)] AS days, [[y * 2 FOR y IN l] FOR l IN nested] AS doubled, len([x FOR x IN ints IF x IS NOT NULL]) AS n, [x::DOUBLE / id FOR x IN ints] AS ratios
FROM exotic;

-- name: structs
SELECT st.a, st.b || '!' AS b, st.c.d + 1 AS d1, st.c.e * 2 AS e2, st['a'] AS a2, (st).c.d AS d2, struct_extract(st, 'b') AS b2, st.c AS inner_struct, struct_insert(st, extra := 1.5) AS more, struct_keys(st) AS ks, {'old': st, 'new': {'a': 1}} AS wrapped, struct_pack(a := 1, b := struct_pack(c := d)) AS p, row(st.a, st.b) AS r, {'x': 1, 'y': 'a'}::STRUCT(x BIGINT, y VARCHAR) AS casted, st.a + coalesce(st.c.e, 0) AS s, [st, st] AS lst, sts[1].k AS k1, sts[1] AS s1, list_transform(sts, x -> x.v) AS vs, struct_update(st, a := 'text') AS upd, struct_concat({'a': 1}, {'b': 2}) AS cat, st IS NULL AS isn, st = {'a': 1, 'b': 'x', 'c': NULL} AS eq, to_json(st) AS js, hash(st) AS h, st::VARCHAR AS txt, unnest(sts).k AS un
FROM exotic;

-- name: maps
SELECT mp['a'] AS v, mp['a'] + 1 AS v1, map_keys(mp) AS ks, map_values(mp) AS vs, list_sum(map_values(mp)) AS total, map_entries(mp) AS es, map_from_entries(map_entries(mp)) AS back, MAP {'a': 1, 'b': 2} AS lit, MAP([1, 2], ['x', 'y'])[1] AS x, MAP {'d': DATE '2024-01-01'}['d'] AS d, map_concat(mp, MAP {'z': 0}) AS cat, element_at(mp, 'a') AS el, MAP {id: txt} AS dyn, MAP {'k': [1, 2]} AS of_list, MAP {'k': {'a': 1}}['k'].a AS deep, histogram(txt) OVER () AS hist, unnest(map_keys(mp)) AS key, map_contains_value(mp, 1) AS cv, map_contains(mp, 'a') AS ck, coalesce(mp['q'], 0) AS q, MAP {'a': 1.5, 'b': 2}['b'] AS dec, map_to_x FROM (SELECT *, 1 AS map_to_x FROM exotic);

-- name: unnest_variants
SELECT id, unnest(ints) AS i, unnest(sts), unnest(map_entries(mp)) AS e, unnest(nested) AS n, unnest(arr) AS a, unnest(['x', 'y']) AS s FROM exotic;

-- name: unnest_struct_recursive
SELECT id, unnest(st, recursive := true), unnest(sts, recursive := true) FROM exotic;

-- name: unnest_from_struct_list
SELECT e.id, u.k, u.v, u.v * 2 AS dbl, f.* FROM exotic e, unnest(e.sts) AS t(u), (SELECT unnest(e.sts, recursive := true)) f;

-- name: unnest_ctes
WITH tags AS (SELECT customer_id, unnest(tags) AS tag FROM customers),
     numbered AS (SELECT *, row_number() OVER (PARTITION BY customer_id) AS pos, count(*) OVER (PARTITION BY tag) AS popularity FROM tags)
SELECT tag, list(customer_id ORDER BY pos) AS ids, max(popularity) AS pop, min(pos) AS first_pos, list({'c': customer_id, 'p': pos}) AS detail, map_from_entries(list((customer_id, pos))) AS pos_map FROM numbered GROUP BY tag;

-- name: list_aggregates
SELECT customer_id, list(order_id) AS ids, list(DISTINCT channel) AS channels, array_agg(amount ORDER BY ordered_at DESC) AS amounts, list(amount)[1] AS any_amount, list(struct_pack(o := order_id, a := amount) ORDER BY amount DESC)[1].o AS best, list_sum(list(amount)) AS total, list(amount) FILTER (amount > 10) AS big, list(order_date::VARCHAR) AS dates, array_to_string(list(channel ORDER BY channel), '|') AS txt, list_transform(list(amount), a -> round(a, 0)) AS rounded, len(list(order_id)) AS n, flatten(list([order_id, customer_id])) AS flat, list(list_value(amount)) AS nested, list(o) AS orders_rows, list((order_id, amount)) AS tuples
FROM orders o GROUP BY customer_id;

-- name: slicing
SELECT txt[1:3] AS a, txt[-3:] AS b, txt[:2] AS c, txt[2] AS d, ints[1:2] AS e, ints[2:] AS f, ints[:-1] AS g, ints[-2:-1] AS h, txt[2:-2] AS i, arr[2:3] AS j, array_slice(txt, 1, 2) AS k, left(txt, -1) AS l, nested[1][2] AS m, nested[1][1:2] AS n, sts[1:2] AS o, ints[1:4:2] AS p, ints[id] AS q, txt[id:id + 2] AS r FROM exotic;

-- name: products_specs
SELECT product_id, specs.material, specs.watt * 1.1 AS watt_plus, specs.ratings[1] AS first_rating, list_avg(specs.ratings) AS avg_rating, dimensions[1] * dimensions[2] AS area, dimensions::INTEGER[] AS dims, list_contains(colors, 'red') AS red, array_cosine_distance(embedding, [0.1, 0.2, 0.3, 0.4]::FLOAT[4]) AS dist, array_to_string(colors, '/') AS palette, colors[1] || coalesce(specs.material, '?') AS label, list_transform(specs.ratings, r -> r * 20) AS pct, unnest(colors) AS color, weight_kg * 2.2 AS lbs, list_price - cost AS margin, (list_price - cost) / list_price AS margin_pct, image IS NOT NULL AS has_image, octet_length(image) AS img_size
FROM products
ORDER BY array_cosine_distance(embedding, [0.1, 0.2, 0.3, 0.4]::FLOAT[4])
LIMIT 5;
