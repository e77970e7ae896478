//! Facts about generated projects, without a database: `validate.py` asks DuckDB.
#![expect(clippy::unwrap_used, reason = "a test may")]

use rocky_benches::floor::{Trees, floor};
use rocky_benches::generate::{Layer, MIN_MODELS, Piece, Project, Role, Strategy, Upstream, generate};
use rocky_benches::write::{FACTS_FILE, dbt, plain_sql, read_facts, rocky, rocky_text};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

fn files(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

fn written(project: &Project) -> BTreeMap<String, String> {
    let root = tempfile::tempdir().unwrap();
    rocky::write(project, root.path()).unwrap();
    files(root.path())
}

fn all_sizes() -> impl Iterator<Item = Project> {
    [MIN_MODELS, 37, 200, 1000]
        .into_iter()
        .flat_map(|n| (1..4).map(move |seed| generate(n, seed)))
}

#[test]
fn the_same_seed_gives_the_same_files_and_another_seed_others() {
    let first = written(&generate(200, 7));
    assert_eq!(first, written(&generate(200, 7)));
    assert_ne!(first, written(&generate(200, 8)));
}

#[test]
fn a_tenth_is_dsl_and_the_layers_have_their_shares() {
    let project = generate(1000, 1);
    let count = |layer| project.models.iter().filter(|m| m.layer == layer).count();
    assert_eq!(Layer::ALL.map(count), [200, 350, 300, 150]);
    assert_eq!(project.models.iter().filter(|m| m.dsl.is_some()).count(), 100);
    for layer in [Layer::Staging, Layer::Intermediate, Layer::Marts] {
        assert!(
            project.models.iter().any(|m| m.layer == layer && m.dsl.is_some()),
            "{layer:?}"
        );
    }
}

#[test]
fn names_are_unique_and_every_reference_is_to_an_earlier_model_or_a_declared_table() {
    for project in all_sizes() {
        let mut names = HashSet::new();
        for (number, model) in project.models.iter().enumerate() {
            assert!(names.insert(model.name.to_lowercase()), "{} twice", model.name);
            for text in std::iter::once(&model.sql).chain(&model.dsl) {
                let read: Vec<Upstream> = text
                    .iter()
                    .filter_map(|p| {
                        if let Piece::Reference(upstream) = p {
                            Some(*upstream)
                        } else {
                            None
                        }
                    })
                    .collect();
                assert_eq!(read, model.upstreams, "{}", model.name);
            }
            assert!(!model.upstreams.is_empty());
            for upstream in &model.upstreams {
                match upstream {
                    // Backwards only: there is no cycle.
                    Upstream::Model(i) => assert!(*i < number, "{} reads forward", model.name),
                    Upstream::Raw(i) => assert!(*i < project.tables.len()),
                }
            }
        }
        let tables: HashSet<_> = project.tables.iter().map(|t| &t.name).collect();
        assert_eq!(tables.len(), project.tables.len());
    }
}

#[test]
fn every_model_has_8_to_15_columns_and_those_that_others_count_on() {
    for project in all_sizes() {
        for model in &project.models {
            let names: HashSet<&str> = model.columns.iter().map(|c| c.name.as_str()).collect();
            assert_eq!(names.len(), model.columns.len(), "{}: a name twice", model.name);
            assert!(
                (8..=15).contains(&names.len()),
                "{}: {} columns",
                model.name,
                names.len()
            );
            assert!(
                names.contains("customer_id") && names.contains("updated_at"),
                "{}",
                model.name
            );
            assert!(
                model.columns.iter().any(|c| c.role == Role::Measure),
                "{}",
                model.name
            );
            assert!(
                model.columns.iter().any(|c| c.role == Role::Category),
                "{}",
                model.name
            );
            if let Strategy::Merge(key) = model.strategy {
                assert_eq!(model.columns[key].role, Role::Key, "{}", model.name);
            }
        }
    }
}

#[test]
fn the_parsers_of_the_floor_reject_nothing() {
    let root = tempfile::tempdir().unwrap();
    let facts = rocky::write(&generate(1000, 2), root.path()).unwrap();
    for trees in [Trees::Dropped, Trees::Kept] {
        let floor = floor(root.path(), 2, trees).unwrap();
        assert_eq!(floor.failed, Vec::<String>::new());
        assert_eq!((floor.n_files, floor.n_bytes), (facts.n_files, facts.n_bytes));
        assert_eq!((floor.n_sql, floor.n_dsl), (facts.n_sql, facts.n_dsl));
    }
}

#[test]
fn the_floor_names_a_file_that_does_not_parse() {
    let root = tempfile::tempdir().unwrap();
    rocky::write(&generate(10, 1), root.path()).unwrap();
    std::fs::write(root.path().join("models/marts/broken.sql"), "SELECT FROM WHERE").unwrap();
    let floor = floor(root.path(), 1, Trees::Dropped).unwrap();
    assert_eq!(floor.failed.len(), 1);
    assert!(floor.failed[0].contains("broken.sql"), "{:?}", floor.failed);
}

#[test]
fn facts_describe_what_is_written_and_their_edits_apply() {
    let root = tempfile::tempdir().unwrap();
    let project = generate(1000, 3);
    let facts = rocky::write(&project, root.path()).unwrap();
    assert_eq!(read_facts(root.path()).unwrap(), facts);
    let mut on_disk = files(root.path());
    on_disk.remove(FACTS_FILE);
    assert_eq!(
        (on_disk.len(), on_disk.values().map(String::len).sum::<usize>()),
        (facts.n_files, facts.n_bytes)
    );
    // As in the design's measurements: about 480 bytes and two files a model.
    assert!(
        (400..600).contains(&(facts.n_bytes / facts.n_models)),
        "{} bytes",
        facts.n_bytes
    );
    let (model, column) = facts.lineage_target.split_once('.').unwrap();
    let target = project.models.iter().find(|m| m.name == model).unwrap();
    assert!(target.columns.iter().any(|c| c.name == column));
    assert!(facts.hub.n_downstream > facts.edit.n_downstream && facts.edit.n_downstream > 0);
    for edit in [&facts.edit, &facts.hub] {
        assert_eq!(on_disk[&edit.path], edit.original());
        let texts = [
            edit.original(),
            edit.with_condition(1),
            edit.with_column(1),
            edit.with_column(2),
        ];
        assert_eq!(texts.iter().collect::<HashSet<_>>().len(), texts.len());
        for text in texts {
            std::fs::write(root.path().join(&edit.path), &text).unwrap();
            assert_eq!(
                floor(root.path(), 1, Trees::Dropped).unwrap().failed,
                Vec::<String>::new(),
                "{text}"
            );
        }
    }
}

#[test]
fn the_depth_does_not_grow_with_the_size() {
    let depth = |n| {
        let root = tempfile::tempdir().unwrap();
        rocky::write(&generate(n, 1), root.path()).unwrap().depth
    };
    let (small, large) = (depth(1000), depth(3000));
    assert!((7..=9).contains(&small) && large <= 9, "{small}, {large}");
}

#[test]
fn dbt_gets_the_same_models_with_the_same_references() {
    let root = tempfile::tempdir().unwrap();
    let project = generate(200, 1);
    dbt::write(&project, root.path()).unwrap();
    let on_disk = files(root.path());
    for model in &project.models {
        let text = &on_disk[&format!("models/{}/{}.sql", model.layer.folder(), model.name)];
        for upstream in &model.upstreams {
            let reference = match upstream {
                Upstream::Raw(i) => format!("{{{{ source('raw', '{}') }}}}", project.tables[*i].name),
                Upstream::Model(i) => format!("{{{{ ref('{}') }}}}", project.models[*i].name),
            };
            assert!(text.contains(&reference), "{}: {reference}", model.name);
        }
    }
    assert_eq!(
        on_disk.keys().filter(|path| path.ends_with(".sql")).count(),
        project.models.len()
    );
}

#[test]
fn a_dsl_model_is_written_in_the_dsl_and_has_its_meaning_in_sql() {
    let project = generate(200, 1);
    for model in project.models.iter().filter(|m| m.dsl.is_some()) {
        assert!(rocky_text(&project, model).starts_with("from "), "{}", model.name);
        let sql = plain_sql(&project, model);
        assert!(sql.starts_with("SELECT"), "{sql}");
    }
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("mine.txt"), "precious").unwrap();
    assert!(rocky::write(&generate(10, 1), root.path()).is_err());
    assert_eq!(files(root.path()).len(), 1);
}
