# The two commands of the README and their set-up. Needs: Rust (rustup), Node with npm, Python 3, make, a C and a C++ compiler.
ROCKY_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/rocky
DUCKDB      := 1.5.5
DUCKDB_NPM  := @duckdb/node-bindings-linux-x64@1.5.5-r.1
DUCKDB_SHA  := sha512-zuhH2VduUs1N//Tch+M5Y3RYUd5rNiafnBJpsz0z7eQ/x/8WRDVuMleSRPYdkvHTbllAGc/8ZUjC4FvqScxwoA==
DUCKDB_LIB  := $(ROCKY_CACHE)/duckdb-$(DUCKDB)/libduckdb.so

.PHONY: setup
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
