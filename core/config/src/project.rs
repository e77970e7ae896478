//! `rocky.toml`.

use crate::adapter::{self, AdapterConfig, AdapterKind};
use crate::hook::{self, HooksConfig};
use crate::keys::{PIPELINE_TYPES, PROJECT, is_adapter_key, pipeline_marks};
use crate::lints::{self, LintLevel, PortabilityConfig};
use crate::node::{self, Entry, Env, Kind, Node};
use crate::pattern::{SchemaPattern, Template};
use crate::pipeline::{self, PipelineConfig, PipelineKind, ReplicationConfig};
use crate::read::Reader;
use crate::schema::{Checker, Path, UnknownKeys, did_you_mean};
use crate::source::{self, SourceDecl};
use crate::spanned::Spanned;
use crate::state::{self, StateConfig};
use crate::{Options, Parsed};
use indexmap::IndexMap;
use rocky_base::{Diagnostic, FileId, Loc, SmolStr, Span, code, suggest};
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// The project's configuration.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ProjectConfig {
    /// Adapters in file order.
    pub adapters: IndexMap<SmolStr, AdapterConfig>,
    /// Pipelines in file order.
    pub pipelines: IndexMap<SmolStr, PipelineConfig>,
    /// Declared source schemas.
    pub sources: Vec<SourceDecl>,
    /// `[state]`.
    pub state: StateConfig,
    /// `[lints]`, in file order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lints: Vec<LintLevel>,
    /// Keys that are set to what they are without being set, by path.
    #[serde(skip)]
    pub redundant: Vec<Spanned<SmolStr>>,
    /// `[hook]`.
    #[serde(skip_serializing_if = "HooksConfig::is_empty")]
    pub hooks: HooksConfig,
    /// `[budget]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetConfig>,
    /// `[freshness]`: how old the newest rows of models may be that do not say so themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freshness: Option<Box<crate::FreshnessConfig>>,
    /// `[retry] max_retries_per_run`: repetitions of all tasks of a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_retries_per_run: Option<u32>,
    /// `[resilience]`: what holds for every adapter that does not say otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resilience: Option<Box<crate::RetryConfig>>,
    /// `[run] skip_unchanged`: leave models alone whose inputs and query did not change.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skip_unchanged: bool,
    /// `[portability]`.
    #[serde(skip)]
    pub portability: PortabilityConfig,
    /// `[compat] unknown_keys`.
    #[serde(skip)]
    pub unknown_keys: UnknownKeys,
}

/// `[budget]`: what a run may take.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BudgetConfig {
    /// Milliseconds.
    pub max_duration_ms: Option<u64>,
    /// A run that took more has failed.
    pub fails: bool,
}

impl ProjectConfig {
    /// How the project's other files are read.
    pub fn options(&self) -> Options {
        Options {
            unknown_keys: self.unknown_keys,
        }
    }

    /// The adapter that a reference means: the named one; without a name `default`, else the only one.
    pub fn adapter(&self, named: Option<&Spanned<SmolStr>>) -> Option<(&SmolStr, &AdapterConfig)> {
        match named {
            Some(name) => self.adapters.get_key_value(&name.value),
            None => self.adapters.get_key_value("default").or_else(|| {
                let only = self.adapters.len() == 1;
                self.adapters.first().filter(|_| only)
            }),
        }
    }

    /// The adapter that lists the sources of a replication pipeline: the discovery adapter, else the source adapter.
    pub fn discovery_adapter(&self, pipeline: &ReplicationConfig) -> Option<(&SmolStr, &AdapterConfig)> {
        let named = pipeline
            .source
            .discovery
            .as_ref()
            .and_then(|d| d.adapter.as_ref());
        self.adapter(named.or(pipeline.source.adapter.as_ref()))
    }

    /// The diagnostic for a reference, e.g. of a model, to an adapter that is not declared.
    pub fn unknown_adapter(&self, name: &Spanned<SmolStr>) -> Option<Diagnostic> {
        let known = self.adapters.contains_key(&name.value);
        (!known).then(|| undeclared(name, "adapter", self.adapters.keys().map(SmolStr::as_str)))
    }
}

