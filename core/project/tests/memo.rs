//! Memoised equals fresh: random edits, additions and removals of models, sidecars, macros, variables, contracts and
//! declared sources; after each, the result of the compiler that lived through them is compared with that of a new one.
//! `ROCKY_MEMO_STEPS` makes it longer.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_base::event::NoObserver;
use rocky_base::system::MemorySystem;
use rocky_base::{CancelToken, Diagnostic, Files, SmolStr, System};
use rocky_project::diff::compare;
use rocky_project::{Compiler, Edits, InputRelation, Inputs, Options, Snapshot};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A small generator, so that a failing seed can be run again.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % below.max(1)
    }
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.next(from.len())]
    }
}

fn compiler(system: &Arc<MemorySystem>) -> Compiler {
    with_cache(system, None)
}

fn with_cache(system: &Arc<MemorySystem>, cache: Option<&str>) -> Compiler {
    let options = Options {
        config: PathBuf::from("/p/rocky.toml"),
        models: None,
        contracts: None,
        config_optional: false,
        cache: cache.map(PathBuf::from),
    };
    Compiler::new(system.clone(), options)
}

fn place(d: &Diagnostic, files: &Files) -> String {
    let at = |loc: rocky_base::Loc| {
        let file = files
            .get(loc.file)
            .map(|f| f.path.to_string())
            .unwrap_or_default();
        format!("{file}:{}..{}", loc.span.start, loc.span.end)
    };
    let primary = d
        .primary
        .as_ref()
        .map(|l| format!("{} {}", at(l.loc), l.text))
        .unwrap_or_default();
    let notes: Vec<String> = d
        .notes
        .iter()
        .map(|n| format!("{} {}", at(n.loc), n.text))
        .collect();
    let fix = d
        .fix
        .as_ref()
        .map(|f| f.edits.iter().map(|e| at(e.loc) + &e.text).collect::<String>());
    format!(
        "{} {:?} {} {primary} {notes:?} {:?} {fix:?} {:?}",
        d.code, d.severity, d.message, d.help, d.model
    )
}

/// Everything a caller can see of a snapshot, as text.
fn visible(snapshot: &Snapshot) -> String {
    let mut out = String::new();
    for (id, m) in snapshot.models.iter().enumerate() {
        out += &format!(
            "model {} layer {} target {:?} {:?} deps {:?} errors {} text {:?}\n",
            m.name,
            snapshot.order.layer[id],
            m.target,
            m.target_parts,
            m.depends_on,
            m.has_errors,
            m.unit.text()
        );
        for c in &m.analysis().columns {
            out += &format!("  {c:?}\n");
        }
        for i in &m.inputs {
            let name = match i {
                InputRelation::Model(m) => snapshot.models[*m as usize].name.clone(),
                InputRelation::Own => SmolStr::new("(own)"),
                InputRelation::Source(s) => SmolStr::new(snapshot.sources[*s as usize].name.display()),
            };
            out += &format!("  reads {name}\n");
        }
        out += &format!(
            "  {:?} {} {:?}\n",
            m.analysis().influences,
            m.complete(),
            m.contract.is_some()
        );
    }
    for s in snapshot.sources.iter() {
        out += &format!("source {} {:?} {:?}\n", s.name.display(), s.schema, s.readers);
    }
    for d in snapshot.diagnostics() {
        out += &format!("{}\n", place(d, &snapshot.files));
    }
    out += &format!("has errors: {}\n", snapshot.has_errors());
    out
}

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";

fn sources(random: &mut Random) -> String {
    let mut text = CONFIG.to_owned();
    text += random.pick(&[
        "",
        "[lints]\nW110 = \"error\"\nW101 = \"allow\"\n",
        "[portability]\ntarget_dialect = \"bigquery\"\nallow = [\"VALUES_QUERY\"]\n",
    ]);
    if random.next(4) > 0 {
        let ty = random.pick(&["INTEGER", "BIGINT", "VARCHAR", "DECIMAL(10,2)"]);
        text += &format!(
            "[[sources]]\nschema = \"raw\"\ntable = \"t\"\ncolumns = [{{name = \"a\", type = \"{ty}\"}}, {{name = \"b\", type = \"DATE\", nullable = false}}]\n"
        );
    }
    text
}

