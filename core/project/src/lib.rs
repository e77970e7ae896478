//! rocky-project.