/// `rocky.toml`.
pub fn parse_project(file: FileId, text: &str, env: Env<'_>) -> Parsed<ProjectConfig> {
    let mut diagnostics = Vec::new();
    let mut tree = node::parse(file, text, 0, env, &mut diagnostics);
    let unknown_keys = match tree
        .root
        .get("compat")
        .and_then(|c| c.get("unknown_keys"))
        .and_then(Node::as_str)
    {
        Some("warn") => UnknownKeys::Warn,
        _ => UnknownKeys::Error,
    };
    let mut checker = Checker::new(file, unknown_keys, &mut diagnostics);
    normalise(&mut tree.root, &mut checker);
    let root = Reader::new(file, &tree.root);
    checker.table(&tree.root, &PROJECT, Span::at(0), &Path::Root);

    let mut value = ProjectConfig {
        unknown_keys,
        ..ProjectConfig::default()
    };
    let mut problems = Vec::new();
    for (entry, reader) in tables(root, "adapter") {
        let loc = checker.loc(entry.key_span);
        let adapter = adapter::read(reader, loc);
        check_kind(&adapter, reader, &mut checker);
        value.adapters.insert(entry.key.clone(), adapter);
    }
    for (entry, reader) in tables(root, "pipeline") {
        let loc = checker.loc(entry.key_span);
        // A pipeline of an unknown type has its diagnostic; there is nothing to read it as.
        let known = reader
            .get("type")
            .is_none_or(|t| t.as_str().is_some_and(|t| PIPELINE_TYPES.variant(t).is_some()));
        if known {
            value
                .pipelines
                .insert(entry.key.clone(), pipeline::read(reader, loc, &mut problems));
        }
    }
    value.sources = source::read(root, &mut checker);
    value.lints = lints::levels(root, &mut checker);
    value.hooks = hook::read(root, text, &mut checker);
    value.budget = root.table("budget").map(|budget| BudgetConfig {
        max_duration_ms: budget.uint("max_duration_ms"),
        fails: budget.plain("on_breach").is_some_and(|b| b == "error"),
    });
    value.freshness = crate::freshness::read_default(root, &mut checker).map(Box::new);
    value.max_retries_per_run = root.table("retry").and_then(|r| r.u32("max_retries_per_run"));
    value.resilience = root.table("resilience").map(|r| Box::new(adapter::resilience(r)));
    value.skip_unchanged = root
        .table("run")
        .and_then(|run| run.flag("skip_unchanged"))
        .unwrap_or_default();
    value.portability = lints::portability(root);
    value.redundant = lints::redundant(root);
    value.state = state::read(root, &mut checker);
    check_pipelines(&value, root, &mut diagnostics);
    check_order(&value, &mut diagnostics);
    diagnostics.append(&mut problems);
    Parsed::new(value, diagnostics, tree.vars, tree.broken)
}

/// The tables of a section.
fn tables<'a>(root: Reader<'a>, section: &str) -> Vec<(&'a Entry, Reader<'a>)> {
    let entries = root.get(section).map(Node::entries).unwrap_or_default();
    entries
        .iter()
        .filter(|e| e.node.is_table())
        .map(|e| (e, Reader::new(root.file, &e.node)))
        .collect()
}

/// Other spellings of sections.
const ALIASES: [(&str, &str); 4] = [
    ("adapters", "adapter"),
    ("pipelines", "pipeline"),
    ("hooks", "hook"),
    ("roles", "role"),
];

