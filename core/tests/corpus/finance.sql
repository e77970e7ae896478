-- name: trial_balance
SELECT
    a.account_type,
    a.account_name,
    sum(l.debit) AS debit,
    sum(l.credit) AS credit,
    sum(l.debit) - sum(l.credit) AS balance,
    round(sum(l.debit * l.fx_rate), 2) AS debit_base,
    sum(l.debit * l.fx_rate) - sum(l.credit * l.fx_rate) AS net_base,
    sum(l.debit)::DECIMAL(18, 4) / nullif(sum(l.credit), 0) AS ratio,
    abs(sum(l.debit - l.credit)) < 0.005 AS balanced,
    count(*) FILTER (WHERE l.reversed) AS reversals,
    max(l.balance) AS max_balance,
    first(l.memo ORDER BY l.posted_on DESC) AS last_memo
FROM ledger l
JOIN accounts a USING (account_id)
GROUP BY ALL
HAVING sum(l.debit) <> sum(l.credit)
ORDER BY 1, 2;

-- name: running_balance
SELECT
    entry_id,
    account_id,
    posted_on,
    coalesce(debit, 0) - coalesce(credit, 0) AS movement,
    sum(coalesce(debit, 0) - coalesce(credit, 0)) OVER acct AS running,
    balance - sum(coalesce(debit, 0) - coalesce(credit, 0)) OVER acct AS drift,
    avg(debit) OVER (acct ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS avg3,
    max(balance) OVER (PARTITION BY account_id) AS peak,
    balance / nullif(max(balance) OVER (PARTITION BY account_id), 0) - 1 AS drawdown,
    entry_id - lag(entry_id) OVER acct AS id_gap
FROM ledger
WINDOW acct AS (PARTITION BY account_id ORDER BY posted_on, entry_id);

-- name: budget_vs_actual
WITH actual AS (
    SELECT account_id, date_trunc('quarter', posted_on)::DATE AS quarter, sum(debit) - sum(credit) AS spent
    FROM ledger WHERE NOT reversed GROUP BY 1, 2
)
SELECT
    a.account_name,
    'Q' || quarter(t.quarter) || ' ' || year(t.quarter) AS label,
    a.budget / 4 AS quarter_budget,
    t.spent,
    a.budget / 4 - t.spent AS remaining,
    (t.spent / (a.budget / 4) * 100)::DECIMAL(6, 2) AS pct,
    CASE WHEN t.spent > a.budget / 4 THEN 'over' WHEN t.spent > a.budget / 4 * 0.9 THEN 'near' ELSE 'ok' END AS flag,
    sum(t.spent) OVER (PARTITION BY a.account_id ORDER BY t.quarter) AS ytd,
    a.budget - sum(t.spent) OVER (PARTITION BY a.account_id ORDER BY t.quarter) AS left_over,
    a.budget::INTEGER AS rounded_budget
FROM accounts a
JOIN actual t USING (account_id);

-- name: currency_conversion
WITH rates AS (
    SELECT * FROM (VALUES ('USD', DATE '2024-01-01', 1.0845), ('GBP', DATE '2024-01-01', 0.86), ('JPY', DATE '2024-01-02', 160.1)) r(currency, valid_from, rate)
),
ranged AS (
    SELECT *, lead(valid_from, 1, DATE '9999-12-31') OVER (PARTITION BY currency ORDER BY valid_from) AS valid_to FROM rates
)
SELECT
    o.order_id,
    o.currency,
    coalesce(r.rate, 1) AS rate,
    o.amount / coalesce(r.rate, 1) AS eur,
    cast(o.amount / coalesce(r.rate, 1) AS DECIMAL(14, 2)) AS eur_rounded,
    o.amount * coalesce(r.rate, 1.0) AS reverse,
    r.valid_to - r.valid_from AS validity_days
FROM orders o
LEFT JOIN ranged r ON r.currency = o.currency AND o.order_date >= r.valid_from AND o.order_date < r.valid_to;

-- name: aging_buckets
SELECT
    account_id,
    sum(debit) FILTER (WHERE current_date - posted_on <= 30) AS d30,
    sum(debit) FILTER (WHERE current_date - posted_on BETWEEN 31 AND 60) AS d60,
    sum(debit) FILTER (WHERE posted_on < current_date - INTERVAL 60 DAY) AS d60plus,
    sum(CASE WHEN posted_on >= current_date - 90 THEN debit ELSE 0 END) AS recent,
    sum(CASE WHEN reversed THEN -debit ELSE debit END) AS net_debit,
    sum(debit) * 0.01 AS fee,
    sum(debit) * 1e-2 AS fee_double,
    avg(fx_rate) AS avg_rate,
    avg(fx_rate)::DECIMAL(12, 6) AS avg_rate_dec,
    sum(debit) / sum(fx_rate) AS r
FROM ledger
GROUP BY account_id;

-- name: weighted_average_cost
SELECT
    i.product_id,
    sum(i.on_hand * i.unit_cost) / nullif(sum(i.on_hand), 0) AS wac,
    sum(i.on_hand * i.unit_cost) AS stock_value,
    sum(i.on_hand) - sum(i.reserved) AS available,
    sum(i.on_hand)::BIGINT - sum(i.reserved)::BIGINT AS available_big,
    max(i.reorder_point) - min(i.on_hand) AS gap,
    avg(i.reserved) AS avg_reserved,
    bool_and(i.on_hand > i.reorder_point) AS ok,
    i.product_id % 10 AS shard,
    p.list_price - sum(i.on_hand * i.unit_cost) / nullif(sum(i.on_hand), 0) AS spread
FROM inventory i JOIN products p USING (product_id)
GROUP BY i.product_id, p.list_price;

-- name: pnl_pivot
WITH m AS (
    SELECT a.account_type, monthname(l.posted_on) AS mon, l.credit - l.debit AS amt
    FROM ledger l JOIN accounts a USING (account_id)
)
PIVOT m ON mon IN ('January', 'February', 'March') USING sum(amt) AS total, count(*) AS n GROUP BY account_type ORDER BY account_type;

-- name: amortisation
WITH RECURSIVE sched AS (
    SELECT 1 AS period, 100000.00::DECIMAL(18, 2) AS opening, 500.00::DECIMAL(18, 2) AS interest, DATE '2024-01-31' AS due
    UNION ALL
    SELECT period + 1, (opening - 1000)::DECIMAL(18, 2), round((opening - 1000) * 0.005, 2)::DECIMAL(18, 2), (due + INTERVAL 1 MONTH)::DATE
    FROM sched WHERE period < 12
)
SELECT period, opening, interest, opening + interest AS closing, due, sum(interest) OVER (ORDER BY period) AS interest_to_date, interest / opening AS effective, last_day(due) AS month_end FROM sched;

-- name: outliers
WITH stats AS (
    SELECT account_id, avg(debit) AS mu, stddev_samp(debit) AS sigma, quantile_cont(debit, [0.25, 0.5, 0.75]) AS q FROM ledger GROUP BY account_id
)
SELECT
    l.entry_id,
    l.debit,
    (l.debit - s.mu) / nullif(s.sigma, 0) AS z,
    abs((l.debit - s.mu) / nullif(s.sigma, 0)) > 3 AS is_outlier,
    s.q[3] - s.q[1] AS iqr,
    l.debit > s.q[3] + 1.5 * (s.q[3] - s.q[1]) AS tukey,
    s.q[2] AS med
FROM ledger l JOIN stats s USING (account_id);

-- name: intercompany_match
SELECT x.entry_id AS left_id, y.entry_id AS right_id, x.debit, y.credit, x.debit - y.credit AS diff, x.posted_on - y.posted_on AS days_apart, greatest(x.posted_on, y.posted_on) AS settled_on, x.memo = y.memo AS same_memo, jaro_winkler_similarity(x.memo, y.memo) AS sim, levenshtein(x.memo, y.memo) AS dist
FROM ledger x JOIN ledger y ON x.debit = y.credit AND x.account_id <> y.account_id AND abs(x.posted_on - y.posted_on) <= 5
QUALIFY row_number() OVER (PARTITION BY x.entry_id ORDER BY abs(x.posted_on - y.posted_on), y.entry_id) = 1;

-- name: yield_curve
SELECT ticker, quoted_at, price, ln(price / lag(price) OVER w) AS log_return, price / first_value(price) OVER w - 1 AS cum_return, stddev(price) OVER (w ROWS 19 PRECEDING) AS vol, (price - min(price) OVER (w ROWS 13 PRECEDING)) / nullif(max(price) OVER (w ROWS 13 PRECEDING) - min(price) OVER (w ROWS 13 PRECEDING), 0) AS stochastic, sum(price * volume) OVER w / sum(volume) OVER w AS vwap, ema: avg(price) OVER (w RANGE BETWEEN INTERVAL 5 DAYS PRECEDING AND CURRENT ROW)
FROM prices
WINDOW w AS (PARTITION BY ticker ORDER BY quoted_at);

-- name: ohlc
SELECT ticker, time_bucket(INTERVAL '5 minutes', quoted_at) AS bucket, arg_min(price, quoted_at) AS open, max(price) AS high, min(price) AS low, arg_max(price, quoted_at) AS close, sum(volume) AS volume, sum(price * volume) / sum(volume) AS vwap, count(*) AS ticks, last(price ORDER BY quoted_at) - first(price ORDER BY quoted_at) AS change, regr_slope(price, epoch(quoted_at)) AS slope, corr(price, volume) AS pv
FROM prices GROUP BY ALL;

-- name: positions
SELECT t.ticker, sum(CASE t.side WHEN 'B' THEN t.qty ELSE -t.qty END) AS position, sum(t.qty * p.price * if(t.side = 'B', -1, 1)) AS cash, position * any_value(p.price) AS value, cash + value AS pnl
FROM trades t ASOF JOIN prices p ON t.ticker = p.ticker AND t.traded_at >= p.quoted_at
GROUP BY t.ticker;
