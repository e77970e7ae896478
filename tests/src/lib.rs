//! rocky-tests.
