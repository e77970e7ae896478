//! Reading the catalogue: everything of a listing comes from one read transaction, from DuckDB's own catalogue functions
//! (which do not run views, so a broken one does no harm).
//!
//! A view's columns are remembered as they were when the view was last bound. Views that are asked for by name (all, when
//! everything is asked for) are bound after that, so that a change below them is seen: each for itself, because one that
//! DuckDB cannot bind may abort the transaction. Binding costs a hundred times what reading does, so a listing leaves it out
//! and its caller renews those views that matter.

use crate::session::{Session, parse_type};
use rocky_base::ident::IdentKind;
use rocky_base::{CancelToken, Dialect, Error, ErrorKind, Ident, Result, SmolStr};
use rocky_warehouse::relation::RelationKey;
use rocky_warehouse::{
    CatalogSnapshot, Column, Connection, Relation, RelationKind, RelationName, Rows, SourceTable, Type, Value,
};
use std::collections::{HashMap, HashSet};
use std::time::{SystemTime, UNIX_EPOCH};

const D: Dialect = Dialect::DuckDb;

/// See [`rocky_warehouse::Warehouse::snapshot`].
pub(crate) fn snapshot(
    session: &mut Session,
    wanted: &[RelationName],
    cancel: &CancelToken,
) -> Result<CatalogSnapshot> {
    let mut snapshot = in_read_transaction(session, |session| read(session, wanted, cancel))?;
    let asked: HashSet<RelationKey> = wanted
        .iter()
        .map(|name| snapshot.full_name(name).key(D))
        .collect();
    let is_asked = |key: &RelationKey| wanted.is_empty() || asked.contains(key);
    let views = snapshot.relations.iter();
    let views = views.filter(|(key, relation)| relation.kind == RelationKind::View && is_asked(key));
    let views: Vec<RelationName> = views.map(|(_, relation)| relation.name.clone()).collect();
    renew(session, &mut snapshot, &views, cancel)?;
    Ok(snapshot)
}

/// See [`rocky_warehouse::Warehouse::listing`].
pub(crate) fn listing(session: &mut Session, cancel: &CancelToken) -> Result<CatalogSnapshot> {
    in_read_transaction(session, |session| read(session, &[], cancel))
}

/// See [`rocky_warehouse::Warehouse::renew`].
pub(crate) fn renew(
    session: &mut Session,
    catalog: &mut CatalogSnapshot,
    views: &[RelationName],
    cancel: &CancelToken,
) -> Result<bool> {
    let mut differ = false;
    for view in views {
        let key = catalog.full_name(view).key(D);
        let Some(relation) = catalog.relations.get_mut(&key) else {
            continue;
        };
        let sql = format!("SELECT * FROM {}", relation.name.print(D));
        match session.describe(&sql, cancel) {
            Ok(columns) if relation.columns == columns => {}
            Ok(columns) => {
                relation.columns = columns;
                if let Some(comments) = catalog.comments.get_mut(&key) {
                    comments.columns.clear();
                }
                differ = true;
            }
            Err(error) if error.kind == ErrorKind::Cancelled => return Err(error),
            // One that cannot be bound keeps what is remembered.
            Err(_) => {}
        }
    }
    Ok(differ)
}

/// See [`rocky_warehouse::Warehouse::discover`]: base tables with DuckDB's estimate of their rows.
pub(crate) fn discover(
    session: &mut Session,
    catalog: Option<&str>,
    prefix: &str,
    cancel: &CancelToken,
) -> Result<Vec<SourceTable>> {
    in_read_transaction(session, |session| {
        let schemas = schemas(session, cancel)?;
        let catalog = match catalog {
            Some(catalog) => fold(catalog),
            None => fold(&defaults(session, cancel)?.0),
        };
        if !schemas.catalogs.contains(&catalog) {
            let error = Error::new(
                ErrorKind::NotFound,
                format!("catalog `{catalog}` is not attached to the DuckDB database"),
            );
            return Err(error
                .hint("leave the catalog out, or use the name of the database file without its extension"));
        }
        let prefix = fold(prefix);
        let listed: Vec<&SchemaName> = schemas
            .all
            .iter()
            .filter(|s| fold(&s.catalog) == catalog && fold(&s.schema).starts_with(prefix.as_str()))
            .collect();
        let rows = select(
            session,
            "schema_name, table_name, estimated_size",
            // A view can be a source as well; it has no row count.
            "(SELECT database_name, schema_name, table_name, estimated_size, internal FROM duckdb_tables()
              UNION ALL SELECT database_name, schema_name, view_name, NULL, internal FROM duckdb_views())",
            Some(&listed),
            Some("1, 2"),
            cancel,
        )?;
        let mut tables = Vec::with_capacity(rows.rows.len());
        for mut row in rows.rows {
            let row_count = row
                .get(2)
                .and_then(Value::to_i64)
                .and_then(|n| u64::try_from(n).ok());
            let (schema, name) = (text(&mut row, 0)?, text(&mut row, 1)?);
            tables.push(SourceTable {
                schema,
                name,
                row_count,
            });
        }
        tables.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
        Ok(tables)
    })
}

