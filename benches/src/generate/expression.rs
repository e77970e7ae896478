//! Expressions over the columns at hand, each in SQL and in the DSL.

use super::column::{Column, Role};
use super::rng::Rng;
use std::collections::HashSet;

/// A column as a query may write it.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    /// `o.amount`, or `amount` where only one relation is read.
    pub text: String,
    pub column: Column,
}

/// The operands of a relation under an alias (or none).
pub(super) fn operands(alias: Option<&str>, columns: &[Column]) -> Vec<Operand> {
    let text = |name: &str| alias.map_or_else(|| name.to_owned(), |alias| format!("{alias}.{name}"));
    columns
        .iter()
        .map(|column| Operand {
            text: text(&column.name),
            column: column.clone(),
        })
        .collect()
}

/// A select item.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub sql: String,
    pub dsl: String,
    pub column: Column,
    /// A column under its own name, perhaps qualified.
    is_plain: bool,
}

impl Item {
    /// An operand under its own name.
    pub fn plain(operand: &Operand) -> Item {
        Item {
            sql: operand.text.clone(),
            dsl: operand.text.clone(),
            column: operand.column.clone(),
            is_plain: true,
        }
    }

    fn new(sql: String, dsl: String, name: String, role: Role) -> Item {
        Item {
            sql,
            dsl,
            column: Column::new(name, role),
            is_plain: false,
        }
    }

    /// What no DSL model uses.
    pub fn sql(sql: String, name: impl Into<String>, role: Role) -> Item {
        Item::new(sql, String::new(), name.into(), role)
    }

    /// As a member of a select list.
    pub fn listed(&self) -> String {
        let name = &self.column.name;
        if self.is_plain || self.sql == *name {
            self.sql.clone()
        } else {
            format!("{} AS {name}", self.sql)
        }
    }

    /// As a member of a DSL `derive` or `group`.
    pub fn assigned(&self) -> String {
        format!("{}: {}", self.column.name, self.dsl)
    }
}

/// The output names of one query.
#[derive(Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    pub fn of(columns: &[Column]) -> Names {
        Names(columns.iter().map(|c| c.name.clone()).collect())
    }

    /// False when the name is taken.
    pub fn take(&mut self, name: &str) -> bool {
        self.0.insert(name.to_owned())
    }

    /// The name, numbered when it is taken.
    fn fresh(&mut self, name: String) -> String {
        if self.0.insert(name.clone()) {
            return name;
        }
        let numbered = (2..)
            .map(|n| format!("{name}_{n}"))
            .find(|candidate| !self.0.contains(candidate));
        let found = numbered.unwrap_or(name);
        self.0.insert(found.clone());
        found
    }
}

/// The last word of a name, so that names do not grow from layer to layer.
fn stem(name: &str) -> &str {
    let words = name.strip_suffix("_at").unwrap_or(name);
    words
        .rsplit('_')
        .find(|word| word.parse::<u32>().is_err())
        .unwrap_or(words)
}

pub(super) fn of_role(operands: &[Operand], role: Role) -> Vec<&Operand> {
    operands.iter().filter(|o| o.column.role == role).collect()
}

/// Two different ones.
fn two<'o>(rng: &mut Rng, operands: &[&'o Operand]) -> Option<(&'o Operand, &'o Operand)> {
    let (a, b) = (*rng.pick(operands)?, *rng.pick(operands)?);
    (a.text != b.text).then_some((a, b))
}

