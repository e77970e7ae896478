//! Loading files into tables: one task for each table, one statement for each file. Executed on DuckDB alone.
//!
//! Invariants: a path is one string literal in which nothing is a pattern; a file is read as the table's types say, where there is a
//! table, so that no digit of a text is lost on the way; all files of a table are one transaction.

use crate::checks::{Facts, Written};
use crate::columns::print;
use crate::task::{Fact, Plan, Step, StepKind, Task, TaskKind};
use crate::{hash, setup};
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Dialect, Loc, SmolStr, code};
use rocky_config::{ChecksConfig, LoadContract, LoadFormat};
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::{
    Capabilities, CatalogSnapshot, Column, RelationKind, RelationName, Strategy, Type, may_lose,
};
use rustc_hash::{FxHashMap, FxHashSet};

const DIALECT: Dialect = Dialect::DuckDb;

/// A file to load.
#[derive(Clone, Debug)]
pub struct LoadFile {
    /// Its absolute path.
    pub path: String,
    /// How people know it.
    pub shown: String,
    /// What it is.
    pub format: LoadFormat,
    /// Between two fields of CSV.
    pub delimiter: SmolStr,
    /// Its columns as the engine describes them; `None` when it cannot.
    pub columns: Option<Vec<Column>>,
    /// Columns of CSV that are read as text where nothing says more: whole numbers that are too large for an integer.
    pub texts: Vec<SmolStr>,
    /// Size, time and hash of its contents in one.
    pub identity: String,
    /// Why it is not loaded, with the place in it, and what to do.
    pub problem: Option<(String, String)>,
}

/// A table to load into.
#[derive(Clone, Debug)]
pub struct LoadTable {
    /// Its whole name.
    pub target: RelationName,
    /// What to load, in order.
    pub files: Vec<LoadFile>,
    /// How many more files of it are loaded already.
    pub already: usize,
}

/// What to plan.
#[derive(Clone, Debug)]
pub struct LoadSpec {
    /// The pipeline.
    pub pipeline: SmolStr,
    /// Where the configuration names the target.
    pub place: Loc,
    /// The tables.
    pub tables: Vec<LoadTable>,
    /// A table that is missing is created.
    pub create_table: bool,
    /// Empty the tables first.
    pub truncate: bool,
    /// The first line of CSV names the columns.
    pub header: bool,
    /// What the files must have.
    pub contract: Option<LoadContract>,
    /// Create schemas: `None` where the dialect's own default holds.
    pub create_schema: Option<bool>,
    /// Tables at a time.
    pub concurrency: usize,
    /// Stop at the first failure.
    pub fail_fast: bool,
    /// What is checked of the tables.
    pub checks: Option<ChecksConfig>,
    /// Shadows, each with the table that the configuration names.
    pub aliases: Vec<(RelationName, RelationName)>,
    /// The configuration names the one table.
    pub named: bool,
    /// The pipeline has more tables than are loaded now.
    pub partial: bool,
}

