//! Names, types and findings. The fixtures hold DuckDB's own answers (`tools/fixtures.py`).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod support;

use rocky_base::Dialect;
use rocky_semantic::model::path_text;
use rocky_semantic::{Input, RelationInput, RelationSchema, Status, analyse, references};
use support::{Schema, columns_text, data, findings};

/// Blocks of `resolve.txt`: query and DuckDB's answer.
fn blocks(file: &str) -> (Schema, Vec<(String, String)>) {
    let text = data(file);
    let mut blocks = text.trim_end().split("\n----\n");
    let schema = Schema::parse(blocks.next().unwrap());
    let rest = blocks
        .map(|b| {
            let (query, answer) = b.split_once("\n====\n").unwrap();
            (query.to_owned(), answer.trim().to_owned())
        })
        .collect();
    (schema, rest)
}

#[test]
fn every_construct_has_duckdbs_names_and_types() {
    let (schema, blocks) = blocks("resolve.txt");
    let (mut wrong, mut right) = (Vec::new(), 0);
    for (text, expected) in &blocks {
        if expected.starts_with("error\t") {
            continue;
        }
        let parsed = rocky_syntax::parser::parse(text, Dialect::DuckDb);
        if !parsed.diagnostics.is_empty() {
            wrong.push(format!(
                "{text}\n   does not parse: {}",
                parsed.diagnostics[0].message
            ));
            continue;
        }
        let analysis = schema.analyse_parsed(text, &parsed.ast);
        let found = columns_text(&analysis);
        let said: Vec<String> = findings(text, &analysis)
            .into_iter()
            .filter(|f| !f.starts_with(['W', 'I']))
            .collect();
        if found != *expected || !said.is_empty() || !analysis.complete {
            wrong.push(format!(
                "{text}\n   {}\n-- expected\n{expected}\n-- found\n{found}",
                said.join("\n   ")
            ));
        } else {
            right += 1;
        }
    }
    assert!(right >= 140 || !wrong.is_empty(), "{right}");
    assert!(
        wrong.is_empty(),
        "{} wrong, {right} right\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}

/// Queries of `tools/random_queries.py`: expressions of every kind nested in each other, under joins, groups, windows.
#[test]
fn random_queries_have_duckdbs_names_and_types() {
    let (schema, blocks) = blocks("random.txt");
    let mut wrong = Vec::new();
    for (text, expected) in &blocks {
        let analysis = schema.analyse(text);
        let said: Vec<String> = findings(text, &analysis)
            .into_iter()
            .filter(|f| f.starts_with('E'))
            .collect();
        let right = match expected.strip_prefix("error\t") {
            Some(_) => !said.is_empty(),
            None => said.is_empty() && columns_text(&analysis) == *expected,
        };
        if !right {
            wrong.push(format!(
                "{text}\n   {}\n{expected}\n-- found\n{}",
                said.join("\n   "),
                columns_text(&analysis)
            ));
        }
    }
    assert!(blocks.len() > 500);
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        blocks.len(),
        wrong.join("\n\n")
    );
}

#[test]
fn what_duckdb_refuses_is_an_error_and_only_one() {
    let (schema, blocks) = blocks("resolve.txt");
    let mut wrong = Vec::new();
    for (text, expected) in &blocks {
        let Some(refused) = expected.strip_prefix("error\t") else {
            continue;
        };
        let said: Vec<String> = findings(text, &schema.analyse(text))
            .into_iter()
            .filter(|f| f.starts_with('E'))
            .collect();
        // A star over several ungrouped columns is one finding at the star.
        if said.len() != 1 {
            wrong.push(format!("{text}\n  {refused}\n  {}", said.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unnamed_expressions_have_duckdbs_names() {
    let schema = Schema::parse(&data("names_schema.txt"));
    let unquote = |text: &str| {
        // JSON strings; the fixture uses only the simple escapes.
        let mut out = String::new();
        let mut chars = text[1..text.len() - 1].chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some('n') => out.push('\n'),
                    Some(c) => out.push(c),
                    None => {}
                },
                c => out.push(c),
            }
        }
        out
    };
    let mut wrong = Vec::new();
    let mut right = 0;
    for line in data("names.txt").lines() {
        let (expression, name) = line.split_once('\t').unwrap();
        let text = format!("select {} from t", unquote(expression));
        let parsed = rocky_syntax::parser::parse(&text, Dialect::DuckDb);
        if !parsed.diagnostics.is_empty() {
            wrong.push(format!("{text}: does not parse"));
            continue;
        }
        let analysis = schema.analyse_parsed(&text, &parsed.ast);
        let found = analysis.columns.first().map_or("", |c| c.name.as_str());
        if found == unquote(name) {
            right += 1;
        } else {
            wrong.push(format!("{text}: {found}, expected {}", unquote(name)));
        }
    }
    assert!(wrong.is_empty(), "{right} right\n{}", wrong.join("\n"));
}

// What the findings say and where.

fn shop() -> Schema {
    Schema::of(
        "orders(id BIGINT NOT NULL, customer_id BIGINT, amount DECIMAL(10,2), note VARCHAR, day DATE);
         customers(id BIGINT NOT NULL, name VARCHAR, tags VARCHAR[], home STRUCT(street VARCHAR, zip INTEGER));
         dark?;
         half(id BIGINT, ?);
         other?",
    )
}

#[track_caller]
fn says(text: &str, expected: &[&str]) {
    assert_eq!(findings(text, &shop().analyse(text)), expected, "{text}");
}

#[test]
fn unknown_columns_are_said_once_with_a_suggestion() {
    says(
        "select amout from orders",
        &["E100 column `amout` not found in `orders`; did you mean `amount`? [amout]"],
    );
    says(
        "select o.amout from orders o",
        &["E100 column `amout` not found in `o`; did you mean `amount`? [amout]"],
    );
    says(
        "select zz from orders o join customers c on o.customer_id = c.id",
        &["E100 column `zz` not found in `o` or `c` [zz]"],
    );
    says(
        "select zz",
        &["E100 column `zz` not found: there is no FROM clause [zz]"],
    );
    says(
        "select home.stret from customers",
        &[
            "E100 field `stret` not found in STRUCT(street VARCHAR, zip INTEGER); did you mean `street`? [stret]",
        ],
    );
    says(
        "select * exclude (amout) from orders",
        &["E100 column `amout` not found in the columns of `*`; did you mean `amount`? [amout]"],
    );
    says(
        "select id from orders order by 3",
        &["E100 ORDER BY 3 is out of range: there is 1 output column [3]"],
    );
    let analysis = shop().analyse("select amout from orders");
    let fix = analysis.diagnostics[0].fix.as_ref().unwrap();
    assert_eq!(fix.edits[0].text, "amount");
    assert_eq!((fix.edits[0].loc.span.start, fix.edits[0].loc.span.end), (7, 12));
}

#[test]
fn one_mistake_does_not_cascade() {
    says(
        "with x as (select amout as a from orders), y as (select a + 1 as b, upper(a) as c from x)
         select b || c as d, sum(b) as e from y where b > 'x' group by all",
        &["E100 column `amout` not found in `orders`; did you mean `amount`? [amout]"],
    );
    says(
        "select zork(id) + 1 as a from orders where zork(id) = 'x'",
        &[
            "E104 function `zork` does not exist [zork]",
            "E104 function `zork` does not exist [zork]",
        ],
    );
    says(
        "select o.*, c.zz from ordrs o join customers c on o.idd = c.id",
        &[
            "E100 column `zz` not found in `c` [zz]",
            "E101 relation `ordrs` does not exist; did you mean `orders`? [ordrs]",
        ],
    );
    says(
        "select a.x + b.y as s from nowhere a cross join nowhere2 b",
        &[
            "E101 relation `nowhere` does not exist [nowhere]",
            "E101 relation `nowhere2` does not exist [nowhere2]",
        ],
    );
}

#[test]
fn unknown_relations_are_silent() {
    says(
        "select *, x + 1 as y, upper(d.z) as u from dark d where q like 'x' group by 1",
        &[],
    );
    says(
        "select d.x, o.id from dark d join orders o on o.id = d.y where z > 1",
        &[],
    );
    says("select id, extra from half", &[]);
    says(
        "with c as (select * from dark) select whatever, c.more from c",
        &[],
    );
    says("select x from dark cross join other", &[]);
    says("select (select max(y) from dark) as m from orders", &[]);
    let analysis = shop().analyse("select x, id from dark");
    assert!(
        analysis
            .columns
            .iter()
            .all(|c| matches!(c.status, Status::Unknown { .. }))
    );
    assert!(analysis.complete);
    assert!(!shop().analyse("select * from dark").complete);
}

#[test]
fn relations_and_qualifiers() {
    says(
        "select x.id from orders",
        &["E112 `x` is not a table or alias in scope [x]"],
    );
    says(
        "select order.id from orders".replace("order.", "oders.").as_str(),
        &["E112 `oders` is not a table or alias in scope; did you mean `orders`? [oders]"],
    );
    says(
        "select orders.id from orders o",
        &["E112 `orders` is not a table or alias in scope [orders]"],
    );
    says(
        "select id from orders o join customers c on o.customer_id = c.id",
        &["E102 column `id` is ambiguous: `o.id` or `c.id` [id]"],
    );
    says(
        "select * from orders x cross join customers x",
        &["E109 alias `x` is used twice in one FROM clause [x]"],
    );
    says(
        "with a as (select 1 as n), a as (select 2 as n) select * from a",
        &["E109 CTE `a` is defined twice [a]"],
    );
    says(
        "with unused as (select 1 as n) select id from orders",
        &["W103 nothing reads the CTE `unused` [unused]"],
    );
    says(
        "select id from odrers",
        &["E101 relation `odrers` does not exist; did you mean `orders`? [odrers]"],
    );
}

#[test]
fn output_names() {
    says(
        "select id, amount as id from orders",
        &["E103 output column `id` is defined twice [id]"],
    );
    says(
        "select 1 as a, 2 as A",
        &["E103 output column `A` is defined twice [A]"],
    );
    says(
        "select * from orders o join customers c on o.customer_id = c.id",
        &[],
    );
    let names = |text: &str| {
        shop()
            .analyse(text)
            .columns
            .iter()
            .map(|c| c.name.to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        names("select * from orders o join customers c on o.customer_id = c.id"),
        "id customer_id amount note day id_1 name tags home"
    );
    let strict = Schema::of("o(ID BIGINT, CUSTOMER_ID BIGINT); c(ID BIGINT)").dialect(Dialect::Snowflake);
    let text = "select * from o join c on o.customer_id = c.id";
    assert_eq!(
        findings(text, &strict.analyse(text)),
        ["E103 output column `ID` is defined twice [*]"]
    );
}

#[test]
fn types_that_do_not_fit() {
    says(
        "select id from orders o where o.note > 1",
        &["E001 cannot compare VARCHAR with INTEGER [o.note > 1]"],
    );
    says(
        "select id from orders o where o.note between 1 and 'x'",
        &["E001 cannot compare VARCHAR with INTEGER [o.note between 1]"],
    );
    says(
        "select o.id from orders o join customers c on o.note < c.id",
        &["E001 cannot compare VARCHAR with BIGINT [o.note < c.id]"],
    );
    says(
        "select o.id from orders o join customers c on o.note = c.id and o.id = 1",
        &["W001 joining VARCHAR with BIGINT casts one side implicitly [o.note = c.id]"],
    );
    says(
        "select o.id from orders o, customers c where o.day = c.name and o.note = 1",
        &["W001 joining DATE with VARCHAR casts one side implicitly [o.day = c.name]"],
    );
    says(
        "select o.id from orders o join (select name as id from customers) c using (id)",
        &["W001 joining BIGINT with VARCHAR casts one side implicitly [id]"],
    );
    says(
        "select day * 2 as x from orders",
        &["E203 `*` does not take DATE and INTEGER [day * 2]"],
    );
    says(
        "select case when id = 1 then day else amount end as x from orders",
        &["E202 CASE has no common type: DATE and DECIMAL(10,2) [amount]"],
    );
    says(
        "select id::geography as x from orders",
        &["E206 type `geography` does not exist [geography]"],
    );
    says(
        "select id::number as x from orders",
        &["E206 type `number` does not exist [number]"],
    );
    // A type of the user's own, CREATE TYPE foo AS …, for all that is known.
    says("select id::foo as x from orders", &[]);
    says(
        "select id::intger as x from orders",
        &["E206 type `intger` does not exist; did you mean `INTEGER`? [intger]"],
    );
    says(
        "select substr(id) as x from orders",
        &["E200 `substr` does not take 1 argument [substr(id)]"],
    );
    says(
        "select id from orders union all select id, name from customers",
        &["E201 this operand of UNION has 2 columns, the first has 1 [select id, name from customers]"],
    );
    says(
        "select (select id, name from customers) as x",
        &["E205 this subquery has 2 columns, expected 1 [select id, name from customers]"],
    );
    says(
        "select id in (select id, name from customers) as x from orders",
        &["E205 this subquery has 2 columns, expected 1 [select id, name from customers]"],
    );
    says(
        "select * from (select id from orders) q(a, b, c)",
        &["E204 `q` has 1 column, but 3 names are listed [b, c]"],
    );
    says(
        "select * from (values (1, 2), (3)) v",
        &["E210 this row has 1 value, the first has 2 [3]"],
    );
    says(
        "select o.id from orders o join customers c using (customer_id)",
        &["E209 USING column `customer_id` not found in `c` [customer_id]"],
    );
    says(
        "select o.id from orders o join customers c using (idd)",
        &["E209 USING column `idd` not found in `o`; did you mean `id`? [idd]"],
    );
}

#[test]
fn aggregates_and_windows() {
    says(
        "select note, count(*) as n from orders",
        &["E207 column `note` is neither in GROUP BY nor inside an aggregate [note]"],
    );
    says(
        "select note, day, count(*) as n from orders group by note",
        &["E207 column `day` is neither in GROUP BY nor inside an aggregate [day]"],
    );
    says(
        "select id from orders where sum(amount) > 1",
        &["E208 the aggregate `sum` may not stand in WHERE [sum(amount)]"],
    );
    says(
        "select sum(amount) as s from orders where s > 1",
        &["E208 aggregate may not stand in WHERE [s]"],
    );
    says(
        "select sum(max(amount)) as s from orders",
        &["E208 the aggregate `max` may not stand inside another aggregate [max(amount)]"],
    );
    says(
        "select id from orders where row_number() over (order by id) = 1",
        &["E208 a window function may not stand in WHERE [row_number() over (order by id)]"],
    );
    says(
        "select row_number() as n from orders",
        &["E208 `row_number` needs an OVER clause [row_number()]"],
    );
    // None of these is wrong.
    for text in [
        "select note || 'x' as a, sum(amount) as s from orders group by note || 'x'",
        "select (note || 'x') || 'y' as a from orders group by note || 'x'",
        "select upper(note) as u, count(*) as n from orders group by u having n > 1 order by u, n",
        "select o.note, count(*) as n from orders o group by note",
        "select home.zip, count(*) as n from customers group by home",
        "select home.zip, count(*) as n from customers group by home.zip",
        "select c.id, count(*) as n from customers c join orders o using (id) group by id",
        "select note, (select count(*) from customers c where c.name = note) as n from orders group by note",
        "select 1 as one, current_date as d, count(*) as n from orders",
        "select sum(amount) / count(*) as a, max(day) - min(day) as b from orders having count(*) > 1",
        "select note, rank() over (order by sum(amount)) as r from orders group by note",
        "select note, sum(sum(amount)) over () as r from orders group by note",
        "select case when note = 'x' then 'y' else note end as k, count(*) as n from orders group by 1",
        "select date_trunc('month', day) as m, count(*) as n from orders group by date_trunc('month', day)",
        "select c.home, count(*) as n from customers c group by c.home order by c.home.zip",
        "select customer_id, count(*) filter (where amount > 1) as n from orders group by all order by 2",
        "select distinct on (note) note, amount from orders order by note, day",
        "select t.* from (select note, count(*) as n from orders group by note) t",
    ] {
        says(text, &[]);
    }
}

#[test]
fn references_are_found_wherever_they_stand() {
    let found = |text: &str| {
        let parsed = rocky_syntax::parser::parse(text, Dialect::DuckDb);
        assert!(parsed.diagnostics.is_empty(), "{text} {:?}", parsed.diagnostics);
        let names: Vec<String> = references(&parsed.ast, Dialect::DuckDb)
            .iter()
            .map(|r| {
                r.path
                    .iter()
                    .map(|n| n.ident.text.to_string())
                    .collect::<Vec<_>>()
                    .join(".")
            })
            .collect();
        names.join(" ")
    };
    assert_eq!(
        found("with x as (select * from base) select * from x join other on true"),
        "base other"
    );
    assert_eq!(
        found("with orders as (select * from raw.orders) select * from orders"),
        "raw.orders"
    );
    assert_eq!(found("with x as (select * from x) select * from x"), "x");
    assert_eq!(
        found("with recursive x as (select 1 as n union all select n + 1 from x) select * from x"),
        ""
    );
    assert_eq!(
        found("with a as (select * from b), b as (select * from a) select * from b"),
        "b"
    );
    assert_eq!(
        found("select * from t where a in (select b from u where exists (select 1 from v))"),
        "t u v"
    );
    assert_eq!(
        found(
            "select (select max(x) from a1) as m, f((select 1 from a2)) as g from a3 order by (select 1 from a4)"
        ),
        "a1 a2 a3 a4"
    );
    assert_eq!(
        found(
            "select sum(x) filter (where x > (select 1 from b1)) over (partition by (select 1 from b2)) from b3"
        ),
        "b1 b2 b3"
    );
    assert_eq!(
        found("select * from a join b on a.x = (select y from c) join (select * from d) e using (k)"),
        "a b c d"
    );
    assert_eq!(
        found("(select * from a) union all select * from b intersect select * from c"),
        "a b c"
    );
    assert_eq!(found("with unused as (select * from z) select 1"), "z");
    assert_eq!(found("pivot t on b in ('x') using sum(a)"), "t");
    assert_eq!(found("select * from 'x.csv', \"T\", s.t"), " T s.t");
    assert_eq!(
        found("with T as (select 1 as n) select * from t, main.t"),
        "main.t"
    );
    assert_eq!(found("table t"), "t");
    assert_eq!(
        found("with x as (with y as (select * from inner_t) select * from y) select * from x, y"),
        "inner_t y"
    );
}

#[test]
fn nullability_is_proved_or_not_said() {
    let nullable = |text: &str| -> String {
        let analysis = shop().analyse(text);
        assert!(
            analysis.diagnostics.iter().all(|d| !d.is_error()),
            "{text} {:?}",
            analysis.diagnostics
        );
        analysis
            .columns
            .iter()
            .map(|c| if c.nullable { '?' } else { '!' })
            .collect()
    };
    assert_eq!(
        nullable("select id, note, id + 1 as x, note || 'x' as y, 1 as z, null as n from orders"),
        "!?!?!?"
    );
    assert_eq!(
        nullable("select o.id, c.id as cid from orders o left join customers c on o.customer_id = c.id"),
        "!?"
    );
    assert_eq!(
        nullable("select o.id, c.id as cid from orders o right join customers c on o.customer_id = c.id"),
        "?!"
    );
    assert_eq!(
        nullable("select o.id, c.id as cid from orders o full join customers c on o.customer_id = c.id"),
        "??"
    );
    assert_eq!(
        nullable("select id from orders o full join customers c using (id)"),
        "!"
    );
    assert_eq!(
        nullable(
            "select id from orders o left join customers c using (id) full join (select 1 as one) h on true"
        ),
        "?"
    );
    assert_eq!(
        nullable("select sum(id) as s, count(*) as n, count(note) as m from orders"),
        "?!!"
    );
    assert_eq!(
        nullable("select note, sum(id) as s, max(id) as m from orders group by note"),
        "?!!"
    );
    assert_eq!(nullable("select note from orders where note is not null"), "!");
    assert_eq!(
        nullable("select note, day from orders where note = 'x' and day > '2020-01-01'"),
        "!!"
    );
    assert_eq!(
        nullable("select note from orders where note = 'x' or day is null"),
        "?"
    );
    assert_eq!(
        nullable(
            "select case when id = 1 then 1 end as a, case when id = 1 then 1 else 2 end as b from orders"
        ),
        "?!"
    );
    assert_eq!(
        nullable("select coalesce(note, 'x') as a, nullif(id, 1) as b from orders"),
        "!?"
    );
    assert_eq!(
        nullable("select (select max(id) from customers) as a, exists (select 1 from customers) as b"),
        "?!"
    );
    assert_eq!(
        nullable("select id from orders union all select customer_id from orders"),
        "?"
    );
    assert_eq!(
        nullable("select id, count(*) as n from orders group by rollup (id)"),
        "?!"
    );
    assert_eq!(
        nullable("with x as (select id from orders) select id from x"),
        "!"
    );
}

#[test]
fn deep_and_long_texts_need_no_stack() {
    let run = std::thread::Builder::new().stack_size(512 * 1024).spawn(|| {
        let schema = shop();
        let chain = vec!["id = 1"; 100_000].join(" and ");
        let analysis = schema.analyse(&format!("select {chain} as x from orders where {chain}"));
        assert_eq!(analysis.columns.len(), 1);
        assert!(analysis.diagnostics.is_empty());
        // Unnamed: the name is the text of the tree.
        assert_eq!(
            schema
                .analyse(&format!("select {chain} from orders"))
                .columns
                .len(),
            1
        );
        let sums = vec!["amount"; 20_000].join(" + ");
        let analysis = schema.analyse(&format!(
            "select note, {sums} as s from orders group by note, {sums}"
        ));
        assert!(
            analysis.diagnostics.is_empty(),
            "{:?}",
            analysis.diagnostics.first()
        );
        let nested = format!("select {}id{} as x from orders", "(".repeat(390), ")".repeat(390));
        assert_eq!(schema.analyse(&nested).columns[0].sources.len(), 1);
        let calls = format!(
            "select {}note{} as x from orders",
            "upper(".repeat(390),
            ")".repeat(390)
        );
        assert_eq!(schema.analyse(&calls).columns[0].sources.len(), 1);
        let mut query = "select id from orders".to_owned();
        for _ in 0..190 {
            query = format!("select id from ({query})");
        }
        assert_eq!(schema.analyse(&query).columns[0].sources.len(), 1);
        let union = vec!["select id from orders"; 20_000].join(" union all ");
        assert_eq!(schema.analyse(&union).columns[0].sources.len(), 1);
        let joins: String = (0..20_000)
            .map(|i| format!(" join orders o{i} on o{i}.id = o.id"))
            .collect();
        assert_eq!(
            schema
                .analyse(&format!("select o.id from orders o{joins}"))
                .columns
                .len(),
            1
        );
    });
    run.unwrap().join().unwrap();
}

#[test]
fn wide_and_layered_models_are_linear() {
    let columns: Vec<String> = (0..100).map(|i| format!("c{i} INTEGER")).collect();
    let schema = Schema::of(&format!("t({})", columns.join(", ")));
    let mut text = "with x0 as (select * from t)".to_owned();
    for i in 1..500 {
        text.push_str(&format!(
            ", x{i} as (select * replace (c0 + 1 as c0) from x{})",
            i - 1
        ));
    }
    text.push_str(" select * from x499");
    let start = std::time::Instant::now();
    let analysis = schema.analyse(&text);
    assert_eq!(analysis.columns.len(), 100);
    assert_eq!(analysis.columns[99].sources.len(), 1);
    assert!(analysis.diagnostics.is_empty());
    let wide: Vec<String> = (0..3000).map(|i| format!("c{i} INTEGER")).collect();
    let schema = Schema::of(&format!("t({})", wide.join(", ")));
    let items: Vec<String> = (0..3000)
        .map(|i| format!("coalesce(t.c{i}, 0) + c{} as d{i}", 2999 - i))
        .collect();
    let analysis = schema.analyse(&format!("select {} from t", items.join(", ")));
    assert_eq!(analysis.columns.len(), 3000);
    // Generous: unoptimised builds on a busy machine.
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

/// The parser's corpus with nothing known of any relation: whatever is said must follow from the text alone.
#[test]
fn nothing_is_held_against_what_is_not_known() {
    let mut said = Vec::new();
    let files = [
        (Dialect::DuckDb, "accept.txt"),
        (Dialect::Snowflake, "dialects/snowflake.txt"),
        (Dialect::Databricks, "dialects/databricks.txt"),
        (Dialect::BigQuery, "dialects/bigquery.txt"),
    ];
    for (dialect, file) in files {
        let path = format!("{}/../syntax/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
        for text in std::fs::read_to_string(&path)
            .unwrap()
            .lines()
            .filter(|l| !l.trim().is_empty())
        {
            // Without FROM, or from values, names cannot be anything; `a. from t` is the column `from`.
            let closed = ["from (values", "from values", "from ((select", ". from"]
                .iter()
                .any(|w| text.contains(w));
            if closed || !text.to_lowercase().contains(" from ") {
                continue;
            }
            let parsed = rocky_syntax::parser::parse(text, dialect);
            let relations: Vec<RelationInput> = references(&parsed.ast, dialect)
                .iter()
                .enumerate()
                .map(|(i, r)| RelationInput {
                    from: r.from,
                    relation: i as u32,
                    schema: RelationSchema::Unknown,
                    display: path_text(&r.path).into(),
                    qualifiers: Vec::new(),
                })
                .collect();
            let ast = &parsed.ast;
            let input = Input {
                ast,
                text,
                dialect,
                relations: &relations,
                types: &rocky_warehouse::OwnTypes::NONE,
                cancel: None,
            };
            let analysis = analyse(&input);
            // True of the text whatever the relations are.
            let known = [
                "E103",
                "there is no FROM clause",
                "function `overlay` does not exist",
            ];
            let held = |f: &String| f.starts_with('E') && !known.iter().any(|k| f.contains(k));
            for found in findings(text, &analysis).into_iter().filter(held) {
                said.push(format!("{dialect}: {text}\n    {found}"));
            }
        }
    }
    assert!(said.is_empty(), "{}\n{}", said.len(), said.join("\n"));
}

/// A buffer while it is typed: no panic, every place inside the text, the same answer twice.
#[test]
fn broken_texts_are_analysed_too() {
    let (schema, mut texts) = blocks("resolve.txt");
    texts.truncate(160);
    let tpch = Schema::parse(&data("tpch/schema.txt"));
    let mut cut = 0;
    let mut check = |schema: &Schema, text: &str| {
        for end in (1..text.len()).step_by(5).filter(|e| text.is_char_boundary(*e)) {
            let text = &text[..end];
            let parsed = rocky_syntax::parser::parse(text, Dialect::DuckDb);
            let analysis = schema.analyse_parsed(text, &parsed.ast);
            for found in &analysis.diagnostics {
                assert!(
                    found.primary.as_ref().unwrap().loc.span.end as usize <= text.len(),
                    "{text}: {found:?}"
                );
            }
            assert_eq!(analysis, schema.analyse_parsed(text, &parsed.ast));
            cut += 1;
        }
    };
    for (text, _) in &texts {
        check(&schema, text);
    }
    for number in 1..=22 {
        let text = data(&format!("tpch/q{number:02}.txt"));
        check(&tpch, text.split_once("\n====\n").unwrap().0);
    }
    assert!(cut > 4_000, "{cut}");
}
