//! Lineage of compiled projects: the index of readers says the same as the edges it is made of, chains of thousands are walked
//! without recursion, and what is not proved carries its reason.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_base::event::NoObserver;
use rocky_base::system::MemorySystem;
use rocky_base::{CancelToken, SmolStr};
use rocky_project::{ColumnKey, Compiler, Direction, Doubt, Edge, Inputs, Node, Options, Snapshot};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

const CONFIG: &str = r#"
[adapter]
type = "duckdb"
path = "w.duckdb"
[pipeline.p]
type = "transformation"
[pipeline.p.target]
adapter = "default"
[[sources]]
schema = "raw"
table = "orders"
columns = [{ name = "id", type = "BIGINT" }, { name = "amount", type = "DOUBLE" }, { name = "status", type = "VARCHAR" }]
"#;

fn compile(files: &[(&str, &str)]) -> Arc<Snapshot> {
    let system = Arc::new(MemorySystem::new());
    system.write("/p/rocky.toml", CONFIG);
    for (path, text) in files {
        system.write(format!("/p/models/{path}"), *text);
    }
    let options = Options {
        config: PathBuf::from("/p/rocky.toml"),
        models: None,
        contracts: None,
        config_optional: false,
        cache: None,
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .stack_size(16 << 20)
        .build()
        .unwrap();
    Compiler::new(system, options)
        .compile(&Inputs::default(), &pool, &mut NoObserver, &CancelToken::new())
        .unwrap()
}

fn model(snapshot: &Snapshot, name: &str) -> u32 {
    snapshot.model(name).unwrap().0
}

fn text(snapshot: &Snapshot, edge: &Edge) -> String {
    let target = snapshot.node_name(Node::Model(edge.target.0));
    let doubt = edge.doubt.as_ref().map(|d| format!(" ? {d}")).unwrap_or_default();
    let source = snapshot.node_name(edge.source.0);
    format!("{source}.{} -> {target}.{}{doubt}", edge.source.1, edge.target.1)
}

fn texts(snapshot: &Snapshot, edges: &[Edge]) -> Vec<String> {
    edges.iter().map(|e| text(snapshot, e)).collect()
}

#[test]
fn a_chain_of_five_thousand_is_walked_both_ways() {
    let files: Vec<(String, String)> = (0..5000)
        .map(|i| {
            let sql = if i == 0 {
                "SELECT id, amount FROM raw.orders".to_owned()
            } else {
                format!("SELECT id, amount + 1 AS amount FROM m{:04}", i - 1)
            };
            (format!("m{i:04}.sql"), sql)
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let snapshot = compile(&files);
    let (first, last) = (model(&snapshot, "m0000"), model(&snapshot, "m4999"));
    let begin = Instant::now();
    let up = snapshot.trace(last, "amount", Direction::Upstream);
    assert_eq!(up.len(), 5000);
    assert!(matches!(up.last().unwrap().source.0, Node::Source(_)));
    let down = snapshot.trace(first, "AMOUNT", Direction::Downstream);
    assert_eq!(down.len(), 4999);
    assert_eq!(down.last().unwrap().target.0, last);
    assert!(begin.elapsed() < Duration::from_secs(30));
    let near = snapshot.walk(
        (Node::Model(first), ColumnKey::Known(1)),
        Direction::Downstream,
        Some(3),
    );
    assert_eq!((near.edges.len(), near.cut), (3, true));
    assert_eq!(
        snapshot
            .neighbours(Node::Model(first), Direction::Downstream, u32::MAX)
            .len(),
        4999
    );
}

#[test]
fn the_index_of_readers_holds_each_edge_once() {
    let snapshot = compile(&[
        ("a.sql", "SELECT *, amount * 2 AS twice FROM raw.orders"),
        (
            "b.sql",
            "SELECT id, sum(twice) AS s FROM a WHERE status = 'x' GROUP BY id",
        ),
        (
            "c.sql",
            "SELECT b.*, u.guess, n.amount AS n FROM b JOIN raw.unknown AS u ON u.id = b.id JOIN a AS n ON n.id = b.id",
        ),
        (
            "d.sql",
            "SELECT x.* FROM raw.unknown AS x UNION ALL SELECT * FROM raw.unknown",
        ),
        ("e.sql", "SELECT guess, other FROM d ORDER BY third LIMIT 1"),
        ("f.sql", "SELECT id, amount FROM 'data/orders.csv'"),
        (
            "g.sql",
            "SELECT id, id + 1 AS id2 FROM c WHERE id > (SELECT max(id) FROM g)",
        ),
        (
            "g.toml",
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"id\"\n",
        ),
    ]);
    let nodes = (0..snapshot.models.len() as u32)
        .map(Node::Model)
        .chain((0..snapshot.sources.len() as u32).map(Node::Source));
    let all: Vec<Edge> = (0..snapshot.models.len() as u32)
        .flat_map(|m| snapshot.edges_into(m))
        .collect();
    assert!(all.len() > 15);
    for node in nodes {
        let mut forward: Vec<String> = all
            .iter()
            .filter(|e| e.source.0 == node && Node::Model(e.target.0) != node)
            .map(|e| text(&snapshot, e))
            .collect();
        let mut back = texts(&snapshot, &snapshot.edges_from(node));
        // By column, each through its own row of the index.
        let names: BTreeSet<SmolStr> = all
            .iter()
            .filter(|e| e.source.0 == node)
            .map(|e| snapshot.fold_column(&e.source.1))
            .collect();
        let mut single: Vec<String> = names
            .iter()
            .flat_map(|n| {
                snapshot
                    .walk(
                        (node, snapshot.column_key(node, n)),
                        Direction::Downstream,
                        Some(1),
                    )
                    .edges
            })
            .filter(|e| Node::Model(e.target.0) != node)
            .map(|e| text(&snapshot, &e))
            .collect();
        [&mut forward, &mut back, &mut single]
            .into_iter()
            .for_each(|l| l.sort());
        assert_eq!(forward, back);
        assert_eq!(forward, single);
        for key in names.iter().map(|n| snapshot.column_key(node, n)) {
            for influence in snapshot.influences_of(node, &key) {
                assert!(snapshot.influences_on(influence.target).contains(&influence));
            }
        }
    }
}

#[test]
fn what_is_not_proved_says_why() {
    let snapshot = compile(&[
        ("star.sql", "SELECT * FROM raw.unknown"),
        ("over.sql", "SELECT found, 1 AS one FROM star"),
        (
            "either.sql",
            "SELECT lost, o.id, cast(lost AS INTEGER) AS n FROM raw.orders AS o JOIN raw.unknown AS u ON true JOIN raw.unknown2 AS v ON true WHERE lost2 = 1",
        ),
        (
            "known.sql",
            "SELECT id, amount, count(*) AS n FROM raw.orders GROUP BY ALL",
        ),
        ("broken.sql", "SELECT id, amount +  FROM raw.orders"),
    ]);
    let doubt = |name: &str, column: u32| snapshot.column_doubt(model(&snapshot, name), column);
    let over = model(&snapshot, "over");
    assert_eq!(doubt("over", 0), Some(Doubt::NotListed("star".into())));
    assert_eq!(doubt("over", 1), None);
    assert_eq!(
        texts(&snapshot, &snapshot.edges_into(over)),
        ["star.found -> over.found ? `star` may have columns that are not known"]
    );
    let star = snapshot.columns_doubt(model(&snapshot, "star"));
    assert!(matches!(star, Some(Doubt::UnknownRelation(_))), "{star:?}");
    assert_eq!(doubt("either", 0), Some(Doubt::Unresolved("lost".into())));
    assert_eq!(doubt("either", 1), None);
    // A cast gives it a type; where it comes from is as unknown as before.
    assert_eq!(doubt("either", 2), Some(Doubt::Unresolved("lost".into())));
    assert_eq!(
        snapshot.rows_doubt(model(&snapshot, "either")),
        Some(Doubt::Unresolved("lost2".into()))
    );
    assert_eq!(
        (0..3).map(|c| doubt("known", c)).collect::<Vec<_>>(),
        [None, None, None]
    );
    assert_eq!(doubt("broken", 0), Some(Doubt::Broken("broken".into())));
    // A column that nobody lists is traced to those who read it.
    let node = Node::Model(model(&snapshot, "star"));
    let key = snapshot.column_key(node, "FOUND");
    assert_eq!(key, ColumnKey::Named("found".into()));
    assert_eq!(
        snapshot
            .walk((node, key), Direction::Downstream, None)
            .edges
            .len(),
        1
    );
}

#[test]
fn files_and_own_targets_are_nodes_like_others() {
    let snapshot = compile(&[
        ("f.sql", "SELECT o.amount FROM 'data/it''s.csv' AS o"),
        ("f2.sql", "SELECT amount FROM 'data/it''s.csv'"),
        (
            "g.sql",
            "SELECT r.id, coalesce(g.amount, r.amount) AS amount FROM raw.orders AS r LEFT JOIN g ON g.id = r.id",
        ),
        ("g.toml", "[strategy]\ntype = \"merge\"\nunique_key = [\"id\"]\n"),
        ("h.sql", "SELECT id FROM g"),
        ("h.toml", "[strategy]\ntype = \"ephemeral\"\n"),
        ("i.sql", "SELECT id FROM h"),
    ]);
    // Whatever its alias, a file is one source.
    for name in ["f", "f2"] {
        let f = snapshot.edges_into(model(&snapshot, name));
        assert_eq!(snapshot.node_name(f[0].source.0), "'data/it''s.csv'");
    }
    assert_eq!(snapshot.sources.len(), 2);
    let g = model(&snapshot, "g");
    let into = texts(&snapshot, &snapshot.edges_into(g));
    assert!(
        into.iter().any(|e| e.starts_with("g.amount -> g.amount")),
        "{into:?}"
    );
    // The loop ends, and the way out of it is found.
    let up = texts(&snapshot, &snapshot.trace(g, "amount", Direction::Upstream));
    assert_eq!(up.len(), 2, "{up:?}");
    let i = texts(
        &snapshot,
        &snapshot.trace(model(&snapshot, "i"), "id", Direction::Upstream),
    );
    assert_eq!(i[..2], ["h.id -> i.id", "g.id -> h.id"], "{i:?}");
}