/// Plan the loading of files.
pub fn load(spec: &LoadSpec, catalog: &CatalogSnapshot) -> Result<Plan, Vec<Diagnostic>> {
    if catalog.dialect != DIALECT {
        let message = format!("files cannot be loaded into {}", catalog.dialect);
        return Err(vec![
            Diagnostic::new(code::E300, spec.place, message).help("Load into an adapter of type duckdb."),
        ]);
    }
    let mut tasks = Vec::with_capacity(spec.tables.len());
    let mut problems = Vec::new();
    let targets = spec.tables.iter().map(|t| &t.target);
    let mut checks = Written::new(spec.checks.as_ref(), catalog, targets, &spec.aliases);
    for table in &spec.tables {
        match task(spec, table, catalog) {
            Ok((mut task, columns)) => {
                if let Some(checks) = &mut checks {
                    checks.add(facts(spec, table, columns), &mut task);
                }
                tasks.push(task);
            }
            Err(problem) => problems.push(*problem),
        }
    }
    if problems.is_empty() {
        problems = checks.map_or_else(Vec::new, |c| c.finish(spec.partial));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let setup = match spec.create_schema.unwrap_or(true) {
        true => setup::missing_schemas(spec.tables.iter().map(|t| &t.target), catalog, DIALECT),
        false => Vec::new(),
    };
    let mut plan = Plan {
        plan_id: String::new(),
        pipeline: spec.pipeline.clone(),
        dialect: DIALECT,
        setup,
        tasks,
        concurrency: spec.concurrency.clamp(1, Capabilities::of(DIALECT).parallel),
        fail_fast: spec.fail_fast,
    };
    plan.plan_id = plan.id().unwrap_or_default();
    Ok(plan)
}

/// The query that counts the rows of a table.
pub fn count_table(target: &RelationName) -> String {
    format!("SELECT COUNT(*) FROM {}", target.print(DIALECT))
}

/// The query that reads a file as it is.
pub fn read_file(file: &LoadFile, header: bool) -> String {
    format!("SELECT * FROM {}", reader(file, header, &[], &[]))
}

/// The query that says, for each of these columns of a CSV in turn, whether it has whole numbers alone. The engine takes those that
/// are too large for its integers for numbers with a point, and loses digits.
pub fn whole_numbers(file: &LoadFile, header: bool, columns: &[SmolStr]) -> String {
    let types: Vec<(SmolStr, String)> = columns
        .iter()
        .map(|c| (c.clone(), "VARCHAR".to_owned()))
        .collect();
    let whole = |c: &SmolStr| {
        let c = print(DIALECT, c);
        format!("COALESCE(BOOL_AND(REGEXP_FULL_MATCH(TRIM(f.{c}), '[-+]?[0-9]+')), FALSE)")
    };
    let list: Vec<String> = columns.iter().map(whole).collect();
    format!(
        "SELECT {} FROM {} AS f",
        list.join(", "),
        reader(file, header, &[], &types)
    )
}

/// What the checks of a table go by. `columns`: those that it has afterwards.
fn facts<'a>(spec: &LoadSpec, table: &LoadTable, columns: Option<Vec<Column>>) -> Facts<'a> {
    let fold = |name: &SmolStr| DIALECT.fold(name, true, IdentKind::Column);
    // All that the files have. Where one cannot be described, or has no names, nothing is expected.
    let described = table.files.iter().all(|f| f.columns.is_some());
    let positional = |f: &LoadFile| f.format == LoadFormat::Csv && !spec.header;
    let mut expected: Vec<SmolStr> = Vec::new();
    let mut seen: FxHashSet<SmolStr> = FxHashSet::default();
    for column in table.files.iter().flat_map(|f| f.columns.iter().flatten()) {
        if seen.insert(fold(&column.name)) {
            expected.push(column.name.clone());
        }
    }
    let known = described && !table.files.iter().any(positional);
    Facts {
        source: None,
        rows: None,
        columns: columns.filter(|_| described),
        expected: known.then_some(expected),
        ignored: Vec::new(),
        timestamp_column: None,
        named: spec.named && described,
    }
}

/// A task, with the table's columns after it.
fn task(
    spec: &LoadSpec,
    table: &LoadTable,
    catalog: &CatalogSnapshot,
) -> Result<(Task, Option<Vec<Column>>), Box<Diagnostic>> {
    let shown = table.target.display();
    let refused = |message: String, help: &str| {
        Box::new(Diagnostic::new(code::E303, spec.place, message).help(help.to_owned()))
    };
    let existing: Option<&[Column]> = match catalog.lookup(&table.target) {
        Lookup::Found(relation) if relation.kind == RelationKind::Table => Some(&relation.columns),
        Lookup::Found(_) => {
            return Err(refused(
                format!("target `{shown}` exists and is not a table"),
                "Drop it by hand, or name another table.",
            ));
        }
        Lookup::Unknown => {
            return Err(refused(
                format!("existence of target `{shown}` is not known"),
                "Name a schema of a database that is attached.",
            ));
        }
        Lookup::Absent if !spec.create_table => {
            return Err(refused(
                format!("target `{shown}` does not exist, and `create_table` is false"),
                "Create the table by hand, or set `create_table = true`.",
            ));
        }
        Lookup::Absent => None,
    };
    let mut builder = Builder {
        spec,
        target: table.target.print(DIALECT),
        // What the table has, as far as steps before have made it.
        columns: existing.map(<[Column]>::to_vec),
        steps: Vec::new(),
    };
    if existing.is_some() && spec.truncate {
        let sql = format!("DELETE FROM {}", builder.target);
        builder.push(
            "truncate",
            &shown,
            StepKind::Statement { counts_rows: false },
            sql,
        );
    }
    for file in &table.files {
        builder.file(file);
    }
    let mut reason = match (existing, spec.truncate) {
        (None, _) => "target does not exist".to_owned(),
        (Some(_), true) => "target exists: it is emptied first".to_owned(),
        (Some(_), false) => "target exists: rows are added".to_owned(),
    };
    if table.already > 0 {
        reason.push_str(&format!("; {} of its files are loaded already", table.already));
    }
    let fold = |c: &Column| DIALECT.fold(&c.name, true, IdentKind::Column);
    let identities: Vec<&str> = table.files.iter().map(|f| f.identity.as_str()).collect();
    let columns = builder.columns.clone();
    let task = Task {
        kind: TaskKind::Load,
        name: SmolStr::new(&shown),
        asset_key: table.target.parts().map(|p| p.text.clone()).collect(),
        target: table.target.clone(),
        full_name: shown,
        strategy: Strategy::Load,
        depends_on: Vec::new(),
        layer: 0,
        reason,
        fact: existing.map_or(Fact::Absent, |columns| {
            Fact::Table(columns.iter().map(fold).collect())
        }),
        drift: None,
        checks: Vec::new(),
        quarantine: None,
        windows: None,
        basis: hash::of_value(&identities).unwrap_or_default(),
        watermark_column: None,
        transaction: true,
        sql_hash: hash::of_steps(&builder.steps),
        column_count: builder.columns.map(|c| c.len()),
        steps: builder.steps,
    };
    Ok((task, columns))
}

struct Builder<'a> {
    spec: &'a LoadSpec,
    target: String,
    columns: Option<Vec<Column>>,
    steps: Vec<Step>,
}

