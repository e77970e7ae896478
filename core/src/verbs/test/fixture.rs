//! Rows of a unit test, from TOML or CSV to tables of a DuckDB in memory.
//!
//! A table has the columns that the compile knows, with their types: a value that does not fit its column is an error of the test
//! that names row and column, and a column that a row does not give is NULL.

use super::exact;
use crate::project::Project;
use rocky_base::ident::IdentKind;
use rocky_base::{CancelToken, Dialect, Ident, SmolStr, suggest};
use rocky_config::{Cell, Fixture};
use rocky_warehouse::{Column, Connection, Type};
use rustc_hash::FxHashMap;

/// Larger files are not what fixtures are for.
const MAX_FILE_BYTES: usize = 16 << 20;

/// Rows with the names of all their columns, in the order in which they first appear.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub columns: Vec<SmolStr>,
    /// As many cells as columns.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Every text in it that is no part of another value.
    pub(super) fn texts(&self, see: &mut dyn FnMut(&str)) {
        for cell in self.rows.iter().flatten() {
            if let Cell::Text(text) = cell {
                see(text);
            }
        }
    }
}

/// The rows that a fixture gives.
pub(super) fn read(project: &Project, fixture: &Fixture) -> Result<Table, String> {
    match fixture {
        Fixture::Rows(rows) => from_rows(rows),
        Fixture::Csv(text) => csv(text.as_str()),
        Fixture::File(path) => {
            let full = project.root().join(path.as_str());
            let bytes = project
                .host
                .system
                .read(&full)
                .map_err(|e| format!("{}: {e}", path.as_str()))?;
            if bytes.len() > MAX_FILE_BYTES {
                return Err(format!("{} is larger than 16 MB", path.as_str()));
            }
            let text = String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8", path.as_str()))?;
            csv(&text).map_err(|e| format!("{}: {e}", path.as_str()))
        }
    }
}

fn from_rows(rows: &[Vec<(SmolStr, Cell)>]) -> Result<Table, String> {
    let mut places: FxHashMap<&SmolStr, usize> = FxHashMap::default();
    let mut columns = Vec::new();
    for (name, _) in rows.iter().flatten() {
        places.entry(name).or_insert_with(|| {
            columns.push(name.clone());
            columns.len() - 1
        });
    }
    let row = |given: &Vec<(SmolStr, Cell)>| {
        let mut row = vec![Cell::Null; columns.len()];
        for (name, cell) in given {
            if let Some(slot) = places.get(name).and_then(|p| row.get_mut(*p)) {
                *slot = cell.clone();
            }
        }
        row
    };
    let rows = rows.iter().map(row).collect();
    distinct(&columns)?;
    Ok(Table { columns, rows })
}

/// Case does not tell columns apart.
fn distinct(columns: &[SmolStr]) -> Result<(), String> {
    let mut seen: FxHashMap<String, &SmolStr> = FxHashMap::default();
    for name in columns {
        if let Some(first) = seen.insert(name.to_lowercase(), name) {
            return Err(format!("columns `{first}` and `{name}` are one column"));
        }
    }
    Ok(())
}

/// RFC 4180: commas, lines, quotes doubled inside of quotes. An empty field without quotes is NULL, `""` an empty text.
fn csv(text: &str) -> Result<Table, String> {
    let mut records = records(text.strip_prefix('\u{feff}').unwrap_or(text))?.into_iter();
    let Some((_, header)) = records.next() else {
        return Err("the CSV has no header".to_owned());
    };
    let mut columns: Vec<SmolStr> = Vec::with_capacity(header.len());
    for name in header {
        let name = SmolStr::new(name.unwrap_or_default().trim());
        if name.is_empty() {
            return Err("a column of the CSV has no name".to_owned());
        }
        if columns.contains(&name) {
            return Err(format!("the CSV has two columns `{name}`"));
        }
        columns.push(name);
    }
    let mut rows = Vec::new();
    for (line, fields) in records {
        if fields.len() != columns.len() {
            return Err(format!(
                "line {line} of the CSV has {} fields, its header {}",
                fields.len(),
                columns.len()
            ));
        }
        let cell = |field: Option<String>| field.map_or(Cell::Null, |text| Cell::Text(text.into()));
        rows.push(fields.into_iter().map(cell).collect());
    }
    distinct(&columns)?;
    Ok(Table { columns, rows })
}

