//! The shapes of queries. Each keeps the promise that the next layer counts on: `customer_id`, `updated_at`, at least one measure
//! and one category among 8 to 15 columns.

use super::column::{Column, ENTITIES, RawTable, Role};
use super::expression::{
    Item, Names, Operand, aggregates, condition, derived, derived_sql, of_role, operands, window,
};
use super::rng::Rng;
use super::{Layer, Model, Piece, Project, Strategy, Upstream};

const MAX_COLUMNS: usize = 15;

/// Pieces under construction.
#[derive(Default)]
struct Text(Vec<Piece>);

impl Text {
    fn push(&mut self, text: impl AsRef<str>) -> &mut Text {
        match self.0.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text.as_ref()),
            _ => self.0.push(Piece::Text(text.as_ref().to_owned())),
        }
        self
    }

    fn reference(&mut self, upstream: Upstream) -> &mut Text {
        self.0.push(Piece::Reference(upstream));
        self
    }

    fn slot(&mut self, slot: Piece) -> &mut Text {
        self.0.push(slot);
        self
    }

    /// `SELECT` and one item a line; the outermost one of a query has the slot.
    fn select(&mut self, items: &[Item], indent: &str) -> &mut Text {
        self.push("SELECT");
        for (i, item) in items.iter().enumerate() {
            self.push(if i == 0 { "\n" } else { ",\n" })
                .push(indent)
                .push("    ")
                .push(item.listed());
        }
        self
    }

    fn outer_select(&mut self, items: &[Item]) -> &mut Text {
        self.select(items, "").slot(Piece::ColumnSlot)
    }

    fn filter(&mut self, condition: &str) -> &mut Text {
        self.push("\nWHERE ").push(condition).slot(Piece::FilterSlot)
    }
}

struct Draft {
    columns: Vec<Column>,
    upstreams: Vec<Upstream>,
    sql: Text,
    dsl: Option<Text>,
    what: &'static str,
}

/// A relation that is read.
struct Input<'p> {
    upstream: Upstream,
    alias: String,
    columns: &'p [Column],
}

/// A model over `upstreams` (the first is always used), without a name.
pub(super) fn model(
    rng: &mut Rng,
    project: &Project,
    layer: Layer,
    upstreams: &[Upstream],
    is_dsl: bool,
) -> Model {
    let mut inputs: Vec<Input<'_>> = Vec::new();
    let mut entity = 0;
    for (i, upstream) in upstreams.iter().enumerate() {
        let (its_entity, columns): (usize, &[Column]) = match upstream {
            Upstream::Raw(table) => (project.tables[*table].entity, &[]),
            Upstream::Model(model) => (project.models[*model].entity, &project.models[*model].columns),
        };
        if i == 0 {
            entity = its_entity;
        }
        let letter = &ENTITIES[its_entity].0[..1];
        let clashes = inputs
            .iter()
            .filter(|input| input.alias.starts_with(letter))
            .count();
        let alias = if clashes == 0 {
            letter.to_owned()
        } else {
            format!("{letter}{}", clashes + 1)
        };
        inputs.push(Input {
            upstream: *upstream,
            alias,
            columns,
        });
    }
    let draft = match (layer, upstreams.first()) {
        (_, Some(Upstream::Raw(table))) => source(rng, &project.tables[*table], upstreams[0]),
        (Layer::Staging, _) if is_dsl => dsl_rows(rng, &inputs[0]),
        (_, _) if is_dsl => match rng.below(3) {
            0 => dsl_group(rng, &inputs[0]),
            1 if inputs.len() > 1 => dsl_join(rng, &inputs),
            _ => dsl_windows(rng, &inputs[0]),
        },
        (Layer::Staging, _) => match rng.below(10) {
            0..5 => rows(rng, &inputs[0]),
            5..7 => deduplicated(rng, &inputs[0]),
            7 => star(rng, &inputs[0]),
            _ => ctes(rng, &inputs[0]),
        },
        (Layer::Intermediate, _) => match rng.below(20) {
            0..7 => join(rng, &inputs),
            7..11 => grouped(rng, &inputs[0]),
            11..13 => windows(rng, &inputs[0]),
            13..16 => joined_ctes(rng, &inputs),
            16..18 => union(rng, &inputs),
            _ => exists(rng, &inputs),
        },
        _ => match rng.below(10) {
            0..3 => joined_ctes(rng, &inputs),
            3..6 => grouped_join(rng, &inputs),
            6..8 => grouped(rng, &inputs[0]),
            8 => windows(rng, &inputs[0]),
            _ => join(rng, &inputs),
        },
    };
    let merge_key = draft.columns.iter().position(|c| c.role == Role::Key);
    let strategy = match (layer, rng.below(20), merge_key) {
        (Layer::Sources | Layer::Staging, _, _) | (Layer::Intermediate, 0..3, _) => Strategy::View,
        (Layer::Intermediate | Layer::Marts, 3..8, _) => Strategy::Incremental,
        (Layer::Marts, 8..13, Some(key)) => Strategy::Merge(key),
        _ => Strategy::FullRefresh,
    };
    let noun = ENTITIES[entity].0;
    Model {
        name: String::new(),
        layer,
        entity,
        columns: draft.columns,
        upstreams: draft.upstreams,
        sql: draft.sql.0,
        dsl: draft.dsl.map(|text| text.0),
        strategy,
        intent: format!("{} of {noun}", draft.what),
    }
}

