//! DSL (being written).
