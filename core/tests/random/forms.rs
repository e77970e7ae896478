//! The rarer forms: every clause and operator of DuckDB that a query may have and that [`super::generate`] and
//! [`super::expression`] do not make. Each has a small share, so that all of them meet one another.

use super::expression::sql;
use super::generate::{Column, Gen, Rel};
use rocky_base::Dialect;
use rocky_warehouse::Type;

fn parse(text: &str) -> Type {
    Type::parse(Dialect::DuckDb, text).unwrap()
}

fn column(name: &str, ty: Type) -> Column {
    Column {
        name: name.to_owned(),
        ty,
    }
}

fn rel(alias: &str, cols: Vec<Column>) -> Rel {
    Rel {
        alias: alias.to_owned(),
        cols,
    }
}

impl Gen<'_> {
    /// A decimal of any width.
    pub fn decimal_type(&mut self) -> Type {
        let width = 1 + self.rng.below(38);
        let scale = self.rng.below(width + 1);
        Type::decimal(width as u8, scale as u8)
    }

    /// So many digits, the first not 0.
    fn digits(&mut self, n: usize) -> String {
        (0..n)
            .map(|i| {
                char::from(b'0' + (self.rng.below(if i == 0 { 9 } else { 10 }) + usize::from(i == 0)) as u8)
            })
            .collect()
    }

    /// A number literal of any width and spelling.
    fn odd_number(&mut self) -> String {
        let (whole, fraction) = (1 + self.rng.below(20), self.rng.below(20));
        match self.rng.below(12) {
            0 => self.digits(whole),
            1 => format!("{}.{}", self.digits(whole), "0".repeat(fraction)),
            2 => format!(".{}", self.digits(fraction + 1)),
            3 => format!("0.{}", self.digits(fraction + 1)),
            4 => format!("{}.", self.digits(whole)),
            5 => format!("{}e{}", self.digits(1 + whole % 4), fraction),
            6 => format!("1_{}", self.digits(3)),
            7 => format!("-{}.{}", self.digits(whole), self.digits(fraction + 1)),
            8 => format!("00{}.5", self.digits(1)),
            9 => self.digits(18 + whole),
            10 => format!("1_0.{}_5", self.digits(2)),
            _ => format!("{}.{}", self.digits(whole), self.digits(fraction + 1)),
        }
    }

    /// An interval, as it may be written.
    fn odd_interval(&mut self, d: usize) -> String {
        let unit = self.rng.word(&[
            "YEAR",
            "YEARS",
            "QUARTER",
            "MONTHS",
            "WEEK",
            "DAYS",
            "HOUR",
            "MINUTES",
            "SECOND",
            "MILLISECOND",
            "DECADE",
        ]);
        match self.rng.below(8) {
            0 => format!("INTERVAL {} {unit}", self.rng.below(9)),
            1 => format!("INTERVAL ({}) {unit}", self.expr(&Type::Int32, d)),
            2 => format!("INTERVAL '{}' {unit}", self.rng.below(9)),
            3 => "INTERVAL '1 year 2 months 3 days 04:05:06'".into(),
            4 => format!(
                "({} - {})",
                self.expr(&Type::TimestampTz, d),
                self.leaf(&Type::TimestampTz)
            ),
            5 => format!(
                "age({}, {})",
                self.leaf(&Type::TIMESTAMP),
                self.leaf(&Type::TIMESTAMP)
            ),
            6 => format!(
                "to_{}({})",
                self.rng.word(&["years", "months", "seconds", "weeks"]),
                self.leaf(&Type::Int32)
            ),
            _ => format!("({} / {})", self.leaf(&Type::Interval), 1 + self.rng.below(3)),
        }
    }

    /// A rarer expression of about that type.
    pub fn rare(&mut self, ty: &Type, d: usize) -> String {
        let list = Type::list(ty.clone());
        match self.rng.below(50) {
            40.. => self.wide(ty, d),
            0 | 1 => {
                let of = self.expr(&list, d);
                let (a, b) = (self.fresh("x"), self.fresh("y"));
                let vars = [(a.clone(), ty.clone()), (b.clone(), ty.clone())];
                let body = self.under_lambda(&vars, |g| g.expr(ty, d));
                match self.rng.below(3) {
                    0 => format!("list_reduce({of}, lambda {a}, {b}: {body}, {})", self.leaf(ty)),
                    1 => format!("reduce({of}, lambda {a}, {b}: {body})"),
                    _ => format!("list_reduce({of}, ({a}, {b}) -> {body})"),
                }
            }
            2 => {
                let of = self.expr(&list, d);
                let (x, i) = (self.fresh("x"), self.fresh("i"));
                let body = self.under_lambda(&[(x.clone(), ty.clone()), (i.clone(), Type::Int64)], |g| {
                    g.expr(ty, d)
                });
                format!("[{body} FOR {x}, {i} IN ({of}) IF {i} > 1][1]")
            }
            3 => {
                let of = self.expr(&list, d);
                let x = self.fresh("x");
                let body = self.under_lambda(&[(x.clone(), ty.clone())], |g| g.condition(d));
                let name = self.rng.word(&["list_filter", "filter", "array_filter"]);
                format!("{name}({of}, {x} -> {body})[1]")
            }
            4 => {
                let of = self.expr(&list, d);
                let (x, i) = (self.fresh("x"), self.fresh("i"));
                format!("list_filter({of}, lambda {x}, {i}: {i} < 2)[-1]")
            }
            5 => format!("{{'k': {}, 'l': {}}}.k", self.expr(ty, d), self.any(d)),
            6 => format!("row({}, {})[1]", self.expr(ty, d), self.any(d)),
            7 => format!(
                "struct_pack(k := {}, l := {})['k']",
                self.expr(ty, d),
                self.any(d)
            ),
            8 => format!("MAP {{'a': {}, 'b': {}}}['a']", self.expr(ty, d), self.leaf(ty)),
            9 => format!(
                "map([{}], [{}])[{}]",
                self.literal(&Type::Int32),
                self.expr(ty, d),
                self.leaf(&Type::Int32)
            ),
            10 => format!(
                "[{}, NULL, {}][{}]",
                self.expr(ty, d),
                self.leaf(ty),
                self.leaf(&Type::Int32)
            ),
            11 => format!(
                "(CASE WHEN {} THEN NULL ELSE {} END)",
                self.condition(d),
                self.expr(ty, d)
            ),
            12 => format!(
                "(CASE {} WHEN {} THEN {} WHEN NULL THEN NULL END)",
                self.any(0),
                self.any(0),
                self.expr(ty, d)
            ),
            13 => format!("coalesce(NULL, {}, NULL)", self.expr(ty, d)),
            14 => format!("TRY(CAST({} AS {}))", self.any(d), sql(ty)),
            15 => {
                let order = self
                    .rng
                    .word(&["'ASC', 'NULLS FIRST'", "'DESC', 'NULLS LAST'", "'DESC'"]);
                format!("list_sort({}, {order})[1]", self.expr(&list, d))
            }
            16 => {
                let k = self.fresh("k");
                let of = self.leaf(&list);
                let how = self.rng.word(&["max", "first", "any_value", "min"]);
                format!("(SELECT {how}({k}) FROM unnest({of}) z({k}))")
            }
            17 => format!("(SELECT {})", self.expr(ty, d)),
            18 => format!("(SELECT unnest({}) LIMIT 1)", self.leaf(&list)),
            19 => format!("(to_json({}) ->> '$')::{}", self.expr(ty, d), sql(ty)),
            20 => format!("union_value(k := {}).k", self.expr(ty, d)),
            21 => format!("list_value({}).list_extract(1)", self.expr(ty, d)),
            22 => format!(
                "array_value({}, {})[{}]",
                self.expr(ty, d),
                self.leaf(ty),
                1 + self.rng.below(3)
            ),
            23 => format!(
                "list_aggregate({}, '{}')",
                self.expr(&list, d),
                self.rng.word(&["min", "first", "any_value", "mode"])
            ),
            24 => format!(
                "struct_insert({{'k': {}}}, l := {}).k",
                self.expr(ty, d),
                self.any(0)
            ),
            25 => format!("list_zip({}, {})[1][1]", self.leaf(&list), self.leaf(&list)),
            26 => format!("flatten([{}, {}])[1]", self.leaf(&list), self.leaf(&list)),
            27 => format!(
                "list_append(l := {}, e := {})[1]",
                self.leaf(&list),
                self.leaf(ty)
            ),
            28 => format!("array_prepend({}, {})[2]", self.leaf(ty), self.leaf(&list)),
            29 => format!(
                "list_prepend(l := {}, e := {})[1]",
                self.leaf(&list),
                self.leaf(ty)
            ),
            30 => format!("map_values(MAP {{1: {}}})[1]", self.expr(ty, d)),
            31 => format!("map_entries(MAP {{1: {}}})[1].value", self.expr(ty, d)),
            32 => format!("list_reverse({})[1]", self.expr(&list, d)),
            33 => format!("list_select({}, [1, 2])[1]", self.leaf(&list)),
            34 => format!("nullif({}, NULL)", self.expr(ty, d)),
            35 => format!("(({}))::{}", self.any(d), sql(ty)),
            _ => self.rare_of(ty, d),
        }
    }

    fn rare_of(&mut self, ty: &Type, d: usize) -> String {
        match ty {
            Type::Boolean => self.rare_condition(d),
            ty if ty.is_numeric() => match self.rng.below(14) {
                0..=3 => self.odd_number(),
                4..=7 => {
                    let (a, b) = (self.decimal_type(), self.decimal_type());
                    let op = self.rng.word(&["+", "-", "*", "/", "%", "//"]);
                    let right = match self.rng.below(3) {
                        0 => self.odd_number(),
                        1 => self.leaf(ty),
                        _ => format!("({})::{}", self.leaf(ty), sql(&b)),
                    };
                    format!("(({})::{} {op} {right})", self.leaf(ty), sql(&a))
                }
                8 => {
                    let of = self.decimal_type();
                    let name = self
                        .rng
                        .word(&["round", "trunc", "floor", "ceil", "abs", "sign", "- "]);
                    let digits = if matches!(name, "round" | "trunc") {
                        ", 1"
                    } else {
                        ""
                    };
                    format!("{name}(({})::{}{digits})", self.leaf(ty), sql(&of))
                }
                9 => format!("fmod(x := {}, y := {})", self.leaf(ty), self.leaf(ty)),
                10 => format!("({} // {})", self.expr(ty, d), self.leaf(&Type::Int32)),
                11 => format!(
                    "date_diff('month', {}, {})",
                    self.leaf(&Type::Date),
                    self.leaf(&Type::Date)
                ),
                12 => format!("({}!)", self.rng.below(9)),
                _ => format!("isfinite({})::INTEGER", self.leaf(&Type::Float64)),
            },
            Type::String { .. } => match self.rng.below(8) {
                0 => format!("split_part({}, 'a', 1)", self.expr(ty, d)),
                1 => format!("({})[-2:]", self.expr(ty, d)),
                2 => format!("({})[::2]", self.leaf(&Type::list(Type::STRING))),
                3 => format!(
                    "union_tag({})::VARCHAR",
                    self.leaf(&parse("UNION(num INTEGER, str VARCHAR)"))
                ),
                4 => format!(
                    "enum_range({})[1]",
                    self.leaf(&parse("ENUM('sad', 'ok', 'happy')"))
                ),
                5 => format!(
                    "json_extract_string({}, ['$.a', '$.b'])[1]",
                    self.leaf(&Type::Json)
                ),
                6 => format!("({} || {} || {})", self.expr(ty, d), self.any(0), self.leaf(ty)),
                _ => format!("string_split({}, 'a')[-1]", self.expr(ty, d)),
            },
            ty if ty.is_temporal() => match self.rng.below(5) {
                0 => format!("({} + {})", self.expr(ty, d), self.odd_interval(d)),
                1 => format!("({} - {})", self.expr(ty, d), self.odd_interval(d)),
                2 => format!("greatest({}, {})", self.expr(ty, d), self.leaf(&Type::Date)),
                3 => format!("({} + {})", self.leaf(&Type::Date), self.leaf(&Type::Time)),
                _ => format!(
                    "time_bucket({}, {})",
                    self.rng.word(&["INTERVAL 1 MONTH", "INTERVAL 2 HOURS"]),
                    self.leaf(ty)
                ),
            },
            Type::Interval => self.odd_interval(d),
            Type::Struct(fields) if !fields.is_empty() => {
                let first = fields
                    .first()
                    .map(|f| (f.name.clone(), f.ty.clone()))
                    .unwrap_or_default();
                match self.rng.below(3) {
                    0 => format!(
                        "struct_update({}, {} := {})",
                        self.leaf(ty),
                        first.0,
                        self.leaf(&first.1)
                    ),
                    1 => format!("struct_concat({}, {{'extra': {}}})", self.leaf(ty), self.any(d)),
                    _ => format!(
                        "struct_insert({}, {} := {})",
                        self.leaf(ty),
                        self.fresh("s"),
                        self.any(d)
                    ),
                }
            }
            Type::Map(kv) => {
                let entry = parse(&format!("STRUCT(k {}, v {})[]", sql(&kv.0), sql(&kv.1)));
                match self.rng.below(3) {
                    0 => format!("map_from_entries({})", self.leaf(&entry)),
                    1 => "MAP {}".into(),
                    _ => format!("map_concat({}, MAP {{}})", self.expr(ty, d)),
                }
            }
            Type::List(element) => {
                let element = (**element).clone();
                match self.rng.below(7) {
                    0 => format!("[{}, NULL]", self.leaf(&element)),
                    1 => format!("[NULL, {}]", self.leaf(&element)),
                    2 => format!("({})[:-2]", self.expr(ty, d)),
                    3 => format!("list_distinct(flatten([{}, {}]))", self.leaf(ty), self.leaf(ty)),
                    4 => format!("list_intersect({}, {})", self.leaf(ty), self.leaf(ty)),
                    5 => format!("({} + {})", self.leaf(ty), self.leaf(ty)),
                    _ => format!("list_resize({}, 2)", self.leaf(ty)),
                }
            }
            Type::Json => match self.rng.below(4) {
                0 => format!("json_merge_patch({}, {})", self.leaf(ty), self.leaf(ty)),
                1 => format!("json_object('a', {}, 'b', {})", self.any(d), self.any(d)),
                2 => format!("row_to_json({{'k': {}}})", self.any(d)),
                _ => format!("json_structure({})", self.leaf(ty)),
            },
            Type::Enum(_) => format!("enum_last({})", self.leaf(ty)),
            _ => self.expr(ty, d),
        }
    }

    fn rare_condition(&mut self, d: usize) -> String {
        let ty = self.near_type();
        match self.rng.below(18) {
            14.. => self.wide_condition(d),
            0 => format!(
                "({} = {} AND {} < {})",
                self.leaf(&ty),
                self.leaf(&ty),
                self.odd_number(),
                self.leaf(&Type::Int32)
            ),
            1 => {
                let query = self.one_column(&ty);
                format!("({} NOT IN ({query}))", self.leaf(&ty))
            }
            2 => {
                let query = self.one_column(&ty);
                let op = self.rng.word(&["<>", "=", ">", "<="]);
                format!(
                    "({} {op} {} ({query}))",
                    self.expr(&ty, d),
                    self.rng.word(&["ALL", "SOME", "ANY"])
                )
            }
            3 => format!(
                "({} IN ({}, NULL, {}))",
                self.expr(&ty, d),
                self.leaf(&ty),
                self.leaf(&ty)
            ),
            4 => format!(
                "({} NOT BETWEEN {} AND {})",
                self.expr(&ty, d),
                self.leaf(&ty),
                self.leaf(&ty)
            ),
            5 => format!("({{'a': {}}} = {{'a': {}}})", self.leaf(&ty), self.leaf(&ty)),
            6 => format!("([{}] < [{}])", self.leaf(&ty), self.leaf(&ty)),
            7 => format!(
                "({} LIKE {} ESCAPE '!')",
                self.expr(&Type::STRING, d),
                self.leaf(&Type::STRING)
            ),
            8 => format!("({} > {})", self.leaf(&Type::Interval), self.odd_interval(d)),
            9 => format!("({} = {})", self.leaf(&Type::Date), self.leaf(&Type::STRING)),
            10 => format!("({} OVERLAPS_NOT)", self.leaf(&ty)).replace(" OVERLAPS_NOT", " IS NOT NULL"),
            11 => {
                let query = self.columns(&[ty.clone(), Type::Int32]);
                format!(
                    "(({}, {}) = (SELECT * FROM ({query}) two LIMIT 1))",
                    self.leaf(&ty),
                    self.leaf(&Type::Int32)
                )
            }
            12 => format!("json_valid({})", self.leaf(&Type::STRING)),
            _ => format!("({} IS NOT DISTINCT FROM NULL)", self.expr(&ty, d)),
        }
    }

    /// A rarer aggregate of about that type.
    pub fn rare_aggregate(&mut self, ty: &Type, d: usize) -> String {
        let order = self.rng.word(&["", " DESC", " NULLS FIRST", " DESC NULLS LAST"]);
        let decimal = self.decimal_type();
        match self.rng.below(24) {
            16.. => self.wide_aggregate(ty, d),
            0 => format!(
                "percentile_cont({}) WITHIN GROUP (ORDER BY {}{order})",
                self.rng.word(&["0.5", "0.25", "[0.1, 0.9]"]),
                self.number_leaf()
            ),
            1 => format!(
                "percentile_disc(0.5) WITHIN GROUP (ORDER BY {}{order})",
                self.expr(ty, d)
            ),
            2 => format!("mode() WITHIN GROUP (ORDER BY {})", self.expr(ty, d)),
            3 => format!(
                "list({} ORDER BY {}{order}, {})[1]",
                self.expr(ty, d),
                self.any(0),
                self.any(0)
            ),
            4 => format!("list(DISTINCT {})[1]", self.expr(ty, d)),
            5 => format!("max({}, 2)[1]", self.expr(ty, d)),
            6 => format!("arg_min({}, {}, 2)[1]", self.expr(ty, d), self.any(0)),
            7 => format!("sum(({})::{})", self.leaf(&Type::Int32), sql(&decimal)),
            8 => format!("avg(({})::{})", self.leaf(&Type::Int32), sql(&decimal)),
            9 => format!("sum({})", self.odd_number()),
            10 => format!(
                "sum(DISTINCT {}) FILTER (WHERE {})",
                self.number_leaf(),
                self.condition(d)
            ),
            11 => format!("max({}) FILTER ({})", self.expr(ty, d), self.condition(d)),
            12 => format!("any_value({} ORDER BY {}{order})", self.expr(ty, d), self.any(0)),
            13 => format!(
                "list({{'v': {}}} ORDER BY {})[1].v",
                self.expr(ty, d),
                self.any(0)
            ),
            14 => format!(
                "approx_quantile({}, {})",
                self.number_leaf(),
                self.rng.word(&["0.5", "[0.5]"])
            ),
            _ => format!("quantile_disc({}, [0.5, 0.9])[1]", self.expr(ty, d)),
        }
    }

    fn number_leaf(&mut self) -> String {
        let ty = self.number_type();
        self.leaf(&ty)
    }

    /// A frame and what goes with it, for a window that is ordered by `key`.
    pub fn rare_frame(&mut self, d: usize) -> String {
        match self.rng.below(7) {
            0 => format!(
                "ORDER BY {} RANGE BETWEEN {} PRECEDING AND CURRENT ROW",
                self.leaf(&Type::TIMESTAMP),
                self.rng.word(&["INTERVAL 1 DAY", "INTERVAL 2 HOUR"])
            ),
            1 => format!(
                "ORDER BY {} RANGE BETWEEN {} PRECEDING AND {} FOLLOWING",
                self.number_leaf(),
                self.rng.below(4),
                self.rng.below(4)
            ),
            2 => format!(
                "ORDER BY {} ROWS BETWEEN {} PRECEDING AND UNBOUNDED FOLLOWING",
                self.any(d),
                self.leaf(&Type::Int32)
            ),
            3 => format!(
                "ORDER BY {} DESC NULLS LAST, {} ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING EXCLUDE GROUP",
                self.any(d),
                self.any(0)
            ),
            4 => format!("ORDER BY {} GROUPS 1 PRECEDING", self.any(d)),
            5 => "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW".into(),
            _ => format!(
                "PARTITION BY {}, {} ORDER BY {} ROWS UNBOUNDED PRECEDING",
                self.any(d),
                self.any(0),
                self.any(0)
            ),
        }
    }

    /// A call before OVER that is rarer.
    pub fn rare_window_call(&mut self, ty: &Type, d: usize) -> String {
        match self.rng.below(9) {
            0 => format!("sum({}) FILTER (WHERE {})", self.number_leaf(), self.condition(d)),
            1 => format!("count(DISTINCT {})", self.any(d)),
            2 => format!("first_value({} ORDER BY {} DESC)", self.expr(ty, d), self.any(0)),
            3 => format!(
                "lead({}, 2, {} ORDER BY {})",
                self.expr(ty, d),
                self.leaf(ty),
                self.any(0)
            ),
            4 => format!("rank(ORDER BY {})", self.any(0)),
            5 => format!(
                "nth_value({} IGNORE NULLS, {})",
                self.expr(ty, d),
                self.leaf(&Type::Int32)
            ),
            6 => format!("lag({} IGNORE NULLS)", self.expr(ty, d)),
            7 => format!("fill({})", self.number_leaf()),
            _ => format!("list({})[1]", self.expr(ty, d)),
        }
    }

    /// A rarer item of FROM and what it brings in sight.
    pub fn rare_from(&mut self, depth: usize, lateral: bool) -> Option<(String, Rel)> {
        let alias = self.fresh("r");
        let d = depth.min(1);
        Some(match self.rng.below(20) {
            18.. => self.wide_from(),
            0 => {
                let k = self.fresh("k");
                let (ty, of) = match self.rng.below(3) {
                    0 => (
                        Type::TIMESTAMP,
                        "DATE '2020-01-01', DATE '2020-01-04', INTERVAL 1 DAY",
                    ),
                    1 => (
                        Type::TIMESTAMP,
                        "TIMESTAMP '2020-01-01', TIMESTAMP '2020-01-02', INTERVAL 6 HOUR",
                    ),
                    _ => (
                        Type::TimestampTz,
                        "TIMESTAMPTZ '2020-01-01', TIMESTAMPTZ '2020-01-03', INTERVAL 1 DAY",
                    ),
                };
                let name = self.rng.word(&["range", "generate_series"]);
                (
                    format!("{name}({of}) {alias}({k})"),
                    rel(&alias, vec![column(&k, ty)]),
                )
            }
            1 => {
                let (ty, k) = (self.any_type(), self.fresh("k"));
                let list = self.expr(&Type::list(ty.clone()), d);
                if !lateral && self.mentions_columns(&list) {
                    return None;
                }
                (
                    format!("unnest({list}) AS {alias}({k})"),
                    rel(&alias, vec![column(&k, ty)]),
                )
            }
            2 => {
                let (k, o) = (self.fresh("k"), self.fresh("o"));
                let text = format!("unnest([10, NULL, 30]) WITH ORDINALITY AS {alias}({k}, {o})");
                (
                    text,
                    rel(&alias, vec![column(&k, Type::Int32), column(&o, Type::Int64)]),
                )
            }
            3 => {
                let (a, b) = (self.literal(&Type::Int32), self.literal(&Type::STRING));
                let text = format!("(SELECT unnest([{{'a': {a}, 'b': {b}}}], recursive := true)) {alias}");
                (
                    text,
                    rel(&alias, vec![column("a", Type::Int32), column("b", Type::STRING)]),
                )
            }
            4 => {
                let (ty, k) = (self.any_type(), self.fresh("k"));
                let value = self.literal(&ty);
                (
                    format!("repeat({value}, 2) {alias}({k})"),
                    rel(&alias, vec![column(&k, ty)]),
                )
            }
            5 => {
                let text = format!(
                    "json_each({}) {alias}",
                    self.rng.word(&["'{\"a\": 1}'", "'[1, 2]'::JSON", "'[3]'"])
                );
                let cols = vec![
                    column("key", Type::STRING),
                    column("value", Type::Json),
                    column("type", Type::STRING),
                    column("id", Type::UInt64),
                    column("path", Type::STRING),
                ];
                (text, rel(&alias, cols))
            }
            6..=8 => {
                let (base, cols) = self.base();
                let sample = match self.rng.below(4) {
                    0 => "TABLESAMPLE 100%",
                    1 => "TABLESAMPLE reservoir(50 ROWS)",
                    2 => "TABLESAMPLE system(100%)",
                    _ => "TABLESAMPLE bernoulli(100 PERCENT) REPEATABLE (7)",
                };
                (format!("{base} AS {alias} {sample}"), rel(&alias, cols))
            }
            9 => {
                let (base, cols) = self.base();
                (format!("{alias}: {base}"), rel(&alias, cols))
            }
            10 => {
                let (a, b) = (self.near_type(), self.near_type());
                let (k, l) = (self.fresh("k"), self.fresh("k"));
                let rows = format!(
                    "({}, {}), (NULL, {}), ({}, NULL)",
                    self.literal(&a),
                    self.literal(&b),
                    self.literal(&b),
                    self.literal(&a)
                );
                (
                    format!("(VALUES {rows}) {alias}({k}, {l})"),
                    rel(&alias, vec![column(&k, a), column(&l, b)]),
                )
            }
            11 => {
                let (base, _) = self.base();
                let word = self.rng.word(&["DESCRIBE", "SHOW", "DESCRIBE FROM"]);
                let word = if word == "SHOW" { "DESCRIBE" } else { word };
                let cols = ["column_name", "column_type", "null", "key", "default", "extra"];
                let cols = cols
                    .iter()
                    .map(|c| column(&format!("\"{c}\""), Type::STRING))
                    .collect();
                (format!("({word} {base}) {alias}"), rel(&alias, cols))
            }
            12 => {
                // Where no column is a number, `avg` has no type.
                let base = "nums";
                let cols = vec![
                    column("column_name", Type::STRING),
                    column("min", Type::STRING),
                    column("approx_unique", Type::Int64),
                    column("count", Type::Int64),
                    column("null_percentage", parse("DECIMAL(9,2)")),
                ];
                (format!("(SUMMARIZE {base}) {alias}"), rel(&alias, cols))
            }
            13 | 14 => {
                let (text, cols) = self.pivoted()?;
                (format!("({text}) {alias}"), rel(&alias, cols))
            }
            15 => {
                let (base, cols) = self.base();
                (format!("(FROM {base}) {alias}"), rel(&alias, cols))
            }
            16 => {
                let (a, b) = (self.near_type(), self.near_type());
                let (k, l) = (self.fresh("k"), self.fresh("k"));
                let (x, y) = (
                    self.literal(&Type::list(a.clone())),
                    self.literal(&Type::list(b.clone())),
                );
                (
                    format!("(SELECT unnest({x}) AS {k}, unnest({y}) AS {l}) {alias}"),
                    rel(&alias, vec![column(&k, a), column(&l, b)]),
                )
            }
            _ => {
                let (base, cols) = self.base();
                (format!("(TABLE {base}) AS {alias}"), rel(&alias, cols))
            }
        })
    }

    fn mentions_columns(&self, text: &str) -> bool {
        let rels = self.scopes.last().map_or(&[][..], |s| &s.rels);
        rels.iter().flat_map(|r| &r.cols).any(|c| text.contains(&c.name))
    }

    /// PIVOT and UNPIVOT whose columns are known, so that they are read.
    pub fn pivoted(&mut self) -> Option<(String, Vec<Column>)> {
        let (source, cols) = self.base();
        let of = |wanted: fn(&Type) -> bool| -> Vec<Column> {
            cols.iter().filter(|c| wanted(&c.ty)).cloned().collect()
        };
        let numbers = of(|t| t.is_integer());
        let texts = of(|t| matches!(t, Type::String { .. }));
        let number = self.rng.pick_of(&numbers)?.clone();
        let text = self.rng.pick_of(&texts).unwrap_or(&number).clone();
        let key = self.rng.pick_of(&cols)?.clone();
        let other = self.rng.pick_of(&numbers)?.clone();
        let (n, v, k) = (self.fresh("n"), self.fresh("v"), key.name.clone());
        Some(match self.rng.below(7) {
            0 => (
                format!(
                    "PIVOT {source} ON {} IN ('a', 'b') USING max({}) GROUP BY {k}",
                    text.name, number.name
                ),
                vec![key, column("a", number.ty.clone()), column("b", number.ty)],
            ),
            1 => (
                format!(
                    "PIVOT {source} ON {} IN ('a' AS one, 'b' AS two) USING sum({}) AS s, count(*) AS n GROUP BY {k}",
                    text.name, number.name
                ),
                vec![
                    key,
                    column("one_s", Type::Int128),
                    column("one_n", Type::Int64),
                    column("two_n", Type::Int64),
                ],
            ),
            2 => (
                format!(
                    "PIVOT {source} ON {} IN ('a', 'b'), {} IN (1, 2) USING first({})",
                    text.name, number.name, other.name
                ),
                Vec::new(),
            ),
            3 if number.name != other.name => (
                format!(
                    "UNPIVOT {source} ON {}, {} INTO NAME {n} VALUE {v}",
                    number.name, other.name
                ),
                vec![column(&n, Type::STRING), column(&v, number.ty)],
            ),
            4 if number.name != other.name && text.name != number.name && text.name != other.name => (
                format!(
                    "SELECT * FROM {source} UNPIVOT (({v}, w{v}) FOR {n} IN (({}, {}) AS one, ({}, {}) AS two))",
                    number.name, text.name, other.name, text.name
                ),
                vec![
                    column(&n, Type::STRING),
                    column(&v, number.ty),
                    column(&format!("w{v}"), text.ty),
                ],
            ),
            5 => (
                format!(
                    "FROM {source} PIVOT (min({}) AS m FOR {} IN (1, 2, NULL) GROUP BY {k})",
                    other.name, number.name
                ),
                vec![key],
            ),
            _ => (
                format!(
                    "PIVOT {source} ON {} IN ('a') USING list({} ORDER BY {}) GROUP BY {k}",
                    text.name, number.name, number.name
                ),
                vec![key, column("a", Type::list(number.ty))],
            ),
        })
    }

    /// What stands in the list besides values: rarer stars.
    pub fn rare_star(&mut self, rels: &[Rel], all: &[Column], one: &Column) -> (String, Vec<Column>) {
        let name = self.fresh("n");
        let other = self.rng.pick(all).clone();
        let without = |names: &[&str]| -> Vec<Column> {
            all.iter()
                .filter(|c| !names.contains(&c.name.as_str()))
                .cloned()
                .collect()
        };
        match self.rng.below(12) {
            0 if one.name != other.name => (
                format!(
                    "* EXCLUDE ({}) REPLACE ({} AS {})",
                    one.name,
                    self.leaf(&other.ty),
                    other.name
                ),
                without(&[&one.name]),
            ),
            1 if one.name != other.name => (
                format!("* EXCLUDE ({}) RENAME ({} AS {name})", one.name, other.name),
                without(&[&one.name, &other.name]),
            ),
            2 => {
                let rel = self.rng.pick(rels).clone();
                match rel.cols.first().cloned() {
                    Some(first) if rel.cols.len() > 1 => (
                        format!("{}.* EXCLUDE ({})", rel.alias, first.name),
                        rel.cols.into_iter().skip(1).collect(),
                    ),
                    _ => (format!("{}.*", rel.alias), rel.cols),
                }
            }
            3 => ("COLUMNS('(.)(.*)') AS '\\2_\\1'".into(), Vec::new()),
            4 => (
                format!(
                    "COLUMNS([x for x in (*) if x <> '{}'])",
                    one.name.replace(['"', '\''], "")
                ),
                Vec::new(),
            ),
            5 => {
                let rel = self.rng.pick(rels).clone();
                (format!("COLUMNS({}.*)", rel.alias), Vec::new())
            }
            6 => (
                format!("COLUMNS(['{}'])::VARCHAR", one.name.replace(['"', '\''], "")),
                Vec::new(),
            ),
            7 => ("* NOT LIKE 'zz%'".into(), all.to_vec()),
            8 => ("* SIMILAR TO '.*'".into(), all.to_vec()),
            9 => (
                format!("struct_pack(*COLUMNS(*)) AS {name}, 1 AS one"),
                Vec::new(),
            ),
            10 => (
                format!("[{}, {}] AS {name}, *", self.leaf(&one.ty), self.leaf(&one.ty)),
                all.to_vec(),
            ),
            _ => (format!("*, {} AS {name}", self.leaf(&one.ty)), {
                let mut cols = all.to_vec();
                cols.push(column(&name, one.ty.clone()));
                cols
            }),
        }
    }

    /// A recursive CTE: its definition and columns.
    pub fn rare_recursion(&mut self, name: &str) -> (String, Vec<Column>) {
        let (a, b) = (self.near_type(), self.number_type());
        let scopes = std::mem::take(&mut self.scopes);
        let (base, next) = (self.expr(&a, 1), self.literal(&a));
        let (from, step) = (self.literal(&b), self.number_leaf());
        self.scopes = scopes;
        let cols = vec![
            column("n", Type::Int32),
            column("x", a.clone()),
            column("y", b.clone()),
        ];
        let head = format!("SELECT 1 AS n, {base} AS x, {from} AS y");
        let text = match self.rng.below(5) {
            0 => format!("{name} AS ({head} UNION ALL SELECT n + 1, x, y FROM {name} WHERE n < 4)"),
            1 => format!("{name}(n, x, y) AS ({head} UNION SELECT n + 1, {next}, y FROM {name} WHERE n < 3)"),
            2 => format!(
                "{name}(n, x, y) USING KEY (n) AS ({head} UNION SELECT n + 1, x, y FROM {name} WHERE n < 3)"
            ),
            3 => format!(
                "{name}(n, x, y) AS ({head} UNION ALL SELECT r.n + 1, coalesce(r.x, NULL), {step} FROM {name} r JOIN range(3) g(i) ON g.i = r.n WHERE r.n < 3)"
            ),
            _ => format!(
                "{name}(n, x, y) AS ({head} UNION ALL (SELECT n + 1, NULL, NULL FROM {name} WHERE n < 3))"
            ),
        };
        (text, cols)
    }
}