impl Builder<'_> {
    fn push(&mut self, purpose: &'static str, target: &str, kind: StepKind, sql: String) {
        self.steps.push(Step {
            purpose: SmolStr::new_static(purpose),
            target: target.to_owned(),
            sql,
            holes: Vec::new(),
            kind,
        });
    }

    /// The file breaks the contract: its task fails, with nothing written.
    fn breaks(&mut self, file: &LoadFile, why: &str) {
        let error = format!("file `{}` breaks the contract: {why}", file.shown);
        let sql = format!("SELECT {} AS file", DIALECT.string_literal(&file.shown));
        self.push("check_contract", &file.shown, StepKind::Guard { error }, sql);
    }

    fn file(&mut self, file: &LoadFile) {
        let spec = self.spec;
        if let Some((why, hint)) = &file.problem {
            let kind = StepKind::Refuse {
                error: format!("`{}`: {why}", file.shown),
                hint: Some(hint.clone()),
            };
            return self.push("refuse", &file.shown, kind, String::new());
        }
        let fold = |name: &str| DIALECT.fold(name, true, IdentKind::Column);
        let described: FxHashMap<SmolStr, &Column> = file
            .columns
            .iter()
            .flatten()
            .map(|c| (fold(&c.name), c))
            .collect();
        let csv = file.format == LoadFormat::Csv;
        let positional = csv && !spec.header;
        // As what the columns of a CSV are read: as the table has them, else as the contract says.
        let mut types: Vec<(SmolStr, String)> = Vec::new();
        let names: Vec<SmolStr> = match &self.columns {
            Some(columns) if positional => columns.iter().map(|c| c.name.clone()).collect(),
            _ => Vec::new(),
        };
        if csv {
            for column in self.columns.iter().flatten() {
                let in_file = match positional {
                    true => Some(column.name.clone()),
                    false => described.get(&fold(&column.name)).map(|c| c.name.clone()),
                };
                if let Some(name) = in_file.filter(|_| !column.ty.has_unknown()) {
                    types.push((name, column.ty.print(DIALECT)));
                }
            }
        }
        if let (Some(contract), true) = (&spec.contract, file.columns.is_some()) {
            for required in &contract.required_columns {
                let name = required.name.value.as_str();
                let Some(found) = described.get(&fold(name)) else {
                    self.breaks(file, &format!("column `{name}` is missing"));
                    continue;
                };
                let wanted = required.r#type.value.as_str();
                match Type::parse(DIALECT, wanted) {
                    Some(ty) if csv && self.columns.is_none() => {
                        types.push((found.name.clone(), ty.print(DIALECT)));
                    }
                    Some(ty) if !csv && ty != found.ty => {
                        let is = found.ty.print(DIALECT);
                        self.breaks(file, &format!("column `{name}` is {is}, not {wanted}"));
                    }
                    _ => {}
                }
                if !required.nullable {
                    let column = print(DIALECT, &found.name);
                    let sql = format!(
                        "SELECT {column} FROM {} AS f\nWHERE f.{column} IS NULL\nLIMIT 5",
                        reader(file, spec.header, &names, &types)
                    );
                    let error = format!(
                        "file `{}` breaks the contract: column `{name}` has NULL",
                        file.shown
                    );
                    self.push("check_contract", &file.shown, StepKind::Guard { error }, sql);
                }
            }
            let there = self.columns.clone().unwrap_or_default();
            for protected in &contract.protected_columns {
                let key = fold(&protected.value);
                if there.iter().any(|c| fold(&c.name) == key) && !described.contains_key(&key) {
                    self.breaks(
                        file,
                        &format!("the table's column `{}` is missing", protected.value),
                    );
                }
            }
            if !csv {
                for column in &there {
                    let Some(found) = described.get(&fold(&column.name)).filter(|f| f.ty != column.ty) else {
                        continue;
                    };
                    self.type_change(file, contract, column, &found.ty);
                }
            }
        }
        if csv && self.columns.is_none() {
            for name in &file.texts {
                if !types.iter().any(|(n, _)| n == name) {
                    types.push((name.clone(), "VARCHAR".to_owned()));
                }
            }
        }
        self.keeps(file, positional, &names, &types);
        let source = reader(file, spec.header, &names, &types);
        let counted = StepKind::Statement { counts_rows: true };
        let sql = match (&self.columns, &file.columns) {
            (None, columns) => {
                let sql = format!("CREATE TABLE {} AS\nSELECT * FROM {source}", self.target);
                let typed = |c: &Column| {
                    let own = types.iter().find(|(name, _)| *name == c.name);
                    let ty = own.and_then(|(_, t)| Type::parse(DIALECT, t));
                    Column {
                        ty: ty.unwrap_or_else(|| c.ty.clone()),
                        ..c.clone()
                    }
                };
                self.columns = Some(columns.iter().flatten().map(typed).collect());
                sql
            }
            (Some(_), Some(columns)) if !positional => {
                let list: Vec<String> = columns.iter().map(|c| print(DIALECT, &c.name)).collect();
                let list = list.join(", ");
                format!(
                    "INSERT INTO {} ({list})\nSELECT {list} FROM {source}",
                    self.target
                )
            }
            (Some(_), _) if positional => format!("INSERT INTO {}\nSELECT * FROM {source}", self.target),
            (Some(_), _) => format!("INSERT INTO {} BY NAME\nSELECT * FROM {source}", self.target),
        };
        self.push("load", &file.shown, counted, sql);
    }

    /// What the table would not keep as it is in the file fails the task: the engine rounds without a word. Only asked where the types
    /// let it happen.
    fn keeps(&mut self, file: &LoadFile, positional: bool, names: &[SmolStr], types: &[(SmolStr, String)]) {
        let fold = |name: &str| DIALECT.fold(name, true, IdentKind::Column);
        let csv = file.format == LoadFormat::Csv;
        let mut guards = Vec::new();
        for (place, column) in self.columns.iter().flatten().enumerate() {
            let found = match positional {
                true => file.columns.iter().flatten().nth(place),
                false => file
                    .columns
                    .iter()
                    .flatten()
                    .find(|c| fold(&c.name) == fold(&column.name)),
            };
            let Some(found) = found.filter(|f| may_lose(DIALECT, &f.ty, &column.ty)) else {
                continue;
            };
            let name = if positional { &column.name } else { &found.name };
            let (value, ty) = (format!("f.{}", print(DIALECT, name)), column.ty.print(DIALECT));
            let text = csv || matches!(found.ty, Type::String { .. });
            let exact = match &column.ty {
                _ if !text => {
                    let own = found.ty.print(DIALECT);
                    format!("TRY_CAST(TRY_CAST({value} AS {ty}) AS {own}) <> {value}")
                }
                Type::Date => {
                    format!("TRY_CAST({value} AS TIMESTAMP) <> CAST(TRY_CAST({value} AS DATE) AS TIMESTAMP)")
                }
                to if to.is_integer() || matches!(to, Type::Decimal { .. }) => {
                    let digits = "DECIMAL(38, 15)";
                    format!(
                        "TRY_CAST({value} AS {digits}) <> TRY_CAST(TRY_CAST({value} AS {ty}) AS {digits})"
                    )
                }
                // A text that is no such value fails by itself.
                _ => continue,
            };
            let as_text = |(n, t): &(SmolStr, String)| match n == name {
                true => (n.clone(), "VARCHAR".to_owned()),
                false => (n.clone(), t.clone()),
            };
            let types: Vec<_> = types.iter().map(as_text).collect();
            let sql = format!(
                "SELECT {value} FROM {} AS f\nWHERE {exact}\nLIMIT 5",
                reader(file, self.spec.header, names, &types)
            );
            let error = format!(
                "file `{}` has values that column `{}` of type {ty} does not keep as they are",
                file.shown, column.name
            );
            guards.push((error, sql));
        }
        for (error, sql) in guards {
            self.push("check_values", &file.shown, StepKind::Guard { error }, sql);
        }
    }

    /// A column of the table has another type in the file.
    fn type_change(&mut self, file: &LoadFile, contract: &LoadContract, column: &Column, to: &Type) {
        let same = |text: &str, ty: &Type| Type::parse(DIALECT, text).as_ref() == Some(ty);
        let allowed = contract
            .allowed_type_changes
            .iter()
            .any(|(a, b)| same(&a.value, &column.ty) && same(&b.value, to));
        let (is, will) = (column.ty.print(DIALECT), to.print(DIALECT));
        if !allowed {
            let why = format!(
                "column `{}` is {will} in the file and {is} in the table",
                column.name
            );
            return self.breaks(file, &why);
        }
        let name = print(DIALECT, &column.name);
        let sql = format!("ALTER TABLE {} ALTER COLUMN {name} TYPE {will}", self.target);
        self.push(
            "alter_column",
            &file.shown,
            StepKind::Statement { counts_rows: false },
            sql,
        );
        let changed = self.columns.iter_mut().flatten().find(|c| c.name == column.name);
        if let Some(changed) = changed {
            changed.ty = to.clone();
        }
    }
}

