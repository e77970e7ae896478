//! rocky-ffi.
