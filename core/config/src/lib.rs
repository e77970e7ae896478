//! rocky-config.