/// One spelling of each section, and no shorthand.
fn normalise(root: &mut Node, checker: &mut Checker<'_>) {
    let Kind::Table(entries) = &mut root.kind else {
        return;
    };
    for (alias, section) in ALIASES {
        let Some(at) = entries.iter().position(|e| e.key == alias) else {
            continue;
        };
        let mut other = entries.remove(at);
        other.key = SmolStr::new_static(section);
        unwrap_shorthand(&mut other);
        match entries.iter_mut().find(|e| e.key == section) {
            None => entries.insert(at.min(entries.len()), other),
            Some(entry) => {
                unwrap_shorthand(entry);
                merge(entry, other, alias, checker);
            }
        }
    }
    entries.iter_mut().for_each(unwrap_shorthand);
    if let Some(section) = entries.iter_mut().find(|e| e.key == "hook") {
        hook::normalise(&mut section.node);
    }
}

/// Move the entries of `other`, spelled `alias`, into `entry`.
fn merge(entry: &mut Entry, other: Entry, alias: &str, checker: &mut Checker<'_>) {
    let (Kind::Table(into), Kind::Table(from)) = (&mut entry.node.kind, other.node.kind) else {
        let message = format!(
            "`{alias}` is another spelling of `{}`, which stands here too",
            entry.key
        );
        checker.report(code::E404, other.key_span, message);
        return;
    };
    let known: HashMap<SmolStr, Span> = into.iter().map(|e| (e.key.clone(), e.key_span)).collect();
    for new in from {
        if let Some(first) = known.get(&new.key) {
            let message = format!("`{}.{}` is declared twice", entry.key, new.key);
            let diagnostic = Diagnostic::new(code::E417, checker.loc(new.key_span), message);
            checker
                .out
                .push(diagnostic.note(checker.loc(*first), "declared here first"));
        } else {
            into.push(new);
        }
    }
}

/// `[adapter]` with keys of an adapter is `[adapter.default]`, and so for pipelines. Tables in it that are not keys are
/// adapters, or pipelines, of their own.
fn unwrap_shorthand(section: &mut Entry) {
    let is_key: fn(&str) -> bool = match section.key.as_str() {
        "adapter" => is_adapter_key,
        "pipeline" => is_pipeline_key,
        _ => return,
    };
    let shorthand = match section.key.as_str() {
        "adapter" => section.node.entries().iter().any(|e| !e.node.is_table()),
        _ => pipeline_marks(&section.node),
    };
    let span = section.node.span;
    let Kind::Table(entries) = &mut section.node.kind else {
        return;
    };
    if !shorthand {
        return;
    }
    let (own, others) = std::mem::take(entries)
        .into_iter()
        .partition(|e| !e.node.is_table() || is_key(&e.key));
    *entries = others;
    let node = Node {
        span,
        kind: Kind::Table(own),
    };
    entries.insert(
        0,
        Entry {
            key: SmolStr::new_static("default"),
            key_span: section.key_span,
            node,
        },
    );
}

fn is_pipeline_key(name: &str) -> bool {
    name == PIPELINE_TYPES.tag
        || PIPELINE_TYPES
            .variants
            .iter()
            .any(|(_, schema)| schema.key(name).is_some())
}

/// A declared kind must be one that the type can be.
fn check_kind(adapter: &AdapterConfig, reader: Reader<'_>, checker: &mut Checker<'_>) {
    let (Some(r#type), Some(kind), Some(node)) = (adapter.r#type, adapter.kind, reader.get("kind")) else {
        return;
    };
    let (can, other) = match kind {
        AdapterKind::Data => (r#type.holds_data(), "discovery"),
        AdapterKind::Discovery => (r#type.discovers(), "data"),
    };
    if !can && node.as_str().is_some() {
        let message = format!(
            "an adapter of type `{}` can only be of kind `{other}`",
            r#type.as_str()
        );
        checker.report(code::E417, node.span, message);
    }
}

/// Names of a section, declared well or badly: a reference to a broken pipeline is no second mistake.
struct Names<'a> {
    what: &'static str,
    names: HashSet<&'a str>,
    in_order: Vec<&'a str>,
    /// Suggestions look at every name; after this many they are left out.
    suggestions: u32,
}

impl<'a> Names<'a> {
    fn new(root: Reader<'a>, what: &'static str) -> Names<'a> {
        let entries = root.get(what).map(Node::entries).unwrap_or_default();
        let in_order: Vec<&str> = entries.iter().map(|e| e.key.as_str()).collect();
        Names {
            what,
            names: in_order.iter().copied().collect(),
            in_order,
            suggestions: 50,
        }
    }

    fn check(&mut self, name: &Spanned<SmolStr>) -> Option<Diagnostic> {
        if self.names.contains(name.as_str()) {
            return None;
        }
        self.suggestions = self.suggestions.saturating_sub(1);
        let candidates: &[&str] = if self.suggestions > 0 { &self.in_order } else { &[] };
        Some(undeclared(name, self.what, candidates.iter().copied()))
    }
}

fn undeclared<'a>(
    name: &Spanned<SmolStr>,
    what: &str,
    declared: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let nearest = suggest::nearest(name.as_str(), declared);
    let message = format!(
        "{what} `{}` is not declared{}",
        name.shown(),
        did_you_mean(nearest)
    );
    Diagnostic::new(code::E416, name.loc, message)
}

