-- name: org_tree
WITH RECURSIVE tree AS (
    SELECT employee_id, manager_id, full_name, 0 AS depth, [employee_id] AS path, full_name AS chain
    FROM employees WHERE manager_id IS NULL
    UNION ALL
    SELECT e.employee_id, e.manager_id, e.full_name, t.depth + 1, list_append(t.path, e.employee_id), t.chain || ' > ' || e.full_name
    FROM employees e JOIN tree t ON e.manager_id = t.employee_id
    WHERE NOT list_contains(t.path, e.employee_id)
)
SELECT *, len(path) AS n, repeat('  ', depth) || full_name AS indented FROM tree;

-- name: account_rollup
WITH RECURSIVE acc(account_id, root_id, name, lvl) AS (
    SELECT account_id, account_id, account_name, 1 FROM accounts WHERE parent_id IS NULL
    UNION ALL
    SELECT a.account_id, p.root_id, p.name || '/' || a.account_name, p.lvl + 1
    FROM accounts a JOIN acc p ON a.parent_id = p.account_id
)
SELECT acc.root_id, max(acc.lvl) AS depth, sum(l.debit - l.credit) AS net, max(acc.name) AS nm
FROM acc LEFT JOIN ledger l USING (account_id)
GROUP BY acc.root_id;

-- name: numbers
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
SELECT i, i * i AS sq, i / 2 AS half, i // 2 AS int_half, i % 3 AS m, i ** 2 AS p, factorial(10) AS f FROM n;

-- name: fibonacci
WITH RECURSIVE fib AS (
    SELECT 1::HUGEINT AS a, 1::HUGEINT AS b, 1 AS n
    UNION ALL
    SELECT b, a + b, n + 1 FROM fib WHERE n < 50
)
SELECT n, a AS fibonacci, b / a AS ratio FROM fib;

-- name: calendar
WITH RECURSIVE days AS (
    SELECT DATE '2024-01-01' AS d
    UNION ALL
    SELECT (d + INTERVAL 1 DAY)::DATE FROM days WHERE d < DATE '2024-12-31'
)
SELECT d, dayofweek(d) AS dow, weekofyear(d) AS wk, quarter(d) AS q, strftime(d, '%A') AS day_name, d = last_day(d) AS is_eom, coalesce(sum(o.amount), 0) AS total
FROM days LEFT JOIN orders o ON o.order_date = d
GROUP BY ALL ORDER BY d;

-- name: using_key
WITH RECURSIVE reach(node, dist) USING KEY (node) AS (
    SELECT account_id, 0 FROM accounts WHERE parent_id IS NULL
    UNION
    SELECT a.account_id, r.dist + 1 FROM accounts a JOIN reach r ON a.parent_id = r.node
)
SELECT node, dist FROM reach;

-- name: using_key_recurring
WITH RECURSIVE cc(id, comp) USING KEY (id) AS (
    SELECT employee_id, employee_id FROM employees
    UNION
    (SELECT DISTINCT ON (c.id) c.id, rc.comp
     FROM cc c JOIN employees e ON e.employee_id = c.id JOIN recurring.cc rc ON rc.id = e.manager_id
     WHERE rc.comp < c.comp
     ORDER BY c.id, rc.comp)
)
SELECT comp, count(*) AS members, list(id ORDER BY id) AS ids FROM cc GROUP BY comp;

-- name: descendants_count
WITH RECURSIVE d AS (
    SELECT employee_id AS root, employee_id FROM employees
    UNION ALL
    SELECT d.root, e.employee_id FROM d JOIN employees e ON e.manager_id = d.employee_id
)
SELECT e.full_name, count(*) - 1 AS reports, sum(s.salary) AS team_cost, avg(s.salary) FILTER (s.employee_id <> e.employee_id) AS avg_report
FROM d JOIN employees e ON e.employee_id = d.root JOIN employees s ON s.employee_id = d.employee_id
GROUP BY e.full_name;

-- name: two_recursive
WITH RECURSIVE
    up AS (SELECT account_id, parent_id FROM accounts WHERE account_id = 7 UNION SELECT a.account_id, a.parent_id FROM accounts a JOIN up ON up.parent_id = a.account_id),
    seq AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM seq WHERE n < 3)
SELECT up.account_id, seq.n, up.parent_id IS NULL AS is_root FROM up CROSS JOIN seq;

-- name: recursive_types_fixed_by_anchor
WITH RECURSIVE r AS (
    SELECT 1::TINYINT AS x, 'a' AS s, 1.5 AS d
    UNION ALL
    SELECT (x + 1)::TINYINT, s || 'b', (d * 2)::DECIMAL(2, 1) FROM r WHERE x < 5
)
SELECT * FROM r;

-- name: split_string_recursive
WITH RECURSIVE parts AS (
    SELECT order_id, notes AS rest, NULL::VARCHAR AS part, 0 AS pos FROM orders
    UNION ALL
    SELECT order_id, substr(rest, instr(rest, ',') + 1), split_part(rest, ',', 1), pos + 1
    FROM parts WHERE instr(rest, ',') > 0
)
SELECT order_id, part, pos, length(part) AS len FROM parts WHERE part IS NOT NULL;

-- name: compound_interest
WITH RECURSIVE growth AS (
    SELECT account_id, 0 AS yr, budget::DOUBLE AS amount FROM accounts
    UNION ALL
    SELECT account_id, yr + 1, amount * 1.05 FROM growth WHERE yr < 10
)
SELECT account_id, max(amount) AS final, arg_max(amount, yr) AS at_end, round(max(amount), 2) FROM growth GROUP BY account_id;

-- name: bill_of_materials
WITH RECURSIVE bom AS (
    SELECT account_id AS part, parent_id AS assembly, 1::BIGINT AS qty, {'p': account_id, 'q': 1} AS info FROM accounts
    UNION ALL
    SELECT a.account_id, b.assembly, b.qty * 2, {'p': a.account_id, 'q': b.info.q + 1} FROM bom b JOIN accounts a ON a.parent_id = b.part
)
SELECT assembly, sum(qty) AS total, max(info.q) AS depth, list(info) AS infos FROM bom GROUP BY assembly;

-- name: materialized_ctes
WITH a AS MATERIALIZED (SELECT customer_id, sum(amount) AS total FROM orders GROUP BY 1),
     b AS NOT MATERIALIZED (SELECT customer_id, total, rank() OVER (ORDER BY total DESC) AS rk FROM a),
     c(cid, t, r) AS (SELECT * FROM b WHERE rk <= 10)
SELECT c.cid, c.t, c.r, a.total = c.t AS same FROM c JOIN a ON a.customer_id = c.cid;

-- name: nested_with
WITH outer_cte AS (
    WITH inner_cte AS (SELECT region, sum(budget) AS b FROM departments GROUP BY region)
    SELECT region, b, b * 2 AS dbl FROM inner_cte
)
SELECT o.region, o.dbl, (WITH z AS (SELECT max(b) AS mx FROM outer_cte) SELECT mx FROM z) AS mx FROM outer_cte o;

-- name: collatz
WITH RECURSIVE c(n, steps) AS (
    SELECT 27::BIGINT, 0
    UNION ALL
    SELECT CASE WHEN n % 2 = 0 THEN n // 2 ELSE 3 * n + 1 END, steps + 1 FROM c WHERE n > 1
)
SELECT max(steps) AS steps, max(n) AS peak, count(*) AS visited FROM c;
