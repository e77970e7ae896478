//! rocky-syntax.
