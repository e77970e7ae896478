//! Type names to types, per dialect (being written).
