//! Gives the library its SONAME, so that a program linked with `-lrocky` asks for this major version of the ABI.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,librocky.so.2");
    }
}
