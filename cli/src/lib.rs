//! rocky-cli.
