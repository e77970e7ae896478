//! From discovered sources to copies: patterns, templates, overrides, collisions.

use super::{CopyStrategy, Excluded, MetadataTemplate, Source, TableCopy};
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Dialect, Ident, Loc, SmolStr, code};
use rocky_config::{OnCollision, ReplicationConfig, SchemaPattern, Spanned, TableOverride};
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::relation::RelationKey;
use rocky_warehouse::{CatalogSnapshot, RelationName};
use rustc_hash::{FxHashMap, FxHashSet};

/// The watermark column where none is configured.
const TIMESTAMP_COLUMN: &str = "_fivetran_synced";

/// What the configuration makes of the sources.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Resolved {
    /// Tables to copy, by source and name.
    pub copies: Vec<TableCopy>,
    /// Tables that are left out.
    pub excluded: Vec<Excluded>,
    /// What is wrong, or worth a warning.
    pub diagnostics: Vec<Diagnostic>,
    /// Targets with more than one source, where the configuration allows that.
    pub collisions: Vec<(RelationName, Vec<RelationName>)>,
}

/// Where the sources were found.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum FoundBy {
    /// The warehouse that is written to: what it does not have any more has vanished since.
    Warehouse,
    /// Another system: it may know of tables that have not arrived yet.
    Elsewhere,
}

/// Where the sources are, and who says so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// Who listed them.
    pub found_by: FoundBy,
    /// The catalogue of the database that they are in, where that is another than the one that is written.
    pub database: Option<Ident>,
}

impl From<FoundBy> for Origin {
    fn from(found_by: FoundBy) -> Origin {
        Origin {
            found_by,
            database: None,
        }
    }
}