// --- what is picked ------------------------------------------------------------------------------------------------------

/// About `n` of the operands in their order, with the promised ones among them.
fn picked<'o>(rng: &mut Rng, operands: &'o [Operand], n: usize) -> Vec<&'o Operand> {
    let first = |role| operands.iter().position(|o| o.column.role == role);
    let named = |name: &str| operands.iter().position(|o| o.column.name == name);
    let mut chosen: Vec<usize> = [
        Some(0),
        named("customer_id"),
        named("updated_at"),
        first(Role::Measure),
        first(Role::Category),
    ]
    .into_iter()
    .flatten()
    .collect();
    chosen.sort_unstable();
    chosen.dedup();
    let mut rest: Vec<usize> = (0..operands.len()).filter(|i| !chosen.contains(i)).collect();
    rng.shuffle(&mut rest);
    rest.truncate(n.saturating_sub(chosen.len()));
    chosen.extend(rest);
    chosen.sort_unstable();
    chosen.into_iter().filter_map(|i| operands.get(i)).collect()
}

fn plain(operands: &[&Operand], names: &mut Names) -> Vec<Item> {
    operands
        .iter()
        .filter(|o| names.take(&o.column.name))
        .map(|o| Item::plain(o))
        .collect()
}

/// Up to `n` items of `make`, which may fail.
fn made(n: usize, mut make: impl FnMut() -> Option<Item>) -> Vec<Item> {
    // Three attempts each: some dice ask for what is not there.
    (0..3 * n).filter_map(|_| make()).take(n).collect()
}

/// At least 8 items: fills with computed columns.
fn filled(rng: &mut Rng, items: &mut Vec<Item>, operands: &[Operand], names: &mut Names) {
    for _ in 0..50 {
        if items.len() >= 8 {
            break;
        }
        items.extend(derived(rng, operands, names));
    }
}

fn columns_of(items: &[Item]) -> Vec<Column> {
    items.iter().map(|item| item.column.clone()).collect()
}

/// The key to join on: one that both have, any of them in turn; `customer_id` always is.
fn shared_key(rng: &mut Rng, left: &Input<'_>, right: &Input<'_>) -> String {
    let keys: Vec<&Column> = left
        .columns
        .iter()
        .filter(|c| c.role == Role::Key && right.columns.contains(c))
        .collect();
    rng.pick(&keys)
        .map_or_else(|| "customer_id".to_owned(), |c| c.name.clone())
}

/// Columns of a joined relation that the query does not have yet.
fn joined_items(rng: &mut Rng, input: &Input<'_>, names: &mut Names, n: usize) -> Vec<Item> {
    let mut all = operands(Some(&input.alias), input.columns);
    rng.shuffle(&mut all);
    all.iter()
        .filter(|o| names.take(&o.column.name))
        .take(n)
        .map(Item::plain)
        .collect()
}

// --- SQL -------------------------------------------------------------------------------------------------------------

