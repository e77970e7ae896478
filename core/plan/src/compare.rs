//! The queries that compare the rows of two tables of one warehouse.
//!
//! Rows are hashed by the warehouse, key and contents apart, and summed up in parts of the key's hash; only parts whose sums differ are
//! looked into ([`Comparison::parts`]), and what is left is grouped by key ([`Comparison::differences`],
//! [`Comparison::sample`]). Without a key a row is its own: the tables are compared as bags. Grouping makes NULL a key like any other and
//! counts duplicates. Invariants: each query sees both tables at one moment; rows leave the warehouse as a sample alone;
//! tables whose sums are equal are equal but for an accident of 64-bit hashes.

use crate::columns::print;
use crate::strategy::same;
use rocky_base::ident::IdentKind;
use rocky_base::{Dialect, SmolStr};
use rocky_warehouse::{Column, RelationName, Type};
use rustc_hash::FxHashSet;

/// How two tables' columns differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ColumnDifference {
    /// The shadow has one more.
    Added {
        /// Its name.
        name: SmolStr,
        /// Its type.
        ty: String,
    },
    /// The shadow lacks one.
    Removed {
        /// Its name.
        name: SmolStr,
        /// Its type.
        ty: String,
    },
    /// It has another type.
    Type {
        /// Its name.
        name: SmolStr,
        /// Its type in production.
        production: String,
        /// Its type in the shadow.
        shadow: String,
    },
    /// Those that both have stand in another order.
    Order {
        /// In production.
        production: Vec<SmolStr>,
        /// In the shadow.
        shadow: Vec<SmolStr>,
    },
}

fn fold(dialect: Dialect, name: &str) -> SmolStr {
    dialect.fold(name, true, IdentKind::Column)
}

/// How the columns differ: those of production first, in its order.
pub fn column_differences(
    dialect: Dialect,
    production: &[Column],
    shadow: &[Column],
) -> Vec<ColumnDifference> {
    let find = |all: &'_ [Column], name: &str| -> Option<usize> {
        let key = fold(dialect, name);
        all.iter().position(|c| fold(dialect, &c.name) == key)
    };
    let mut found = Vec::new();
    let (mut here, mut there) = (Vec::new(), Vec::new());
    for column in production {
        let ty = column.ty.print(dialect);
        let Some((place, other)) = find(shadow, &column.name).and_then(|i| Some((i, shadow.get(i)?))) else {
            found.push(ColumnDifference::Removed {
                name: column.name.clone(),
                ty,
            });
            continue;
        };
        here.push(column.name.clone());
        there.push((place, other.name.clone()));
        if other.ty != column.ty {
            found.push(ColumnDifference::Type {
                name: column.name.clone(),
                production: ty,
                shadow: other.ty.print(dialect),
            });
        }
    }
    let added = shadow.iter().filter(|c| find(production, &c.name).is_none());
    found.extend(added.map(|c| ColumnDifference::Added {
        name: c.name.clone(),
        ty: c.ty.print(dialect),
    }));
    if there.windows(2).any(|w| matches!(w, [a, b] if a.0 > b.0)) {
        there.sort();
        found.push(ColumnDifference::Order {
            production: here,
            shadow: there.into_iter().map(|(_, name)| name).collect(),
        });
    }
    found
}

/// A column that both tables have, with one type.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Both {
    /// As production spells it.
    name: SmolStr,
    /// As SQL.
    production: String,
    shadow: String,
    ty: Type,
}

impl Both {
    fn on(&self, side: Side) -> &str {
        match side {
            Side::Production => &self.production,
            Side::Shadow => &self.shadow,
        }
    }
}

/// Two tables and what of them is compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comparison {
    dialect: Dialect,
    production: String,
    shadow: String,
    key: Vec<Both>,
    columns: Vec<Both>,
}

/// Some of the parts that a key's hash is cut into: of all hashes with the same lowest `bits` bits, these.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parts {
    /// How many bits, up to 30.
    pub bits: u32,
    /// The values of these bits.
    pub values: Vec<i64>,
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Side {
    Production,
    Shadow,
}