fn model_text(random: &mut Random, n_models: usize) -> String {
    let reference = |random: &mut Random| match random.next(6) {
        0 => "raw.t".to_owned(),
        1 => "raw.unknown".to_owned(),
        2 => format!("main.m{}", random.next(n_models)),
        _ => format!("m{}", random.next(n_models)),
    };
    let columns = [
        "a",
        "b",
        "a + 1 AS a",
        "upper(b) AS b",
        "nope",
        "@var(v, 7) AS a",
        "@twice(a) AS b",
    ];
    let column = |random: &mut Random| random.pick(&columns).to_owned();
    let (one, two, c) = (reference(random), reference(random), column(random));
    match random.next(11) {
        9 => format!("-- rocky-allow: W110, W200 why\nSELECT a, b FROM {one} LIMIT 3"),
        10 => format!(
            "SELECT a::INTEGER AS a, now() AS b FROM {one}, {two} AS t -- rocky-allow: W105 why\nLIMIT 3"
        ),
        0 => format!("SELECT * FROM {one}"),
        1 => format!("SELECT {c}, b FROM {one}"),
        2 => format!("SELECT x.a, y.b FROM {one} AS x JOIN {two} AS y ON x.a = y.a"),
        3 => format!("WITH c AS (SELECT a, b FROM {one}) SELECT a, max(b) AS b FROM c GROUP BY a"),
        4 => format!("SELECT a, b FROM {one} UNION ALL SELECT a, b FROM {two}"),
        5 => format!("SELECT a FROM (SELECT FROM {one}"),
        6 => format!("---toml\n[strategy]\ntype = \"view\"\n---\nSELECT 1 AS a, {c} FROM {one}"),
        7 => "SELECT DATE '2024-01-01' AS b, 1 AS a".to_owned(),
        _ => format!("SELECT a, b FROM {one} WHERE a IN (SELECT a FROM {two})"),
    }
}

fn edit(random: &mut Random, system: &MemorySystem, inputs: &mut Inputs, n_models: usize) {
    let n = random.next(n_models);
    let path = |ext: &str| PathBuf::from(format!("/p/models/m{n}.{ext}"));
    match random.next(14) {
        0..=5 => {
            let text = model_text(random, n_models);
            system.remove(&path("rocky"));
            system.write(path("sql"), text);
        }
        6 => {
            system.remove(&path("sql"));
            let other = random.next(n_models);
            let steps = [
                "where a > 1",
                "derive { c: a * 2 }",
                "group b { a: max(a) }",
                "where $",
                "take 3 sort a",
            ];
            system.write(path("rocky"), format!("from m{other}\n{}\n", random.pick(&steps)));
        }
        7 => {
            system.remove(&path("sql"));
            system.remove(&path("rocky"));
        }
        8 => {
            let text = random.pick(&[
                "[strategy]\ntype = \"ephemeral\"\n",
                "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"b\"\n",
                "name = \"m1\"\n",
                "depends_on = [\"m0\", \"m99\"]\n",
                "[target]\nschema = \"s\"\n",
                "not toml",
                "tipo = 1\n",
            ]);
            system.write(path("toml"), text);
        }
        9 => {
            system.remove(&path("toml"));
        }
        10 => {
            let text = random.pick(&[
                "-- @macro twice(x)\n({x} * 2)\n",
                "-- @macro twice(x)\n({x} + {x} + nope)\n",
                "-- @macro other(x)\n{x}\n",
            ]);
            system.write("/p/macros/m.sql", text);
        }
        11 => {
            inputs.vars.clear();
            if random.next(2) == 0 {
                inputs.vars.insert(
                    SmolStr::new("v"),
                    SmolStr::new(random.pick(&["1", "'x'", "NULL"])),
                );
            }
        }
        12 => system.write("/p/rocky.toml", sources(random)),
        _ => {
            if random.next(2) == 0 {
                let text = "[[columns]]\nname = \"a\"\ntype = \"BIGINT\"\nnullable = false\n[rules]\nrequired = [\"z\"]\n";
                system.write(path("contract.toml"), text);
            } else {
                system.remove(&path("contract.toml"));
            }
        }
    }
}

