//! Columns: raw tables with declared types, and what a column is good for in a query.

use super::rng::Rng;

/// What may be done with a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// BIGINT to join on.
    Key,
    /// A number.
    Measure,
    /// A VARCHAR with few values.
    Category,
    /// A BOOLEAN.
    Flag,
    /// A TIMESTAMP.
    Time,
    /// A DATE.
    Day,
}

/// An output column of a model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its use.
    pub role: Role,
}

impl Column {
    pub(super) fn new(name: impl Into<String>, role: Role) -> Column {
        Column {
            name: name.into(),
            role,
        }
    }
}

/// A declared column of a raw table.
#[derive(Clone, Debug)]
pub struct RawColumn {
    /// Its name in the raw table.
    pub name: String,
    /// Its name downstream.
    pub clean_name: String,
    /// The declared type.
    pub raw_type: &'static str,
    /// May it be NULL?
    pub nullable: bool,
    /// The type it is cast to, where a cast is due.
    pub cast: Option<&'static str>,
    /// Its use.
    pub role: Role,
}

/// A declared source, in schema `raw`.
#[derive(Clone, Debug)]
pub struct RawTable {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub entity: usize,
    /// All columns.
    pub columns: Vec<RawColumn>,
}

/// Business objects and their keys.
pub(super) const ENTITIES: [(&str, &str); 12] = [
    ("orders", "order_id"),
    ("payments", "payment_id"),
    ("invoices", "invoice_id"),
    ("shipments", "shipment_id"),
    ("refunds", "refund_id"),
    ("sessions", "session_id"),
    ("tickets", "ticket_id"),
    ("accounts", "account_id"),
    ("products", "product_id"),
    ("stores", "store_id"),
    ("contracts", "contract_id"),
    ("visits", "visit_id"),
];

const FOREIGN_KEYS: [&str; 4] = ["store_id", "product_id", "account_id", "campaign_id"];
const CATEGORIES: [&str; 8] = [
    "status", "country", "channel", "currency", "segment", "device", "region", "priority",
];
const FLAGS: [&str; 4] = ["is_test", "is_deleted", "is_first", "is_active"];
/// Name, declared type, type it is cast to.
const MEASURES: [(&str, &str, Option<&str>); 8] = [
    ("amount", "VARCHAR", Some("DECIMAL(18, 2)")),
    ("discount", "DECIMAL(18,2)", None),
    ("tax", "DOUBLE", Some("DECIMAL(18, 2)")),
    ("cost", "DECIMAL(18,4)", None),
    ("quantity", "VARCHAR", Some("INTEGER")),
    ("weight", "DOUBLE", None),
    ("score", "INTEGER", None),
    ("fee", "VARCHAR", Some("DOUBLE")),
];

/// Table `number`.
pub(super) fn raw_table(rng: &mut Rng, number: usize) -> RawTable {
    let entity = number % ENTITIES.len();
    let (plural, key) = ENTITIES[entity];
    let column = |name: &str, raw_type, nullable, cast, role| RawColumn {
        name: name.to_owned(),
        clean_name: name.to_owned(),
        raw_type,
        nullable,
        cast,
        role,
    };
    let mut columns = vec![column("id", "BIGINT", false, None, Role::Key)];
    columns[0].clean_name = key.to_owned();
    columns.push(column("customer_id", "BIGINT", false, None, Role::Key));
    let foreign: Vec<&str> = FOREIGN_KEYS.into_iter().filter(|f| *f != key).collect();
    for name in some(rng, &foreign, 1, 2) {
        columns.push(column(name, "BIGINT", true, None, Role::Key));
    }
    for name in some(rng, &CATEGORIES, 2, 3) {
        let nullable = rng.chance(60);
        columns.push(column(name, "VARCHAR", nullable, None, Role::Category));
    }
    for (name, raw_type, cast) in some(rng, &MEASURES, 3, 4) {
        columns.push(column(
            name,
            raw_type,
            *cast != Some("INTEGER"),
            *cast,
            Role::Measure,
        ));
    }
    for name in some(rng, &FLAGS, 1, 2) {
        columns.push(column(name, "BOOLEAN", true, None, Role::Flag));
    }
    let created = if rng.chance(40) {
        ("VARCHAR", Some("TIMESTAMP"))
    } else {
        ("TIMESTAMP", None)
    };
    columns.push(column("created_at", created.0, true, created.1, Role::Time));
    columns.push(column("updated_at", "TIMESTAMP", false, None, Role::Time));
    RawTable {
        name: format!("{plural}_{number}"),
        entity,
        columns,
    }
}

/// `min..=max` different items, in their own order.
pub(super) fn some<'a, T>(rng: &mut Rng, items: &'a [T], min: usize, max: usize) -> Vec<&'a T> {
    let mut indices: Vec<usize> = (0..items.len()).collect();
    rng.shuffle(&mut indices);
    let n = (min + rng.below(max + 1 - min)).min(items.len());
    indices.truncate(n);
    indices.sort_unstable();
    indices.into_iter().map(|i| &items[i]).collect()
}
