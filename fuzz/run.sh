#!/usr/bin/env bash
# Fuzz every target for some seconds: fuzz/run.sh [SECONDS] [TARGET…]
#
# libFuzzer needs coverage counters, not nightly: the flags below are those of `cargo fuzz run --sanitizer none`, and every
# one is stable. New inputs go to the cache; a crash is copied to fuzz/artifacts and fails the run. Where the fuzzer cannot
# be built (no C++ compiler, no registry) this says so and succeeds: `cargo test` runs the same targets without it.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-60}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then targets=(sql dsl toml contract analyse); fi
cache=${ROCKY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rocky}/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')
mkdir -p "$cache/target" artifacts

export CARGO_TARGET_DIR="$cache/target" CARGO_INCREMENTAL=0
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=4"
if ! command -v c++ >/dev/null; then
  echo "fuzz: no C++ compiler for libFuzzer; skipped" >&2
  exit 0
fi
# The gate must say the same each time: FUZZ_RUNS=n makes n inputs of each target from the committed seeds, always the same.
# With --target, build scripts and macros of the compiler are not instrumented.
if ! said=$(cargo fetch --quiet --locked --target "$host" 2>&1); then
  echo "$said" >&2
  if [[ $said == *"--locked was passed"* ]]; then
    echo "fuzz: fuzz/Cargo.lock is not up to date; run \`cargo update --workspace\` in fuzz/" >&2
    exit 1
  fi
  echo "fuzz: the dependencies cannot be fetched; skipped" >&2
  exit 0
fi
if ! cargo build --quiet --release --locked --target "$host" -p libfuzzer-sys; then
  echo "fuzz: libFuzzer cannot be built; skipped" >&2
  exit 0
fi
cargo build --quiet --release --locked --target "$host" --bins

status=0
for target in "${targets[@]}"; do
  corpus="$cache/corpus/$target"
  mkdir -p "$corpus"
  log="$cache/$target.log"
  limits=(-max_total_time="$seconds")
  if [ -n "${FUZZ_RUNS:-}" ]; then
    corpus=$(mktemp -d)
    limits=(-runs="$FUZZ_RUNS" -seed=1)
    echo "fuzz: $target, $FUZZ_RUNS inputs"
  else
    echo "fuzz: $target for $seconds s"
  fi
  # Inputs found before, then the committed seeds; new ones are written to the first.
  if ! "$CARGO_TARGET_DIR/$host/release/$target" "$corpus" "corpus/$target" \
      "${limits[@]}" -timeout=20 -rss_limit_mb=4096 -max_len=8192 -dict=rocky.dict \
      -artifact_prefix="artifacts/$target-" -print_final_stats=1 >"$log" 2>&1; then
    echo "fuzz: $target failed; the input is in fuzz/artifacts:" >&2
    grep -E 'panicked|ERROR|Test unit written' -A3 "$log" | head -20 >&2 || tail -3 "$log" >&2
    status=1
  fi
  grep -E '^stat::(number_of_executed_units|new_units_added|peak_rss_mb)' "$log" || true
done
exit $status