fn in_read_transaction<T>(session: &mut Session, work: impl FnOnce(&mut Session) -> Result<T>) -> Result<T> {
    session.begin_read_only()?;
    let outcome = work(session);
    let ended = session.rollback();
    let value = outcome?;
    ended?;
    Ok(value)
}

/// A schema as DuckDB spells it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct SchemaName {
    catalog: SmolStr,
    schema: SmolStr,
}

impl SchemaName {
    fn key(&self) -> (SmolStr, SmolStr) {
        (fold(&self.catalog), fold(&self.schema))
    }
}

struct Schemas {
    /// Attached catalogues, folded.
    catalogs: Vec<SmolStr>,
    all: Vec<SchemaName>,
}

fn fold(name: &str) -> SmolStr {
    D.fold(name, true, IdentKind::Relation)
}

fn read(session: &mut Session, wanted: &[RelationName], cancel: &CancelToken) -> Result<CatalogSnapshot> {
    let (catalog, schema) = defaults(session, cancel)?;
    let schemas = schemas(session, cancel)?;
    let mut snapshot = CatalogSnapshot {
        dialect: D,
        default_catalog: Some(ident(catalog)),
        default_schema: Some(ident(schema)),
        taken_at: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(0)),
        ..CatalogSnapshot::default()
    };
    snapshot
        .complete_catalogs
        .extend(schemas.catalogs.iter().cloned());
    snapshot.schemas.extend(schemas.all.iter().map(SchemaName::key));

    let asked_schemas: HashSet<(SmolStr, SmolStr)> = wanted
        .iter()
        .map(|name| snapshot.full_name(name).key(D))
        .map(|key| (key.catalog, key.schema))
        .collect();
    let listed: Vec<&SchemaName> = schemas
        .all
        .iter()
        .filter(|s| wanted.is_empty() || asked_schemas.contains(&s.key()))
        .collect();
    snapshot.complete.extend(listed.iter().map(|s| s.key()));
    let filter = if wanted.is_empty() {
        None
    } else {
        Some(listed.as_slice())
    };

    let mut by_number: HashMap<(i64, i64), usize> = HashMap::new();
    for (column, number, source, kind) in [
        ("table_name", "table_oid", "duckdb_tables()", RelationKind::Table),
        ("view_name", "view_oid", "duckdb_views()", RelationKind::View),
    ] {
        let columns = format!("database_name, schema_name, {column}, comment, database_oid, {number}");
        for mut row in select(session, &columns, source, filter, Some("1, 2, 3"), cancel)?.rows {
            let name = full_name(&mut row)?;
            let key = name.key(D);
            if let Some(comment) = comment(&mut row, 3) {
                let comments = snapshot.comments.entry(key.clone()).or_default();
                comments.relation = Some(comment);
            }
            let relation = Relation {
                name,
                kind,
                columns: Vec::new(),
            };
            let (place, _) = snapshot.relations.insert_full(key, relation);
            by_number.insert((number_at(&row, 4)?, number_at(&row, 5)?), place);
        }
    }
    columns(session, &mut snapshot, &by_number, filter, cancel)?;
    own_types(session, &mut snapshot, cancel)?;
    Ok(snapshot)
}

