//! rocky-warehouse.