#[test]
fn a_compiler_that_lived_through_edits_says_what_a_new_one_says() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let cancel = CancelToken::new();
    let steps: usize = std::env::var("ROCKY_MEMO_STEPS")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(110);
    let mut n_news = 0;
    for seed in 1..=8u64 {
        let mut random = Random(seed);
        let n_models = 12;
        // What the cache folder held at some earlier step.
        let mut earlier: Vec<(PathBuf, Vec<u8>)> = Vec::new();
        let held = |system: &MemorySystem| -> Vec<(PathBuf, Vec<u8>)> {
            let files = system.list(Path::new(CACHE)).unwrap_or_default();
            let held = |f: rocky_base::system::DirEntry| (f.path.clone(), system.read(&f.path).unwrap());
            files.into_iter().map(held).collect()
        };
        let system = Arc::new(MemorySystem::new());
        system.write("/p/rocky.toml", sources(&mut random));
        let mut inputs = Inputs::default();
        for _ in 0..30 {
            edit(&mut random, &system, &mut inputs, n_models);
        }
        system.write("/p/models/z.sql", "SELECT a, b FROM raw.t");
        // Beside many that stay, what changes is written as news of the cache file.
        let n_still = if seed % 4 == 0 { 60 } else { 0 };
        for i in 0..n_still {
            system.write(
                format!("/p/models/still_{i}.sql"),
                format!("SELECT b AS c{i} FROM z"),
            );
        }
        let mut lived = compiler(&system);
        if seed % 2 == 0 {
            // The stamps of files count; without it every file is read again and its text compared.
            system.set_now(std::time::Duration::from_secs(1 << 30));
        }
        for step in 0..steps {
            for _ in 0..=random.next(3) {
                edit(&mut random, &system, &mut inputs, n_models);
            }
            let memoised = lived.compile(&inputs, &pool, &mut NoObserver, &cancel).unwrap();
            let fresh = compiler(&system)
                .compile(&inputs, &pool, &mut NoObserver, &cancel)
                .unwrap();
            assert_eq!(visible(&memoised), visible(&fresh), "seed {seed}, step {step}");
            // Another process, which finds what the one of the step before left, now and then damaged.
            if random.next(5) == 0 {
                damage(&mut random, &system);
            } else if random.next(8) == 0 {
                // A file that another process wrote: of the two not both are the last ones.
                if let Some((path, bytes)) = earlier.get(random.next(earlier.len())) {
                    system.write(path, bytes.clone());
                }
            }
            if random.next(4) == 0 {
                earlier = held(&system);
            }
            let before = held(&system);
            let from_disk = with_cache(&system, Some(CACHE))
                .compile(&inputs, &pool, &mut NoObserver, &cancel)
                .unwrap();
            assert_eq!(
                visible(&from_disk),
                visible(&fresh),
                "seed {seed}, step {step}, from disk"
            );
            let after = held(&system);
            let news = |f: &&(PathBuf, Vec<u8>)| f.0.extension().is_some_and(|e| e == "news");
            let written = |f: &(PathBuf, Vec<u8>)| !before.contains(f);
            if after.iter().find(news).is_some_and(written) {
                n_news += 1;
                assert_eq!(
                    after.iter().filter(|f| written(f)).count(),
                    1,
                    "seed {seed}, step {step}"
                );
            }
        }
    }
    assert!(
        n_news >= steps / 2,
        "{n_news} news in {steps} steps of eight seeds"
    );
}