/// Put the columns in. There are ten times as many of them as of anything else: they come by number, not by name, and DuckDB, which
/// has them in order, does not sort them.
fn columns(
    session: &mut Session,
    snapshot: &mut CatalogSnapshot,
    by_number: &HashMap<(i64, i64), usize>,
    schemas: Option<&[&SchemaName]>,
    cancel: &CancelToken,
) -> Result<()> {
    let wanted = "database_oid, table_oid, column_index, column_name, data_type, is_nullable, comment";
    let mut types: HashMap<String, Type> = HashMap::new();
    'order: for order in [None, Some("1, 2, 3")] {
        let (mut at, mut last) = ((0, 0), 0);
        for mut row in select(session, wanted, "duckdb_columns()", schemas, order, cancel)?.rows {
            let number = (number_at(&row, 0)?, number_at(&row, 1)?);
            let index = number_at(&row, 2)?;
            let Some((key, relation)) = by_number
                .get(&number)
                .and_then(|place| snapshot.relations.get_index_mut(*place))
            else {
                continue;
            };
            let in_order = match number == at {
                true => index > last,
                false => relation.columns.is_empty(),
            };
            if order.is_none() && !in_order {
                snapshot.relations.values_mut().for_each(|r| r.columns.clear());
                for comments in snapshot.comments.values_mut() {
                    comments.columns.clear();
                }
                continue 'order;
            }
            (at, last) = (number, index);
            if let Some(comment) = comment(&mut row, 6) {
                let comments = snapshot.comments.entry(key.clone()).or_default();
                comments.columns.insert(relation.columns.len(), comment);
            }
            let name = text(&mut row, 3)?;
            let spelling = take_text(&mut row, 4)?;
            let ty = match types.get(&spelling) {
                Some(ty) => ty.clone(),
                None => types
                    .entry(spelling)
                    .or_insert_with_key(|s| parse_type(s))
                    .clone(),
            };
            let nullable = relation.kind != RelationKind::Table || row.get(5) != Some(&Value::Bool(false));
            relation.columns.push(Column { name, ty, nullable });
        }
        return Ok(());
    }
    Ok(())
}

/// Types that are read at most; a database with more has them made by a program, and texts name few of them.
const MAX_TYPES: usize = 10_000;

/// What the types that users made stand for. `duckdb_types()` has no widths, scales and fields, so each is bound.
fn own_types(session: &mut Session, snapshot: &mut CatalogSnapshot, cancel: &CancelToken) -> Result<()> {
    let columns = "database_name, schema_name, type_name";
    let mut names = Vec::new();
    // Every database lists the built-in types, too.
    let source = "(SELECT * FROM duckdb_types() WHERE NOT internal)";
    for mut row in select(session, columns, source, None, Some("1, 2, 3"), cancel)?.rows {
        names.push(full_name(&mut row)?);
    }
    names.truncate(MAX_TYPES);
    for names in names.chunks(500) {
        match stand_for(session, names, cancel) {
            Ok(types) => snapshot.types.extend(types),
            Err(error) if error.kind == ErrorKind::Cancelled => return Err(error),
            // One of them cannot be read, of an extension that is not loaded for instance: the others can.
            Err(_) => {
                for name in names {
                    match stand_for(session, std::slice::from_ref(name), cancel) {
                        Err(error) if error.kind == ErrorKind::Cancelled => return Err(error),
                        types => snapshot.types.extend(types.unwrap_or_default()),
                    }
                }
            }
        }
    }
    Ok(())
}

/// What users made with `CREATE MACRO`. The list has thousands of built-in functions before them, which takes DuckDB some milliseconds.
pub(crate) fn own_functions(session: &mut Session, cancel: &CancelToken) -> Result<Vec<SmolStr>> {
    let sql = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE NOT internal ORDER BY 1";
    let rows = session.query(sql, MAX_TYPES, cancel)?.rows;
    rows.into_iter().map(|mut row| text(&mut row, 0)).collect()
}

fn stand_for(
    session: &mut Session,
    names: &[RelationName],
    cancel: &CancelToken,
) -> Result<Vec<(RelationKey, Type)>> {
    let cast = |name: &RelationName| format!("CAST(NULL AS {})", name.print(D));
    let casts: Vec<String> = names.iter().map(cast).collect();
    let described = session.describe(&format!("SELECT {}", casts.join(", ")), cancel)?;
    let types = names.iter().zip(described);
    Ok(types.map(|(name, column)| (name.key(D), column.ty)).collect())
}

/// Catalogue and schema that DuckDB fills in.
fn defaults(session: &mut Session, cancel: &CancelToken) -> Result<(SmolStr, SmolStr)> {
    let rows = session.query("SELECT current_database(), current_schema()", 1, cancel)?;
    let mut row = rows.rows.into_iter().next().ok_or_else(unexpected)?;
    Ok((text(&mut row, 0)?, text(&mut row, 1)?))
}

/// Attached catalogues and their schemas, DuckDB's own left out.
fn schemas(session: &mut Session, cancel: &CancelToken) -> Result<Schemas> {
    let catalogs = session.query(
        "SELECT database_name FROM duckdb_databases() WHERE NOT internal ORDER BY 1",
        usize::MAX,
        cancel,
    )?;
    let mut schemas = Schemas {
        catalogs: Vec::new(),
        all: Vec::new(),
    };
    for mut row in catalogs.rows {
        schemas.catalogs.push(fold(&text(&mut row, 0)?));
    }
    let columns = "database_name, schema_name";
    for mut row in select(session, columns, "duckdb_schemas()", None, Some("1, 2"), cancel)?.rows {
        let name = SchemaName {
            catalog: text(&mut row, 0)?,
            schema: text(&mut row, 1)?,
        };
        if schemas.catalogs.contains(&fold(&name.catalog)) {
            schemas.all.push(name);
        }
    }
    Ok(schemas)
}

