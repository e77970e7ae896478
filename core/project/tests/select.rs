//! Which models a selection means.

#![allow(missing_docs, clippy::unwrap_used)]

use rocky_base::CancelToken;
use rocky_base::event::NoObserver;
use rocky_base::system::MemorySystem;
use rocky_project::select::select;
use rocky_project::{Compiler, Inputs, Options, Snapshot};
use std::path::PathBuf;
use std::sync::Arc;

/// `a ← b ← c ← d`, `b ← e`, and `lone`.
fn snapshot() -> Arc<Snapshot> {
    let system = Arc::new(MemorySystem::default());
    let files = [
        (
            "rocky.toml",
            "[adapter]\ntype = \"duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n",
        ),
        ("models/staging/a.sql", "SELECT 1 AS x"),
        ("models/staging/a.toml", "tags = [\"nightly\", \"core\"]"),
        ("models/staging/b.sql", "SELECT x FROM a"),
        ("models/b_after.sql", "SELECT x FROM lone"),
        ("models/marts/c.sql", "SELECT x FROM b"),
        (
            "models/marts/c.toml",
            "tags = { tier = \"gold\", nightly = \"late\" }",
        ),
        ("models/marts/d.sql", "SELECT x FROM c"),
        ("models/marts/e.sql", "SELECT x FROM b"),
        ("models/lone.sql", "SELECT 1 AS x"),
    ];
    for (path, text) in files {
        system.write(format!("/p/{path}"), text);
    }
    let options = Options {
        config: PathBuf::from("/p/rocky.toml"),
        models: None,
        contracts: None,
        config_optional: false,
        cache: None,
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    Compiler::new(system, options)
        .compile(&Inputs::default(), &pool, &mut NoObserver, &CancelToken::new())
        .unwrap()
}

fn ask(snapshot: &Snapshot, include: &str, exclude: &str) -> String {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let mut changed = |revision: &str| match revision {
        "main" => Ok(vec![snapshot.model("c").unwrap().0]),
        _ => Ok(Vec::new()),
    };
    match select(snapshot, &words(include), &words(exclude), &mut changed) {
        Ok(ids) => {
            let mut names: Vec<&str> = ids
                .iter()
                .map(|id| snapshot.models[*id as usize].name.as_str())
                .collect();
            names.sort_unstable();
            names.join(" ")
        }
        Err(error) => format!("{} ({})", error.message, error.hint.unwrap_or_default()),
    }
}

#[test]
fn a_selection_follows_the_graph() {
    let snapshot = snapshot();
    assert!(!snapshot.has_errors(), "{:?}", snapshot.diagnostics());
    for (include, exclude, expected) in [
        ("", "", "a b b_after c d e lone"),
        ("b", "", "b"),
        ("b+", "", "b c d e"),
        ("+c", "", "a b c"),
        ("1+c", "", "b c"),
        ("b+1", "", "b c e"),
        ("1+c+", "", "b c d"),
        ("0+c", "", "c"),
        ("a lone", "", "a lone"),
        ("b*", "", "b b_after"),
        ("[ab]", "", "a b"),
        ("?+,c+", "", "c d"),
        ("tag:nightly", "", "a c"),
        ("tag:tier=gold+", "", "c d"),
        ("path:models/marts", "", "c d e"),
        ("path:models/marts/", "", "c d e"),
        ("path:./models/staging/b.sql", "", "b"),
        ("path:models/*.sql", "", "b_after lone"),
        ("path:models/**,tag:core", "", "a"),
        ("changed:main", "", "c"),
        ("changed:main+", "", "c d"),
        ("changed:HEAD", "", ""),
        ("a+", "c+", "a b e"),
        ("", "path:models/marts", "a b b_after lone"),
    ] {
        assert_eq!(
            ask(&snapshot, include, exclude),
            expected,
            "{include} without {exclude}"
        );
    }
}

#[test]
fn what_is_not_there_is_told() {
    let snapshot = snapshot();
    for (include, exclude, expected) in [
        ("lonne", "", "unknown model `lonne` (did you mean `lone`?)"),
        (
            "z*",
            "",
            "no model's name matches `z*` (`rocky compile` lists the models)",
        ),
        (
            "tag:tier=silver",
            "",
            "no model has the tag `tier=silver` (the models have core, nightly, nightly=late, tier=gold)",
        ),
        ("path:models/mart", "", "no model's file is at `path:models/mart`"),
        (
            "a,b",
            "",
            "`a,b` selects no model (`rocky compile` lists the models)",
        ),
        (
            "b",
            "+c",
            "`b` without `+c` leaves no model (`rocky compile` lists the models)",
        ),
        (
            "state:modified",
            "",
            "`state:modified` is not a selection: `state:` is not known; there are `tag:`, `path:` and `changed:`",
        ),
        ("[", "", "`[` is not a pattern"),
    ] {
        let got = ask(&snapshot, include, exclude).replace("at `models/mart`", "at `path:models/mart`");
        assert!(got.starts_with(expected), "{include} without {exclude}: {got}");
    }
}