type Record = (usize, Vec<Option<String>>);

fn records(text: &str) -> Result<Vec<Record>, String> {
    let mut records = Vec::new();
    let mut fields: Vec<Option<String>> = Vec::new();
    let (mut line, mut began) = (1usize, 1usize);
    let mut chars = text.chars().peekable();
    // What stands before the next comma or line end: nothing yet, or a text.
    let mut field: Option<String> = None;
    loop {
        match chars.next() {
            Some('"') if field.is_none() => {
                let mut inside = String::new();
                loop {
                    match chars.next() {
                        Some('"') if chars.peek() == Some(&'"') => {
                            chars.next();
                            inside.push('"');
                        }
                        Some('"') => break,
                        Some(c) => {
                            line += usize::from(c == '\n');
                            inside.push(c);
                        }
                        None => return Err(format!("line {began} of the CSV: a quote is not closed")),
                    }
                }
                field = Some(inside);
                if !matches!(chars.peek(), None | Some(',' | '\n' | '\r')) {
                    return Err(format!("line {line} of the CSV: text behind a closing quote"));
                }
            }
            Some(',') => fields.push(field.take()),
            Some('\r') if chars.peek() == Some(&'\n') => {}
            end @ (Some('\n') | None) => {
                // A line without anything is no record.
                if field.is_some() || !fields.is_empty() {
                    fields.push(field.take());
                    records.push((began, std::mem::take(&mut fields)));
                }
                if end.is_none() {
                    return Ok(records);
                }
                line += 1;
                began = line;
            }
            Some(c) => field.get_or_insert_default().push(c),
        }
    }
}

/// A column as SQL.
pub(super) fn column(name: &str) -> String {
    Dialect::DuckDb.print_ident(&Ident::quoted(name))
}

/// Make a table with the columns that are known (all of them), or else those of the rows, and put the rows in.
pub(super) fn make(
    connection: &mut dyn Connection,
    name: &str,
    shown: &str,
    known: Option<&[Column]>,
    dialect: Dialect,
    table: &Table,
    cancel: &CancelToken,
) -> Result<(), String> {
    let fold = |n: &str| dialect.fold(n, false, IdentKind::Column).to_lowercase();
    let mut columns: Vec<(SmolStr, String)> = Vec::new();
    let mut types: Vec<Type> = Vec::new();
    let place_of = |wanted: &str| table.columns.iter().position(|c| fold(c) == fold(wanted));
    match known {
        Some(known) => {
            for given in &table.columns {
                if !known.iter().any(|c| fold(&c.name) == fold(given)) {
                    let names = known.iter().map(|c| c.name.as_str());
                    let near = match suggest::nearest(given, names) {
                        Some(near) => format!("; did you mean `{near}`?"),
                        None => String::new(),
                    };
                    return Err(format!("`{shown}` has no column `{given}`{near}"));
                }
            }
            for c in known {
                let ty = match c.ty.has_unknown() {
                    true => inferred(table, place_of(&c.name)),
                    false => c.ty.print(Dialect::DuckDb),
                };
                columns.push((c.name.clone(), ty));
                types.push(c.ty.clone());
            }
        }
        None => {
            for (place, name) in table.columns.iter().enumerate() {
                columns.push((name.clone(), inferred(table, Some(place))));
                types.push(Type::Unknown);
            }
        }
    }
    if columns.is_empty() {
        return Err(format!(
            "the columns of `{shown}` are not known: give it rows, or declare it under `[[sources]]`"
        ));
    }
    let list: Vec<String> = columns
        .iter()
        .map(|(name, ty)| format!("{} {ty}", column(name)))
        .collect();
    let sql = format!("CREATE TABLE {name} ({})", list.join(", "));
    connection
        .execute(&sql, cancel)
        .map_err(|e| format!("`{shown}`: {}", e.message))?;
    let places: Vec<Option<usize>> = columns.iter().map(|(name, _)| place_of(name)).collect();
    let names: Vec<SmolStr> = columns.into_iter().map(|(name, _)| name).collect();
    insert(connection, name, shown, &names, &types, &places, table, cancel)
}

