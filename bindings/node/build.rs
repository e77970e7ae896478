//! Link settings of a Node addon: on macOS its undefined symbols, on Windows the host's import library.

fn main() {
    napi_build::setup();
}
