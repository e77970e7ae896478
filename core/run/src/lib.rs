//! rocky-run.