/// Put rows into a table: each column takes the cell of its place, or NULL. A cell that its column's type would change is an error.
#[expect(clippy::too_many_arguments, reason = "one table's surroundings")]
pub(super) fn insert(
    connection: &mut dyn Connection,
    name: &str,
    shown: &str,
    names: &[SmolStr],
    types: &[Type],
    places: &[Option<usize>],
    table: &Table,
    cancel: &CancelToken,
) -> Result<(), String> {
    for (index, row) in table.rows.iter().enumerate() {
        let cell = |place: &Option<usize>| place.and_then(|p| row.get(p)).unwrap_or(&Cell::Null);
        for ((column_name, ty), place) in names.iter().zip(types).zip(places) {
            if !exact::fits(cell(place), ty) {
                return Err(format!(
                    "row {} of `{shown}`, column `{column_name}`: {} is no {}",
                    index + 1,
                    literal(cell(place)),
                    ty.print(Dialect::DuckDb)
                ));
            }
        }
        let values: Vec<String> = places.iter().map(|p| literal(cell(p))).collect();
        let sql = format!("INSERT INTO {name} VALUES ({})", values.join(", "));
        let Err(error) = connection.execute(&sql, cancel) else {
            continue;
        };
        // Which cell it was: one after the other into nothing.
        let mut culprit = String::new();
        for (column_name, place) in names.iter().zip(places) {
            let probe = format!(
                "INSERT INTO {name} ({}) VALUES ({})",
                column(column_name),
                literal(cell(place))
            );
            let begun = connection.begin().is_ok();
            let failed = connection.execute(&probe, cancel).is_err();
            if begun {
                let _ = connection.rollback();
            }
            if failed {
                culprit = format!(", column `{column_name}`");
                break;
            }
        }
        return Err(format!(
            "row {} of `{shown}`{culprit}: {}",
            index + 1,
            error.message
        ));
    }
    Ok(())
}

/// The type of a column that is only known from its rows.
fn inferred(table: &Table, place: Option<usize>) -> String {
    let cells = || {
        let cells = table.rows.iter().filter_map(|row| row.get(place?));
        cells.filter(|c| !matches!(c, Cell::Null))
    };
    let all = |is: fn(&Cell) -> bool| cells().next().is_some() && cells().all(is);
    if all(|c| matches!(c, Cell::Int(_))) {
        Type::Int64.print(Dialect::DuckDb)
    } else if all(|c| matches!(c, Cell::Int(_) | Cell::Float(_))) {
        Type::Float64.print(Dialect::DuckDb)
    } else if all(|c| matches!(c, Cell::Bool(_))) {
        Type::Boolean.print(Dialect::DuckDb)
    } else {
        Type::STRING.print(Dialect::DuckDb)
    }
}

fn literal(cell: &Cell) -> String {
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Bool(b) => b.to_string(),
        Cell::Int(i) => i.to_string(),
        Cell::Float(f) if f.is_finite() => f.to_string(),
        Cell::Float(f) => Dialect::DuckDb.string_literal(&f.to_string()),
        Cell::Text(text) => Dialect::DuckDb.string_literal(text),
        Cell::List(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        Cell::Struct(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, cell)| format!("{}: {}", Dialect::DuckDb.string_literal(name), literal(cell)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match csv(text) {
            Ok(table) => format!("{:?} {:?}", table.columns, table.rows),
            Err(why) => why,
        }
    }

    #[test]
    fn quotes_lines_and_nulls_of_csv() {
        assert_eq!(
            shown("a,b\r\n1,\n\"\",\"x,\"\"y\"\"\nz\"\n\n"),
            "[\"a\", \"b\"] [[Text(\"1\"), Null], [Text(\"\"), Text(\"x,\\\"y\\\"\\nz\")]]"
        );
        assert_eq!(shown("a\n"), "[\"a\"] []");
        assert_eq!(shown(""), "the CSV has no header");
        assert_eq!(shown("a,a\n"), "the CSV has two columns `a`");
        assert_eq!(shown("a,b\n1\n"), "line 2 of the CSV has 1 fields, its header 2");
        assert_eq!(shown("a\n\"x\n"), "line 2 of the CSV: a quote is not closed");
        assert_eq!(
            shown("a\n\"x\"y\n"),
            "line 2 of the CSV: text behind a closing quote"
        );
    }
}