/// References, patterns and what else pipelines must fulfil together.
fn check_pipelines(config: &ProjectConfig, root: Reader<'_>, out: &mut Vec<Diagnostic>) {
    let mut adapters = Names::new(root, "adapter");
    let mut pipelines = Names::new(root, "pipeline");
    for (entry, reader) in tables(root, "pipeline") {
        let Some(pipeline) = config.pipelines.get(&entry.key) else {
            continue;
        };
        let name = &entry.key;
        for part in ["source", "target"] {
            // Snapshot and replication pipelines have both, the others a target only.
            let expected = part == "target" || has_source(&pipeline.kind);
            let Some(table) = reader.table(part).filter(|_| expected) else {
                continue;
            };
            out.extend(adapter_problem(
                &mut adapters,
                table,
                &format!("pipeline.{name}.{part}"),
            ));
            if part == "target" {
                out.extend(only_discovers(config, pipeline, name));
            }
            if let Some(discovery) = table.table("discovery") {
                let path = format!("pipeline.{name}.{part}.discovery");
                out.extend(adapter_problem(&mut adapters, discovery, &path));
            }
        }
        out.extend(pipeline.depends_on.iter().filter_map(|d| pipelines.check(d)));
        if let PipelineKind::Replication(replication) = &pipeline.kind {
            check_replication(replication, reader, out);
        }
    }
}

fn has_source(kind: &PipelineKind) -> bool {
    matches!(kind, PipelineKind::Replication(_) | PipelineKind::Snapshot(_))
}

/// A pipeline cannot write to an adapter that only lists sources.
fn only_discovers(config: &ProjectConfig, pipeline: &PipelineConfig, name: &str) -> Option<Diagnostic> {
    let named = pipeline.target_adapter()?;
    let (_, adapter) = config.adapter(Some(named))?;
    (adapter.kind == Some(AdapterKind::Discovery)).then(|| {
        let message = format!(
            "`pipeline.{name}.target`: adapter `{}` only lists sources",
            named.shown()
        );
        Diagnostic::new(code::E417, named.loc, message)
            .note(adapter.loc, "its `kind` is `discovery`")
            .help("Name an adapter that holds data.")
    })
}

/// The `adapter` of a table must be declared; when it is left out, one must be meant.
fn adapter_problem(adapters: &mut Names<'_>, table: Reader<'_>, path: &str) -> Option<Diagnostic> {
    match table.get("adapter") {
        Some(_) => adapters.check(&table.text("adapter")?),
        None if adapters.names.len() > 1 && !adapters.names.contains("default") => {
            let loc = Loc::new(table.file, table.node.span);
            let message =
                format!("missing key `adapter` in `{path}`: none of the adapters is called `default`");
            Some(Diagnostic::new(code::E405, loc, message))
        }
        None => None,
    }
}