impl Comparison {
    /// Compare the columns that both have with one type, but those to be ignored. An error names the column of the key that is not one
    /// of them.
    pub fn new(
        dialect: Dialect,
        (production, shadow): (&RelationName, &RelationName),
        (here, there): (&[Column], &[Column]),
        key: &[SmolStr],
        ignored: &[SmolStr],
    ) -> Result<Comparison, SmolStr> {
        // A name from TOML counts as unquoted.
        let means = |given: &str, name: &str| {
            let name = fold(dialect, name);
            name == fold(dialect, given) || name == dialect.fold(given, false, IdentKind::Column)
        };
        let both: Vec<Both> = here
            .iter()
            .filter_map(|column| {
                let wanted = fold(dialect, &column.name);
                let other = there.iter().find(|c| fold(dialect, &c.name) == wanted)?;
                (other.ty == column.ty).then(|| Both {
                    name: column.name.clone(),
                    production: print(dialect, &column.name),
                    shadow: print(dialect, &other.name),
                    ty: column.ty.clone(),
                })
            })
            .collect();
        let mut keys: Vec<Both> = Vec::with_capacity(key.len());
        for name in key {
            let found = both
                .iter()
                .find(|b| means(name, &b.name))
                .ok_or_else(|| name.clone())?;
            if !keys.contains(found) {
                keys.push(found.clone());
            }
        }
        let is_key = |b: &Both| keys.iter().any(|k| k.name == b.name);
        let columns = both
            .iter()
            .filter(|b| !is_key(b) && !ignored.iter().any(|i| means(i, &b.name)))
            .cloned()
            .collect();
        Ok(Comparison {
            dialect,
            production: production.print(dialect),
            shadow: shadow.print(dialect),
            key: keys,
            columns,
        })
    }

    /// Names of the key's columns; none when rows are compared whole.
    pub fn key(&self) -> impl ExactSizeIterator<Item = &SmolStr> {
        self.key.iter().map(|b| &b.name)
    }