/// Apply the configuration. `loc` is the pipeline's place.
pub fn resolve(
    sources: &[Source],
    config: &ReplicationConfig,
    metadata: &[MetadataTemplate],
    catalog: &CatalogSnapshot,
    origin: impl Into<Origin>,
    loc: Loc,
) -> Resolved {
    let Origin { found_by, database } = origin.into();
    let mut resolved = Resolved::default();
    let Some(pattern) = &config.source.schema_pattern else {
        // Reported by the configuration.
        return resolved;
    };
    let dialect = catalog.dialect;
    let overrides = Overrides::new(&config.table_overrides, &mut resolved.diagnostics);
    let key_of = |ident: &Ident| ident.key(dialect, IdentKind::Relation);
    let read = database.as_ref().map(key_of);
    let mut unattached: FxHashSet<SmolStr> = FxHashSet::default();
    let mut catalog_of = |text: &str, loc: Loc, out: &mut Vec<Diagnostic>| -> Option<Ident> {
        if text.is_empty() {
            return None;
        }
        let ident = Ident::from_config(dialect, text);
        let key = ident.key(dialect, IdentKind::Relation);
        let default = catalog
            .default_catalog
            .as_ref()
            .is_some_and(|c| c.key(dialect, IdentKind::Relation) == key);
        if read.as_ref() == Some(&key) {
            if unattached.insert(key) {
                let message =
                    format!("`{text}` is the database that the tables are copied from, which is only read");
                out.push(
                    Diagnostic::new(code::E303, loc, message)
                        .help("Leave it empty, or name the database of the target's adapter."),
                );
            }
            return Some(ident);
        }
        if dialect != Dialect::DuckDb || default || catalog.complete_catalogs.contains(&key) {
            return Some(ident);
        }
        if unattached.insert(key) {
            let default = catalog.default_catalog.as_ref().map_or("", |c| c.text.as_str());
            let message =
                format!("catalog `{text}` is not attached; the default database `{default}` is used");
            out.push(
                Diagnostic::new(code::W102, loc, message)
                    .help("Leave it empty, or name the database of the adapter."),
            );
        }
        None
    };
    let source_catalog = match (&database, &config.source.catalog) {
        (Some(database), named) => {
            let other = named.as_ref().filter(|c| {
                !c.as_str().is_empty() && key_of(&Ident::from_config(dialect, c.as_str())) != key_of(database)
            });
            if let Some(named) = other {
                let message = format!(
                    "catalog `{}` is not the database of the source's adapter; `{}` is used",
                    named.shown(),
                    database.text
                );
                resolved
                    .diagnostics
                    .push(Diagnostic::new(code::W102, named.loc, message).help("Leave it out."));
            }
            Some(database.clone())
        }
        (None, Some(c)) => catalog_of(c.as_str(), c.loc, &mut resolved.diagnostics),
        (None, None) => None,
    };
    let separator = config
        .target
        .separator
        .as_ref()
        .map_or(pattern.separator.as_str(), |s| s.as_str());
    let mut refused: FxHashSet<Loc> = FxHashSet::default();
    for source in sources {
        let render = |template: &Option<rocky_config::Template>| {
            template
                .as_ref()
                .map(|t| t.render(&source.components, separator))
                .unwrap_or_default()
        };
        let catalog_loc = config.target.catalog_template.as_ref().map_or(loc, |t| t.loc);
        let target_catalog = catalog_of(
            &render(&config.target.catalog_template),
            catalog_loc,
            &mut resolved.diagnostics,
        );
        let schema = render(&config.target.schema_template);
        let target_schema = (!schema.is_empty()).then(|| Ident::from_config(dialect, &schema));
        let metadata: Vec<_> = metadata
            .iter()
            .map(|m| m.render(&source.components, &pattern.separator, dialect))
            .collect();
        for table in &source.tables {
            let mut asset_key = vec![source.source_type.clone()];
            asset_key.extend(source.components.values().flatten().cloned());
            asset_key.push(table.name.clone());
            let name = RelationName {
                catalog: source_catalog.clone(),
                schema: Some(Ident::quoted(source.id.clone())),
                table: Ident::quoted(table.name.clone()),
            };
            let mut exclude = |reason| {
                resolved.excluded.push(Excluded {
                    asset_key: asset_key.clone(),
                    source_schema: source.id.clone(),
                    table: table.name.clone(),
                    reason,
                });
            };
            let own = overrides.of(&source.id, &table.name);
            if own.enabled == Some(false) {
                exclude("disabled");
                continue;
            }
            if found_by == FoundBy::Elsewhere && matches!(catalog.lookup(&name), Lookup::Absent) {
                exclude("missing_from_source");
                continue;
            }
            let strategy = match own.strategy(config, dialect, database.as_ref()) {
                Ok(strategy) => strategy,
                Err(problem) => {
                    // One mistake of the configuration, however many tables it is about.
                    if problem.primary.as_ref().is_none_or(|p| refused.insert(p.loc)) {
                        resolved.diagnostics.push(*problem);
                    }
                    continue;
                }
            };
            resolved.copies.push(TableCopy {
                asset_key,
                source: name,
                target: RelationName {
                    catalog: target_catalog.clone(),
                    schema: target_schema.clone(),
                    table: Ident::quoted(table.name.clone()),
                },
                strategy,
                timestamp_column: own.timestamp_column(config),
                metadata: metadata.clone(),
            });
        }
    }
    leave_out_targets(&mut resolved, catalog);
    let policy = config.source.discovery.as_ref().and_then(|d| d.on_collision);
    collisions(&mut resolved, catalog, policy.unwrap_or(OnCollision::Error), loc);
    resolved
}

/// What this pipeline writes is no source of it: with a wide pattern every run would find the last one's tables.
fn leave_out_targets(resolved: &mut Resolved, catalog: &CatalogSnapshot) {
    let schema = |name: &RelationName| {
        let key = catalog.full_name(name).key(catalog.dialect);
        (key.catalog, key.schema)
    };
    // A source that is mapped onto itself is a mistake of its own, which planning reports.
    let written: FxHashSet<_> = resolved
        .copies
        .iter()
        .filter(|c| schema(&c.source) != schema(&c.target))
        .map(|c| schema(&c.target))
        .collect();
    let (kept, left): (Vec<_>, Vec<_>) = std::mem::take(&mut resolved.copies)
        .into_iter()
        .partition(|c| !written.contains(&schema(&c.source)));
    resolved.copies = kept;
    resolved.excluded.extend(left.into_iter().map(|c| Excluded {
        asset_key: c.asset_key,
        source_schema: c.source.schema.map(|s| s.text).unwrap_or_default(),
        table: c.source.table.text,
        reason: "is_a_target",
    }));
}

