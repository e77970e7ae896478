-- name: salary_bands
SELECT
    d.department_name,
    e.level,
    count(*) AS headcount,
    avg(e.salary) AS avg_salary,
    median(e.salary) AS median_salary,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY e.salary) AS p90,
    min(e.salary) AS lo,
    max(e.salary) AS hi,
    sum(e.salary * (1 + coalesce(e.bonus_pct, 0))) AS total_comp,
    sum(e.salary) / d.budget AS budget_share,
    any_value(e.full_name ORDER BY e.hired) AS longest_serving,
    list(e.full_name ORDER BY e.salary DESC)[1:3] AS top_earners,
    string_agg(e.full_name, '; ' ORDER BY e.full_name) FILTER (WHERE e.level = 'lead') AS leads
FROM employees e
LEFT JOIN departments d ON d.department_id = e.department_id
GROUP BY d.department_name, d.budget, e.level
ORDER BY 1, 2;

-- name: skills_matrix
SELECT skill, count(DISTINCT e.employee_id) AS people, list(e.full_name ORDER BY e.full_name) AS names, avg(e.salary) AS pay, max(e.level) AS top_level, bool_or(e.manager_id IS NULL) AS has_boss
FROM (SELECT *, unnest(skills) AS skill FROM employees) e
GROUP BY skill
HAVING people >= 2
ORDER BY people DESC, skill;

-- name: tenure
SELECT
    full_name,
    hired,
    date_diff('year', hired, current_date) AS years,
    datesub('month', hired, current_date) AS months,
    age(current_date, hired) AS tenure,
    extract(year FROM age(current_date, hired)) AS tenure_years,
    hired + INTERVAL 5 YEARS AS five_year_mark,
    hired + to_years(10) AS ten,
    make_date(year(current_date)::INT, month(hired)::INT, day(hired)::INT) AS anniversary,
    dayname(hired) AS weekday,
    hired BETWEEN '2020-01-01' AND '2020-12-31' AS hired_2020,
    (current_date - hired) / 365.25 AS yrs_float,
    shift_start + INTERVAL 8 HOUR AS shift_end,
    shift_start > '12:00' AS late_shift,
    hour(shift_start) AS h,
    shift_tz::TIME AS shift_local,
    hired + shift_start AS first_shift
FROM employees;

-- name: manager_span
SELECT m.employee_id, m.full_name, count(e.employee_id) AS reports, coalesce(avg(e.salary), 0) AS avg_report, m.salary - avg(e.salary) AS premium, m.salary > max(e.salary) AS paid_more, list_distinct(flatten(list(e.skills))) AS team_skills, list_unique(flatten(list(e.skills))) AS n_skills, max(struct_pack(s := e.salary, n := e.full_name)).n AS top_name
FROM employees m LEFT JOIN employees e ON e.manager_id = m.employee_id
GROUP BY m.employee_id, m.full_name, m.salary;

-- name: enum_pivot
PIVOT employees ON level IN ('junior', 'senior', 'lead', 'director') USING count(*), avg(salary) AS pay GROUP BY department_id;

-- name: permissions
SELECT full_name, permissions, bit_count(permissions) AS n, get_bit(permissions, 0) AS first, permissions::VARCHAR AS txt, bit_or(permissions) OVER () AS any_perm, permissions & permissions AS same, length(permissions) AS width, CASE WHEN get_bit(permissions, 2) = 1 THEN 'admin' ELSE 'user' END AS role FROM employees;

-- name: pay_quartiles
SELECT *, ntile(4) OVER (PARTITION BY department_id ORDER BY salary) AS quartile, round(percent_rank() OVER (ORDER BY salary), 3) AS pr, salary - avg(salary) OVER (PARTITION BY department_id) AS vs_dept, salary / sum(salary) OVER () * 100 AS pct_of_total, rank() OVER (PARTITION BY department_id ORDER BY salary DESC NULLS LAST) <= 3 AS top3
FROM employees
WHERE salary IS NOT NULL
QUALIFY quartile = 4;

-- name: department_totals
SELECT coalesce(d.region, 'TOTAL') AS region, d.department_name, sum(e.salary) AS cost, count(*) AS n, grouping(d.region) AS is_total, grouping(d.region, d.department_name) AS lvl
FROM employees e JOIN departments d USING (department_id)
GROUP BY ROLLUP (d.region, d.department_name)
HAVING grouping(d.region) = 0 OR grouping(d.department_name) = 1;

-- name: gender_neutral_names
SELECT employee_id, string_split(full_name, ' ')[1] AS first_name, string_split(full_name, ' ')[-1] AS last_name, array_to_string(list_transform(string_split(full_name, ' '), p -> p[1]), '') AS initials, lower(replace(full_name, ' ', '.')) || '@example.com' AS email, regexp_replace(full_name, '(\w+) (\w+)', '\2, \1') AS sorted_name, len(full_name) AS n_chars, full_name.upper() AS loud, left(full_name, 1) = 'A' AS is_a, ascii(full_name) AS code, list_reverse(string_split(full_name, ''))[1] AS last_char, printf('%s (%d)', full_name, employee_id) AS label, format('{:>20}', full_name) AS padded
FROM employees;

-- name: raises
SELECT employee_id, salary, bonus_pct, salary * 1.03 AS raised, salary * (1 + 0.05::DECIMAL(3, 2)) AS raised5, (salary * bonus_pct)::DECIMAL(10, 2) AS bonus, salary + salary * bonus_pct AS comp, CASE level WHEN 'junior' THEN salary * 1.1 WHEN 'senior' THEN salary * 1.05 ELSE salary END AS new_salary, CASE WHEN level = 'director' THEN salary ELSE bonus_pct END AS mixed, least(salary * 1.2, 250000) AS capped, round(salary, -3) AS rounded, salary // 12 AS monthly_int, salary / 12 AS monthly, salary % 1000 AS rest
FROM employees;

-- name: hires_by_month
SELECT make_date(y, m, 1) AS month, n, sum(n) OVER (ORDER BY y, m) AS total, n - lag(n, 12) OVER (ORDER BY y, m) AS yoy, avg(n) OVER (ORDER BY y, m ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS ma3
FROM (SELECT year(hired) AS y, month(hired) AS m, count(*) AS n FROM employees GROUP BY y, m)
ORDER BY month;

-- name: missing_managers
SELECT e.employee_id, e.full_name FROM employees e ANTI JOIN employees m ON e.manager_id = m.employee_id WHERE e.manager_id IS NOT NULL
UNION ALL
(SELECT employee_id, upper(full_name) FROM employees ORDER BY hired LIMIT 3);

-- name: peers
SELECT e.full_name, p.peers, p.avg_gap, e.salary + p.avg_gap AS expected
FROM employees e, LATERAL (SELECT list(x.full_name ORDER BY x.full_name) AS peers, avg(x.salary - e.salary) AS avg_gap FROM employees x WHERE x.department_id = e.department_id AND x.employee_id <> e.employee_id) p;
