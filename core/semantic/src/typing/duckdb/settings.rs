//! The types of DuckDB's settings, which `current_setting('…')` gives. Taken from `duckdb_settings()` of 1.5.5; a setting without
//! a value, or of an extension, is not here.

use rocky_warehouse::Type;

/// The type of a setting; unknown when it is not one of these.
pub(crate) fn setting(name: &str) -> Type {
    let name = name.to_ascii_lowercase();
    let among = |list: &[&str]| list.binary_search(&name.as_str()).is_ok();
    match () {
        () if among(TEXT) => Type::STRING,
        () if among(BOOLEAN) => Type::Boolean,
        () if among(UBIGINT) => Type::UInt64,
        () if among(BIGINT) => Type::Int64,
        () if among(DOUBLE) => Type::Float64,
        () if among(TEXTS) => Type::list(Type::STRING),
        () => Type::Unknown,
    }
}

// Sorted.
#[rustfmt::skip]
static TEXT: &[&str] = &[
    "access_mode", "allocator_bulk_deallocation_flush_threshold", "allocator_flush_threshold",
    "allow_parser_override_extension", "arrow_output_version", "autoinstall_extension_repository",
    "block_allocator_memory", "calendar", "checkpoint_threshold", "current_transaction_invalidation_policy",
    "custom_extension_repository", "custom_profiling_settings", "custom_user_agent", "default_collation",
    "default_null_order", "default_order", "default_secret_storage", "deprecated_using_key_syntax",
    "disabled_compression_methods", "disabled_filesystems", "disabled_log_types", "disabled_optimizers", "duckdb_api",
    "enabled_log_types", "explain_output", "extension_directory", "file_search_path", "force_bitpacking_mode",
    "force_compression", "force_variant_shredding", "home_directory", "http_logging_output", "http_proxy",
    "http_proxy_password", "http_proxy_username", "lambda_syntax", "log_query_path", "logging_level", "logging_mode",
    "logging_storage", "max_memory", "max_temp_directory_size", "memory_limit", "null_order", "password",
    "pin_threads", "profile_output", "profiling_coverage", "profiling_output", "schema", "search_path",
    "secret_directory", "storage_block_prefetch", "storage_compatibility_version", "streaming_buffer_size",
    "temp_directory", "timezone", "user", "username", "validate_external_file_cache", "wal_autocheckpoint",
    "write_buffer_row_group_memory_limit",
];

// Sorted.
#[rustfmt::skip]
static BOOLEAN: &[&str] = &[
    "allocator_background_threads", "allow_community_extensions", "allow_extensions_metadata_mismatch",
    "allow_persistent_secrets", "allow_unredacted_secrets", "allow_unsigned_extensions", "arrow_large_buffer_size",
    "arrow_lossless_conversion", "arrow_output_list_view", "autoinstall_known_extensions",
    "autoload_known_extensions", "binary_as_string", "disable_database_invalidation", "disable_parquet_prefetching",
    "disable_timestamptz_casts", "enable_caching_operators", "enable_external_access", "enable_external_file_cache",
    "enable_fsst_vectors", "enable_geoparquet_conversion", "enable_http_logging", "enable_http_metadata_cache",
    "enable_logging", "enable_macro_dependencies", "enable_object_cache", "enable_progress_bar",
    "enable_progress_bar_print", "enable_view_dependencies", "errors_as_json", "experimental_metadata_reuse",
    "force_column_metadata_reuse", "force_mbedtls_unsafe", "ieee_floating_point_ops", "ignore_unknown_crs",
    "immediate_transaction_mode", "integer_division", "lock_configuration", "old_implicit_casting",
    "order_by_non_integer_literal", "parquet_metadata_cache", "prefer_range_joins", "prefetch_all_parquet_files",
    "preserve_identifier_case", "preserve_insertion_order", "produce_arrow_string_view",
    "scalar_subquery_error_on_multiple_rows", "scheduler_process_partial", "temp_file_encryption",
    "warnings_as_errors",
];

// Sorted.
#[rustfmt::skip]
static UBIGINT: &[&str] = &[
    "asof_loop_join_threshold", "auto_checkpoint_skip_wal_threshold", "catalog_error_max_schemas",
    "default_block_size", "dynamic_or_filter_threshold", "external_threads", "index_scan_max_count",
    "late_materialization_max_rows", "max_expression_depth", "max_vacuum_tasks", "merge_join_threshold",
    "nested_loop_join_threshold", "ordered_aggregate_threshold", "partitioned_write_flush_threshold",
    "partitioned_write_max_open_files", "perfect_ht_threshold", "pivot_filter_threshold", "pivot_limit",
    "vacuum_rebuild_indexes", "wal_autocheckpoint_entries", "write_buffer_row_group_count", "zstd_min_string_length",
];

// Sorted.
#[rustfmt::skip]
static BIGINT: &[&str] = &[
    "geometry_minimum_shredding_size", "progress_bar_time", "threads", "variant_minimum_shredding_size",
    "worker_threads",
];

// Sorted.
#[rustfmt::skip]
static TEXTS: &[&str] = &[
    "allowed_configs", "allowed_directories", "allowed_paths", "extension_directories",
];

// Sorted.
#[rustfmt::skip]
static DOUBLE: &[&str] = &[
    "index_scan_percentage",
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_lists_are_sorted() {
        for list in [
            super::TEXT,
            super::BOOLEAN,
            super::UBIGINT,
            super::BIGINT,
            super::DOUBLE,
            super::TEXTS,
        ] {
            assert!(list.windows(2).all(|w| w[0] < w[1]));
        }
    }
}
