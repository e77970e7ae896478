//! The system in memory lists what was written, folder by folder.

#![allow(missing_docs, clippy::unwrap_used)]

use rocky_base::System;
use rocky_base::system::MemorySystem;
use std::path::Path;

#[test]
fn folders_are_listed_by_their_entries() {
    let system = MemorySystem::new();
    for path in [
        "/p/a",
        "/p/a.sql",
        "/p/a/b/c.sql",
        "/p/a/d.sql",
        "/p/b-c.sql",
        "/p/b/x.sql",
        "/q",
        "/p2/y",
    ] {
        system.write(path, "");
    }
    let listed = |dir: &str| -> Vec<(String, bool)> {
        let entries = system.list(Path::new(dir)).unwrap().into_iter();
        entries.map(|e| (e.name.unwrap().to_string(), e.is_dir)).collect()
    };
    let own = |list: &[(&str, bool)]| -> Vec<(String, bool)> {
        list.iter()
            .map(|(name, is_dir)| ((*name).to_owned(), *is_dir))
            .collect()
    };
    let below = own(&[("a", true), ("a.sql", false), ("b", true), ("b-c.sql", false)]);
    assert_eq!(listed("/p"), below);
    assert_eq!(listed("/p/"), below);
    assert_eq!(listed("/p/a"), own(&[("b", true), ("d.sql", false)]));
    assert_eq!(listed("/"), own(&[("p", true), ("p2", true), ("q", false)]));
    assert!(system.list(Path::new("/p/c")).is_err());
    assert!(system.list(Path::new("/q")).is_err());
    for (path, there) in [
        ("/p", true),
        ("/p/a/b", true),
        ("/p/a.sql", true),
        ("/q", true),
        ("/p/", true),
    ] {
        assert_eq!(system.exists(Path::new(path)), there, "{path}");
    }
    for path in ["/p/c", "/pp", "/r", "/p/a/b/c", "/q/x", "/"] {
        assert_eq!(system.exists(Path::new(path)), path == "/", "{path}");
    }
}