/// `read_csv('…', …)`.
fn reader(file: &LoadFile, header: bool, names: &[SmolStr], types: &[(SmolStr, String)]) -> String {
    let text = |t: &str| DIALECT.string_literal(t);
    let path = text(&literal_path(&file.path));
    match file.format {
        LoadFormat::Parquet => format!("read_parquet({path}, hive_partitioning = false)"),
        LoadFormat::JsonLines => {
            format!(
                "read_json({path}, format = 'newline_delimited', sample_size = -1, hive_partitioning = false)"
            )
        }
        LoadFormat::Csv => {
            // Nothing of the file is left out by guesses of the reader: no line is skipped or a comment, no other sign than `"` quotes.
            let mut sql = format!(
                "read_csv({path}, delim = {}, quote = '\"', header = {header}, skip = 0, comment = '', sample_size = -1, hive_partitioning = false",
                text(&file.delimiter)
            );
            if !names.is_empty() {
                let names: Vec<String> = names.iter().map(|n| text(n)).collect();
                sql.push_str(&format!(", names = [{}]", names.join(", ")));
            }
            if !types.is_empty() {
                let types: Vec<String> = types
                    .iter()
                    .map(|(n, t)| format!("{}: {}", text(n), text(t)))
                    .collect();
                sql.push_str(&format!(", types = {{{}}}", types.join(", ")));
            }
            sql.push(')');
            sql
        }
    }
}

/// A path in which nothing is a pattern.
fn literal_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        match c {
            '*' | '?' | '[' => {
                out.push('[');
                out.push(c);
                out.push(']');
            }
            c => out.push(c),
        }
    }
    out
}
