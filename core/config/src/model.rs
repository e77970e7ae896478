//! What a model says about itself: sidecar, front matter, `_defaults.toml`.

use crate::format::{self, FormatConfig};
use crate::freshness::{self, FreshnessConfig};
use crate::front_matter::FrontMatter;
use crate::keys::{DEFAULTS, SIDECAR};
use crate::node::{self, Env, Kind, Node};
use crate::read::Reader;
use crate::schema::{Checker, Path, Schema};
use crate::source::{self, SourceDecl};
use crate::spanned::Spanned;
use crate::strategy::{self, StrategyConfig};
use crate::{Options, Parsed};
use indexmap::IndexMap;
use rocky_base::{Diagnostic, FileId, Loc, SmolStr, Span, code};
use serde::{Deserialize, Serialize};

/// The configuration of one model. Names are text as written; `core/project` makes identifiers of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ModelConfig {
    /// The model's name; the file's stem when absent.
    pub name: Option<Spanned<SmolStr>>,
    /// Models that run before it; `None` when they are not declared.
    pub depends_on: Option<Vec<Spanned<SmolStr>>>,
    /// How it is materialized; inherited, in the end `full_refresh`, when absent.
    pub strategy: Option<StrategyConfig>,
    /// True when a strategy is written, even one that could not be read: nothing is inherited then.
    pub strategy_declared: bool,
    /// Where it goes.
    pub target: TargetConfig,
    /// Sources it declares.
    pub sources: Vec<SourceDecl>,
    /// What it is for, in words.
    pub intent: Option<Spanned<SmolStr>>,
    /// Labels, to select by; a list of words has empty values.
    pub tags: IndexMap<SmolStr, SmolStr>,
    /// The longest that an attempt at it may take; as its pipeline says when absent.
    pub timeout_seconds: Option<u32>,
    /// What its rows must be.
    pub tests: Vec<crate::test::TestConfig>,
    /// What its query must make of given rows.
    pub unit_tests: Vec<crate::test::UnitTest>,
    /// What kind of table it becomes and how that is laid out.
    pub format: Option<Box<FormatConfig>>,
    /// How old its newest row may be.
    pub freshness: Option<Box<FreshnessConfig>>,
}

/// `[target]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetConfig {
    /// Catalogue.
    pub catalog: Option<Spanned<SmolStr>>,
    /// Schema.
    pub schema: Option<Spanned<SmolStr>>,
    /// Table; the model's name when absent.
    pub table: Option<Spanned<SmolStr>>,
}

/// `_defaults.toml`: what the models of its folder inherit (not those of folders below).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DefaultsConfig {
    /// Catalogue of targets.
    pub catalog: Option<Spanned<SmolStr>>,
    /// Schema of targets.
    pub schema: Option<Spanned<SmolStr>>,
    /// Strategy.
    pub strategy: Option<StrategyConfig>,
    /// Intent.
    pub intent: Option<Spanned<SmolStr>>,
    /// How old the newest rows may be.
    pub freshness: Option<Box<FreshnessConfig>>,
}

impl ModelConfig {
    /// Take from `defaults` what the model does not say itself.
    pub fn inherit(&mut self, defaults: &DefaultsConfig) {
        if !self.strategy_declared {
            self.strategy = self.strategy.take().or_else(|| defaults.strategy.clone());
        }
        let target = &mut self.target;
        target.catalog = target.catalog.take().or_else(|| defaults.catalog.clone());
        target.schema = target.schema.take().or_else(|| defaults.schema.clone());
        self.intent = self.intent.take().or_else(|| defaults.intent.clone());
        self.freshness = self.freshness.take().or_else(|| defaults.freshness.clone());
    }

    /// What format and strategy, inherited or own, mean together; E035 where they contradict each other.
    pub fn settle(&mut self, out: &mut Vec<Diagnostic>) {
        format::settle(self, out);
        let kind = self.strategy.as_ref().map(|s| &s.kind);
        if let Some(freshness) = self.freshness.as_ref().filter(|f| !f.inherited)
            && matches!(kind, Some(crate::StrategyKind::Ephemeral))
        {
            let message = "an ephemeral model has no table whose `freshness` could be checked";
            let problem = Diagnostic::new(code::E417, freshness.loc, message);
            out.push(problem.help("Remove `freshness`, or say it of a model that reads this one."));
        }
    }
}

/// A sidecar `<model>.toml`.
pub fn parse_sidecar(file: FileId, text: &str, env: Env<'_>, options: Options) -> Parsed<ModelConfig> {
    sidecar(file, text, 0, env, options)
}

