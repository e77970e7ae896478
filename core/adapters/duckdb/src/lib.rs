//! rocky-adapter-duckdb.
