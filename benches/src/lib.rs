//! rocky-benches.