fn source(rng: &mut Rng, table: &RawTable, upstream: Upstream) -> Draft {
    let required = |name: &str| name.ends_with("_id") || name == "updated_at";
    let mut n_kept = [0; 2];
    let mut items = Vec::new();
    for column in &table.columns {
        // The first measure and the first category stay; of the others some are left out by some teams.
        let counted = match column.role {
            Role::Measure => Some(0),
            Role::Category => Some(1),
            _ => None,
        };
        let is_first = counted.is_some_and(|i| std::mem::replace(&mut n_kept[i], 1) == 0);
        if !is_first && !required(&column.clean_name) && rng.chance(12) {
            continue;
        }
        let name = &column.name;
        let sql = match (column.cast, column.role) {
            (Some(cast), _) => format!("CAST({name} AS {cast})"),
            (None, Role::Category) if rng.chance(50) => {
                format!("{}({name})", ["LOWER", "TRIM", "UPPER"][rng.below(3)])
            }
            (None, Role::Flag) if rng.chance(50) => format!("COALESCE({name}, FALSE)"),
            _ => name.clone(),
        };
        items.push(Item::sql(sql, &column.clean_name, column.role));
    }
    let mut sql = Text::default();
    sql.outer_select(&items)
        .push("\nFROM ")
        .reference(upstream)
        .filter("id IS NOT NULL")
        .push("\n");
    Draft {
        columns: columns_of(&items),
        upstreams: vec![upstream],
        sql,
        dsl: None,
        what: "Typed rows",
    }
}

fn rows(rng: &mut Rng, input: &Input<'_>) -> Draft {
    let all = operands(None, input.columns);
    let mut names = Names::default();
    let n_plain = 7 + rng.below(4);
    let mut items = plain(&picked(rng, &all, n_plain), &mut names);
    items.extend(made(2, || derived_sql(rng, &all, &mut names)));
    filled(rng, &mut items, &all, &mut names);
    let mut sql = Text::default();
    sql.outer_select(&items)
        .push("\nFROM ")
        .reference(input.upstream)
        .filter(&condition(rng, &all).0)
        .push("\n");
    Draft {
        columns: columns_of(&items),
        upstreams: vec![input.upstream],
        sql,
        dsl: None,
        what: "Cleaned rows",
    }
}

fn deduplicated(rng: &mut Rng, input: &Input<'_>) -> Draft {
    let all = operands(None, input.columns);
    let mut names = Names::default();
    let mut items = plain(&picked(rng, &all, 10), &mut names);
    items.extend(made(1, || derived_sql(rng, &all, &mut names)));
    filled(rng, &mut items, &all, &mut names);
    let key = &all[0].text;
    let mut sql = Text::default();
    sql.outer_select(&items)
        .push("\nFROM ")
        .reference(input.upstream)
        .filter(&format!("{key} IS NOT NULL"))
        .push(format!(
            "\nQUALIFY ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY updated_at DESC) = 1\n"
        ));
    Draft {
        columns: columns_of(&items),
        upstreams: vec![input.upstream],
        sql,
        dsl: None,
        what: "Latest rows",
    }
}

/// `SELECT *, …`; all columns and one or two more.
fn star(rng: &mut Rng, input: &Input<'_>) -> Draft {
    if input.columns.len() + 2 > MAX_COLUMNS || input.columns.len() < 6 {
        return rows(rng, input);
    }
    let all = operands(None, input.columns);
    let mut names = Names::of(input.columns);
    let items = made(2, || derived_sql(rng, &all, &mut names));
    let mut columns = input.columns.to_vec();
    columns.extend(columns_of(&items));
    let mut sql = Text::default();
    sql.push("SELECT\n    *");
    for item in &items {
        sql.push(",\n    ").push(item.listed());
    }
    sql.slot(Piece::ColumnSlot)
        .push("\nFROM ")
        .reference(input.upstream)
        .filter(&condition(rng, &all).0)
        .push("\n");
    Draft {
        columns,
        upstreams: vec![input.upstream],
        sql,
        dsl: None,
        what: "Extended rows",
    }
}

/// `source`, then `renamed`, then the outer query: how many teams write staging models.
fn ctes(rng: &mut Rng, input: &Input<'_>) -> Draft {
    let all = operands(None, input.columns);
    let inner = picked(rng, &all, 8);
    let inner_columns: Vec<Column> = inner.iter().map(|o| o.column.clone()).collect();
    let mut names = Names::default();
    let inner_items = plain(&inner, &mut names);
    let kept = operands(None, &inner_columns);
    let mut outer = inner_items.clone();
    outer.extend(made(2, || derived_sql(rng, &kept, &mut names)));
    filled(rng, &mut outer, &kept, &mut names);
    let mut sql = Text::default();
    sql.push("WITH source AS (\n    ")
        .select(&inner_items, "    ")
        .push("\n    FROM ")
        .reference(input.upstream);
    sql.push("\n)\n")
        .outer_select(&outer)
        .push("\nFROM source")
        .filter(&condition(rng, &kept).0)
        .push("\n");
    Draft {
        columns: columns_of(&outer),
        upstreams: vec![input.upstream],
        sql,
        dsl: None,
        what: "Renamed rows",
    }
}

