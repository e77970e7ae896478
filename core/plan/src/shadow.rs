//! Shadow runs: the statements of an ordinary plan, into tables beside those of production.
//!
//! A shadow gets what production would become. Its plan is the ordinary one, made against a catalogue in which the shadow stands
//! in the place of its production table, and preceded by a copy of the rows that are there where the strategy goes on with
//! them. Invariants: no statement writes anything but shadows; what is replaced or dropped bears the [mark](marker) of this very
//! shadow; nothing is created that production would need, its schemas included. Start reading at [`Stage`].

use crate::load::{LoadSpec, load};
use crate::plan::{choose, kept_by_warehouse, ordinary};
use crate::replication::{self, CopyStrategy, ReplicationOptions, TableCopy};
use crate::snapshot::{SnapshotSpec, snapshot};
use crate::strategy::is_kept;
use crate::task::{Plan, Step, StepKind, Task};
use crate::{PlanOptions, hash, setup};
use rocky_base::{CancelToken, Diagnostic, Dialect, Ident, Loc, SmolStr, code};
use rocky_config::{StrategyKind, TestKind};
use rocky_project::{InputRelation, Model, Snapshot};
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::relation::RelationKey;
use rocky_warehouse::{CatalogSnapshot, Relation, RelationKind, RelationName, Strategy};
use rustc_hash::{FxHashMap, FxHashSet};

/// What the comment of every shadow begins with.
pub const MARK: &str = "rocky shadow of ";

/// Where shadows are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Shadow {
    /// Appended to the table's name; may be empty when there is a schema.
    pub suffix: SmolStr,
    /// The schema instead of production's.
    pub schema: Option<SmolStr>,
    /// The pipeline, which the mark names.
    pub pipeline: SmolStr,
    /// Relations that other pipelines of the same run have shadows of: they are read from there.
    pub inputs: Vec<(RelationName, RelationName)>,
}

/// A table and its shadow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pair {
    /// The model's name, or the table's.
    pub name: SmolStr,
    /// What orchestrators call it.
    pub asset_key: Vec<SmolStr>,
    /// The table that an ordinary run writes.
    pub production: RelationName,
    /// The one that a shadow run writes.
    pub shadow: RelationName,
    /// Whole name of the former, unquoted.
    pub production_name: String,
    /// Whole name of the latter.
    pub shadow_name: String,
    /// Columns that identify a row, as configured; none when nothing says so.
    pub key: Vec<SmolStr>,
    /// Columns that say something of the copy and not of what was copied.
    pub ignored: Vec<SmolStr>,
}

/// The comment of the shadow of a table: by it a shadow is told from a table that only has such a name.
pub fn marker(production: &str, pipeline: &str) -> String {
    format!("{MARK}{production} (pipeline {pipeline})")
}

/// True for a shadow of anything: no table of production.
pub fn is_shadow(catalog: &CatalogSnapshot, key: &RelationKey) -> bool {
    let comment = catalog.comments.get(key).and_then(|c| c.relation.as_deref());
    comment.is_some_and(|c| c.starts_with(MARK))
}

impl Shadow {
    /// The name of a shadow.
    pub fn of(&self, dialect: Dialect, production: &RelationName) -> RelationName {
        let mut shadow = production.clone();
        if !self.suffix.is_empty() {
            let table = &production.table;
            let text = format!("{}{}", table.text, self.suffix);
            shadow.table = match table.quoted {
                true => Ident::quoted(text),
                false => Ident::from_config(dialect, &text),
            };
        }
        if let Some(schema) = &self.schema {
            shadow.schema = Some(Ident::from_config(dialect, schema));
        }
        shadow
    }

    /// The whole name of a shadow from the parts of production's, as documents have it.
    fn parts(&self, parts: &[SmolStr; 3]) -> String {
        let [catalog, schema, table] = parts;
        let schema = self.schema.as_ref().unwrap_or(schema);
        format!("{catalog}.{schema}.{table}{}", self.suffix)
    }