/// Rows of a catalogue function, in the given schemas (everywhere when `None`), system schemas left out.
fn select(
    session: &mut Session,
    columns: &str,
    source: &str,
    schemas: Option<&[&SchemaName]>,
    order: Option<&str>,
    cancel: &CancelToken,
) -> Result<Rows> {
    let only = match schemas {
        None => String::new(),
        Some([]) => return Ok(Rows::default()),
        Some(schemas) => {
            let pair = |s: &&SchemaName| {
                format!(
                    "({}, {})",
                    D.string_literal(&s.catalog),
                    D.string_literal(&s.schema)
                )
            };
            let pairs: Vec<String> = schemas.iter().map(pair).collect();
            format!(" AND (database_name, schema_name) IN ({})", pairs.join(", "))
        }
    };
    let sql = format!(
        "SELECT {columns} FROM {source} \
         WHERE database_name NOT IN ('system', 'temp') AND schema_name NOT IN ('information_schema', 'pg_catalog'){only}{}",
        order.map_or_else(String::new, |order| format!(" ORDER BY {order}"))
    );
    session.query(&sql, usize::MAX, cancel)
}

/// The name in a row's first three cells.
fn full_name(row: &mut [Value]) -> Result<RelationName> {
    Ok(RelationName {
        catalog: Some(ident(text(row, 0)?)),
        schema: Some(ident(text(row, 1)?)),
        table: ident(text(row, 2)?),
    })
}

fn ident(name: SmolStr) -> Ident {
    Ident::quoted(name)
}

/// A comment, when there is one.
fn comment(row: &mut [Value], index: usize) -> Option<SmolStr> {
    let comment = text(row, index).ok()?;
    (!comment.is_empty()).then_some(comment)
}

fn text(row: &mut [Value], index: usize) -> Result<SmolStr> {
    take_text(row, index).map(SmolStr::from)
}

fn take_text(row: &mut [Value], index: usize) -> Result<String> {
    match row
        .get_mut(index)
        .map(|cell| std::mem::replace(cell, Value::Null))
    {
        Some(Value::Text(text)) => Ok(text),
        _ => Err(unexpected()),
    }
}

fn number_at(row: &[Value], index: usize) -> Result<i64> {
    row.get(index).and_then(Value::to_i64).ok_or_else(unexpected)
}

fn unexpected() -> Error {
    Error::bug("DuckDB's catalogue functions gave something else than names")
}

/// Relations of one query: a statement of many is prepared faster than as many statements.
const FINGERPRINTS: usize = 64;

/// See [`rocky_warehouse::Warehouse::fingerprints`]: DuckDB keeps no versions, so it is the number of rows and the sum of their hashes.
/// (A sum, not an exclusive or: pairs of equal rows must not cancel out.)
pub(crate) fn fingerprints(
    session: &mut Session,
    relations: &[RelationName],
    cancel: &CancelToken,
) -> Result<Vec<Option<String>>> {
    let one = |index: usize, relation: &RelationName| {
        format!(
            "SELECT {index} AS i, COUNT(*)::VARCHAR || '/' || COALESCE(SUM(hash(_rocky_t)::HUGEINT), 0)::VARCHAR AS f FROM {} AS _rocky_t",
            relation.print(D)
        )
    };
    let mut found = vec![None; relations.len()];
    let mut take = |rows: Rows| {
        for row in rows.rows {
            if let [index, print] = row.as_slice()
                && let Some(slot) = index
                    .to_i64()
                    .and_then(|i| usize::try_from(i).ok())
                    .and_then(|i| found.get_mut(i))
            {
                *slot = print.to_text();
            }
        }
    };
    for (chunk, names) in relations.chunks(FINGERPRINTS).enumerate() {
        let first = chunk * FINGERPRINTS;
        let parts: Vec<String> = names
            .iter()
            .enumerate()
            .map(|(i, name)| one(first + i, name))
            .collect();
        match session.query(&parts.join("\nUNION ALL\n"), names.len(), cancel) {
            Ok(rows) => take(rows),
            Err(error) if error.kind == ErrorKind::Cancelled => return Err(error),
            // One that cannot be read hides no other.
            Err(_) => {
                for part in &parts {
                    match session.query(part, 1, cancel) {
                        Ok(rows) => take(rows),
                        Err(error) if error.kind == ErrorKind::Cancelled => return Err(error),
                        Err(_) => {}
                    }
                }
            }
        }
    }
    Ok(found)
}