/// A computed column of one row. `None` when the dice ask for an operand that is not there.
pub(super) fn derived(rng: &mut Rng, operands: &[Operand], names: &mut Names) -> Option<Item> {
    let measures = of_role(operands, Role::Measure);
    let categories = of_role(operands, Role::Category);
    let times = of_role(operands, Role::Time);
    let kind = rng.below(9);
    let measure = rng.pick(&measures);
    let name_of =
        |prefix: &str, o: &Operand, suffix: &str| format!("{prefix}{}{suffix}", stem(&o.column.name));
    Some(match kind {
        0 | 1 => {
            let a = measure?;
            let (high, low) = (500 * (1 + rng.below(9)), 10 * (1 + rng.below(9)));
            Item::new(
                format!(
                    "CASE WHEN {0} >= {high} THEN 'large' WHEN {0} >= {low} THEN 'medium' ELSE 'small' END",
                    a.text
                ),
                format!(
                    "match {} {{ >= {high} => \"large\", >= {low} => \"medium\", _ => \"small\" }}",
                    a.text
                ),
                names.fresh(name_of("", a, "_band")),
                Role::Category,
            )
        }
        2 => {
            let (a, b) = two(rng, &measures)?;
            let text = format!("{} - {}", a.text, b.text);
            Item::new(
                text.clone(),
                text,
                names.fresh(name_of("net_", a, "")),
                Role::Measure,
            )
        }
        3 => {
            let (a, b) = two(rng, &measures)?;
            Item::new(
                format!("{} / NULLIF({}, 0)", a.text, b.text),
                format!("{} / nullif({}, 0)", a.text, b.text),
                names.fresh(format!("{}_per_{}", stem(&a.column.name), stem(&b.column.name))),
                Role::Measure,
            )
        }
        4 => {
            let a = measure?;
            Item::new(
                format!("COALESCE({}, 0)", a.text),
                format!("coalesce({}, 0)", a.text),
                names.fresh(name_of("filled_", a, "")),
                Role::Measure,
            )
        }
        5 => {
            let a = rng.pick(&categories)?;
            Item::new(
                format!("UPPER({})", a.text),
                format!("upper({})", a.text),
                names.fresh(name_of("", a, "_code")),
                Role::Category,
            )
        }
        6 => {
            let a = rng.pick(&times)?;
            Item::new(
                format!("DATE_TRUNC('month', {})", a.text),
                format!("date_trunc(\"month\", {})", a.text),
                names.fresh(name_of("", a, "_month")),
                Role::Time,
            )
        }
        7 => {
            let flag = *rng.pick(&of_role(operands, Role::Flag))?;
            Item::new(
                format!("CASE WHEN {} = TRUE THEN 1 ELSE 0 END", flag.text),
                format!("match {} {{ true => 1, _ => 0 }}", flag.text),
                names.fresh(name_of("", flag, "_count")),
                Role::Measure,
            )
        }
        _ => {
            let (a, b) = two(rng, &times)?;
            Item::new(
                format!("DATE_DIFF('day', {}, {})", a.text, b.text),
                format!("date_diff(\"day\", {}, {})", a.text, b.text),
                names.fresh("days_between".to_owned()),
                Role::Measure,
            )
        }
    })
}

/// What only SQL has a form for.
pub(super) fn derived_sql(rng: &mut Rng, operands: &[Operand], names: &mut Names) -> Option<Item> {
    let only_sql = |sql: String, name: String, role| Some(Item::sql(sql, name, role));
    match rng.below(10) {
        0 => {
            let a = *rng.pick(&of_role(operands, Role::Time))?;
            only_sql(
                format!("CAST({} AS DATE)", a.text),
                names.fresh(format!("{}_on", stem(&a.column.name))),
                Role::Day,
            )
        }
        1 => {
            let categories = of_role(operands, Role::Category);
            let (a, b) = two(rng, &categories)?;
            only_sql(
                format!("{} || '-' || {}", a.text, b.text),
                names.fresh(format!("{}_pair", stem(&a.column.name))),
                Role::Category,
            )
        }
        2 => {
            let a = *rng.pick(&of_role(operands, Role::Measure))?;
            let factor = 1 + rng.below(30);
            only_sql(
                format!("ROUND(CAST({} AS DOUBLE) * 1.{factor:02}, 2)", a.text),
                names.fresh(format!("gross_{}", stem(&a.column.name))),
                Role::Measure,
            )
        }
        3 => {
            let a = *rng.pick(&of_role(operands, Role::Time))?;
            only_sql(
                format!("EXTRACT(YEAR FROM {})", a.text),
                names.fresh(format!("{}_year", stem(&a.column.name))),
                Role::Measure,
            )
        }
        _ => derived(rng, operands, names),
    }
}

/// A window function over the rows of a customer; keys by bare names, as the DSL wants them.
pub(super) fn window(rng: &mut Rng, operands: &[Operand], names: &mut Names) -> Option<Item> {
    let measure = *rng.pick(&of_role(operands, Role::Measure))?;
    let (name, text) = (stem(&measure.column.name), &measure.text);
    let by = (
        "PARTITION BY customer_id ORDER BY updated_at",
        "partition customer_id, sort updated_at",
    );
    Some(match rng.below(4) {
        0 => Item::new(
            format!("ROW_NUMBER() OVER ({} DESC)", by.0),
            "row_number() over (partition customer_id, sort -updated_at)".to_owned(),
            names.fresh("recency_rank".to_owned()),
            Role::Measure,
        ),
        1 => {
            let n_rows = 2 + rng.below(9);
            Item::new(
                format!(
                    "AVG({text}) OVER ({} ROWS BETWEEN {n_rows} PRECEDING AND CURRENT ROW)",
                    by.0
                ),
                format!("avg({text}) over ({}, rows {n_rows}..current)", by.1),
                names.fresh(format!("moving_{name}")),
                Role::Measure,
            )
        }
        2 => Item::new(
            format!("LAG({text}) OVER ({})", by.0),
            format!("lag({text}) over ({})", by.1),
            names.fresh(format!("previous_{name}")),
            Role::Measure,
        ),
        _ => Item::new(
            format!("SUM({text}) OVER (PARTITION BY customer_id)"),
            format!("sum({text}) over (partition customer_id)"),
            names.fresh(format!("customer_{name}")),
            Role::Measure,
        ),
    })
}

