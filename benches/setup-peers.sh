#!/bin/sh
# dbt-core and dbt-duckdb for `rocky-bench run --dbt`, in a virtual environment of their own in the cache.
set -eu
cache=${ROCKY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rocky}
venv=$cache/venv-dbt
mkdir -p "$cache"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
# The versions that the figures of README.md were measured with; dbt-core 1.12 and 2.x download a binary at install.
"$venv/bin/pip" install --quiet 'dbt-core==1.11.16' 'dbt-duckdb==1.11.1' 'duckdb==1.5.5'
"$venv/bin/dbt" --version