/// The front matter of a `.sql` file; spans are those of the whole file.
pub fn parse_front_matter(
    file: FileId,
    sql: &str,
    front_matter: &FrontMatter,
    env: Env<'_>,
    options: Options,
) -> Parsed<ModelConfig> {
    if !front_matter.closed {
        let message = "front matter is not closed: no line begins with `---` after `---toml`";
        let loc = Loc::new(file, front_matter.open);
        let diagnostic = Diagnostic::new(code::E402, loc, message).help("Add a line `---` before the query.");
        return Parsed {
            diagnostics: vec![diagnostic],
            broken: true,
            ..Parsed::default()
        };
    }
    sidecar(
        file,
        front_matter.toml.slice(sql),
        front_matter.toml.start,
        env,
        options,
    )
}

fn sidecar(file: FileId, text: &str, offset: u32, env: Env<'_>, options: Options) -> Parsed<ModelConfig> {
    let mut diagnostics = Vec::new();
    let tree = node::parse(file, text, offset, env, &mut diagnostics);
    let mut checker = Checker::new(file, options.unknown_keys, &mut diagnostics);
    let root = Reader::new(file, &tree.root);
    check(&tree.root, &SIDECAR, offset, &mut checker);
    let target = root.table("target");
    let value = ModelConfig {
        name: root.text("name"),
        depends_on: root.maybe_texts("depends_on"),
        strategy: strategy::read(root, &SIDECAR, &mut checker),
        strategy_declared: root.get("strategy").is_some(),
        target: TargetConfig {
            catalog: target.and_then(|t| t.text("catalog")),
            schema: target.and_then(|t| t.text("schema")),
            table: target.and_then(|t| t.text("table")),
        },
        sources: source::read(root, &mut checker),
        intent: root.text("intent"),
        tags: root.get("tags").map(tags).unwrap_or_default(),
        timeout_seconds: root.u32("timeout_seconds"),
        tests: crate::test::tests(root, &mut checker),
        unit_tests: crate::test::unit_tests(root, &mut checker),
        format: FormatConfig::read(root, &mut checker),
        freshness: freshness::read(root, &mut checker).map(Box::new),
    };
    not_empty(&[&value.name, &value.target.table], &mut checker);
    Parsed::new(value, diagnostics, tree.vars, tree.broken)
}

/// `_defaults.toml` of one folder.
pub fn parse_defaults(file: FileId, text: &str, env: Env<'_>, options: Options) -> Parsed<DefaultsConfig> {
    let mut diagnostics = Vec::new();
    let tree = node::parse(file, text, 0, env, &mut diagnostics);
    let mut checker = Checker::new(file, options.unknown_keys, &mut diagnostics);
    let root = Reader::new(file, &tree.root);
    check(&tree.root, &DEFAULTS, 0, &mut checker);
    let target = root.table("target");
    let value = DefaultsConfig {
        catalog: target.and_then(|t| t.text("catalog")),
        schema: target.and_then(|t| t.text("schema")),
        strategy: strategy::read(root, &DEFAULTS, &mut checker),
        intent: root.text("intent"),
        freshness: freshness::read_default(root, &mut checker).map(Box::new),
    };
    Parsed::new(value, diagnostics, tree.vars, tree.broken)
}

/// Check all keys but those of the strategy, which its own reader checks.
fn check(root: &Node, schema: &Schema, offset: u32, checker: &mut Checker<'_>) {
    let is_flat = strategy::is_flat(root);
    let flat = |e: &node::Entry| strategy::is_flat_key(is_flat, schema, &e.key);
    let at = Span::at(offset);
    if root.entries().iter().any(flat) {
        let entries = root.entries().iter().filter(|e| !flat(e)).cloned().collect();
        checker.table(
            &Node {
                span: root.span,
                kind: Kind::Table(entries),
            },
            schema,
            at,
            &Path::Root,
        );
    } else {
        checker.table(root, schema, at, &Path::Root);
    }
}

fn not_empty(names: &[&Option<Spanned<SmolStr>>], checker: &mut Checker<'_>) {
    for name in names
        .iter()
        .copied()
        .flatten()
        .filter(|n| n.value.trim().is_empty())
    {
        checker
            .out
            .push(Diagnostic::new(code::E417, name.loc, "empty name"));
    }
}

fn tags(node: &Node) -> IndexMap<SmolStr, SmolStr> {
    let text = |node: &Node| match &node.kind {
        Kind::Str { value, .. } => Some(value.clone()),
        Kind::Bool(b) => Some(SmolStr::new(b.to_string())),
        Kind::Int(i) => Some(SmolStr::new(i.to_string())),
        _ => None,
    };
    match &node.kind {
        Kind::Array(words) => words
            .iter()
            .filter_map(|w| Some((text(w)?, SmolStr::default())))
            .collect(),
        _ => node
            .entries()
            .iter()
            .filter_map(|e| Some((e.key.clone(), text(&e.node)?)))
            .collect(),
    }
}
