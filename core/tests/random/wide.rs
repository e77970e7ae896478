//! Whole forms of analytical SQL, put together from what the other files make: windows over aggregates, named windows under
//! QUALIFY, aliases used in every clause, subqueries in every clause, chains of joins, pivots that are joined, deep paths.

use super::expression::sql;
use super::generate::{Column, Gen, Rel, Scope};
use rocky_warehouse::Type;

fn column(name: &str, ty: Type) -> Column {
    Column {
        name: name.to_owned(),
        ty,
    }
}

impl Gen<'_> {
    fn over<T>(&mut self, rels: &[Rel], make: impl FnOnce(&mut Self) -> T) -> T {
        self.scopes.push(Scope { rels: rels.to_vec() });
        let made = make(self);
        self.scopes.pop();
        made
    }

    /// A relation some of whose columns are known.
    fn known_base(&mut self) -> (String, Vec<Column>) {
        loop {
            let (text, cols) = self.base();
            if !cols.is_empty() {
                return (text, cols);
            }
        }
    }

    fn named_base(&mut self) -> (String, Rel) {
        let (text, cols) = self.known_base();
        let alias = self.fresh("b");
        (format!("{text} {alias}"), Rel { alias, cols })
    }

    /// A table that has a column `id`.
    fn base_with_id(&mut self) -> (String, Rel) {
        for _ in 0..20 {
            let (text, rel) = self.named_base();
            if rel.cols.iter().any(|c| c.name == "id") {
                return (text, rel);
            }
        }
        let alias = self.fresh("b");
        let cols = vec![column("id", Type::Int32), column("i", Type::Int64)];
        (
            format!("(SELECT 1 AS id, 2::BIGINT AS i) {alias}"),
            Rel { alias, cols },
        )
    }

    /// A column of the innermost relations down to some part of it, and the part's type.
    fn path(&mut self) -> Option<(String, Type)> {
        let nested = |t: &Type| {
            matches!(
                t,
                Type::Struct(_) | Type::List(_) | Type::Map(_) | Type::Union(_) | Type::Array(..)
            )
        };
        let mut text = self.column(nested)?;
        let mut ty = self.type_of_last_column();
        for step in 0..4 {
            if step > 0 && self.rng.chance(20) {
                break;
            }
            (text, ty) = match &ty {
                Type::List(element) | Type::Array(element, _) => {
                    let at = self.rng.word(&["1", "2", "-1", "1 + 1"]);
                    (format!("{text}[{at}]"), (**element).clone())
                }
                Type::Map(kv) => (format!("{text}[{}]", self.literal(&kv.0)), kv.1.clone()),
                Type::Struct(fields) | Type::Union(fields) if !fields.is_empty() => {
                    let field = self.rng.pick(fields).clone();
                    let name = &field.name;
                    if name.is_empty() {
                        break;
                    }
                    let text = match (self.rng.below(4), &ty) {
                        (0, Type::Struct(_)) => format!("{text}['{name}']"),
                        (1, _) => format!("({text}).{name}"),
                        (2, Type::Struct(_)) => format!("struct_extract({text}, '{name}')"),
                        _ if text.ends_with(']') => format!("({text}).{name}"),
                        _ => format!("{text}.{name}"),
                    };
                    (text, field.ty.clone())
                }
                _ => break,
            };
        }
        Some((text, ty))
    }

    fn wished(text: String, found: &Type, ty: &Type) -> String {
        if found == ty {
            text
        } else {
            format!("TRY_CAST({text} AS {})", sql(ty))
        }
    }

    /// An aggregate over a table, compared with what is outside.
    fn correlated(&mut self, ty: &Type) -> String {
        let (from, rel) = self.named_base();
        let alias = rel.alias.clone();
        let fitting: Vec<Column> = rel.cols.iter().filter(|c| c.ty == *ty).cloned().collect();
        let of = match self.rng.pick_of(&fitting) {
            Some(found) => format!("{alias}.{}", found.name),
            None => self.literal(ty),
        };
        let (key, how) = (
            self.rng.pick(&rel.cols).clone(),
            self.rng.word(&["max", "min", "any_value", "first"]),
        );
        let outer = self.leaf(&key.ty);
        match self.rng.below(4) {
            0 if ty.is_numeric() => {
                format!(
                    "(SELECT count(*) FROM {from} WHERE {alias}.{} = {outer})",
                    key.name
                )
            }
            1 => format!(
                "(SELECT {of} FROM {from} WHERE {alias}.{} IS NOT DISTINCT FROM {outer} ORDER BY 1 LIMIT 1)",
                key.name
            ),
            2 => format!(
                "(SELECT {how}({of}) FILTER ({alias}.{} = {outer}) FROM {from})",
                key.name
            ),
            _ => format!(
                "(SELECT {how}({of}) FROM {from} WHERE {alias}.{} >= {outer})",
                key.name
            ),
        }
    }

    /// A value as analytical SQL computes it.
    pub fn wide(&mut self, ty: &Type, d: usize) -> String {
        match self.rng.below(18) {
            0..=2 => match self.path() {
                Some((text, found)) => Self::wished(text, &found, ty),
                None => self.leaf(ty),
            },
            3 | 4 => self.correlated(ty),
            5 => {
                // A whole row.
                let rels = self.scopes.last().map_or_else(Vec::new, |s| s.rels.clone());
                let rels: Vec<Rel> = rels
                    .into_iter()
                    .filter(|r| !r.alias.is_empty() && !r.cols.is_empty())
                    .collect();
                let Some(rel) = self.rng.pick_of(&rels).cloned() else {
                    return self.leaf(ty);
                };
                let col = self.rng.pick(&rel.cols).clone();
                let bare = col.name.trim_matches('"').replace('\'', "''");
                let text = match self.rng.below(5) {
                    0 => format!("({}).{}", rel.alias, col.name),
                    1 => format!("struct_extract({}, '{bare}')", rel.alias),
                    2 => format!("{}['{bare}']", rel.alias),
                    3 => return format!("to_json({})::VARCHAR::{}", rel.alias, sql(&Type::STRING)),
                    _ => return format!("hash({}.*)", rel.alias),
                };
                Self::wished(text, &col.ty, ty)
            }
            6 => format!("{{'a': 1, 'b': {{'c': {}, 'd': NULL}}}}.b.c", self.expr(ty, d)),
            7 => {
                let (x, y) = (self.fresh("x"), self.fresh("y"));
                let of = self.leaf(&Type::list(ty.clone()));
                format!("[[{y} FOR {y} IN {x} IF {y} IS NOT NULL] FOR {x} IN [{of}, []]][1][1]")
            }
            8 => {
                let (s, i) = (self.fresh("s"), self.fresh("i"));
                let (a, b) = (self.expr(ty, d), self.leaf(ty));
                format!("list_transform([{{'a': {a}}}, {{'a': {b}}}], lambda {s}, {i}: {s}.a)[1]")
            }
            9 => {
                let k = self.fresh("k");
                let of = self.leaf(&Type::list(ty.clone()));
                format!("(SELECT list({k} ORDER BY {k} DESC NULLS LAST) FROM unnest({of}) u({k}))[1]")
            }
            10 => {
                let other = self.near_type();
                format!("({})::{}::{}", self.expr(&other, d), sql(&Type::STRING), sql(ty))
            }
            11 => format!(
                "ifnull(nullif({}, {}), {})",
                self.expr(ty, d),
                self.leaf(ty),
                self.leaf(ty)
            ),
            _ => match ty {
                Type::Boolean => self.wide_condition(d),
                Type::String { .. } => self
                    .rng
                    .word(&["$$it's \"x\"$$", "$tag$a$$b$tag$", "E'a\\tb'", "'a' 'b'", "'ünï'"])
                    .to_owned(),
                ty if ty.is_numeric() => {
                    let (a, b) = (self.number_type(), self.number_type());
                    match self.rng.below(8) {
                        0 => format!(
                            "round(100.0 * {} / nullif({}, 0), 2)",
                            self.leaf(&a),
                            self.leaf(&b)
                        ),
                        1 => format!("coalesce({}, {}, 0)", self.leaf(&a), self.leaf(&b)),
                        2 => format!("({} * 1.0 / {})", self.leaf(&a), self.leaf(&b)),
                        3 => format!("greatest({}, {}, 0.5)", self.leaf(&a), self.leaf(&b)),
                        4 => format!(
                            "extract(epoch FROM {} - {})",
                            self.leaf(&Type::TIMESTAMP),
                            self.leaf(&Type::TIMESTAMP)
                        ),
                        5 => format!(
                            "CASE WHEN {} THEN {} ELSE 0 END",
                            self.condition(d),
                            self.leaf(&a)
                        ),
                        6 => format!(
                            "date_sub('day', {}::DATE, {})",
                            self.leaf(&Type::TIMESTAMP),
                            self.leaf(&Type::Date)
                        ),
                        _ => format!(
                            "[{}, {}, 1.5][{}]",
                            self.leaf(&a),
                            self.leaf(&b),
                            1 + self.rng.below(3)
                        ),
                    }
                }
                ty if ty.is_temporal() => match self.rng.below(5) {
                    0 => format!("date_trunc('week', {})::DATE", self.leaf(&Type::TIMESTAMP)),
                    1 => format!("make_date(2020, 1 + {} % 12, 1)", self.leaf(&Type::Int32)),
                    2 => format!("({} + to_days({}))", self.leaf(ty), self.leaf(&Type::Int32)),
                    3 => "strptime('2020-01-02', '%Y-%m-%d')::DATE".into(),
                    _ => format!("({} - INTERVAL 1 MONTH + INTERVAL '2 days')", self.leaf(ty)),
                },
                _ => self.leaf(ty),
            },
        }
    }

    /// A condition over rows of values, lists and subqueries.
    pub fn wide_condition(&mut self, d: usize) -> String {
        let (a, b) = (self.near_type(), self.near_type());
        match self.rng.below(13) {
            0 => format!(
                "(({}, {}) IN (({}, {}), ({}, NULL)))",
                self.expr(&a, d),
                self.leaf(&b),
                self.literal(&a),
                self.literal(&b),
                self.literal(&a)
            ),
            1 => {
                let query = self.columns(&[a.clone(), b.clone()]);
                let not = self.rng.word(&["", "NOT "]);
                format!("(({}, {}) {not}IN ({query}))", self.leaf(&a), self.leaf(&b))
            }
            2 => format!(
                "(({}, {}) < ({}, {}))",
                self.leaf(&a),
                self.leaf(&b),
                self.leaf(&a),
                self.leaf(&b)
            ),
            3 | 4 => {
                let (from, rel) = self.named_base();
                let key = self.rng.pick(&rel.cols).clone();
                let outer = self.leaf(&key.ty);
                let not = self.rng.word(&["", "NOT "]);
                let head = self.rng.word(&["FROM", "SELECT 1 FROM", "SELECT * FROM"]);
                format!(
                    "{not}EXISTS ({head} {from} WHERE {}.{} = {outer})",
                    rel.alias, key.name
                )
            }
            5 => format!(
                "({} <> ALL ([{}, {}]))",
                self.expr(&a, d),
                self.leaf(&a),
                self.leaf(&a)
            ),
            6 => format!(
                "({} IN (SELECT unnest({})))",
                self.leaf(&a),
                self.leaf(&Type::list(a.clone()))
            ),
            7 => format!("({} GLOB 'a*')", self.expr(&Type::STRING, d)),
            8 => format!(
                "({}::DATE BETWEEN '2020-01-01' AND DATE '2020-02-01')",
                self.leaf(&Type::TIMESTAMP)
            ),
            9 => {
                let list = Type::list(a);
                let op = self.rng.word(&["&&", "@>", "<@"]);
                format!("({} {op} {})", self.leaf(&list), self.leaf(&list))
            }
            10 => match self.path() {
                Some((text, _)) => format!("({text} IS NOT NULL)"),
                None => self.condition(0),
            },
            11 => format!("(({} = {}) IS NOT TRUE)", self.leaf(&a), self.leaf(&a)),
            _ => format!("list_any_value([{} > {}])", self.leaf(&a), self.leaf(&a)),
        }
    }

    /// An aggregate as reports have it.
    pub fn wide_aggregate(&mut self, ty: &Type, d: usize) -> String {
        let number = self.number_type();
        match self.rng.below(15) {
            0 => {
                let text = self.expr(&Type::STRING, d);
                format!(
                    "string_agg(DISTINCT {text}, ',' ORDER BY {text} DESC) FILTER (WHERE {})",
                    self.condition(d)
                )
            }
            1 => {
                let text = self.expr(ty, d);
                format!("list(DISTINCT {text} ORDER BY {text} DESC)[1]")
            }
            2 => format!(
                "sum(CASE WHEN {} THEN {} ELSE 0 END)",
                self.condition(d),
                self.leaf(&number)
            ),
            3 => format!("count(*) FILTER (WHERE {})", self.condition(d)),
            4 => format!(
                "count(DISTINCT {}) FILTER (WHERE {})",
                self.any(d),
                self.condition(0)
            ),
            5 => format!("100.0 * sum({}) / nullif(count(*), 0)", self.leaf(&number)),
            6 => format!("max({}) - min({})", self.leaf(&number), self.leaf(&number)),
            7 => format!(
                "max_by({}, {}) FILTER (WHERE {})",
                self.expr(ty, d),
                self.any(0),
                self.condition(0)
            ),
            8 => format!(
                "(array_agg({} ORDER BY {} NULLS FIRST, {} DESC) FILTER (WHERE {}))[1]",
                self.expr(ty, d),
                self.any(0),
                self.any(0),
                self.condition(0)
            ),
            9 => format!(
                "map_from_entries(list(({}, {})))[NULL]",
                self.leaf(&Type::Int32),
                self.expr(ty, d)
            ),
            10 => format!(
                "list(struct_pack(a := {}, b := {}) ORDER BY {})[1].a",
                self.expr(ty, d),
                self.any(0),
                self.any(0)
            ),
            11 => format!("coalesce(sum({}), 0)", self.leaf(&number)),
            12 => format!("sum({}) / count({})", self.leaf(&number), self.leaf(&number)),
            13 => format!("quantile_cont({}, [0.25, 0.75])[1]", self.leaf(&number)),
            _ => format!(
                "first({} ORDER BY {} DESC, {})",
                self.expr(ty, d),
                self.any(0),
                self.any(0)
            ),
        }
    }

    /// A window over the groups of an aggregation.
    pub fn over_groups(&mut self, keys: &[Column], ty: &Type) -> String {
        let number = self.number_type();
        let of = self.leaf(&number);
        let key = self
            .rng
            .pick_of(keys)
            .map_or("count(*)".to_owned(), |k| k.name.clone());
        match self.rng.below(6) {
            0 => format!("sum(sum({of})) OVER (ORDER BY {key} ROWS UNBOUNDED PRECEDING)"),
            1 => format!("sum({of}) / sum(sum({of})) OVER ()"),
            2 => "rank() OVER (ORDER BY count(*) DESC)".into(),
            3 => format!("lag(max({})) OVER (ORDER BY {key})", self.leaf(ty)),
            4 => format!("count(*) * 100.0 / sum(count(*)) OVER (PARTITION BY {key})"),
            _ => format!(
                "first_value(min({})) OVER (PARTITION BY {key} ORDER BY count(*))",
                self.leaf(ty)
            ),
        }
    }

    /// A whole query, and the columns it has as far as known.
    pub fn wide_query(&mut self, depth: usize) -> (String, Vec<Column>) {
        let d = depth.min(1);
        match self.rng.below(16) {
            0 => self.mixed_union(),
            1 => self.alias_everywhere(d),
            2 => self.named_windows(d),
            3 => self.grouping_sets(d),
            4 => self.using_key(),
            5 => self.wide_unpivot(),
            6 | 7 => self.wide_pivot(),
            8 => self.nested_lateral(d),
            9 => self.star_of_join(),
            10 => self.wide_columns(),
            11 => self.subquery_everywhere(d),
            12 => self.stages(d),
            13 => self.joins_of_id(d),
            14 => self.wide_unnest(),
            _ => {
                let (base, _) = self.known_base();
                let what = self
                    .rng
                    .word(&["SUMMARIZE", "DESCRIBE", "SHOW", "SUMMARIZE FROM"]);
                let what = if what == "SHOW" && !base.starts_with('c') {
                    "DESCRIBE"
                } else {
                    what
                };
                (format!("FROM ({what} {base})"), Vec::new())
            }
        }
    }

    fn mixed_union(&mut self) -> (String, Vec<Column>) {
        let value = |g: &mut Self| match g.rng.below(7) {
            0 => "1".to_owned(),
            1 => "2.50".into(),
            2 => "'3'".into(),
            3 => "NULL".into(),
            4 => "4e0".into(),
            _ => {
                let ty = g.number_type();
                g.literal(&ty)
            }
        };
        let rows: Vec<String> = (0..2 + self.rng.below(2)).map(|_| value(self)).collect();
        if self.rng.chance(40) {
            let rows: Vec<String> = rows.iter().map(|r| format!("({r})")).collect();
            return match self.rng.below(2) {
                0 => (format!("VALUES {}", rows.join(", ")), vec![]),
                _ => (
                    format!("SELECT k + 1 AS v, * FROM (VALUES {}) t(k)", rows.join(", ")),
                    vec![],
                ),
            };
        }
        let mut text = format!("SELECT {} AS v", rows[0]);
        for row in &rows[1..] {
            let op = self
                .rng
                .word(&["UNION ALL", "UNION", "EXCEPT", "INTERSECT", "UNION ALL BY NAME"]);
            let name = if op.ends_with("NAME") { " AS v" } else { "" };
            text.push_str(&format!(" {op} SELECT {row}{name}"));
        }
        (text, vec![column("v", Type::Float64)])
    }

    fn alias_everywhere(&mut self, d: usize) -> (String, Vec<Column>) {
        let (from, rel) = self.named_base();
        let (v, w, n) = (self.fresh("v"), self.fresh("v"), self.fresh("n"));
        let ty = self.over(std::slice::from_ref(&rel), Gen::near_type);
        let (a, b) = self.over(std::slice::from_ref(&rel), |g| (g.expr(&ty, d), g.any(0)));
        match self.rng.below(4) {
            0 => (
                format!(
                    "SELECT {a} AS {v}, count(*) AS {n} FROM {from} WHERE {v} IS NOT NULL GROUP BY {v} HAVING {n} > 0 ORDER BY {n} DESC, {v}"
                ),
                vec![column(&v, ty), column(&n, Type::Int64)],
            ),
            1 => (
                format!(
                    "SELECT {a} AS {v}, {v} AS {w}, [{v}, {w}] AS {n} FROM {from} WHERE {w} = {v} ORDER BY {w}"
                ),
                vec![
                    column(&v, ty.clone()),
                    column(&w, ty.clone()),
                    column(&n, Type::list(ty)),
                ],
            ),
            2 => (
                format!(
                    "FROM {from} SELECT {v}: {a}, {w}: {b}, {n}: count(*) GROUP BY ALL HAVING {n} > 0 ORDER BY ALL DESC NULLS LAST LIMIT 3"
                ),
                vec![column(&v, ty), column(&n, Type::Int64)],
            ),
            _ => (
                format!(
                    "SELECT {a} AS {v}, row_number() OVER (PARTITION BY {v} ORDER BY {b}) AS {n} FROM {from} QUALIFY {n} = 1"
                ),
                vec![column(&v, ty), column(&n, Type::Int64)],
            ),
        }
    }

    fn named_windows(&mut self, d: usize) -> (String, Vec<Column>) {
        let (from, rel) = self.named_base();
        let (n, m, k) = (self.fresh("n"), self.fresh("n"), self.fresh("n"));
        let exclude = self.rng.word(&[
            "",
            " EXCLUDE CURRENT ROW",
            " EXCLUDE TIES",
            " EXCLUDE GROUP",
            " EXCLUDE NO OTHERS",
        ]);
        self.over(&[rel], |g| {
            let ty = g.near_type();
            let number = g.number_type();
            let key = g.any(0);
            let text = format!(
                "SELECT first_value({}) OVER w1 AS {n}, sum({}) FILTER (WHERE {}) OVER (w2 ROWS BETWEEN 2 PRECEDING AND CURRENT ROW{exclude}) AS {m}, \
                 count(*) OVER w2 AS {k} FROM {from} WINDOW w1 AS (PARTITION BY {key}), w2 AS (w1 ORDER BY {}) QUALIFY rank() OVER w2 < 4 AND {k} IS NOT NULL",
                g.expr(&ty, d),
                g.leaf(&number),
                g.condition(0),
                g.any(0)
            );
            (text, vec![column(&n, ty), column(&k, Type::Int64)])
        })
    }

    fn grouping_sets(&mut self, d: usize) -> (String, Vec<Column>) {
        let (from, rel) = self.named_base();
        self.over(&[rel], |g| {
            let (a, b) = (g.near_type(), g.near_type());
            let (Some(x), Some(y)) = (g.column(|t| *t == a), g.column(|t| *t == b)) else {
                return (format!("SELECT count(*) FROM {from}"), Vec::new());
            };
            let sets = match g.rng.below(6) {
                0 => format!("ROLLUP ({x}, {y})"),
                1 => format!("CUBE ({x}, {y})"),
                2 => format!("GROUPING SETS (({x}, {y}), ({x}), ())"),
                3 => format!("{x}, ROLLUP ({y})"),
                4 => format!("ROLLUP (({x}, {y}))"),
                _ => format!("({x}, {y})"),
            };
            let (v, w, n) = (g.fresh("v"), g.fresh("v"), g.fresh("n"));
            let total = g.literal(&Type::STRING);
            let text = format!(
                "SELECT {x} AS {v}, {y} AS {w}, grouping({x}, {y}) AS {n}, grouping_id({y}), CASE WHEN grouping({x}) = 1 THEN {total} ELSE {x}::VARCHAR END, {} \
                 FROM {from} GROUP BY {sets} HAVING grouping({x}) = 0 OR count(*) > 1 ORDER BY grouping({x}), {v}",
                g.wide_aggregate(&a, d)
            );
            (text, vec![column(&v, a), column(&w, b), column(&n, Type::Int64)])
        })
    }

    fn using_key(&mut self) -> (String, Vec<Column>) {
        let ty = self.near_type();
        let (value, other) = (self.literal(&ty), self.literal(&ty));
        let c = self.fresh("c");
        let step = match self.rng.below(3) {
            0 => format!("SELECT n + 1, v FROM {c} WHERE n < 3"),
            1 => format!("SELECT a.n + 1, b.v FROM {c} a JOIN recurring.{c} b USING (n) WHERE a.n < 3"),
            _ => format!("SELECT n + 1, NULL FROM {c} WHERE n < 3"),
        };
        let text = format!(
            "WITH RECURSIVE {c}(n, v) USING KEY (n) AS (SELECT 1, {value} UNION {step}), o AS (SELECT {other} AS v) SELECT * FROM {c} LEFT JOIN o USING (v)"
        );
        (text, vec![column("n", Type::Int32), column("v", ty)])
    }

    fn wide_unpivot(&mut self) -> (String, Vec<Column>) {
        let (base, cols) = self.known_base();
        let numbers: Vec<Column> = cols.iter().filter(|c| c.ty.is_numeric()).cloned().collect();
        let (Some(a), Some(b)) = (
            self.rng.pick_of(&numbers).cloned(),
            self.rng.pick_of(&numbers).cloned(),
        ) else {
            return (format!("FROM {base}"), cols);
        };
        let (a, b) = (a.name, b.name);
        let (n, v) = (self.fresh("n"), self.fresh("v"));
        let nulls = self.rng.word(&["", "INCLUDE NULLS "]);
        let text = match self.rng.below(4) {
            0 => format!(
                "UNPIVOT {nulls}(SELECT {a} AS x, {b} AS y FROM {base}) ON x, y INTO NAME {n} VALUE {v}"
            )
            .replace("UNPIVOT INCLUDE NULLS ", "UNPIVOT "),
            1 => format!(
                "FROM (SELECT {a} AS x, {b}::DECIMAL(12,1) AS y, 'k' AS z FROM {base}) UNPIVOT {nulls}({v} FOR {n} IN (x, y))"
            ),
            2 => format!(
                "UNPIVOT (SELECT {a} AS x, {b} AS y, 1 AS z FROM {base}) ON COLUMNS(* EXCLUDE (z)) INTO NAME {n} VALUE {v}"
            ),
            _ => format!(
                "FROM (SELECT {a} AS x, {b} AS y, id: 1 FROM {base}) UNPIVOT {nulls}(({v}, w{v}) FOR {n} IN ((x, y) AS 'p', (y, x) AS 'q'))"
            ),
        };
        (text, vec![column(&n, Type::STRING)])
    }

    fn wide_pivot(&mut self) -> (String, Vec<Column>) {
        let (base, cols) = self.known_base();
        let simple: Vec<Column> = cols
            .iter()
            .filter(|c| c.ty.is_integer() || matches!(c.ty, Type::String { .. }))
            .cloned()
            .collect();
        let (Some(on), Some(of)) = (
            self.rng.pick_of(&simple).cloned(),
            self.rng.pick_of(&cols).cloned(),
        ) else {
            return (format!("FROM {base}"), cols);
        };
        let values = if on.ty.is_integer() {
            "1, 2 AS two"
        } else {
            "'a', 'b' AS bee"
        };
        let (of, on, key) = (of.name, on.name, self.rng.pick(&cols).name.clone());
        let source = format!("(SELECT {on} AS o, {of} AS v, {key} AS k FROM {base})");
        let using = self.rng.word(&[
            "max(v)",
            "max(v) AS m, count(*) AS n",
            "count(*), first(v)",
            "first(v ORDER BY k) AS f, list(v)",
            "count(DISTINCT v)",
            "max(v) FILTER (WHERE v IS NOT NULL)",
            "coalesce(max(v), NULL)",
        ]);
        let text = match self.rng.below(8) {
            0 => format!("PIVOT {source} ON o IN ({values}) USING {using}"),
            1 => format!("PIVOT {source} ON o IN ({values}) USING {using} GROUP BY k"),
            2 => format!("PIVOT {source} ON o IN ({values}), k IS NULL IN (true, false) USING {using}"),
            3 => format!(
                "SELECT * FROM (PIVOT {source} ON o IN ({values}) USING {using} GROUP BY k) p JOIN (SELECT 1 AS k1) q ON true"
            ),
            4 => format!(
                "SELECT * FROM (SELECT * FROM {source} PIVOT ({using} FOR o IN ({values})) p JOIN {base} q ON true)"
            ),
            5 => format!(
                "WITH p AS (PIVOT {source} ON o IN ({values}) USING {using}) SELECT p.*, q.* FROM p LEFT JOIN p q ON p.k = q.k"
            ),
            6 => format!(
                "SELECT * FROM (FROM (PIVOT {source} ON o IN ({values}) USING {using}) JOIN {source} USING (k)) ORDER BY 1"
            ),
            _ => format!("FROM {source} PIVOT ({using} FOR o IN ({values}) k IN (NULL) GROUP BY v)"),
        };
        (text, Vec::new())
    }

    fn nested_lateral(&mut self, d: usize) -> (String, Vec<Column>) {
        let (from, rel) = self.named_base();
        let (x, y, l1, l2) = (self.fresh("x"), self.fresh("y"), self.fresh("l"), self.fresh("l"));
        let ty = self.over(std::slice::from_ref(&rel), Gen::near_type);
        let first = self.over(std::slice::from_ref(&rel), |g| g.expr(&ty, d));
        let one = Rel {
            alias: l1.clone(),
            cols: vec![column(&x, ty.clone())],
        };
        let rels = [rel.clone(), one];
        let second = self.over(&rels, |g| g.expr(&ty, d));
        let condition = self.over(&rels, |g| g.condition(0));
        let text = match self.rng.below(4) {
            0 => format!(
                "SELECT {l1}.*, {y} FROM {from}, LATERAL (SELECT {first} AS {x}) {l1}, LATERAL (SELECT {second} AS {y} WHERE {condition}) {l2}"
            ),
            1 => format!(
                "SELECT {x}, {l2}.{y} FROM {from} LEFT JOIN LATERAL (SELECT {first} AS {x} LIMIT 1) {l1} ON true LEFT JOIN LATERAL (SELECT {second} AS {y}) {l2} ON {condition}"
            ),
            2 => format!(
                "SELECT * EXCLUDE ({x}) FROM (SELECT {l1}.{x}, {l2}.{y} FROM {from}, (SELECT {first} AS {x}) {l1}, (SELECT max({second}) AS {y} FROM (SELECT 1)) {l2})"
            ),
            _ => format!(
                "SELECT {x}, {y} FROM {from} CROSS JOIN LATERAL (SELECT {x}, {y} FROM (SELECT {first} AS {x}) {l1}, LATERAL (SELECT {second} AS {y}) {l2}) z"
            ),
        };
        (text, vec![column(&y, ty)])
    }

    fn star_of_join(&mut self) -> (String, Vec<Column>) {
        let ((one, a), (two, b)) = (self.base_with_id(), self.base_with_id());
        let (a, b) = (a.alias, b.alias);
        let kind = self.rng.word(&["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]);
        let on = self.rng.word(&["USING (id)", "ON A.id = B.id"]);
        let on = on.replace("A.", &format!("{a}.")).replace("B.", &format!("{b}."));
        let list = match self.rng.below(8) {
            0 => format!("{a}.*, {b}.* EXCLUDE (id)"),
            1 => format!("* EXCLUDE ({a}.id)"),
            2 => format!("{a}.* REPLACE ({a}.id::VARCHAR AS id), {b}.id AS other"),
            3 => format!("{b}.* RENAME (id AS key)"),
            4 => "COLUMNS('^i')".into(),
            5 => format!("COLUMNS({a}.* EXCLUDE (id)), {b}.id"),
            6 => format!("{a}, {b}"),
            _ => format!("coalesce({a}.id, {b}.id) AS id, * EXCLUDE (id)"),
        };
        (
            format!("SELECT * FROM (SELECT {list} FROM {one} {kind} {two} {on})"),
            Vec::new(),
        )
    }

    fn wide_columns(&mut self) -> (String, Vec<Column>) {
        let (from, rel) = self.named_base();
        let one = self.rng.pick(&rel.cols).clone();
        let name = one.name;
        let text = match self.rng.below(11) {
            0 => format!("SELECT min(COLUMNS(* EXCLUDE ({name}))) FROM {from}"),
            1 => format!("SELECT COLUMNS(c -> c <> 'id')::VARCHAR FROM {from}"),
            2 => format!("SELECT COLUMNS(* REPLACE ({name}::VARCHAR AS {name})) FROM {from}"),
            3 => format!("SELECT COLUMNS(* RENAME ({name} AS renamed)) FROM {from}"),
            4 => format!("SELECT * FROM {from} WHERE COLUMNS(* EXCLUDE ({name})) IS NOT NULL"),
            5 => format!("SELECT COLUMNS(*), count(*) AS n FROM {from} GROUP BY ALL ORDER BY ALL"),
            6 => format!("SELECT COLUMNS('i') = COLUMNS('i') FROM {from}"),
            7 => format!("SELECT count(COLUMNS(*)) AS 'n_\\0' FROM {from}"),
            8 => format!("SELECT * LIKE 'i%' FROM {from}"),
            9 => format!(
                "SELECT first(COLUMNS(lambda c: c LIKE '%i%')) FILTER (WHERE {name} IS NOT NULL) FROM {from}"
            ),
            _ => format!(
                "SELECT row(*COLUMNS(*)), greatest(*COLUMNS([x for x in (*) if x = 'i'])) FROM {from}"
            ),
        };
        (text, Vec::new())
    }

    fn subquery_everywhere(&mut self, d: usize) -> (String, Vec<Column>) {
        let (from, rel) = self.named_base();
        let (v, n) = (self.fresh("v"), self.fresh("n"));
        self.over(&[rel], |g| {
            let ty = g.near_type();
            let Some(key) = g.column(|t| *t == ty) else {
                return (format!("SELECT 1 FROM {from}"), Vec::new());
            };
            let text = match g.rng.below(5) {
                0 => format!("SELECT {key} AS {v}, count(*) AS {n} FROM {from} GROUP BY {key} HAVING count(*) >= (SELECT min({}) FROM range(3) u(j)) ORDER BY (SELECT {n})", "j"),
                1 => format!("SELECT {} AS {v}, {key} AS {n} FROM {from} WHERE {} ORDER BY {}", g.correlated(&ty), g.wide_condition(d), g.correlated(&ty)),
                2 => format!("SELECT {} AS {v}, count(*) AS {n} FROM {from} GROUP BY 1", g.correlated(&ty)),
                3 => format!("SELECT {key} AS {v}, row_number() OVER (PARTITION BY {} ORDER BY {key}) AS {n} FROM {from} QUALIFY {n} <= (SELECT 2)", g.correlated(&ty)),
                _ => format!("SELECT max({}) AS {v}, count(*) AS {n} FROM {from} WHERE {key} = ANY (SELECT {} FROM range(3))", g.correlated(&ty), g.literal(&ty)),
            };
            (text, vec![column(&v, ty), column(&n, Type::Int64)])
        })
    }

    fn stages(&mut self, d: usize) -> (String, Vec<Column>) {
        let (from, rel) = self.named_base();
        let (a, b, c) = (self.fresh("c"), self.fresh("c"), self.fresh("c"));
        let number = self.number_type();
        let (key, value, at) = self.over(&[rel], |g| {
            let ty = g.near_type();
            (g.expr(&ty, d), g.leaf(&number), g.leaf(&Type::TIMESTAMP))
        });
        let how = self.rng.word(&["LEFT JOIN", "JOIN", "FULL JOIN"]);
        let text = format!(
            "WITH {a} AS (SELECT {key} AS k, {value} AS v, date_trunc('month', {at}) AS m FROM {from}), \
             {b} AS (SELECT k, m, sum(v) AS total, count(*) FILTER (WHERE v > 0) AS hits FROM {a} GROUP BY ALL), \
             {c} AS (SELECT *, total - lag(total) OVER (PARTITION BY k ORDER BY m) AS change, total / nullif(sum(total) OVER (PARTITION BY m), 0) AS share FROM {b}) \
             SELECT {c}.*, round(100 * share, 1) AS pct, o.hits AS before FROM {c} {how} {b} o ON o.k = {c}.k AND o.m = {c}.m - INTERVAL 1 MONTH"
        );
        (
            text,
            vec![
                column("total", number),
                column("hits", Type::Int64),
                column("m", Type::TIMESTAMP),
            ],
        )
    }

    fn joins_of_id(&mut self, d: usize) -> (String, Vec<Column>) {
        let ((one, a), (two, b), (three, c)) =
            (self.base_with_id(), self.base_with_id(), self.base_with_id());
        let kinds = ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "SEMI JOIN"];
        let (j, k) = (self.rng.word(&kinds), self.rng.word(&kinds));
        let from = match self.rng.below(6) {
            0 => format!("{one} {j} {two} USING (id) {k} {three} ON id = {}.id", c.alias),
            1 => format!("{one} {j} {two} USING (id), {three}"),
            2 => format!("{one} {j} ({two} {k} {three} USING (id)) USING (id)"),
            3 => format!("{one} {j} {two} USING (id) {k} {three} USING (id)"),
            4 => format!(
                "{one} {j} ({two} {k} {three} ON {}.id = {}.id) ON {}.id = {}.id",
                b.alias, c.alias, a.alias, b.alias
            ),
            _ => format!("{three}, {one} {j} {two} USING (id)"),
        };
        let tail = self
            .rng
            .word(&["WHERE id > 2", "WHERE id IS NOT NULL ORDER BY id", ""]);
        let value = self.over(&[a], |g| g.any(d));
        (
            format!("SELECT id, {value} AS v, count(*) OVER (PARTITION BY id) AS n FROM {from} {tail}"),
            vec![column("id", Type::Int32), column("n", Type::Int64)],
        )
    }

    fn wide_unnest(&mut self) -> (String, Vec<Column>) {
        let (x, y) = (self.fresh("x"), self.fresh("y"));
        let text = match self.rng.below(9) {
            0 => format!("SELECT id, unnest(l) AS {x}, unnest(lv) FROM nest"),
            1 => format!(
                "SELECT id, unnest(ls, recursive := true) FROM nest ORDER BY {}",
                self.rng.word(&["id", "1", "ALL"])
            ),
            2 => "SELECT unnest(s), unnest(row(id, 'x')) FROM nest".into(),
            3 => format!("SELECT id, {x}.p, {y} FROM nest, unnest(ls) AS u({x}), unnest(ll[1]) AS v({y})"),
            4 => format!("SELECT generate_subscripts(l, 1) AS {x}, unnest(l) AS {y} FROM nest"),
            5 => format!("SELECT unnest(map_entries(m)) AS {x} FROM nest"),
            6 => format!("SELECT {x}.key, {x}.value FROM (SELECT unnest(map_entries(m)) AS {x} FROM nest)"),
            7 => format!("SELECT unnest(sl, max_depth := 2), {x}: 1 FROM nest"),
            _ => format!(
                "SELECT id, (SELECT sum({x}) FROM unnest(l) u({x})) AS {y}, list_sum(l), l[1] + len(lv) FROM nest WHERE id IN (SELECT unnest(ln))"
            ),
        };
        (text, Vec::new())
    }

    /// A relation that others may be joined to.
    pub fn wide_from(&mut self) -> (String, Rel) {
        let alias = self.fresh("r");
        let scopes = std::mem::take(&mut self.scopes);
        let (text, cols) = self.wide_query(1);
        self.scopes = scopes;
        (format!("({text}) {alias}"), Rel { alias, cols })
    }
}