#[test]
fn an_edit_of_a_snapshot_is_what_a_compile_of_the_edited_files_is() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let cancel = CancelToken::new();
    let (mut quick, mut whole, mut told) = (0, 0, 0);
    for seed in 20..=26u64 {
        let mut random = Random(seed);
        let n_models = 12;
        let system = Arc::new(MemorySystem::new());
        let inputs = Inputs::default();
        system.write("/p/rocky.toml", sources(&mut random));
        system.write("/p/macros/m.sql", "-- @macro twice(x)\n({x} * 2)\n");
        for n in 0..n_models {
            // A graph without cycles, as people's are.
            let text = model_text(&mut random, n_models).replace("m0", "raw.t");
            let text = (n..n_models).fold(text, |t, m| t.replace(&format!("m{m}"), "raw.t"));
            let text = text.replace("main.raw.t", "raw.t");
            system.write(format!("/p/models/m{n}.sql"), text);
            if random.next(3) == 0 {
                system.write(format!("/p/models/m{n}.toml"), "intent = \"i\"\n");
            }
        }
        let mut base = compiler(&system)
            .compile(&inputs, &pool, &mut NoObserver, &cancel)
            .unwrap();
        for step in 0..60 {
            let n = random.next(n_models);
            let (path, text) = match random.next(5) {
                0 if system.exists(&PathBuf::from(format!("/p/models/m{n}.toml"))) => {
                    let text = random.pick(&[
                        "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"b\"\n",
                        "intent = \"other\"\n",
                        "not toml",
                    ]);
                    (format!("models/m{n}.toml"), text.to_owned())
                }
                _ => {
                    let text = model_text(&mut random, n_models);
                    let text = (n..n_models).fold(text, |t, m| t.replace(&format!("m{m}"), "raw.t"));
                    (format!("models/m{n}.sql"), text.replace("main.raw.t", "raw.t"))
                }
            };
            let edits = Edits {
                files: vec![(SmolStr::new(&path), Some(Arc::from(text.as_str())))],
                sources: Vec::new(),
            };
            let edited = base.edited(&*system, &edits, &cancel).unwrap();
            system.write(format!("/p/{path}"), text);
            let fresh = compiler(&system)
                .compile(&inputs, &pool, &mut NoObserver, &cancel)
                .unwrap();
            base = match edited {
                Some(edited) => {
                    let changed = edited.models.iter().zip(&base.models).enumerate();
                    let changed = changed.filter(|(_, (a, b))| !Arc::ptr_eq(a, b));
                    let changed: Vec<u32> = changed.map(|(id, _)| id as u32).collect();
                    assert_eq!(edited.edited_models(&base), Some(changed));
                    assert!(edited.has_file(&path) && !edited.has_file("models/m0.nothing"));
                    assert_eq!(
                        visible(&edited),
                        visible(&fresh),
                        "seed {seed}, step {step}, {path}"
                    );
                    // A difference that is followed from the edited model is that of two compiles, all of which is hashed.
                    let near = compare(&base, &edited, &cancel).unwrap();
                    assert_eq!(
                        near,
                        compare(&base, &fresh, &cancel).unwrap(),
                        "seed {seed}, step {step}, {path}"
                    );
                    told += near.models.iter().filter(|m| m.definition.is_empty()).count();
                    quick += 1;
                    edited
                }
                None => {
                    whole += 1;
                    assert_eq!(fresh.edited_models(&base), None);
                    fresh
                }
            };
        }
    }
    assert!(quick > 100, "{quick} quick edits, {whole} whole compiles");
    assert!(told > 20, "{told} models that others bear on");
}

