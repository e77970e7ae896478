//! The column that a quarantine with `mode = "tag"` adds to the table of a model: the query does not give it, its readers have it.
//!
//! Invariant: a model has the column here exactly when its plan adds it; [`TestConfig::sets_aside`] and [`Tags::column`] decide for
//! both. Contracts and the model's own query know nothing of it.
//!
//! [`TestConfig::sets_aside`]: rocky_config::TestConfig::sets_aside

use crate::link::Target;
use crate::load::LoadedModel;
use crate::snapshot::{Model, Snapshot};
use rocky_base::ident::IdentKind;
use rocky_base::{Dialect, FileId, Ident, SmolStr};
use rocky_config::{
    AssertionConfig, ChecksConfig, PipelineKind, ProjectConfig, QuarantineMode, Spanned, StrategyKind,
    TestKind,
};
use rocky_warehouse::{Column, Type};
use rustc_hash::FxHashMap;

/// The column: names of the tests that a row fails, separated by commas; NULL for a row that fails none.
pub const TAG: &str = "_rocky_failed_tests";

/// The models whose pipeline tags, with its checks, by the file of their query.
#[derive(Debug, Default)]
pub struct Tags<'a>(FxHashMap<FileId, &'a ChecksConfig>);

impl<'a> Tags<'a> {
    /// Look at all models; `models` gives the file of each and its pipeline. Without a pipeline of its own a model belongs to the only
    /// transformation there is.
    pub fn of<I>(config: &'a ProjectConfig, models: impl FnOnce() -> I) -> Tags<'a>
    where
        I: Iterator<Item = (FileId, Option<SmolStr>)>,
    {
        let tagging: FxHashMap<&SmolStr, &ChecksConfig> = config
            .pipelines
            .iter()
            .filter(|(_, p)| matches!(p.kind, PipelineKind::Transformation(_)))
            .filter_map(|(name, p)| Some((name, p.checks.as_ref().filter(|c| tags(c))?)))
            .collect();
        if tagging.is_empty() {
            return Tags::default();
        }
        let mut transformations = config
            .pipelines
            .iter()
            .filter(|(_, p)| matches!(p.kind, PipelineKind::Transformation(_)));
        let only = transformations
            .next()
            .map(|(name, _)| name)
            .filter(|_| transformations.next().is_none());
        let found = models().filter_map(|(file, pipeline)| {
            let checks = tagging.get(pipeline.as_ref().or(only)?)?;
            Some((file, *checks))
        });
        Tags(found.collect())
    }

    /// The column that is added to the table of a model.
    pub(crate) fn column(&self, model: &LoadedModel, target: &Target, dialect: Dialect) -> Option<Column> {
        let checks = self.0.get(&model.file)?;
        let is_table = matches!(
            target.strategy.kind,
            StrategyKind::FullRefresh
                | StrategyKind::Incremental { .. }
                | StrategyKind::Merge { .. }
                | StrategyKind::DeleteInsert { .. }
                | StrategyKind::TimeInterval { .. }
                | StrategyKind::Microbatch { .. }
        );
        let about_it =
            |assertion: &&AssertionConfig| names(dialect, assertion, Some(&model.name), &target.parts);
        let assertions = checks.assertions.iter().filter(about_it).map(|a| &a.test);
        let wanted = is_table
            && model
                .config
                .tests
                .iter()
                .chain(assertions)
                .any(|t| t.sets_aside());
        wanted.then(|| Column {
            name: Ident::from_config(dialect, TAG).stored(dialect),
            ty: Type::STRING,
            nullable: true,
        })
    }
}

/// Everything that the tests of a tagged model say, wherever it is written.
pub(crate) fn words(snapshot: &Snapshot, model: &Model) -> Vec<SmolStr> {
    let one = || std::iter::once((model.file, model.pipeline.clone()));
    let tags = Tags::of(&snapshot.config, one);
    let about_it = |a: &&AssertionConfig| names(snapshot.dialect, a, Some(&model.name), &model.target_parts);
    let checks = tags.0.get(&model.file);
    let assertions = checks.into_iter().flat_map(|c| &c.assertions).filter(about_it);
    let mut words = Vec::new();
    let mut say = |word: Option<&Spanned<SmolStr>>| {
        words.push(word.map_or_else(SmolStr::default, |w| w.value.clone()));
    };
    for test in model.config.tests.iter().chain(assertions.map(|a| &a.test)) {
        if !test.sets_aside() {
            continue;
        }
        say(Some(&Spanned::new(test.kind.as_str().into(), test.loc)));
        say(test.name.as_ref());
        say(test.column.as_ref());
        say(test.filter.as_ref());
        match &test.kind {
            TestKind::AcceptedValues(values) => {
                let number = SmolStr::new(values.len().to_string());
                say(Some(&Spanned::new(number, test.loc)));
                values.iter().for_each(|v| say(Some(v)));
            }
            TestKind::Relationships { to_table, to_column } => {
                say(Some(to_table));
                say(Some(to_column));
            }
            TestKind::Expression(text) | TestKind::RegexMatch(text) => say(Some(text)),
            TestKind::InRange { min, max } => {
                say(min.as_ref());
                say(max.as_ref());
            }
            TestKind::OlderThan(days) => {
                say(Some(&Spanned::new(SmolStr::new(days.to_string()), test.loc)));
            }
            _ => {}
        }
    }
    words
}

fn tags(checks: &ChecksConfig) -> bool {
    let quarantine = checks.quarantine.as_ref();
    checks.enabled && quarantine.is_some_and(|q| q.enabled && q.mode == QuarantineMode::Tag)
}

/// Whether a column of a relation is the tag.
pub fn is_tag(dialect: Dialect, name: &str) -> bool {
    dialect.fold(name, true, IdentKind::Column) == dialect.fold(TAG, false, IdentKind::Column)
}

/// Whether an assertion is about a relation: by its name, or by the end of its whole name (outermost part first).
pub fn names(dialect: Dialect, assertion: &AssertionConfig, name: Option<&str>, parts: &[SmolStr]) -> bool {
    let fold = |n: &str| dialect.fold(n, false, IdentKind::Relation);
    let wanted = fold(&assertion.table.value);
    if name.is_some_and(|name| fold(name) == wanted) {
        return true;
    }
    let mut whole = String::new();
    parts.iter().rev().any(|part| {
        whole = match whole.as_str() {
            "" => part.to_string(),
            rest => format!("{part}.{rest}"),
        };
        fold(&whole) == wanted
    })
}