/// Two sources of one target.
fn collisions(resolved: &mut Resolved, catalog: &CatalogSnapshot, policy: OnCollision, loc: Loc) {
    let mut by_target: FxHashMap<RelationKey, Vec<usize>> = FxHashMap::default();
    let mut order: Vec<RelationKey> = Vec::new();
    for (index, copy) in resolved.copies.iter().enumerate() {
        let key = catalog.full_name(&copy.target).key(catalog.dialect);
        let all = by_target.entry(key.clone()).or_default();
        all.push(index);
        if all.len() == 2 {
            order.push(key);
        }
    }
    for key in order {
        let copies: Vec<&TableCopy> = by_target
            .get(&key)
            .into_iter()
            .flatten()
            .filter_map(|i| resolved.copies.get(*i))
            .collect();
        let Some(first) = copies.first() else { continue };
        let target = first.target.clone();
        let sources: Vec<RelationName> = copies.iter().map(|c| c.source.clone()).collect();
        if policy == OnCollision::Error {
            let names: Vec<String> = sources.iter().map(|s| format!("`{}`", s.display())).collect();
            let message = format!(
                "{} would be copied into one table, `{}`",
                names.join(" and "),
                target.display()
            );
            resolved.diagnostics.push(
                Diagnostic::new(code::E303, loc, message).help(
                    "Name the distinguishing component in `schema_template`, or set `source.discovery.on_collision = \"warn\"`.",
                ),
            );
        }
        resolved.collisions.push((target, sources));
    }
    if policy == OnCollision::Off {
        resolved.collisions.clear();
    }
}

/// The overrides, the most specific first.
struct Overrides<'a>(Vec<&'a TableOverride>);

/// What holds for one table.
struct Effective<'a> {
    enabled: Option<bool>,
    strategy: Option<&'a Spanned<SmolStr>>,
    timestamp_column: Option<&'a Spanned<SmolStr>>,
    merge_keys: Option<&'a [Spanned<SmolStr>]>,
    fallback: Option<&'a [Spanned<SmolStr>]>,
}

impl<'a> Overrides<'a> {
    fn new(all: &'a [TableOverride], out: &mut Vec<Diagnostic>) -> Overrides<'a> {
        let exact = |o: &TableOverride| match (&o.connector, &o.table) {
            (Some(c), Some(t)) if !is_pattern(t.as_str()) => Some((c.value.clone(), t.value.clone())),
            _ => None,
        };
        let mut seen: FxHashMap<(SmolStr, SmolStr), Loc> = FxHashMap::default();
        for one in all {
            let (Some(pair), Some(loc)) = (exact(one), one.table.as_ref().map(|t| t.loc)) else {
                continue;
            };
            let message = format!("table `{}` of `{}` has two overrides", pair.1, pair.0);
            if let Some(first) = seen.insert(pair, loc) {
                out.push(Diagnostic::new(code::E417, loc, message).note(first, "the first one"));
            }
        }
        let rank = |o: &&TableOverride| match (&o.connector, &o.table) {
            (Some(_), Some(t)) if !is_pattern(t.as_str()) => 0,
            (Some(_), Some(_)) => 1,
            (Some(_), None) => 2,
            (None, _) => 3,
        };
        let mut sorted: Vec<&TableOverride> = all
            .iter()
            .filter(|o| o.connector.is_some() || o.table.is_some())
            .collect();
        sorted.sort_by_key(rank);
        Overrides(sorted)
    }

    fn of(&self, connector: &str, table: &str) -> Effective<'a> {
        let fits = |o: &&&'a TableOverride| {
            o.connector.as_ref().is_none_or(|c| c.as_str() == connector)
                && o.table.as_ref().is_none_or(|t| glob(t.as_str(), table))
        };
        let matching: Vec<&'a TableOverride> = self.0.iter().filter(fits).copied().collect();
        let all = || matching.iter().copied();
        Effective {
            enabled: all().find_map(|o| o.enabled),
            strategy: all().find_map(|o| o.strategy.as_ref()),
            timestamp_column: all().find_map(|o| o.timestamp_column.as_ref()),
            merge_keys: all().find_map(|o| o.merge_keys.as_deref()),
            fallback: all().find_map(|o| o.merge_keys_fallback.as_deref()),
        }
    }
}

