//! `toml` of `src/lib.rs` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rocky_fuzz::toml(data));
