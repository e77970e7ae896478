//! rocky-semantic.