impl Effective<'_> {
    fn timestamp_column(&self, config: &ReplicationConfig) -> SmolStr {
        let configured = self.timestamp_column.or(config.timestamp_column.as_ref());
        configured.map_or(SmolStr::new_static(TIMESTAMP_COLUMN), |c| c.value.clone())
    }

    fn strategy(
        &self,
        config: &ReplicationConfig,
        dialect: Dialect,
        database: Option<&Ident>,
    ) -> Result<CopyStrategy, Box<Diagnostic>> {
        let word = self.strategy.or(config.strategy.as_ref());
        let names = |list: &[Spanned<SmolStr>]| list.iter().map(|k| k.value.clone()).collect();
        Ok(match word.map_or("incremental", |w| w.as_str()) {
            "incremental" => CopyStrategy::Incremental {
                timestamp_column: self.timestamp_column(config),
            },
            "full_refresh" => CopyStrategy::FullRefresh,
            "merge" => CopyStrategy::Merge {
                keys: names(self.merge_keys.unwrap_or(&config.merge_keys)),
                fallback: names(self.fallback.unwrap_or(&config.merge_keys_fallback)),
            },
            "view" if database.is_some() => {
                let loc = word.map_or(Loc::text(rocky_base::Span::at(0)), |w| w.loc);
                let message = "a view cannot read a table of another database file";
                return Err(Box::new(
                    Diagnostic::new(code::E300, loc, message)
                        .help("Copy the tables with `incremental`, `full_refresh` or `merge`."),
                ));
            }
            "view" => CopyStrategy::View,
            other => {
                let loc = word.map_or(Loc::text(rocky_base::Span::at(0)), |w| w.loc);
                let message = format!("strategy `{other}` cannot be planned on {dialect}");
                return Err(Box::new(Diagnostic::new(code::E300, loc, message).help(
                    "Tables can be copied with `incremental`, `full_refresh`, `merge` or `view`.",
                )));
            }
        })
    }
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// `*` is any run of characters, `?` one.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // After the last `*`: where to go on when the rest does not fit.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match (pattern.get(p), text.get(t)) {
            (Some('*'), _) => {
                retry = Some((p + 1, t));
                p += 1;
            }
            (Some(one), Some(c)) if *one == '?' || one == c => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((after, from)) => {
                    retry = Some((after, from + 1));
                    p = after;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

/// The components of a schema, by a pattern; `None` when it does not fit.
pub fn source_of(
    pattern: &SchemaPattern,
    schema: &SmolStr,
    source_type: &SmolStr,
    tables: Vec<rocky_warehouse::SourceTable>,
) -> Option<Source> {
    Some(Source {
        id: schema.clone(),
        source_type: source_type.clone(),
        components: pattern.matches(schema)?,
        tables,
    })
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn globs_match_whole_names() {
        for (pattern, text, fits) in [
            ("orders", "orders", true),
            ("orders", "orders2", false),
            ("ord*", "orders", true),
            ("*_log", "a_log_log", true),
            ("*a*b", "xaxbx", false),
            ("?rders", "orders", true),
            ("?", "é", true),
            ("", "", true),
            ("*", "", true),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }
}