/// `n` aggregates: the greatest `updated_at` first, then a sum, then what the dice give.
pub(super) fn aggregates(rng: &mut Rng, operands: &[Operand], names: &mut Names, n: usize) -> Vec<Item> {
    let call = |function: &str, o: &Operand, name: String, role| {
        Item::new(
            format!("{}({})", function.to_ascii_uppercase(), o.text),
            format!("{function}({})", o.text),
            name,
            role,
        )
    };
    let measures = of_role(operands, Role::Measure);
    let mut items = Vec::with_capacity(n);
    if let Some(updated) = operands.iter().find(|o| o.column.name == "updated_at") {
        items.push(call(
            "max",
            updated,
            names.fresh("updated_at".to_owned()),
            Role::Time,
        ));
    }
    if let Some(measure) = rng.pick(&measures) {
        let name = names.fresh(format!("total_{}", stem(&measure.column.name)));
        items.push(call("sum", measure, name, Role::Measure));
    }
    let keys = of_role(operands, Role::Key);
    let flags = of_role(operands, Role::Flag);
    // Few operands may have fewer than `n` different aggregates.
    for attempt in 0..100 {
        if items.len() >= n {
            break;
        }
        let kind = rng.below(7);
        let (function, from, prefix, suffix, role) = match kind {
            0 => ("sum", &measures, "total_", "", Role::Measure),
            1 => ("avg", &measures, "avg_", "", Role::Measure),
            2 => ("max", &measures, "max_", "", Role::Measure),
            3 => ("min", &measures, "min_", "", Role::Measure),
            4 => ("count", &keys, "", "_count", Role::Measure),
            5 if !flags.is_empty() => ("bool_or", &flags, "any_", "", Role::Flag),
            _ => ("count", &measures, "known_", "", Role::Measure),
        };
        let Some(operand) = rng.pick(from) else { continue };
        // `store_id` counts stores.
        let base = match operand.column.role {
            Role::Key => operand.column.name.trim_end_matches("_id"),
            _ => stem(&operand.column.name),
        };
        let mut item = call(function, operand, String::new(), role);
        if attempt < 50 && items.iter().any(|other| other.sql == item.sql) {
            continue;
        }
        item.column.name = names.fresh(format!("{prefix}{base}{suffix}"));
        items.push(item);
    }
    items
}

/// A condition in SQL and in the DSL.
pub(super) fn condition(rng: &mut Rng, operands: &[Operand]) -> (String, String) {
    let flags = of_role(operands, Role::Flag);
    let categories = of_role(operands, Role::Category);
    let measures = of_role(operands, Role::Measure);
    let times = of_role(operands, Role::Time);
    let value = ["cancelled", "unknown", "internal", "n/a"][rng.below(4)];
    match rng.below(4) {
        0 if !flags.is_empty() => {
            let o = &flags[rng.below(flags.len())].text;
            (format!("{o} = FALSE"), format!("{o} == false"))
        }
        1 if !categories.is_empty() => {
            let o = &categories[rng.below(categories.len())].text;
            (
                format!("{o} IS DISTINCT FROM '{value}'"),
                format!("{o} != \"{value}\""),
            )
        }
        2 if !times.is_empty() => {
            let o = &times[rng.below(times.len())].text;
            let day = format!("20{}-{:02}-01", 20 + rng.below(6), 1 + rng.below(12));
            (format!("{o} >= DATE '{day}'"), format!("{o} >= @{day}"))
        }
        _ if !measures.is_empty() => {
            let o = &measures[rng.below(measures.len())].text;
            let least = rng.below(50);
            (format!("{o} > {least}"), format!("{o} > {least}"))
        }
        _ => (
            "customer_id IS NOT NULL".to_owned(),
            "customer_id is not null".to_owned(),
        ),
    }
}