/// Two or three relations side by side.
fn join(rng: &mut Rng, inputs: &[Input<'_>]) -> Draft {
    let inputs = if rng.chance(55) {
        &inputs[..inputs.len().min(2)]
    } else {
        inputs
    };
    let base = &inputs[0];
    let base_operands = operands(Some(&base.alias), base.columns);
    let mut names = Names::default();
    let mut items = plain(&picked(rng, &base_operands, 6), &mut names);
    let mut all = base_operands.clone();
    for input in &inputs[1..] {
        let n = 2 + rng.below(2);
        items.extend(joined_items(rng, input, &mut names, n));
        all.extend(operands(Some(&input.alias), input.columns));
    }
    items.extend(made(2, || derived_sql(rng, &all, &mut names)));
    filled(rng, &mut items, &base_operands, &mut names);
    let mut sql = Text::default();
    sql.outer_select(&items)
        .push("\nFROM ")
        .reference(base.upstream)
        .push(" AS ")
        .push(&base.alias);
    for input in &inputs[1..] {
        let key = shared_key(rng, base, input);
        let kind = if rng.chance(65) { "LEFT JOIN " } else { "JOIN " };
        sql.push("\n").push(kind).reference(input.upstream);
        sql.push(format!(
            " AS {0} ON {1}.{key} = {0}.{key}",
            input.alias, base.alias
        ));
    }
    sql.filter(&condition(rng, &base_operands).0).push("\n");
    let upstreams = inputs.iter().map(|i| i.upstream).collect();
    Draft {
        columns: columns_of(&items),
        upstreams,
        sql,
        dsl: None,
        what: "Joined rows",
    }
}

/// `customer_id`, perhaps another key, and one or two categories.
fn group_keys<'o>(rng: &mut Rng, operands: &'o [Operand]) -> Vec<&'o Operand> {
    let mut keys: Vec<&Operand> = operands
        .iter()
        .filter(|o| o.column.name == "customer_id")
        .take(1)
        .collect();
    let others: Vec<&Operand> = of_role(operands, Role::Key)
        .into_iter()
        .filter(|o| o.column.name != "customer_id")
        .collect();
    if rng.chance(35) {
        keys.extend(rng.pick(&others));
    }
    let mut categories = of_role(operands, Role::Category);
    rng.shuffle(&mut categories);
    let n_categories = 1 + rng.below(2);
    keys.extend(categories.into_iter().take(n_categories));
    keys
}

fn grouped(rng: &mut Rng, input: &Input<'_>) -> Draft {
    let all = operands(None, input.columns);
    let mut names = Names::default();
    let keys = group_keys(rng, &all);
    let mut items = plain(&keys, &mut names);
    let n_aggregates = 6 + rng.below(4);
    items.extend(aggregates(rng, &all, &mut names, n_aggregates));
    if let (true, Some(measure)) = (rng.chance(40), rng.pick(&of_role(&all, Role::Measure))) {
        let sql = format!("SUM({}) FILTER (WHERE {})", measure.text, condition(rng, &all).0);
        if names.take("filtered_total") {
            items.push(Item::sql(sql, "filtered_total", Role::Measure));
        }
    }
    let mut sql = Text::default();
    sql.outer_select(&items)
        .push("\nFROM ")
        .reference(input.upstream)
        .filter(&condition(rng, &all).0);
    sql.push("\nGROUP BY ").push(listed_keys(&keys));
    if rng.chance(40) {
        sql.push(format!("\nHAVING COUNT(*) > {}", 1 + rng.below(9)));
    }
    sql.push("\n");
    Draft {
        columns: columns_of(&items),
        upstreams: vec![input.upstream],
        sql,
        dsl: None,
        what: "Totals",
    }
}

