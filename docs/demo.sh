#!/usr/bin/env bash
# What `make demo` shows: a sample project compiled, planned, run and traced; then a project of three models to which things happen that the
# README tells of (`cli/tests/readme.rs` holds the two together). Takes the path of the rocky binary.
set -euo pipefail
rocky=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
bold='' plain=''
if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; fi

# A command, its output, and its exit code when it is not 0.
say() {
  printf '\n%s$ rocky %s%s\n' "$bold" "$*" "$plain"
  code=0
  "$rocky" --output table "$@" || code=$?
  if [ "$code" != 0 ]; then echo "exit code $code"; fi
}

scene() { printf '\n%s## %s%s\n' "$bold" "$1" "$plain"; }

# Writes a file and shows it.
file() {
  mkdir -p "$(dirname "$1")"
  cat > "$1"
  printf '\n%s# %s%s\n' "$bold" "$1" "$plain"
  cat "$1"
}

scene 'A sample project'
say playground demo --template showcase
cd demo
say compile
say plan --model daily_revenue
say run
say run --model fct_orders
say lineage customer_value.lifetime_value
say history

scene 'A check that fails'
mkdir ../shop
cd ../shop
file rocky.toml <<'END'
[adapter]
type = "duckdb"
path = "shop.duckdb"

[pipeline.shop]
type = "transformation"
on_added_columns = "add"        # a source has a new column
on_widened_columns = "alter"    # a type has grown

[pipeline.shop.target]
adapter = "default"
END
file orders.csv <<'END'
id,customer,amount,ordered_at
1,1,20.00,2026-01-05 10:00:00
2,2,35.50,2026-02-06 11:30:00
3,1,-7.25,2026-02-20 12:00:00
END
file models/orders.sql <<'END'
SELECT * FROM 'orders.csv'
END
file models/orders.toml <<'END'
[strategy]
type = "merge"
unique_key = ["id"]

[[tests]]
type = "in_range"
column = "amount"
min = 0
END
file models/customers.sql <<'END'
SELECT customer, count(*) AS orders, sum(amount) AS total
FROM orders GROUP BY ALL
END
file models/revenue.sql <<'END'
SELECT date_trunc('month', ordered_at) AS month, sum(amount) AS revenue
FROM orders
WHERE ordered_at >= @start_date AND ordered_at < @end_date
GROUP BY month
END
file models/revenue.toml <<'END'
[strategy]
type = "time_interval"
time_column = "month"
granularity = "month"
first_partition = "2026-01"
END
say run
sed -i 's/-7.25/7.25/' orders.csv
say run --resume-latest

scene 'A source that changes'
file orders.csv <<'END'
id,customer,amount,ordered_at,coupon
1,1,20.00,2026-01-05 10:00:00,
2,2,35.50,2026-02-06 11:30:00,
3,1,7.25,2026-02-20 12:00:00,
4,eu-3,12.00,2026-03-01 09:00:00,SPRING
END
say plan --model orders
say run --model orders

scene 'A model that fails, and going on after it'
file models/customers.sql <<'END'
SELECT cast(customer AS INTEGER) AS customer, count(*) AS orders, sum(amount) AS total
FROM orders GROUP BY ALL
END
say run
file models/customers.sql <<'END'
SELECT customer, count(*) AS orders, sum(amount) AS total
FROM orders GROUP BY ALL
END
say run --resume-latest

scene 'A backfill'
say run --model revenue --from 2026-01 --to 2026-03
say run --model revenue --missing
say run --model revenue --partition 2026-03 --lookback 1
say run --model revenue --missing
say state --model revenue

printf '\nNow try it yourself: %s playground\n' "$rocky"