    /// Reads what has a shadow in the same run from there.
    pub(crate) fn elsewhere<'s>(
        &'s self,
        snapshot: &'s Snapshot,
    ) -> impl Fn(&Model, &InputRelation) -> Option<RelationName> + Sync + 's {
        let key = |name: &RelationName| snapshot.names.full(name).key(snapshot.dialect);
        let by_key: FxHashMap<RelationKey, &RelationName> =
            self.inputs.iter().map(|(from, to)| (key(from), to)).collect();
        move |_, input| {
            let InputRelation::Source(id) = input else {
                return None;
            };
            let source = snapshot
                .sources
                .get(*id as usize)
                .filter(|s| !s.file && !by_key.is_empty())?;
            by_key.get(&key(&source.name)).map(|to| (*to).clone())
        }
    }

    /// True for the comment of a shadow of this pipeline.
    pub fn is_marked(&self, comment: &str) -> bool {
        comment.starts_with(MARK) && comment.ends_with(&format!(" (pipeline {})", self.pipeline))
    }
}

/// What a task does with the rows that are in its target.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Rows {
    /// It takes no notice, and makes something else of a table.
    Dropped,
    /// It replaces them.
    Replaced,
    /// It goes on with them.
    Kept,
}

/// A table that needs a shadow.
struct Wish {
    production: RelationName,
    production_name: String,
    shadow_name: String,
    rows: Rows,
    loc: Loc,
    model: Option<SmolStr>,
}

impl Wish {
    fn refused(&self, message: String, help: impl Into<String>) -> Diagnostic {
        let found = Diagnostic::new(code::E303, self.loc, message).help(help.into());
        match &self.model {
            Some(model) => found.in_model(model.clone()),
            None => found,
        }
    }
}

/// Where one shadow goes.
struct Place {
    shadow: RelationName,
    /// Statements before the ordinary ones.
    first: Vec<Step>,
    copied: bool,
}

/// The shadows of one plan, and the catalogue as it is after their copies were made.
struct Stage<'a> {
    shadow: &'a Shadow,
    real: &'a CatalogSnapshot,
    catalog: CatalogSnapshot,
    wishes: Vec<Wish>,
    places: Vec<Place>,
}

/// The longest name of a table; `None` where there is no limit that is worth the name.
fn longest(dialect: Dialect) -> Option<usize> {
    match dialect {
        Dialect::DuckDb => None,
        Dialect::Databricks | Dialect::Snowflake => Some(255),
        Dialect::BigQuery => Some(1024),
    }
}

fn too_long(dialect: Dialect, name: &RelationName) -> Option<usize> {
    let length = match dialect {
        Dialect::BigQuery => name.table.text.len(),
        _ => name.table.text.chars().count(),
    };
    longest(dialect).filter(|longest| length > *longest)
}