/// The differences of edits of a model that others read in every way there is.
#[test]
fn the_difference_of_an_edit_is_that_of_two_compiles() {
    let files = [
        ("hub.sql", "SELECT id, amount, region FROM raw.t WHERE amount > 1"),
        ("plain.sql", "SELECT id, amount * 2 AS twice, region FROM hub"),
        ("kept.sql", "SELECT region FROM hub"),
        (
            "ranked.sql",
            "SELECT id, row_number() OVER (ORDER BY amount) AS n FROM hub",
        ),
        (
            "joined.sql",
            "SELECT p.id, r.n, p.twice FROM plain p JOIN ranked r ON p.id = r.id",
        ),
        ("few.sql", "SELECT * FROM joined LIMIT 10"),
        (
            "grouped.sql",
            "SELECT region, sum(amount) AS total FROM hub GROUP BY region",
        ),
        (
            "filtered.sql",
            "SELECT region FROM hub WHERE twice_of(amount) > 2",
        ),
        (
            "semi.sql",
            "SELECT id FROM plain WHERE EXISTS (SELECT 1 FROM grouped g WHERE g.total > plain.twice)",
        ),
        ("again.sql", "SELECT id, id FROM kept_names"),
        ("kept_names.sql", "SELECT id, amount AS id2 FROM hub"),
        (
            "open.sql",
            "SELECT h.id, u.x FROM hub h JOIN raw.unknown u ON u.id = h.id",
        ),
        (
            "wide.sql",
            "SELECT h.id, u.x, v.y FROM hub h, raw.unknown u, raw.other v",
        ),
        ("all.sql", "SELECT * FROM open"),
        ("wrong.sql", "SELECT id, nowhere FROM plain"),
        ("broken.sql", "SELECT id FROM plain WHERE"),
        ("after_broken.sql", "SELECT * FROM broken"),
        ("added.sql", "SELECT id, amount FROM hub"),
        (
            "added.toml",
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"id\"\n",
        ),
        ("merged.sql", "SELECT id, n FROM ranked"),
        (
            "merged.toml",
            "[strategy]\ntype = \"merge\"\nunique_key = [\"n\"]\n",
        ),
        (
            "own.sql",
            "SELECT id, amount FROM hub WHERE id > (SELECT max(id) FROM own)",
        ),
        (
            "own.toml",
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"id\"\n",
        ),
        ("ordered.sql", "SELECT id, region FROM plain ORDER BY id"),
        ("listed.sql", "SELECT list(id) AS ids, count(*) AS n FROM ordered"),
    ];
    let edits = [
        ("hub", "SELECT id, amount, region FROM raw.t WHERE amount > 2"),
        (
            "hub",
            "SELECT id, amount + 1 AS amount, region FROM raw.t WHERE amount > 1",
        ),
        (
            "hub",
            "SELECT id, amount, region FROM raw.t WHERE amount > 1 ORDER BY id",
        ),
        (
            "hub",
            "SELECT id, amount, region FROM raw.t WHERE amount > 1 LIMIT 5",
        ),
        ("hub", "SELECT id, amount, region FROM raw.t WHERE 1 < amount"),
        (
            "hub",
            "SELECT id, random()::INTEGER AS amount, region FROM raw.t WHERE amount > 1",
        ),
        (
            "hub",
            "SELECT id, amount, region, 1 AS one FROM raw.t WHERE amount > 1",
        ),
        (
            "hub",
            "SELECT id, amount::BIGINT AS amount, region FROM raw.t WHERE amount > 1",
        ),
        (
            "hub",
            "SELECT id, amount, upper(region) AS region FROM raw.t WHERE amount > 1",
        ),
        ("hub", "SELECT amount, id, region FROM raw.t WHERE amount > 1"),
        (
            "hub",
            "SELECT DISTINCT id, amount, region FROM raw.t WHERE amount > 1",
        ),
        ("hub", "SELECT id, amount, region FROM raw.t WHERE amount >"),
        ("plain", "SELECT id, amount * 3 AS twice, region FROM hub"),
        (
            "plain",
            "SELECT id, amount * 2 AS twice, region FROM hub WHERE id > 0",
        ),
        (
            "ranked",
            "SELECT id, row_number() OVER (ORDER BY id) AS n FROM hub",
        ),
        ("ordered", "SELECT id, region FROM plain ORDER BY region"),
        (
            "open",
            "SELECT h.id, u.z AS x FROM hub h JOIN raw.unknown u ON u.id = h.id",
        ),
        ("broken", "SELECT id, twice FROM plain WHERE"),
        (
            "own",
            "SELECT id, amount FROM hub WHERE id > (SELECT min(id) FROM own)",
        ),
    ];
    let system = Arc::new(MemorySystem::new());
    system.write(
        "/p/rocky.toml",
        "[adapter]\ntype = \"duckdb\"\n\n[pipeline.p]\ntype = \"transformation\"\nmodels = \"models/**\"\n\n[[sources]]\nschema = \"raw\"\n\
         table = \"t\"\ncolumns = [{ name = \"id\", type = \"INTEGER\" }, { name = \"amount\", type = \"INTEGER\" }, { name = \"region\", type = \
         \"VARCHAR\" }]\n",
    );
    for (file, text) in files {
        system.write(format!("/p/models/{file}"), text);
    }
    let (pool, cancel) = (
        rayon::ThreadPoolBuilder::new().build().unwrap(),
        CancelToken::new(),
    );
    let inputs = Inputs::default();
    let compiled = |system: &Arc<MemorySystem>| {
        compiler(system)
            .compile(&inputs, &pool, &mut NoObserver, &cancel)
            .unwrap()
    };
    let base = compiled(&system);
    assert_eq!(base.models.len(), 22);
    let (mut quick, mut affected) = (0, 0);
    for (model, text) in edits {
        let path = format!("models/{model}.sql");
        let old = files
            .iter()
            .find(|(f, _)| *f == format!("{model}.sql"))
            .unwrap()
            .1;
        system.write(format!("/p/{path}"), text);
        let fresh = compiled(&system);
        system.write(format!("/p/{path}"), old);
        let edits = Edits {
            files: vec![(SmolStr::new(&path), Some(Arc::from(text)))],
            sources: Vec::new(),
        };
        let Some(edited) = base.edited(&*system, &edits, &cancel).unwrap() else {
            continue;
        };
        quick += 1;
        let near = compare(&base, &edited, &cancel).unwrap();
        affected += near.models.len();
        assert_eq!(near, compare(&base, &fresh, &cancel).unwrap(), "{model}: {text}");
    }
    assert!(
        quick > 15 && affected > 100,
        "{quick} quick edits, {affected} models"
    );
}

