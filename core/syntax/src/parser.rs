//! parser (being written).