fn check_replication(replication: &ReplicationConfig, reader: Reader<'_>, out: &mut Vec<Diagnostic>) {
    let target = &replication.target;
    if let Some(pattern) = &replication.source.schema_pattern {
        let templates = [&target.catalog_template, &target.schema_template];
        out.extend(
            templates
                .into_iter()
                .flatten()
                .filter_map(|t| template_problem(t, pattern)),
        );
    }
    let merges = |s: &Option<Spanned<SmolStr>>| s.as_ref().filter(|s| s.as_str() == "merge").map(|s| s.loc);
    let no_keys = replication.merge_keys.is_empty() && replication.merge_keys_fallback.is_empty();
    if let Some(loc) = merges(&replication.strategy).filter(|_| no_keys && reader.get("merge_keys").is_none())
    {
        out.push(Diagnostic::new(
            code::E405,
            loc,
            "strategy `merge` needs `merge_keys`",
        ));
    }
    for (table_override, reader) in replication
        .table_overrides
        .iter()
        .zip(reader.tables("table_overrides"))
    {
        let empty = reader
            .table("match")
            .filter(|m| m.get("connector").or(m.get("table")).is_none());
        if let Some(matching) = empty {
            let loc = Loc::new(reader.file, matching.node.span);
            out.push(Diagnostic::new(
                code::E405,
                loc,
                "`match` needs `connector` or `table`",
            ));
        }
        let own_keys = reader.get("merge_keys").or(reader.get("merge_keys_fallback"));
        if let Some(loc) = merges(&table_override.strategy).filter(|_| no_keys && own_keys.is_none()) {
            out.push(Diagnostic::new(
                code::E405,
                loc,
                "strategy `merge` needs `merge_keys`",
            ));
        }
    }
}

/// Placeholders must be components.
fn template_problem(template: &Template, pattern: &SchemaPattern) -> Option<Diagnostic> {
    let known = |name: &str| pattern.components.iter().any(|c| c.name == name);
    let unknown = template.placeholders().find(|name| !known(name))?;
    let nearest = suggest::nearest(unknown, pattern.components.iter().map(|c| c.name.as_str()));
    let message = format!(
        "unknown component `{unknown}` in the template{}",
        did_you_mean(nearest)
    );
    Some(Diagnostic::new(code::E416, template.loc, message))
}

/// Pipelines must not wait for each other. Each cycle is reported once, at the reference that closes it.
fn check_order(config: &ProjectConfig, out: &mut Vec<Diagnostic>) {
    #[derive(Copy, Clone, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut states = vec![State::New; config.pipelines.len()];
    for root in 0..states.len() {
        // The path of open pipelines, each with the next of its references to look at.
        let mut path: Vec<(usize, usize)> = Vec::new();
        if states.get(root) == Some(&State::New) {
            path.push((root, 0));
        }
        while let Some((at, next)) = path.pop() {
            let Some((_, pipeline)) = config.pipelines.get_index(at) else {
                continue;
            };
            let Some(dependency) = pipeline.depends_on.get(next) else {
                set(&mut states, at, State::Done);
                continue;
            };
            set(&mut states, at, State::Open);
            path.push((at, next + 1));
            let Some(to) = config.pipelines.get_index_of(&dependency.value) else {
                continue;
            };
            match states.get(to) {
                Some(State::New) => path.push((to, 0)),
                Some(State::Open) => {
                    let from = path.iter().position(|(i, _)| *i == to).unwrap_or(0);
                    let names = path.iter().skip(from).map(|(i, _)| *i).chain([to]);
                    let names: Vec<&str> = names
                        .filter_map(|i| config.pipelines.get_index(i))
                        .map(|(n, _)| n.as_str())
                        .collect();
                    let message = format!("pipelines depend on each other: {}", names.join(" → "));
                    out.push(Diagnostic::new(code::E106, dependency.loc, message));
                }
                _ => {}
            }
        }
    }

    fn set(states: &mut [State], at: usize, state: State) {
        if let Some(slot) = states.get_mut(at) {
            *slot = state;
        }
    }
}