    /// Names of the other columns that are compared.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &SmolStr> {
        self.columns.iter().map(|b| &b.name)
    }

    /// Columns of either table that are neither compared nor to be ignored, in order.
    pub fn left_out(&self, here: &[Column], there: &[Column], ignored: &[SmolStr]) -> Vec<SmolStr> {
        let key = |name: &str| fold(self.dialect, name);
        let mut known: FxHashSet<SmolStr> = self.key().chain(self.columns()).map(|n| key(n)).collect();
        // A name from TOML counts as unquoted.
        for name in ignored {
            known.insert(key(name));
            known.insert(self.dialect.fold(name, false, IdentKind::Column));
        }
        let all = here.iter().chain(there).map(|c| &c.name);
        all.filter(|name| known.insert(key(name))).cloned().collect()
    }

    /// One row: how many rows production and shadow have.
    pub fn counts(&self) -> String {
        format!(
            "SELECT (SELECT COUNT(*) FROM {}) AS production_rows, (SELECT COUNT(*) FROM {}) AS shadow_rows",
            self.production, self.shadow
        )
    }

    /// The parts whose rows differ: value, rows of production, rows of the shadow.
    pub fn parts(&self, bits: u32, within: Option<&Parts>) -> String {
        let side = |side| {
            let (p, s, sign) = signs(side);
            format!(
                "  SELECT {} AS _rocky_b, {p} AS _rocky_n_p, {s} AS _rocky_n_s, {sign}{} AS _rocky_h\n  FROM {} AS t{}",
                self.low(&self.key_hash(side), bits),
                self.row_hash(side),
                self.table(side),
                self.filter(side, within),
            )
        };
        format!(
            "SELECT _rocky_b, SUM(_rocky_n_p) AS _rocky_p, SUM(_rocky_n_s) AS _rocky_s\nFROM (\n{}\n  UNION ALL\n{}\n) AS _rocky_rows\n\
             GROUP BY _rocky_b\nHAVING SUM(_rocky_n_p) <> SUM(_rocky_n_s) OR SUM(_rocky_h) <> 0\nORDER BY _rocky_b",
            side(Side::Production),
            side(Side::Shadow),
        )
    }

    /// One row: rows that only production has, rows that only the shadow has, keys whose rows differ. Without a key the last is 0.
    pub fn differences(&self, within: Option<&Parts>) -> String {
        let (only_production, only_shadow, changed) = match self.key.is_empty() {
            true => (
                "CASE WHEN _rocky_p > _rocky_s THEN _rocky_p - _rocky_s ELSE 0 END",
                "CASE WHEN _rocky_s > _rocky_p THEN _rocky_s - _rocky_p ELSE 0 END",
                "0",
            ),
            false => (
                "CASE WHEN _rocky_s = 0 THEN _rocky_p ELSE 0 END",
                "CASE WHEN _rocky_p = 0 THEN _rocky_s ELSE 0 END",
                "CASE WHEN _rocky_p > 0 AND _rocky_s > 0 THEN 1 ELSE 0 END",
            ),
        };
        format!(
            "{}\nSELECT COALESCE(SUM({only_production}), 0) AS only_in_production, COALESCE(SUM({only_shadow}), 0) AS only_in_shadow, \
             COALESCE(SUM({changed}), 0) AS changed\nFROM _rocky_diff",
            self.with(within)
        )
    }

    /// Some of the keys that differ, by key: how many rows production and shadow have, the key, then production's other columns, then
    /// the shadow's, each NULL where the side has not exactly one row. Without a key: the counts, then the columns.
    pub fn sample(&self, within: Option<&Parts>, limit: u32) -> String {
        let n_keys = self.key.len();
        let order: Vec<String> = match n_keys {
            0 => vec!["_rocky_k".to_owned()],
            n => (1..=n).map(|i| format!("_rocky_k{i}")).collect(),
        };
        let order = order.join(", ");
        let with = format!(
            "{},\n_rocky_sample AS (\n  SELECT *, CASE WHEN _rocky_p = 1 THEN _rocky_k END AS _rocky_only_p, CASE WHEN _rocky_s = 1 THEN _rocky_k END AS \
             _rocky_only_s\n  FROM _rocky_diff\n  ORDER BY {order}\n  LIMIT {limit}\n)",
            self.with(within)
        );
        if n_keys == 0 {
            return self.sample_of_rows(&with, within);
        }
        let mut items = vec!["d._rocky_p".to_owned(), "d._rocky_s".to_owned()];
        items.extend((1..=n_keys).map(|i| format!("d._rocky_k{i}")));
        // Two columns of one name would be no columns of a derived table; here they only need a place.
        for side in ["p", "s"] {
            items.extend((1..=self.columns.len()).map(|i| format!("{side}._rocky_c{i} AS _rocky_{side}{i}")));
        }
        let join = |side: Side, alias: &str| {
            let keys = (1..=n_keys).map(|i| {
                same(
                    self.dialect,
                    &format!("d._rocky_k{i}"),
                    &format!("{alias}._rocky_k{i}"),
                )
            });
            let keys: Vec<String> = keys.collect();
            format!(
                "LEFT JOIN (\n{}\n) AS {alias}\n  ON d._rocky_only_{alias} = {alias}._rocky_k\n  AND {}",
                self.whole(side, within),
                keys.join("\n  AND ")
            )
        };
        format!(
            "{with}\nSELECT {}\nFROM _rocky_sample AS d\n{}\n{}\nORDER BY {}",
            items.join(", "),
            join(Side::Production, "p"),
            join(Side::Shadow, "s"),
            (1..=n_keys)
                .map(|i| format!("d._rocky_k{i}"))
                .collect::<Vec<_>>()
                .join(", "),
        )
    }

    /// Rows with one hash are one row, so any of them shows it.
    fn sample_of_rows(&self, with: &str, within: Option<&Parts>) -> String {
        let values: String = (1..=self.columns.len())
            .map(|i| format!(", ANY_VALUE(v._rocky_c{i})"))
            .collect();
        format!(
            "{with}\nSELECT d._rocky_p, d._rocky_s{values}\nFROM _rocky_sample AS d\nJOIN (\n{}\n  UNION ALL\n{}\n) AS v ON v._rocky_k = d._rocky_k\n\
             GROUP BY d._rocky_k, d._rocky_p, d._rocky_s\nORDER BY d._rocky_k",
            self.whole(Side::Production, within),
            self.whole(Side::Shadow, within),
        )
    }

    /// The rows of one side with their hash, the key's columns and the others.
    fn whole(&self, side: Side, within: Option<&Parts>) -> String {
        let named = |columns: &[Both], letter: char| -> String {
            let one = |(i, c): (usize, &Both)| format!(", t.{} AS _rocky_{letter}{}", c.on(side), i + 1);
            columns.iter().enumerate().map(one).collect()
        };
        format!(
            "  SELECT {} AS _rocky_k{}{}\n  FROM {} AS t{}",
            self.key_hash(side),
            named(&self.key, 'k'),
            named(&self.columns, 'c'),
            self.table(side),
            self.filter(side, within)
        )
    }

    /// `WITH _rocky_rows AS (…), _rocky_diff AS (…)`: the keys that differ.
    fn with(&self, within: Option<&Parts>) -> String {
        let side = |side| {
            let (p, s, sign) = signs(side);
            let key = |(i, k): (usize, &Both)| format!(", t.{} AS _rocky_k{}", k.on(side), i + 1);
            let keys = self.key.iter().enumerate().map(key);
            format!(
                "  SELECT {} AS _rocky_k{}, {p} AS _rocky_n_p, {s} AS _rocky_n_s, {sign}{} AS _rocky_h\n  FROM {} AS t{}",
                self.key_hash(side),
                keys.collect::<String>(),
                self.row_hash(side),
                self.table(side),
                self.filter(side, within),
            )
        };
        let keys: String = (1..=self.key.len()).map(|i| format!(", _rocky_k{i}")).collect();
        format!(
            "WITH _rocky_rows AS (\n{}\n  UNION ALL\n{}\n),\n_rocky_diff AS (\n  SELECT _rocky_k{keys}, SUM(_rocky_n_p) AS _rocky_p, \
             SUM(_rocky_n_s) AS _rocky_s\n  FROM _rocky_rows\n  GROUP BY _rocky_k{keys}\n  HAVING SUM(_rocky_n_p) <> SUM(_rocky_n_s) OR SUM(_rocky_h) <> 0\n)",
            side(Side::Production),
            side(Side::Shadow),
        )
    }

    fn table(&self, side: Side) -> &str {
        match side {
            Side::Production => &self.production,
            Side::Shadow => &self.shadow,
        }
    }

    fn filter(&self, side: Side, within: Option<&Parts>) -> String {
        let Some(parts) = within else { return String::new() };
        let values: Vec<String> = parts.values.iter().map(ToString::to_string).collect();
        format!(
            "\n  WHERE {} IN ({})",
            self.low(&self.key_hash(side), parts.bits),
            values.join(", ")
        )
    }

    /// The lowest bits of a hash.
    fn low(&self, hash: &str, bits: u32) -> String {
        let mask = (1i64 << bits.min(30)) - 1;
        match self.dialect {
            Dialect::Snowflake => format!("BITAND({hash}, {mask})"),
            Dialect::DuckDb | Dialect::Databricks | Dialect::BigQuery => format!("({hash} & {mask})"),
        }
    }

    /// The hash by which the table is cut: the key's, without one the row's.
    fn key_hash(&self, side: Side) -> String {
        match self.key.is_empty() {
            true => self.hash(side, &self.columns),
            false => self.hash(side, &self.key),
        }
    }

    /// The hash of the row without its key, as a number that many of can be summed up.
    fn row_hash(&self, side: Side) -> String {
        if self.key.is_empty() || self.columns.is_empty() {
            return "0".to_owned();
        }
        let hash = self.hash(side, &self.columns);
        match self.dialect {
            Dialect::DuckDb => format!("CAST({hash} AS HUGEINT)"),
            Dialect::Databricks => format!("CAST({hash} AS DECIMAL(20, 0))"),
            Dialect::Snowflake => hash,
            Dialect::BigQuery => format!("CAST({hash} AS BIGNUMERIC)"),
        }
    }

    /// 64 bits of the values, equal for equal ones; NULL counts as a value.
    fn hash(&self, side: Side, columns: &[Both]) -> String {
        let name = |c: &Both| format!("t.{}", c.on(side));
        let list = |f: &dyn Fn(&Both) -> String| columns.iter().map(f).collect::<Vec<_>>().join(", ");
        match self.dialect {
            // Without columns all rows are one.
            _ if columns.is_empty() => match self.dialect {
                Dialect::DuckDb => "CAST(0 AS UBIGINT)".to_owned(),
                _ => "0".to_owned(),
            },
            Dialect::DuckDb => format!("hash({})", list(&name)),
            // NULL leaves the hash as it was, so which values are NULL is hashed too; maps have no hash.
            Dialect::Databricks => {
                let flags = list(&|c| format!("{} IS NULL", name(c)));
                let values = list(&|c| match &c.ty {
                    ty if is_nested(ty) => format!("to_json(named_struct('v', {}))", name(c)),
                    _ => name(c),
                });
                format!("xxhash64({flags}, {values})")
            }
            Dialect::Snowflake => format!("HASH({})", list(&name)),
            Dialect::BigQuery => {
                let mut place = 0;
                let fields: Vec<String> = columns
                    .iter()
                    .map(|c| {
                        place += 1;
                        format!("{} AS c{place}", name(c))
                    })
                    .collect();
                format!("FARM_FINGERPRINT(TO_JSON_STRING(STRUCT({})))", fields.join(", "))
            }
        }
    }
}

fn signs(side: Side) -> (u8, u8, &'static str) {
    match side {
        Side::Production => (1, 0, ""),
        Side::Shadow => (0, 1, "-"),
    }
}

/// A type whose values have parts, or one that is not known.
fn is_nested(ty: &Type) -> bool {
    !matches!(
        ty,
        Type::Boolean
            | Type::Int8
            | Type::Int16
            | Type::Int32
            | Type::Int64
            | Type::Float32
            | Type::Float64
            | Type::Decimal { .. }
            | Type::String { .. }
            | Type::Binary
            | Type::Date
            | Type::Timestamp(_)
            | Type::TimestampTz
            | Type::TimestampLtz
    )
}