impl<'a> Stage<'a> {
    /// Find a place for each. `taken` says whose name it is, when it is somebody's.
    fn new(
        shadow: &'a Shadow,
        real: &'a CatalogSnapshot,
        wishes: Vec<Wish>,
        taken: &dyn Fn(&RelationName) -> Option<String>,
    ) -> Result<Stage<'a>, Vec<Diagnostic>> {
        let mut stage = Stage {
            shadow,
            real,
            catalog: real.clone(),
            wishes: Vec::new(),
            places: Vec::new(),
        };
        let mut problems = Vec::new();
        let mut by_key: FxHashMap<RelationKey, (RelationKey, String)> = FxHashMap::default();
        for wish in wishes {
            match stage.place(&wish, taken, &mut by_key) {
                Ok(place) => {
                    stage.places.push(place);
                    stage.wishes.push(wish);
                }
                Err(problem) => problems.push(*problem),
            }
        }
        match problems.is_empty() {
            true => Ok(stage),
            false => Err(problems),
        }
    }

    fn place(
        &mut self,
        wish: &Wish,
        taken: &dyn Fn(&RelationName) -> Option<String>,
        by_key: &mut FxHashMap<RelationKey, (RelationKey, String)>,
    ) -> Result<Place, Box<Diagnostic>> {
        let (real, dialect) = (self.real, self.real.dialect);
        let name = self.shadow.of(dialect, &wish.production);
        let (from, into) = (real.full_name(&wish.production), real.full_name(&name));
        let (from_key, key) = (from.key(dialect), into.key(dialect));
        let (of, is) = (&wish.production_name, &wish.shadow_name);
        let another = match self.shadow.schema {
            Some(_) => "Choose another `--shadow-schema`, or add a `--shadow-suffix`.",
            None => "Choose another `--shadow-suffix`, or a `--shadow-schema`.",
        };
        if from_key == key {
            return Err(Box::new(wish.refused(
                format!("the shadow of `{of}` would be the table itself"),
                another,
            )));
        }
        if let Some(longest) = too_long(dialect, &name) {
            let message = format!("a name of more than {longest} characters: shadow `{is}`");
            return Err(Box::new(wish.refused(
                message,
                "Choose a shorter `--shadow-suffix`, or a `--shadow-schema`.",
            )));
        }
        match by_key.get(&key) {
            Some((other, shown)) if *other != from_key => {
                let message = format!("`{of}` and `{shown}` would have one shadow, `{is}`");
                return Err(Box::new(wish.refused(
                    message,
                    "Use `--shadow-suffix` without `--shadow-schema`, so that each stays in its schema.",
                )));
            }
            Some(_) => {}
            None => {
                by_key.insert(key.clone(), (from_key.clone(), of.clone()));
            }
        }
        if let Some(whose) = taken(&name) {
            return Err(Box::new(
                wish.refused(format!("shadow `{is}` of `{of}` is {whose}"), another),
            ));
        }
        self.schema(wish, &key, is)?;
        let mut first: Vec<Step> = self
            .replaced(&into, is, of)
            .map_err(|(message, help)| Box::new(wish.refused(message, help)))?
            .into_iter()
            .collect();
        // What is in production's place, so that the plan is the one that production would have.
        self.catalog.relations.shift_remove(&key);
        let mut copied = false;
        match real.lookup(&wish.production) {
            Lookup::Absent => {}
            Lookup::Unknown if wish.rows == Rows::Dropped => {}
            Lookup::Unknown => {
                let message = format!("it is not known whether `{of}` exists, so it has no shadow");
                let help = "Plan with a catalogue snapshot that covers the target's schema.";
                return Err(Box::new(wish.refused(message, help)));
            }
            Lookup::Found(relation) => match relation.kind {
                RelationKind::Table => {
                    if wish.rows != Rows::Dropped {
                        self.catalog.insert(Relation {
                            name: into,
                            ..relation.clone()
                        });
                    }
                    if wish.rows == Rows::Kept {
                        copied = true;
                        first.push(self.copy(&wish.production, &name));
                        first.push(self.mark(&name, of, false));
                    }
                }
                RelationKind::View => {}
                RelationKind::Materialized | RelationKind::Other => {
                    let message = format!("`{of}` exists and is neither a table nor a view");
                    let help = "A run without `--shadow` would not write it either.";
                    return Err(Box::new(wish.refused(message, help)));
                }
            },
        }
        Ok(Place {
            shadow: name,
            first,
            copied,
        })
    }

    /// The schema of a shadow: production's must be there, one of its own is made.
    fn schema(&mut self, wish: &Wish, key: &RelationKey, shown: &str) -> Result<(), Box<Diagnostic>> {
        let real = self.real;
        let is_main = real.dialect == Dialect::DuckDb && key.schema == "main";
        match real.schema_exists(&key.catalog, &key.schema) {
            Some(true) => Ok(()),
            _ if is_main => Ok(()),
            Some(false) if self.shadow.schema.is_some() => {
                let schema = (key.catalog.clone(), key.schema.clone());
                self.catalog.schemas.insert(schema.clone());
                self.catalog.complete.insert(schema);
                Ok(())
            }
            Some(false) => {
                let message = format!(
                    "schema `{}` of shadow `{shown}` does not exist: a shadow run makes no schema of production",
                    key.schema
                );
                let help = "Choose a schema for shadows with `--shadow-schema`, which is made, or create it by hand.";
                Err(Box::new(wish.refused(message, help)))
            }
            // Said of the relation below.
            None => Ok(()),
        }
    }

    /// What takes away the relation of a shadow's name; an error when it is not that shadow.
    fn replaced(
        &self,
        into: &RelationName,
        shown: &str,
        production: &str,
    ) -> Result<Option<Step>, (String, String)> {
        let (real, dialect) = (self.real, self.real.dialect);
        let relation = match real.lookup(into) {
            Lookup::Absent => return Ok(None),
            Lookup::Unknown => {
                let message =
                    format!("it is not known whether `{shown}` exists, so no shadow is written there");
                let help = "Plan with a catalogue snapshot that covers the schema of the shadows.";
                return Err((message, help.to_owned()));
            }
            Lookup::Found(relation) => relation,
        };
        let comments = real.comments.get(&real.full_name(into).key(dialect));
        let comment = comments.and_then(|c| c.relation.as_deref()).unwrap_or_default();
        if comment != marker(production, &self.shadow.pipeline) {
            let message = match comment.strip_prefix(MARK) {
                Some(other) => format!("`{shown}` is the shadow of {other}"),
                None => format!("`{shown}` exists and is no shadow: it has not the comment of one"),
            };
            let help = "Choose another `--shadow-suffix` or `--shadow-schema`, or drop it by hand.";
            return Err((message, help.to_owned()));
        }
        let what = match relation.kind {
            RelationKind::View => "VIEW",
            _ => "TABLE",
        };
        let name = real.full_name(into);
        let sql = format!("DROP {what} {}", self.short(&name).print(dialect));
        Ok(Some(step("shadow_drop", shown, sql)))
    }

    /// The name without what is the default, as the plan's other statements have it.
    fn short(&self, name: &RelationName) -> RelationName {
        let key = |i: &Option<Ident>| {
            i.as_ref()
                .map(|i| i.key(self.real.dialect, rocky_base::ident::IdentKind::Relation))
        };
        let mut name = name.clone();
        if key(&name.catalog) == key(&self.real.default_catalog) {
            name.catalog = None;
        }
        name
    }

    fn copy(&self, from: &RelationName, into: &RelationName) -> Step {
        let dialect = self.real.dialect;
        let sql = format!(
            "CREATE TABLE {} AS\nSELECT * FROM {}",
            into.print(dialect),
            from.print(dialect)
        );
        step("shadow_copy", &into.display(), sql)
    }

    fn mark(&self, relation: &RelationName, production: &str, view: bool) -> Step {
        let dialect = self.real.dialect;
        let text = dialect.string_literal(&marker(production, &self.shadow.pipeline));
        let name = relation.print(dialect);
        let what = if view { "VIEW" } else { "TABLE" };
        let sql = match dialect {
            Dialect::DuckDb | Dialect::Snowflake => format!("COMMENT ON {what} {name} IS {text}"),
            // Of a view too.
            Dialect::Databricks => format!("COMMENT ON TABLE {name} IS {text}"),
            Dialect::BigQuery => format!("ALTER {what} {name} SET OPTIONS (description = {text})"),
        };
        step("shadow_mark", &relation.display(), sql)
    }

    /// Shadow and production.
    fn aliases(&self) -> Vec<(RelationName, RelationName)> {
        let names = self.wishes.iter().map(|w| w.production.clone());
        self.targets().cloned().zip(names).collect()
    }

    fn targets(&self) -> impl Iterator<Item = &RelationName> {
        self.places.iter().map(|p| &p.shadow)
    }

    /// The plan over the staged catalogue as the plan of shadows.
    fn finish(self, mut plan: Plan) -> Result<Plan, Vec<Diagnostic>> {
        let dialect = self.real.dialect;
        let key = |name: &RelationName| self.real.full_name(name).key(dialect);
        let places: FxHashMap<RelationKey, usize> =
            self.targets().enumerate().map(|(i, t)| (key(t), i)).collect();
        let mut begun: FxHashSet<usize> = FxHashSet::default();
        let mut problems = Vec::new();
        for task in &mut plan.tasks {
            let index = places.get(&key(&task.target)).copied();
            let Some((wish, place)) = index.and_then(|i| Some((self.wishes.get(i)?, self.places.get(i)?)))
            else {
                continue;
            };
            // Of several copies into one table the first makes it.
            let first = index.is_some_and(|i| begun.insert(i));
            if let Err(found) = self.weave(task, wish, place, first) {
                problems.extend(found);
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        // What is read stays where it is.
        plan.setup.retain(|step| step.purpose == replication::ATTACH);
        if self.shadow.schema.is_some() {
            plan.setup
                .extend(setup::missing_schemas(self.targets(), self.real, dialect));
        }
        plan.plan_id = plan.id().unwrap_or_default();
        Ok(plan)
    }

    fn weave(&self, task: &mut Task, wish: &Wish, place: &Place, first: bool) -> Result<(), Vec<Diagnostic>> {
        task.full_name.clone_from(&wish.shadow_name);
        let from = match place.copied {
            true => ", from a copy of its rows",
            false => "",
        };
        task.reason = format!("shadow of `{}`{from}: {}", wish.production_name, task.reason);
        if task
            .steps
            .iter()
            .any(|s| matches!(s.kind, StepKind::Refuse { .. }))
        {
            return Ok(());
        }
        let beside = self.quarantines(task, wish)?;
        let creates = |steps: &[Step]| {
            let made = |s: &Step| matches!(s.purpose.as_str(), "create_table" | "full_refresh_copy");
            steps.iter().any(made)
        };
        let mark = self.mark(
            &place.shadow,
            &wish.production_name,
            task.strategy == Strategy::View,
        );
        match &mut task.windows {
            // The table comes into being once, before the windows, which may be written side by side.
            Some(windows) if !creates(&task.steps) && (!place.copied || creates(&windows.before)) => {
                windows.before.push(mark);
            }
            Some(_) if !creates(&task.steps) => {}
            _ if !place.copied || creates(&task.steps) => task.steps.push(mark),
            _ => {}
        }
        if first {
            let steps = match &mut task.windows {
                Some(windows) => &mut windows.before,
                None => &mut task.steps,
            };
            steps.splice(0..0, place.first.iter().cloned());
        }
        task.steps.extend(beside);
        task.sql_hash = hash::of_steps(&task.steps);
        Ok(())
    }

    /// Tables with failing rows stand beside the shadow: they are shadows too.
    fn quarantines(&self, task: &mut Task, wish: &Wish) -> Result<Vec<Step>, Vec<Diagnostic>> {
        let Some(quarantine) = &mut task.quarantine else {
            return Ok(Vec::new());
        };
        let (mut marks, mut problems) = (Vec::new(), Vec::new());
        for (purpose, whole) in [
            ("quarantine", &mut quarantine.table),
            ("quarantine_valid", &mut quarantine.valid_table),
        ] {
            let Some(suffix) = whole
                .as_deref()
                .and_then(|w| w.strip_prefix(&wish.production_name))
            else {
                continue;
            };
            let name = Shadow {
                suffix: SmolStr::new(suffix),
                ..Shadow::default()
            }
            .of(self.real.dialect, &task.target);
            let (of, is) = (
                format!("{}{suffix}", wish.production_name),
                format!("{}{suffix}", wish.shadow_name),
            );
            *whole = Some(is.clone());
            match self.replaced(&name, &is, &of) {
                // The statement itself replaces it.
                Ok(_) => marks.push(self.mark(&name, &of, false)),
                Err((message, help)) => problems.push(wish.refused(message, help)),
            }
            debug_assert!(task.steps.iter().any(|s| s.purpose == purpose));
        }
        match problems.is_empty() {
            true => Ok(marks),
            false => Err(problems),
        }
    }
}

fn step(purpose: &'static str, target: &str, sql: String) -> Step {
    Step {
        purpose: SmolStr::new_static(purpose),
        target: target.to_owned(),
        sql,
        holes: Vec::new(),
        kind: StepKind::Statement { counts_rows: false },
    }
}

/// The models of a plan, by number, in order.
fn chosen(snapshot: &Snapshot, options: &PlanOptions) -> Vec<u32> {
    let mut ids: Vec<u32> = choose(snapshot, options).into_iter().collect();
    ids.sort_unstable();
    ids
}

fn reads_itself(model: &Model) -> bool {
    model.inputs.iter().any(|i| matches!(i, InputRelation::Own))
}

/// Plan shadows of models.
pub(crate) fn models(
    shadow: &Shadow,
    snapshot: &Snapshot,
    catalog: &CatalogSnapshot,
    options: &PlanOptions,
    cancel: &CancelToken,
) -> Result<Plan, Vec<Diagnostic>> {
    let ids = chosen(snapshot, options);
    let (mut wishes, mut problems) = (Vec::with_capacity(ids.len()), Vec::new());
    for model in ids.iter().filter_map(|id| snapshot.models.get(*id as usize)) {
        let rows = match &model.strategy.kind {
            StrategyKind::View => Rows::Dropped,
            kind if !options.full_refresh && (is_kept(kind) || reads_itself(model)) => Rows::Kept,
            _ => Rows::Replaced,
        };
        let wish = Wish {
            production: model.target.clone(),
            production_name: model.target_parts.join("."),
            shadow_name: shadow.parts(&model.target_parts),
            rows,
            loc: model.strategy_loc,
            model: Some(model.name.clone()),
        };
        if kept_by_warehouse(model) || matches!(model.strategy.kind, StrategyKind::ContentAddressed { .. }) {
            let message = format!(
                "`{}` has no shadow: the warehouse keeps its rows itself ({})",
                model.name,
                model.strategy.kind.as_str()
            );
            problems.push(wish.refused(message, "Leave the model out with `--exclude`."));
        }
        wishes.push(wish);
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let taken = |name: &RelationName| {
        let other = snapshot.names.model_of_target(name)?;
        let other = snapshot.models.get(other as usize)?;
        Some(format!("the target of model `{}`", other.name))
    };
    let stage = Stage::new(shadow, catalog, wishes, &taken)?;
    let targets: Vec<(u32, RelationName)> = ids.into_iter().zip(stage.targets().cloned()).collect();
    let plan = ordinary(&snapshot.retargeted(&targets), &stage.catalog, options, cancel)?;
    stage.finish(plan)
}

/// The models of a plan and their shadows.
pub fn model_pairs(shadow: &Shadow, snapshot: &Snapshot, options: &PlanOptions) -> Vec<Pair> {
    let ids = chosen(snapshot, options);
    let models = ids.iter().filter_map(|id| snapshot.models.get(*id as usize));
    models
        .map(|model| Pair {
            name: model.name.clone(),
            asset_key: model.target_parts.to_vec(),
            production: model.target.clone(),
            shadow: shadow.of(snapshot.dialect, &model.target),
            production_name: model.target_parts.join("."),
            shadow_name: shadow.parts(&model.target_parts),
            key: key_of(model),
            ignored: Vec::new(),
        })
        .collect()
}

/// The key of the strategy, else of the first test that says that something is one.
fn key_of(model: &Model) -> Vec<SmolStr> {
    if let StrategyKind::Merge { unique_key, .. } = &model.strategy.kind {
        return unique_key.iter().map(|k| k.value.clone()).collect();
    }
    let tests = model.config.tests.iter().filter(|t| t.filter.is_none());
    tests
        .filter_map(|test| match &test.kind {
            TestKind::Unique => Some(vec![test.column.as_ref()?.value.clone()]),
            TestKind::CompositeUnique(columns) => Some(columns.iter().map(|c| c.value.clone()).collect()),
            _ => None,
        })
        .next()
        .unwrap_or_default()
}

/// A relation that is named in `rocky.toml`, as its documents call it.
fn named(
    shadow: &Shadow,
    catalog: &CatalogSnapshot,
    production: &RelationName,
) -> (RelationName, String, String) {
    let name = shadow.of(catalog.dialect, production);
    (
        name.clone(),
        catalog.full_name(production).display(),
        catalog.full_name(&name).display(),
    )
}

fn wish(shadow: &Shadow, catalog: &CatalogSnapshot, production: &RelationName, rows: Rows, loc: Loc) -> Wish {
    let (_, production_name, shadow_name) = named(shadow, catalog, production);
    Wish {
        production: production.clone(),
        production_name,
        shadow_name,
        rows,
        loc,
        model: None,
    }
}

fn pair(shadow: &Shadow, catalog: &CatalogSnapshot, production: &RelationName, key: Vec<SmolStr>) -> Pair {
    let (name, production_name, shadow_name) = named(shadow, catalog, production);
    let full = catalog.full_name(production);
    Pair {
        name: SmolStr::new(&production_name),
        asset_key: full.parts().map(|p| p.text.clone()).collect(),
        production: production.clone(),
        shadow: name,
        production_name,
        shadow_name,
        key,
        ignored: Vec::new(),
    }
}

/// Nobody but the tables of this plan has a claim to a name.
fn of_plan<'t>(
    catalog: &'t CatalogSnapshot,
    targets: impl Iterator<Item = &'t RelationName>,
) -> impl Fn(&RelationName) -> Option<String> {
    let key = |name: &RelationName| catalog.full_name(name).key(catalog.dialect);
    let own: FxHashMap<RelationKey, String> = targets.map(|t| (key(t), t.display())).collect();
    move |name| Some(format!("the target `{}` of this pipeline", own.get(&key(name))?))
}

/// Plan shadows of copied tables.
pub fn of_replication(
    shadow: &Shadow,
    copies: &[TableCopy],
    catalog: &CatalogSnapshot,
    options: &ReplicationOptions,
) -> Result<Plan, Vec<Diagnostic>> {
    let rows = |copy: &TableCopy| match copy.strategy {
        CopyStrategy::View => Rows::Dropped,
        CopyStrategy::Incremental { .. } | CopyStrategy::Merge { .. } if !options.full_refresh => Rows::Kept,
        _ => Rows::Replaced,
    };
    let mut seen = FxHashSet::default();
    let mut wishes = Vec::with_capacity(copies.len());
    for copy in copies {
        // Several copies may go into one table.
        if seen.insert(catalog.full_name(&copy.target).key(catalog.dialect)) {
            wishes.push(wish(shadow, catalog, &copy.target, rows(copy), options.loc));
        }
    }
    let taken = of_plan(catalog, copies.iter().map(|c| &c.target));
    let stage = Stage::new(shadow, catalog, wishes, &taken)?;
    let moved: Vec<TableCopy> = copies
        .iter()
        .map(|copy| TableCopy {
            target: shadow.of(catalog.dialect, &copy.target),
            ..copy.clone()
        })
        .collect();
    let options = ReplicationOptions {
        aliases: stage.aliases(),
        ..options.clone()
    };
    let plan = replication::plan(&moved, &stage.catalog, &options)?;
    stage.finish(plan)
}

/// Copied tables and their shadows.
pub fn replication_pairs(shadow: &Shadow, copies: &[TableCopy], catalog: &CatalogSnapshot) -> Vec<Pair> {
    let mut seen = FxHashSet::default();
    let first = |copy: &&TableCopy| seen.insert(catalog.full_name(&copy.target).key(catalog.dialect));
    let copies: Vec<&TableCopy> = copies.iter().filter(first).collect();
    copies
        .into_iter()
        .map(|copy| Pair {
            asset_key: copy.asset_key.clone(),
            ignored: copy
                .metadata
                .iter()
                .map(|m| m.name.stored(catalog.dialect))
                .collect(),
            ..pair(
                shadow,
                catalog,
                &copy.target,
                match &copy.strategy {
                    CopyStrategy::Merge { keys, .. } => keys.clone(),
                    _ => Vec::new(),
                },
            )
        })
        .collect()
}

/// Plan the shadow of a history.
pub fn of_snapshot(
    shadow: &Shadow,
    spec: &SnapshotSpec,
    catalog: &CatalogSnapshot,
) -> Result<Plan, Vec<Diagnostic>> {
    let wishes = vec![wish(shadow, catalog, &spec.target, Rows::Kept, spec.places.1)];
    let source = catalog.full_name(&spec.source).key(catalog.dialect);
    let taken = |name: &RelationName| {
        (catalog.full_name(name).key(catalog.dialect) == source)
            .then(|| "the source of the snapshot".to_owned())
    };
    let stage = Stage::new(shadow, catalog, wishes, &taken)?;
    let moved = SnapshotSpec {
        aliases: stage.aliases(),
        target: shadow.of(catalog.dialect, &spec.target),
        ..spec.clone()
    };
    let plan = snapshot(&moved, &stage.catalog)?;
    stage.finish(plan)
}

/// A history and its shadow. A version is known by its key and its beginning.
pub fn snapshot_pairs(shadow: &Shadow, spec: &SnapshotSpec, catalog: &CatalogSnapshot) -> Vec<Pair> {
    let mut key: Vec<SmolStr> = spec.unique_key.iter().map(|k| k.value.clone()).collect();
    key.push(SmolStr::new_static("valid_from"));
    vec![pair(shadow, catalog, &spec.target, key)]
}

/// Plan shadows of tables that files are loaded into.
pub fn of_load(shadow: &Shadow, spec: &LoadSpec, catalog: &CatalogSnapshot) -> Result<Plan, Vec<Diagnostic>> {
    let wishes = spec
        .tables
        .iter()
        .map(|t| wish(shadow, catalog, &t.target, Rows::Kept, spec.place))
        .collect();
    let taken = of_plan(catalog, spec.tables.iter().map(|t| &t.target));
    let stage = Stage::new(shadow, catalog, wishes, &taken)?;
    let mut moved = spec.clone();
    moved.aliases = stage.aliases();
    for table in &mut moved.tables {
        table.target = shadow.of(catalog.dialect, &table.target);
    }
    let plan = load(&moved, &stage.catalog)?;
    stage.finish(plan)
}

/// Tables that files are loaded into, and their shadows.
pub fn load_pairs(shadow: &Shadow, spec: &LoadSpec, catalog: &CatalogSnapshot) -> Vec<Pair> {
    let tables = spec.tables.iter();
    tables
        .map(|t| pair(shadow, catalog, &t.target, Vec::new()))
        .collect()
}

/// Every shadow of a pipeline that is in the catalogue and has such a name, with the statement that takes it away.
pub fn leftovers(shadow: &Shadow, catalog: &CatalogSnapshot) -> Vec<(RelationName, Step)> {
    let dialect = catalog.dialect;
    let schema = shadow
        .schema
        .as_ref()
        .map(|s| Ident::from_config(dialect, s).key(dialect, rocky_base::ident::IdentKind::Relation));
    let is_ours = |key: &RelationKey| {
        let comment = catalog.comments.get(key).and_then(|c| c.relation.as_deref());
        comment.is_some_and(|c| shadow.is_marked(c)) && schema.as_ref().is_none_or(|s| key.schema == *s)
    };
    let found = catalog.relations.iter().filter(|(key, _)| is_ours(key));
    let mut found: Vec<(RelationName, Step)> = found
        .filter(|(key, relation)| {
            let comment = catalog
                .comments
                .get(*key)
                .and_then(|c| c.relation.as_deref())
                .unwrap_or_default();
            shadow.explains(&relation.name, comment)
        })
        .map(|(_, relation)| {
            let what = match relation.kind {
                RelationKind::View => "VIEW",
                _ => "TABLE",
            };
            let sql = format!("DROP {what} {}", relation.name.print(dialect));
            (
                relation.name.clone(),
                step("shadow_drop", &relation.name.display(), sql),
            )
        })
        .collect();
    // Views first: they may read the tables.
    found.sort_by(|a, b| {
        (!a.1.sql.starts_with("DROP VIEW"), &a.1.sql).cmp(&(!b.1.sql.starts_with("DROP VIEW"), &b.1.sql))
    });
    found
}

impl Shadow {
    /// The name is what the suffix makes of the production table that the comment names. (Quarantine tables have more behind it.)
    fn explains(&self, name: &RelationName, comment: &str) -> bool {
        let tail = format!(" (pipeline {})", self.pipeline);
        let Some(production) = comment.strip_prefix(MARK).and_then(|c| c.strip_suffix(&tail)) else {
            return false;
        };
        let text = name.table.text.as_str();
        if self.suffix.is_empty() {
            return production.to_lowercase().ends_with(&text.to_lowercase());
        }
        // The suffix stands somewhere in the name, and without it the name is production's.
        let (text, suffix, production) = (
            text.to_lowercase(),
            self.suffix.to_lowercase(),
            production.to_lowercase(),
        );
        text.match_indices(&suffix).any(|(at, _)| {
            let (before, after) = (
                text.get(..at).unwrap_or(""),
                text.get(at + suffix.len()..).unwrap_or(""),
            );
            production.ends_with(&format!(".{before}{after}")) || production == format!("{before}{after}")
        })
    }
}
