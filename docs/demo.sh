#!/usr/bin/env bash
# What `make demo` shows: a sample project compiled, planned, run twice and traced. Takes the path of the rocky binary.
set -euo pipefail
rocky=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
bold='' plain=''
if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; fi
say() {
  printf '\n%s$ rocky %s%s\n' "$bold" "$*" "$plain"
  "$rocky" --output table "$@"
}
say playground demo --template showcase
cd demo
say compile
say plan --model daily_revenue
say run
say run --model fct_orders
say lineage customer_value.lifetime_value
say history
printf '\nNow try it yourself: %s playground\n' "$rocky"