fn listed_keys(keys: &[&Operand]) -> String {
    keys.iter()
        .map(|key| key.text.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

fn grouped_join(rng: &mut Rng, inputs: &[Input<'_>]) -> Draft {
    let Some(other) = inputs.get(1) else {
        return grouped(rng, &inputs[0]);
    };
    let base = &inputs[0];
    let base_operands = operands(Some(&base.alias), base.columns);
    let mut all = base_operands.clone();
    let other_operands = operands(Some(&other.alias), other.columns);
    // `updated_at` is the base's.
    all.extend(
        other_operands
            .into_iter()
            .filter(|o| !base.columns.contains(&o.column)),
    );
    let mut names = Names::default();
    let keys = group_keys(rng, &base_operands);
    let mut items = plain(&keys, &mut names);
    let n_aggregates = 6 + rng.below(3);
    items.extend(aggregates(rng, &all, &mut names, n_aggregates));
    let key = shared_key(rng, base, other);
    let mut sql = Text::default();
    sql.outer_select(&items)
        .push("\nFROM ")
        .reference(base.upstream)
        .push(format!(" AS {}\nJOIN ", base.alias));
    sql.reference(other.upstream).push(format!(
        " AS {0} ON {1}.{key} = {0}.{key}",
        other.alias, base.alias
    ));
    sql.filter(&condition(rng, &base_operands).0);
    sql.push("\nGROUP BY ").push(listed_keys(&keys)).push("\n");
    Draft {
        columns: columns_of(&items),
        upstreams: vec![base.upstream, other.upstream],
        sql,
        dsl: None,
        what: "Joined totals",
    }
}

fn windows(rng: &mut Rng, input: &Input<'_>) -> Draft {
    let all = operands(None, input.columns);
    let mut names = Names::default();
    let mut items = plain(&picked(rng, &all, 8), &mut names);
    items.extend(made(3, || window(rng, &all, &mut names)));
    let mut sql = Text::default();
    sql.outer_select(&items)
        .push("\nFROM ")
        .reference(input.upstream)
        .filter(&condition(rng, &all).0);
    if rng.chance(40) {
        sql.push("\nQUALIFY ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY updated_at DESC) <= 10");
    }
    sql.push("\n");
    Draft {
        columns: columns_of(&items),
        upstreams: vec![input.upstream],
        sql,
        dsl: None,
        what: "Ranked rows",
    }
}

/// A CTE of rows and a CTE of totals, joined.
fn joined_ctes(rng: &mut Rng, inputs: &[Input<'_>]) -> Draft {
    let Some(other) = inputs.get(1) else {
        return ctes(rng, &inputs[0]);
    };
    let base = &inputs[0];
    let base_all = operands(None, base.columns);
    let base_items = plain(&picked(rng, &base_all, 7), &mut Names::default());
    let other_all = operands(None, other.columns);
    let mut total_names = Names::default();
    let mut totals: Vec<Item> = other_all
        .iter()
        .filter(|o| o.column.name == "customer_id")
        .map(Item::plain)
        .collect();
    totals.iter().for_each(|t| {
        total_names.take(&t.column.name);
    });
    totals.extend(aggregates(rng, &other_all, &mut total_names, 4));
    let (base_alias, other_alias) = ("b", "t");
    let mut names = Names::default();
    let base_operands = operands(Some(base_alias), &columns_of(&base_items));
    let mut items = plain(&base_operands.iter().collect::<Vec<_>>(), &mut names);
    let total_operands = operands(Some(other_alias), &columns_of(&totals));
    items.extend(
        total_operands
            .iter()
            .filter(|o| names.take(&o.column.name))
            .map(Item::plain),
    );
    let mut all = base_operands;
    all.extend(total_operands);
    items.extend(made(1, || derived_sql(rng, &all, &mut names)));
    filled(rng, &mut items, &all, &mut names);
    let mut sql = Text::default();
    sql.push("WITH base AS (\n    ")
        .select(&base_items, "    ")
        .push("\n    FROM ")
        .reference(base.upstream);
    sql.push(format!(
        "\n    WHERE {}\n), totals AS (\n    ",
        condition(rng, &base_all).0
    ));
    sql.select(&totals, "    ")
        .push("\n    FROM ")
        .reference(other.upstream)
        .push("\n    GROUP BY customer_id\n)\n");
    sql.outer_select(&items)
        .push("\nFROM base AS b\nLEFT JOIN totals AS t ON b.customer_id = t.customer_id");
    sql.filter("b.customer_id IS NOT NULL").push("\n");
    Draft {
        columns: columns_of(&items),
        upstreams: vec![base.upstream, other.upstream],
        sql,
        dsl: None,
        what: "Rows with totals",
    }
}

/// The columns that two relations have in common, one after the other; a join where there are too few.
fn union(rng: &mut Rng, inputs: &[Input<'_>]) -> Draft {
    let Some(other) = inputs.get(1) else {
        return rows(rng, &inputs[0]);
    };
    let base = &inputs[0];
    let common: Vec<Column> = base
        .columns
        .iter()
        .filter(|c| other.columns.contains(c))
        .cloned()
        .collect();
    let has = |role| common.iter().any(|c| c.role == role);
    if common.len() < 7 || !has(Role::Measure) || !has(Role::Category) {
        return join(rng, inputs);
    }
    let mut columns = common.clone();
    columns.push(Column::new("origin", Role::Category));
    let plain_items: Vec<Item> = operands(None, &common).iter().map(Item::plain).collect();
    let part = |origin: &str| {
        let mut items = plain_items.clone();
        items.push(Item::sql(format!("'{origin}'"), "origin", Role::Category));
        items
    };
    let mut sql = Text::default();
    sql.select(&part("base"), "")
        .push("\nFROM ")
        .reference(base.upstream)
        .push("\nUNION ALL\n");
    sql.select(&part("other"), "")
        .push("\nFROM ")
        .reference(other.upstream)
        .push("\n");
    Draft {
        columns,
        upstreams: vec![base.upstream, other.upstream],
        sql,
        dsl: None,
        what: "All rows",
    }
}

/// Rows of one relation that another one knows.
fn exists(rng: &mut Rng, inputs: &[Input<'_>]) -> Draft {
    let Some(other) = inputs.get(1) else {
        return rows(rng, &inputs[0]);
    };
    let base = &inputs[0];
    let all = operands(Some(&base.alias), base.columns);
    let mut names = Names::default();
    let mut items = plain(&picked(rng, &all, 9), &mut names);
    items.extend(made(1, || derived_sql(rng, &all, &mut names)));
    filled(rng, &mut items, &all, &mut names);
    let key = shared_key(rng, base, other);
    let mut sql = Text::default();
    sql.outer_select(&items)
        .push("\nFROM ")
        .reference(base.upstream)
        .push(format!(" AS {}", base.alias));
    if rng.chance(50) {
        sql.push(format!("\nWHERE {}.{key} IN (SELECT {key} FROM ", base.alias))
            .reference(other.upstream);
        sql.push(format!(
            " WHERE {})",
            condition(rng, &operands(None, other.columns)).0
        ));
    } else {
        sql.push("\nWHERE EXISTS (SELECT 1 FROM ")
            .reference(other.upstream);
        sql.push(format!(
            " AS {0} WHERE {0}.{key} = {1}.{key})",
            other.alias, base.alias
        ));
    }
    sql.slot(Piece::FilterSlot).push("\n");
    Draft {
        columns: columns_of(&items),
        upstreams: vec![base.upstream, other.upstream],
        sql,
        dsl: None,
        what: "Known rows",
    }
}

// --- DSL: both texts mean the same -------------------------------------------------------------------------------------

fn braces(text: &mut Text, items: impl Iterator<Item = String>) {
    text.push(" {");
    for (i, item) in items.enumerate() {
        text.push(if i == 0 { "\n    " } else { ",\n    " }).push(item);
    }
    text.push("\n}\n");
}

fn dsl_rows(rng: &mut Rng, input: &Input<'_>) -> Draft {
    let all = operands(None, input.columns);
    let mut names = Names::of(input.columns);
    let mut items: Vec<Item> = picked(rng, &all, 8).into_iter().map(Item::plain).collect();
    let n_plain = items.len();
    items.extend(made(2, || derived(rng, &all, &mut names)));
    filled(rng, &mut items, &all, &mut names);
    let (sql_condition, dsl_condition) = condition(rng, &all);
    let mut sql = Text::default();
    sql.outer_select(&items)
        .push("\nFROM ")
        .reference(input.upstream)
        .filter(&sql_condition)
        .push("\n");
    let mut dsl = Text::default();
    dsl.push("from ")
        .reference(input.upstream)
        .push(format!("\nwhere {dsl_condition}\n"));
    if items.len() > n_plain {
        dsl.push("derive");
        braces(&mut dsl, items[n_plain..].iter().map(Item::assigned));
    }
    dsl.push("select");
    braces(&mut dsl, items.iter().map(|i| i.column.name.clone()));
    Draft {
        columns: columns_of(&items),
        upstreams: vec![input.upstream],
        sql,
        dsl: Some(dsl),
        what: "Cleaned rows",
    }
}

fn dsl_group(rng: &mut Rng, input: &Input<'_>) -> Draft {
    let all = operands(None, input.columns);
    let mut names = Names::default();
    let keys = group_keys(rng, &all);
    let mut items = plain(&keys, &mut names);
    let totals = aggregates(rng, &all, &mut names, 7);
    items.extend(totals.iter().cloned());
    let (sql_condition, dsl_condition) = condition(rng, &all);
    let mut sql = Text::default();
    sql.outer_select(&items)
        .push("\nFROM ")
        .reference(input.upstream)
        .filter(&sql_condition);
    sql.push("\nGROUP BY ").push(listed_keys(&keys)).push("\n");
    let mut dsl = Text::default();
    dsl.push("from ")
        .reference(input.upstream)
        .push(format!("\nwhere {dsl_condition}\ngroup {}", listed_keys(&keys)));
    braces(&mut dsl, totals.iter().map(Item::assigned));
    Draft {
        columns: columns_of(&items),
        upstreams: vec![input.upstream],
        sql,
        dsl: Some(dsl),
        what: "Totals",
    }
}

fn dsl_join(rng: &mut Rng, inputs: &[Input<'_>]) -> Draft {
    let (base, other) = (&inputs[0], &inputs[1]);
    let base_operands = operands(Some(&base.alias), base.columns);
    let mut names = Names::default();
    let mut items = plain(&picked(rng, &base_operands, 7), &mut names);
    items.extend(joined_items(rng, other, &mut names, 3));
    // Too few columns of their own in common cases only: both sides have at least eight, most of them different.
    items.extend(joined_items(
        rng,
        base,
        &mut names,
        8usize.saturating_sub(items.len()),
    ));
    let key = shared_key(rng, base, other);
    let (sql_condition, dsl_condition) = condition(rng, &base_operands);
    let (sql_kind, dsl_kind) = if rng.chance(65) {
        ("LEFT JOIN", "left join")
    } else {
        ("JOIN", "join")
    };
    let mut sql = Text::default();
    sql.outer_select(&items)
        .push("\nFROM ")
        .reference(base.upstream)
        .push(format!(" AS {}\n{sql_kind} ", base.alias));
    sql.reference(other.upstream).push(format!(
        " AS {0} ON {1}.{key} = {0}.{key}",
        other.alias, base.alias
    ));
    sql.filter(&sql_condition).push("\n");
    let mut dsl = Text::default();
    dsl.push("from ")
        .reference(base.upstream)
        .push(format!(" as {}\n{dsl_kind} ", base.alias));
    dsl.reference(other.upstream).push(format!(
        " as {} on {key}\nwhere {dsl_condition}\nselect",
        other.alias
    ));
    braces(&mut dsl, items.iter().map(|i| i.dsl.clone()));
    let upstreams = vec![base.upstream, other.upstream];
    Draft {
        columns: columns_of(&items),
        upstreams,
        sql,
        dsl: Some(dsl),
        what: "Joined rows",
    }
}

/// Without a `select`, `derive` keeps what is there.
fn dsl_windows(rng: &mut Rng, input: &Input<'_>) -> Draft {
    if input.columns.len() + 2 > MAX_COLUMNS {
        return dsl_rows(rng, input);
    }
    let all = operands(None, input.columns);
    let mut names = Names::of(input.columns);
    let items = made(2, || window(rng, &all, &mut names));
    let (sql_condition, dsl_condition) = condition(rng, &all);
    let mut columns = input.columns.to_vec();
    columns.extend(columns_of(&items));
    let mut sql = Text::default();
    sql.push("SELECT\n    *");
    for item in &items {
        sql.push(",\n    ").push(item.listed());
    }
    sql.push("\nFROM ")
        .reference(input.upstream)
        .push(format!("\nWHERE {sql_condition}\n"));
    let mut dsl = Text::default();
    dsl.push("from ")
        .reference(input.upstream)
        .push(format!("\nwhere {dsl_condition}\nderive"));
    braces(&mut dsl, items.iter().map(Item::assigned));
    Draft {
        columns,
        upstreams: vec![input.upstream],
        sql,
        dsl: Some(dsl),
        what: "Ranked rows",
    }
}
