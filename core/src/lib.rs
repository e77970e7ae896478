//! rocky-core.