const CACHE: &str = "/p/.rocky/cache";

/// Change, cut or remove the cache file.
fn damage(random: &mut Random, system: &MemorySystem) {
    let Ok(files) = system.list(Path::new(CACHE)) else {
        return;
    };
    for file in files {
        let mut bytes = system.read(&file.path).unwrap();
        match random.next(3) {
            0 => bytes.truncate(random.next(bytes.len())),
            1 => {
                for _ in 0..=random.next(20) {
                    let at = random.next(bytes.len());
                    bytes[at] ^= 1 << random.next(8);
                }
            }
            _ => {
                system.remove(&file.path);
                continue;
            }
        }
        system.write(&file.path, bytes);
    }
}

#[test]
fn a_second_process_parses_and_analyses_only_what_changed() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let cancel = CancelToken::new();
    let system = Arc::new(MemorySystem::new());
    system.set_now(std::time::Duration::from_secs(1 << 30));
    system.set_env("SECRET", "s3cr3t");
    system.write("/p/rocky.toml", CONFIG);
    system.write("/p/models/a.sql", "SELECT 1 AS x");
    system.write("/p/models/b.sql", "SELECT x, @var(v, 7) AS v FROM a");
    system.write("/p/models/c.sql", "SELECT x FROM b");
    system.write("/p/models/d.sql", "SELECT x FROM c");
    system.write("/p/models/d.toml", "intent = \"${SECRET}\"");
    let compile = |vars: &[(&str, &str)]| {
        let inputs = Inputs {
            vars: vars
                .iter()
                .map(|(k, v)| (SmolStr::new(k), SmolStr::new(v)))
                .collect(),
            catalog: None,
            ..Inputs::default()
        };
        let snapshot = with_cache(&system, Some(CACHE))
            .compile(&inputs, &pool, &mut NoObserver, &cancel)
            .unwrap();
        (snapshot.timings.parsed, snapshot.timings.analysed)
    };
    assert_eq!(compile(&[]), (4, 4));
    // What holds a value of the environment is not written.
    assert_eq!(compile(&[]), (1, 1));
    system.write("/p/models/a.sql", "SELECT 2 AS x");
    assert_eq!(compile(&[]), (2, 2));
    system.write("/p/models/a.sql", "SELECT 'two' AS x");
    assert_eq!(compile(&[]), (2, 4));
    // `v` has another type now: `b`, its reader `c`, and `d`, which is never remembered.
    assert_eq!(compile(&[("v", "t0psecret")]), (2, 3));
    for file in system.list(Path::new(CACHE)).unwrap() {
        let bytes = system.read(&file.path).unwrap();
        for secret in ["s3cr3t", "t0psecret"] {
            assert!(
                !bytes.windows(secret.len()).any(|w| w == secret.as_bytes()),
                "{secret} is in {}",
                file.path.display()
            );
        }
    }
}

#[test]
fn an_edit_that_leaves_the_schema_unchanged_stops_there() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let cancel = CancelToken::new();
    let system = Arc::new(MemorySystem::new());
    system.write("/p/rocky.toml", CONFIG);
    system.write("/p/models/a.sql", "SELECT 1 AS x");
    system.write("/p/models/b.sql", "SELECT x FROM a");
    system.write("/p/models/c.sql", "SELECT x FROM b");
    let mut compiler = compiler(&system);
    let inputs = Inputs::default();
    let mut compile = || {
        let t = compiler
            .compile(&inputs, &pool, &mut NoObserver, &cancel)
            .unwrap()
            .timings;
        (t.parsed, t.analysed)
    };
    assert_eq!(compile(), (3, 3));
    assert_eq!(compile(), (0, 0));
    system.write("/p/models/a.sql", "SELECT 2 AS x");
    assert_eq!(compile(), (1, 1));
    system.write("/p/models/a.sql", "SELECT 'two' AS x");
    assert_eq!(compile(), (1, 3));
}
