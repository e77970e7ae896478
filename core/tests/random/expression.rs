//! Expressions of a wanted type. The type is a wish: what comes out may be wider, and DuckDB may refuse it.

use super::functions::{Function, Slot};
use super::generate::Gen;
use super::schema::quote;
use rocky_base::Dialect;
use rocky_warehouse::types::TimeUnit;
use rocky_warehouse::{Field, Type};

fn parse(text: &str) -> Type {
    Type::parse(Dialect::DuckDb, text).unwrap()
}

pub fn sql(ty: &Type) -> String {
    ty.print(Dialect::DuckDb)
}

/// What values are made of, the usual ones several times.
const POOL: &[&str] = &[
    "INTEGER",
    "INTEGER",
    "INTEGER",
    "BIGINT",
    "BIGINT",
    "VARCHAR",
    "VARCHAR",
    "VARCHAR",
    "DOUBLE",
    "DOUBLE",
    "DECIMAL(10,2)",
    "DECIMAL(18,3)",
    "DATE",
    "DATE",
    "TIMESTAMP",
    "BOOLEAN",
    "BOOLEAN",
    "TINYINT",
    "SMALLINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
    "FLOAT",
    "DECIMAL(5,2)",
    "DECIMAL(38,10)",
    "BLOB",
    "BIT",
    "TIME",
    "TIMETZ",
    "TIMESTAMP_S",
    "TIMESTAMP_MS",
    "TIMESTAMP_NS",
    "TIMESTAMPTZ",
    "INTERVAL",
    "UUID",
    "JSON",
    "ENUM('sad', 'ok', 'happy')",
    "INTEGER[]",
    "VARCHAR[]",
    "INTEGER[3]",
    "STRUCT(a INTEGER, b VARCHAR)",
    "MAP(VARCHAR, INTEGER)",
    "UNION(num INTEGER, str VARCHAR)",
    "STRUCT(p INTEGER, q VARCHAR)[]",
    "INTEGER[][]",
    "DATE[]",
    "DOUBLE[3]",
    "STRUCT(x DOUBLE[], y STRUCT(z DATE, w JSON))",
    "TIME_NS",
    "BIGNUM",
    "VARIANT",
    "VARCHAR[][]",
    "MAP(INTEGER, DATE[])",
    "BOOLEAN[]",
    "TIMESTAMP[]",
];

impl Gen<'_> {
    pub fn any_type(&mut self) -> Type {
        if self.rng.chance(6) {
            return self.decimal_type();
        }
        parse(self.rng.word(POOL))
    }

    /// A type that a column in sight has; so that columns are used much.
    pub fn near_type(&mut self) -> Type {
        let all: Vec<Type> = self
            .scopes
            .last()
            .into_iter()
            .flat_map(|s| &s.rels)
            .flat_map(|r| &r.cols)
            .map(|c| c.ty.clone())
            .collect();
        if all.is_empty() || self.rng.chance(25) {
            self.any_type()
        } else {
            self.rng.pick(&all).clone()
        }
    }

    pub fn number_type(&mut self) -> Type {
        if self.rng.chance(15) {
            return self.decimal_type();
        }
        parse(self.rng.word(&[
            "INTEGER",
            "BIGINT",
            "DOUBLE",
            "DECIMAL(10,2)",
            "SMALLINT",
            "UINTEGER",
            "HUGEINT",
            "FLOAT",
            "DECIMAL(18,3)",
        ]))
    }

    /// An expression of some type in sight.
    pub fn any(&mut self, depth: usize) -> String {
        let ty = self.near_type();
        self.expr(&ty, depth)
    }

    pub fn condition(&mut self, depth: usize) -> String {
        self.expr(&Type::Boolean, depth)
    }

    pub fn expr(&mut self, ty: &Type, depth: usize) -> String {
        self.budget -= 1;
        if depth == 0 || self.budget < 0 {
            return self.leaf(ty);
        }
        let d = depth - 1;
        match self.rng.below(100) {
            0..=27 => self.leaf(ty),
            28..=33 if self.windows => self.window(ty, d),
            28..=31 => self.case(ty, d),
            32..=36 => match self.rng.below(7) {
                0 | 1 => format!("coalesce({}, {})", self.expr(ty, d), self.expr(ty, d)),
                2 => format!("nullif({}, {})", self.expr(ty, d), self.expr(ty, d)),
                3 => format!("ifnull({}, {})", self.expr(ty, d), self.leaf(ty)),
                4 => format!("greatest({}, {})", self.expr(ty, d), self.expr(ty, d)),
                5 => format!("least({}, {})", self.expr(ty, d), self.leaf(ty)),
                _ => format!(
                    "if({}, {}, {})",
                    self.condition(d),
                    self.expr(ty, d),
                    self.expr(ty, d)
                ),
            },
            37..=39 => self.scalar_subquery(ty),
            40..=44 => {
                let other = self.near_type();
                let inner = self.expr(&other, d);
                match self.rng.below(4) {
                    0 => format!("CAST({inner} AS {})", sql(ty)),
                    1 => format!("({inner})::{}", sql(ty)),
                    _ => format!("TRY_CAST({inner} AS {})", sql(ty)),
                }
            }
            45..=56 => match self.catalogue_call(ty, false, d) {
                Some(call) => call,
                None => self.special(ty, d),
            },
            57..=58 => match self.access(ty) {
                Some(text) => text,
                None => self.special(ty, d),
            },
            59 => format!("({})", self.expr(ty, d)),
            60..=66 => self.rare(ty, d),
            _ => self.special(ty, d),
        }
    }

    /// A column, a lambda's parameter or a literal.
    pub fn leaf(&mut self, ty: &Type) -> String {
        if !self.lambdas.is_empty() && self.rng.chance(50) {
            let fit: Vec<String> = self
                .lambdas
                .iter()
                .filter(|c| c.ty == *ty)
                .map(|c| c.name.clone())
                .collect();
            if !fit.is_empty() {
                return self.rng.pick(&fit).clone();
            }
        }
        if self.rng.chance(78) {
            if let Some(column) = self.column(|t| t == ty) {
                return column;
            }
            if ty.is_numeric()
                && self.rng.chance(60)
                && let Some(column) = self.column(Type::is_numeric)
            {
                return column;
            }
        }
        self.literal(ty)
    }

    fn case(&mut self, ty: &Type, d: usize) -> String {
        let mut out = String::from("CASE");
        let subject = self.rng.chance(30).then(|| self.near_type());
        if let Some(subject) = &subject {
            out.push_str(&format!(" {}", self.leaf(subject)));
        }
        for _ in 0..1 + self.rng.below(2) {
            let when = match &subject {
                Some(subject) => self.leaf(subject),
                None => self.condition(d),
            };
            out.push_str(&format!(" WHEN {when} THEN {}", self.expr(ty, d)));
        }
        if self.rng.chance(70) {
            out.push_str(&format!(" ELSE {}", self.expr(ty, d)));
        }
        out + " END"
    }

    pub fn literal(&mut self, ty: &Type) -> String {
        if self.rng.chance(8) {
            return "NULL".into();
        }
        let n = self.rng.below(40);
        match ty {
            Type::Int32 | Type::Int64 => match self.rng.below(8) {
                0 => format!("-{n}"),
                1 => format!("{n}::{}", sql(ty)),
                2 => "3000000000".into(),
                _ => n.to_string(),
            },
            Type::Int8
            | Type::Int16
            | Type::Int128
            | Type::UInt8
            | Type::UInt16
            | Type::UInt32
            | Type::UInt64
            | Type::UInt128 => {
                if self.rng.chance(50) {
                    format!("{n}::{}", sql(ty))
                } else {
                    n.to_string()
                }
            }
            Type::Float64 | Type::Float32 => match self.rng.below(4) {
                0 => format!("{n}e0"),
                1 => format!("'{n}.5'::{}", sql(ty)),
                2 => format!("{n}.25"),
                _ => format!("{n}.5::{}", sql(ty)),
            },
            Type::Decimal { precision, scale } => match self.rng.below(4) {
                1 => format!(
                    "{}::{}",
                    "9".repeat(usize::from((precision - scale).clamp(1, 9))),
                    sql(ty)
                ),
                0 => format!("{n}.50::{}", sql(ty)),
                _ => format!("{n}.{}", self.rng.below(1000)),
            },
            Type::String { .. } => self
                .rng
                .word(&[
                    "'a'",
                    "'b'",
                    "''",
                    "'x%'",
                    "'2020-01-01'",
                    "'12'",
                    "'it''s'",
                    "$$q$$",
                    "E'a\\n'",
                    "'ok'",
                ])
                .to_string(),
            Type::Boolean => self.rng.word(&["true", "false"]).to_string(),
            Type::Date => self
                .rng
                .word(&[
                    "DATE '2020-02-01'",
                    "'2020-02-03'::DATE",
                    "make_date(2020, 1, 31)",
                ])
                .to_string(),
            Type::Timestamp(TimeUnit::Micro) => self
                .rng
                .word(&[
                    "TIMESTAMP '2020-02-01 03:04:05'",
                    "'2020-02-03'::TIMESTAMP",
                    "make_timestamp(2020, 1, 2, 3, 4, 5.5)",
                ])
                .to_string(),
            Type::Timestamp(_) | Type::TimestampTz => {
                format!("'2020-02-0{} 01:02:03'::{}", 1 + n % 9, sql(ty))
            }
            Type::Time => "TIME '10:11:12'".into(),
            Type::TimeTz => "'10:11:12+02'::TIMETZ".into(),
            Type::Interval => match self.rng.below(5) {
                0 => "INTERVAL '3 days'".into(),
                1 => format!("INTERVAL {n} MONTH"),
                2 => "INTERVAL '1' YEAR".into(),
                3 => format!("to_days({n})"),
                _ => format!("INTERVAL ({n} + 1) HOUR"),
            },
            Type::Binary => self
                .rng
                .word(&["'ab'::BLOB", "'\\xAA'::BLOB", "encode('a')"])
                .to_string(),
            Type::Bit => "'0101'::BIT".into(),
            Type::Uuid => "'00000000-0000-0000-0000-000000000001'::UUID".into(),
            Type::Json => self
                .rng
                .word(&["'{\"a\": 1}'::JSON", "'[1, 2]'::JSON", "to_json(1)"])
                .to_string(),
            Type::Enum(values) => format!("'{}'::{}", values.first().map_or("", |v| v.as_str()), sql(ty)),
            Type::List(element) => {
                let n = self.rng.below(3) + usize::from(matches!(**element, Type::Null));
                let parts: Vec<String> = (0..n).map(|_| self.literal(element)).collect();
                match self.rng.below(4) {
                    _ if parts.is_empty() => format!("[]::{}", sql(ty)),
                    0 => format!("list_value({})", parts.join(", ")),
                    1 => format!("array[{}]", parts.join(", ")),
                    _ => format!("[{}]", parts.join(", ")),
                }
            }
            Type::Array(element, n) => {
                let parts: Vec<String> = (0..*n).map(|_| self.literal(element)).collect();
                if self.rng.chance(50) {
                    format!("array_value({})", parts.join(", "))
                } else {
                    format!("[{}]::{}", parts.join(", "), sql(ty))
                }
            }
            Type::Struct(fields) => {
                let parts: Vec<(String, String)> = fields
                    .iter()
                    .map(|f| (f.name.to_string(), self.literal(&f.ty)))
                    .collect();
                self.struct_of(&parts)
            }
            Type::Map(kv) => {
                let (k, v) = (self.literal(&kv.0), self.literal(&kv.1));
                let k = if k == "NULL" { "'k'".into() } else { k };
                if self.rng.chance(60) {
                    format!("MAP {{{k}: {v}}}")
                } else {
                    format!("map([{k}], [{v}])")
                }
            }
            Type::Union(members) => {
                let member = self.rng.pick(members).clone();
                let value = self.literal(&member.ty);
                let one = format!("union_value({} := {value})", member.name);
                if self.rng.chance(70) {
                    format!("{one}::{}", sql(ty))
                } else {
                    one
                }
            }
            _ => "NULL".into(),
        }
    }

    fn struct_of(&mut self, parts: &[(String, String)]) -> String {
        let join =
            |f: &dyn Fn(&(String, String)) -> String| parts.iter().map(f).collect::<Vec<_>>().join(", ");
        match self.rng.below(4) {
            0 => format!("struct_pack({})", join(&|(n, v)| format!("{} := {v}", quote(n)))),
            _ => format!("{{{}}}", join(&|(n, v)| format!("'{n}': {v}"))),
        }
    }

    /// A part of a nested column.
    fn access(&mut self, ty: &Type) -> Option<String> {
        let wanted = ty.clone();
        let column = self.column(|t| match t {
            Type::List(e) | Type::Array(e, _) => **e == wanted,
            Type::Struct(fields) => fields.iter().any(|f| f.ty == wanted),
            Type::Union(fields) => fields.iter().any(|f| f.ty == wanted),
            Type::Map(kv) => kv.1 == wanted,
            Type::Json => matches!(wanted, Type::Json | Type::String { .. }),
            _ => false,
        })?;
        let of = self.type_of_last_column();
        Some(match &of {
            Type::List(_) | Type::Array(..) => match self.rng.below(4) {
                0 => format!("list_extract({column}, 1)"),
                1 => format!("{column}[-1]"),
                _ => format!("{column}[{}]", 1 + self.rng.below(3)),
            },
            Type::Struct(fields) | Type::Union(fields) => {
                let field = fields.iter().find(|f| f.ty == wanted)?.name.clone();
                match (self.rng.below(4), &of) {
                    (0, Type::Struct(_)) => format!("{column}['{field}']"),
                    (1, Type::Struct(_)) => format!("struct_extract({column}, '{field}')"),
                    (1, _) => format!("union_extract({column}, '{field}')"),
                    (2, _) => format!("({column}).{field}"),
                    _ => format!("{column}.{field}"),
                }
            }
            Type::Map(kv) => {
                let key = self.leaf(&kv.0.clone());
                format!("{column}[{key}]")
            }
            _ if wanted == Type::Json => {
                format!("({column} -> '{}')", self.rng.word(&["a", "$.b", "$.b[0]"]))
            }
            _ => format!("({column} ->> 'a')"),
        })
    }

    /// Operators and forms with their own grammar, by type.
    fn special(&mut self, ty: &Type, d: usize) -> String {
        match ty {
            Type::Boolean => self.boolean(d),
            ty if ty.is_numeric() => self.number(ty, d),
            Type::String { .. } => self.text(d),
            ty if ty.is_temporal() => self.temporal(ty, d),
            Type::Interval => match self.rng.below(4) {
                0 => format!(
                    "({} - {})",
                    self.expr(&Type::TIMESTAMP, d),
                    self.expr(&Type::TIMESTAMP, d)
                ),
                1 => format!("({} * {})", self.expr(ty, d), self.expr(&Type::Int32, d)),
                2 => format!("({} + {})", self.expr(ty, d), self.expr(ty, d)),
                _ => format!("to_hours({})", self.expr(&Type::Int32, d)),
            },
            Type::List(element) => self.list(&element.clone(), d),
            Type::Struct(fields) => {
                let fields = fields.clone();
                let parts: Vec<(String, String)> = fields
                    .iter()
                    .map(|f| (f.name.to_string(), self.expr(&f.ty, d)))
                    .collect();
                self.struct_of(&parts)
            }
            Type::Map(kv) => {
                let kv = kv.clone();
                match self.rng.below(3) {
                    0 => format!("map([{}], [{}])", self.literal(&kv.0), self.expr(&kv.1, d)),
                    1 => format!("MAP {{{}: {}}}", self.literal(&kv.0), self.expr(&kv.1, d)),
                    _ => format!("map_concat({}, {})", self.expr(ty, d), self.leaf(ty)),
                }
            }
            Type::Union(members) => {
                let member: Field = self.rng.pick(members).clone();
                format!("union_value({} := {})", member.name, self.expr(&member.ty, d))
            }
            Type::Json => match self.rng.below(5) {
                0 => {
                    let ty = self.near_type();
                    format!("to_json({})", self.expr(&ty, d))
                }
                1 => format!("json_object('k', {})", self.any(d)),
                2 => format!("json_array({}, {})", self.any(d), self.leaf(&Type::Int32)),
                3 => format!("json_extract({}, '$.a')", self.expr(&Type::Json, d)),
                _ => format!("({} -> 'a')", self.expr(&Type::Json, d)),
            },
            Type::Time => match self.rng.below(2) {
                0 => format!("({} + {})", self.expr(ty, d), self.expr(&Type::Interval, d)),
                _ => format!("({})::TIME", self.expr(&Type::TIMESTAMP, d)),
            },
            Type::Bit => match self.rng.below(3) {
                0 => format!("({} & {})", self.leaf(ty), self.leaf(ty)),
                1 => format!("(~ {})", self.leaf(ty)),
                _ => format!("({} || {})", self.leaf(ty), self.leaf(ty)),
            },
            Type::Array(element, 3) => {
                let element = (**element).clone();
                format!(
                    "array_value({}, {}, {})",
                    self.expr(&element, d),
                    self.leaf(&element),
                    self.leaf(&element)
                )
            }
            _ => self.leaf(ty),
        }
    }

    fn boolean(&mut self, d: usize) -> String {
        let ty = self.near_type();
        let negated = if self.rng.chance(25) { "NOT " } else { "" };
        match self.rng.below(35) {
            0..=5 => {
                let op = self.rng.word(&["=", "<>", "<", "<=", ">", ">=", "!=", "=="]);
                format!("{} {op} {}", self.expr(&ty, d), self.expr(&ty, d))
            }
            6 => {
                let (a, b) = (self.number_type(), self.number_type());
                format!("{} < {}", self.expr(&a, d), self.expr(&b, d))
            }
            7 | 8 => format!("({} AND {})", self.condition(d), self.condition(d)),
            9 | 10 => format!("({} OR {})", self.condition(d), self.condition(d)),
            11 => format!("(NOT {})", self.condition(d)),
            12 | 13 => format!("({} IS {negated}NULL)", self.expr(&ty, d)),
            14 => format!(
                "({} IS {negated}DISTINCT FROM {})",
                self.expr(&ty, d),
                self.expr(&ty, d)
            ),
            15 => format!(
                "({} {negated}IN ({}, {}))",
                self.expr(&ty, d),
                self.leaf(&ty),
                self.literal(&ty)
            ),
            16 => {
                let query = self.one_column(&ty);
                format!("({} {negated}IN ({query}))", self.leaf(&ty))
            }
            17 => format!(
                "({} {negated}BETWEEN {} AND {})",
                self.expr(&ty, d),
                self.leaf(&ty),
                self.leaf(&ty)
            ),
            18 => {
                let like = self.rng.word(&["LIKE", "ILIKE", "GLOB", "SIMILAR TO"]);
                let negated = if like == "GLOB" { "" } else { negated };
                format!(
                    "({} {negated}{like} {})",
                    self.expr(&Type::STRING, d),
                    self.literal(&Type::STRING)
                )
            }
            19 => {
                let query = self.exists();
                format!("{negated}EXISTS ({query})")
            }
            20 => format!(
                "({} IS {negated}{})",
                self.condition(d),
                self.rng.word(&["TRUE", "FALSE"])
            ),
            21 => {
                let list = Type::list(ty.clone());
                match self.rng.below(3) {
                    0 => format!("list_contains({}, {})", self.expr(&list, d), self.leaf(&ty)),
                    1 => format!("({} = ANY ({}))", self.leaf(&ty), self.expr(&list, d)),
                    _ => format!("({} {negated}IN {})", self.leaf(&ty), self.leaf(&list)),
                }
            }
            22 => {
                let query = self.one_column(&ty);
                let quantifier = self.rng.word(&["ANY", "ALL"]);
                format!(
                    "({} {} {quantifier} ({query}))",
                    self.leaf(&ty),
                    self.rng.word(&["=", "<", ">="])
                )
            }
            23 => format!("regexp_matches({}, 'a.*')", self.expr(&Type::STRING, d)),
            24 => format!(
                "(({}, {}) = ({}, {}))",
                self.leaf(&ty),
                self.leaf(&Type::Int32),
                self.leaf(&ty),
                self.leaf(&Type::Int32)
            ),
            25 => format!(
                "(({}, {}) IN (({}, {})))",
                self.leaf(&ty),
                self.leaf(&Type::Int32),
                self.literal(&ty),
                self.literal(&Type::Int32)
            ),
            26 => {
                let query = self.columns(&[ty.clone(), Type::Int32]);
                format!(
                    "(({}, {}) {negated}IN ({query}))",
                    self.leaf(&ty),
                    self.leaf(&Type::Int32)
                )
            }
            27 => format!(
                "({} COLLATE NOCASE = {})",
                self.expr(&Type::STRING, d),
                self.leaf(&Type::STRING)
            ),
            28 => format!(
                "({} {})",
                self.expr(&ty, d),
                self.rng.word(&["ISNULL", "NOTNULL", "NOT NULL"])
            ),
            29 => format!(
                "({} {} {})",
                self.expr(&Type::STRING, d),
                self.rng.word(&["^@", "~", "!~", "~~~"]),
                self.literal(&Type::STRING)
            ),
            30 => {
                let list = Type::list(ty.clone());
                format!(
                    "({} {} {})",
                    self.expr(&list, d),
                    self.rng.word(&["&&", "@>", "<@"]),
                    self.leaf(&list)
                )
            }
            31 => format!("TRY({})", self.condition(d)),
            32 => format!("coalesce({}, false)", self.condition(d)),
            33 => format!("({} IS {negated}UNKNOWN)", self.condition(d)),
            _ => format!(
                "starts_with({}, {})",
                self.expr(&Type::STRING, d),
                self.leaf(&Type::STRING)
            ),
        }
    }

    fn number(&mut self, ty: &Type, d: usize) -> String {
        let ops: &[&str] = if ty.is_integer() {
            &["+", "-", "*", "%", "//", "&", "|", "<<", ">>"]
        } else {
            &["+", "-", "*", "/", "%"]
        };
        match self.rng.below(29) {
            0..=6 => {
                let other = if self.rng.chance(40) {
                    self.number_type()
                } else {
                    ty.clone()
                };
                let op = *self.rng.pick(ops);
                format!("({} {op} {})", self.expr(ty, d), self.expr(&other, d))
            }
            7 => format!("(- {})", self.expr(ty, d)),
            8 => format!("abs({})", self.expr(ty, d)),
            9 => format!("length({})", self.expr(&Type::STRING, d)),
            10 => {
                let field = self.rng.word(&[
                    "year", "month", "day", "hour", "epoch", "dow", "quarter", "week", "second",
                ]);
                let of = *self
                    .rng
                    .pick(&[Type::Date, Type::TIMESTAMP, Type::Interval, Type::TimestampTz].each_ref());
                if self.rng.chance(50) {
                    format!("extract({field} FROM {})", self.expr(of, d))
                } else {
                    format!("date_part('{field}', {})", self.expr(of, d))
                }
            }
            11 => {
                let part = self.rng.word(&["day", "month", "hour"]);
                format!(
                    "date_diff('{part}', {}, {})",
                    self.expr(&Type::TIMESTAMP, d),
                    self.expr(&Type::TIMESTAMP, d)
                )
            }
            12 => {
                let list = self
                    .rng
                    .word(&["INTEGER[]", "VARCHAR[]", "DATE[]", "INTEGER[3]"])
                    .to_string();
                format!("len({})", self.expr(&parse(&list), d))
            }
            13 => format!("round({}, {})", self.expr(ty, d), self.rng.below(3)),
            14 => format!("({} ** 2)", self.expr(ty, d)),
            15 => format!("({} / {})", self.expr(ty, d), self.expr(&Type::Int32, d)),
            16 => format!("list_sum({})", self.expr(&Type::list(Type::Int32), d)),
            17 => format!("sign({})", self.expr(ty, d)),
            18 => format!("({} - {})", self.expr(&Type::Date, d), self.expr(&Type::Date, d)),
            19 => format!("({}).abs()", self.expr(ty, d)),
            20 => format!(
                "position({} IN {})",
                self.literal(&Type::STRING),
                self.expr(&Type::STRING, d)
            ),
            21 => format!("epoch({})", self.expr(&Type::TIMESTAMP, d)),
            22 => format!(
                "list_position({}, {})",
                self.expr(&Type::list(Type::Int32), d),
                self.leaf(&Type::Int32)
            ),
            23 => format!("(@ {})", self.expr(ty, d)),
            24 => format!(
                "list_aggregate({}, '{}')",
                self.expr(&Type::list(Type::Int32), d),
                self.rng.word(&["sum", "avg", "max"])
            ),
            25 => format!("TRY({} / {})", self.expr(ty, d), self.leaf(ty)),
            26 => format!(
                "(CASE {} WHEN 1 THEN {} ELSE 0 END)",
                self.leaf(&Type::Int32),
                self.expr(ty, d)
            ),
            27 => format!("cardinality({})", self.expr(&parse("MAP(VARCHAR, INTEGER)"), d)),
            _ => format!("floor({})", self.expr(&Type::Float64, d)),
        }
    }

    fn text(&mut self, d: usize) -> String {
        let s = Type::STRING;
        match self.rng.below(27) {
            0 | 1 => format!("({} || {})", self.expr(&s, d), self.expr(&s, d)),
            2 => format!("({} || {})", self.expr(&s, d), self.any(d)),
            3 => format!("concat({}, {})", self.expr(&s, d), self.any(d)),
            4 => format!("upper({})", self.expr(&s, d)),
            5 => format!("substring({}, 1, 2)", self.expr(&s, d)),
            6 => format!("substring({} FROM 2 FOR 3)", self.expr(&s, d)),
            7 => {
                let ty = self.near_type();
                format!("({})::VARCHAR", self.expr(&ty, d))
            }
            8 => format!("strftime({}, '%Y-%m')", self.expr(&Type::Date, d)),
            9 => format!("trim({})", self.expr(&s, d)),
            10 => format!("replace({}, 'a', {})", self.expr(&s, d), self.leaf(&s)),
            11 => format!("({})[1]", self.expr(&s, d)),
            12 => format!("({})[1:2]", self.expr(&s, d)),
            13 => format!("array_to_string({}, ',')", self.expr(&Type::list(s.clone()), d)),
            14 => format!("({} ->> 'a')", self.expr(&Type::Json, d)),
            15 => format!("string_split({}, ',')[1]", self.expr(&s, d)),
            16 => format!("({}).upper().lower()", self.expr(&s, d)),
            17 => format!(
                "format('{{}}-{{}}', {}, {})",
                self.expr(&s, d),
                self.leaf(&Type::Int32)
            ),
            18 => format!("printf('%s', {})", self.expr(&s, d)),
            19 => format!("({})[2:]", self.expr(&s, d)),
            20 => format!("typeof({})", self.any(d)),
            21 => format!("trim(BOTH 'x' FROM {})", self.expr(&s, d)),
            22 => format!("regexp_extract({}, '(a)(b)?', {{'g': 1}}.g)", self.expr(&s, d)),
            23 => format!("{} COLLATE NOCASE", self.leaf(&s)),
            24 => format!("overlay({} PLACING 'q' FROM 1 FOR 2)", self.expr(&s, d)),
            25 => format!("regexp_replace({}, 'a', 'b', 'g')", self.expr(&s, d)),
            _ => format!("concat_ws('-', {}, {})", self.expr(&s, d), self.leaf(&s)),
        }
    }

    fn temporal(&mut self, ty: &Type, d: usize) -> String {
        let part = self.rng.word(&["day", "month", "year", "hour", "week"]);
        match self.rng.below(8) {
            0 | 1 => format!(
                "({} {} {})",
                self.expr(ty, d),
                self.rng.word(&["+", "-"]),
                self.expr(&Type::Interval, d)
            ),
            2 | 3 => format!("date_trunc('{part}', {})", self.expr(ty, d)),
            4 if *ty == Type::Date => format!("({} + {})", self.expr(ty, d), self.expr(&Type::Int32, d)),
            4 if *ty == Type::TimestampTz => {
                format!("({} AT TIME ZONE 'UTC')", self.expr(&Type::TIMESTAMP, d))
            }
            4 if *ty == Type::TIMESTAMP => {
                format!("({} AT TIME ZONE 'UTC')", self.expr(&Type::TimestampTz, d))
            }
            5 if *ty == Type::Date => format!("last_day({})", self.expr(&Type::TIMESTAMP, d)),
            5 => format!("time_bucket(INTERVAL 1 DAY, {})", self.expr(ty, d)),
            6 => format!("TRY_CAST({} AS {})", self.expr(&Type::STRING, d), sql(ty)),
            _ => format!(
                "date_add({}, {})",
                self.expr(ty, d),
                self.expr(&Type::Interval, d)
            ),
        }
    }

    fn list(&mut self, element: &Type, d: usize) -> String {
        let ty = Type::list(element.clone());
        match self.rng.below(14) {
            0 | 1 => format!("[{}, {}]", self.expr(element, d), self.leaf(element)),
            2 => {
                let of = self.near_type();
                let list = self.expr(&Type::list(of.clone()), d);
                let x = self.fresh("x");
                let body = self.under_lambda(&[(x.clone(), of)], |g| g.expr(element, d));
                match g_style(self.rng.below(4)) {
                    Style::Comprehension => format!("[{body} FOR {x} IN {list}]"),
                    Style::Keyword => format!("list_transform({list}, lambda {x}: {body})"),
                }
            }
            3 => {
                let list = self.expr(&ty, d);
                let x = self.fresh("x");
                let body = self.under_lambda(&[(x.clone(), element.clone())], |g| g.condition(d));
                match g_style(self.rng.below(4)) {
                    Style::Comprehension => format!("[{x} FOR {x} IN {list} IF {body}]"),
                    Style::Keyword => format!("list_filter({list}, lambda {x}: {body})"),
                }
            }
            4 => {
                let list = self.expr(&ty, d);
                let (x, i) = (self.fresh("x"), self.fresh("i"));
                let vars = [(x.clone(), element.clone()), (i.clone(), Type::Int64)];
                let body = self.under_lambda(&vars, |g| g.expr(element, d));
                format!("list_transform({list}, lambda {x}, {i}: {body})")
            }
            5 => format!("list_concat({}, {})", self.expr(&ty, d), self.expr(&ty, d)),
            6 => format!("({} || {})", self.expr(&ty, d), self.leaf(&ty)),
            7 => format!("list_sort({})", self.expr(&ty, d)),
            8 => format!("list_distinct({})", self.expr(&ty, d)),
            9 => format!("({})[1:2]", self.expr(&ty, d)),
            10 => {
                let query = self.one_column(element);
                format!("ARRAY({query})")
            }
            11 if matches!(element, Type::String { .. }) => {
                format!("string_split({}, 'a')", self.expr(element, d))
            }
            11 if element.is_integer() => format!("range({})", self.rng.below(4)),
            12 => format!("list_append({}, {})", self.expr(&ty, d), self.expr(element, d)),
            13 if matches!(element, Type::String { .. }) => {
                format!("map_keys({})", self.expr(&parse("MAP(VARCHAR, INTEGER)"), d))
            }
            _ => format!("list_value({}, {})", self.expr(element, d), self.leaf(element)),
        }
    }

    /// Text made with lambda parameters in sight, and without windows.
    pub fn under_lambda(
        &mut self,
        vars: &[(String, Type)],
        body: impl FnOnce(&mut Self) -> String,
    ) -> String {
        let (before, windows) = (self.lambdas.len(), std::mem::take(&mut self.windows));
        for (name, ty) in vars {
            self.lambdas.push(super::generate::Column {
                name: name.clone(),
                ty: ty.clone(),
            });
        }
        let out = body(self);
        self.lambdas.truncate(before);
        self.windows = windows;
        out
    }

    /// A call of a function that the engine lists with that result.
    pub fn catalogue_call(&mut self, ty: &Type, aggregate: bool, d: usize) -> Option<String> {
        let fits = |f: &&Function| {
            f.aggregate == aggregate
                && match &f.result {
                    Some(Slot::Of(t)) => t == ty || (t.is_numeric() && ty.is_numeric()),
                    Some(Slot::Any(_)) => true,
                    Some(Slot::ListOf(_)) => matches!(ty, Type::List(_)),
                    Some(Slot::Map) => matches!(ty, Type::Map(_)),
                    Some(Slot::Decimal) => matches!(ty, Type::Decimal { .. }),
                    Some(Slot::Struct) => matches!(ty, Type::Struct(_)),
                    Some(Slot::Lambda) | None => false,
                }
        };
        let functions: Vec<&Function> = self.functions.iter().filter(fits).collect();
        if functions.is_empty() {
            return None;
        }
        let function = *self.rng.pick(&functions);
        let mut bound: Vec<(String, Type)> = Vec::new();
        match (&function.result, ty) {
            (Some(Slot::Any(name)), ty) => bound.push((name.clone(), ty.clone())),
            (Some(Slot::ListOf(name)), Type::List(t)) => bound.push((name.clone(), (**t).clone())),
            _ => {}
        }
        let mut args = Vec::new();
        let more = function.varargs.iter().cycle().take(self.rng.below(3));
        let mut element = Type::Int32;
        for slot in function.params.iter().chain(more) {
            let mut letter = |g: &mut Self, name: &str| -> Type {
                if name != "ANY"
                    && let Some((_, ty)) = bound.iter().find(|(n, _)| n == name)
                {
                    return ty.clone();
                }
                let ty = g.near_type();
                bound.push((name.to_owned(), ty.clone()));
                ty
            };
            let wanted = match slot {
                Slot::Of(ty) => ty.clone(),
                Slot::Any(name) => letter(self, name),
                Slot::ListOf(name) => {
                    element = letter(self, name);
                    Type::list(element.clone())
                }
                Slot::Map => parse("MAP(VARCHAR, INTEGER)"),
                Slot::Decimal => parse(self.rng.word(&["DECIMAL(10,2)", "DECIMAL(5,2)", "DECIMAL(18,3)"])),
                Slot::Struct => parse("STRUCT(a INTEGER, b VARCHAR)"),
                Slot::Lambda => {
                    let x = self.fresh("x");
                    let want = if function.name.contains("filter") {
                        Type::Boolean
                    } else {
                        element.clone()
                    };
                    let body =
                        self.under_lambda(&[(x.clone(), element.clone())], |g| g.expr(&want, d.min(1)));
                    args.push(format!("lambda {x}: {body}"));
                    continue;
                }
            };
            let arg = self.argument(function, args.len(), &wanted, d);
            args.push(arg);
        }
        Some(format!("{}({})", function.name, args.join(", ")))
    }

    /// An argument; what must be a certain constant is one.
    fn argument(&mut self, function: &Function, at: usize, ty: &Type, d: usize) -> String {
        let name = function.name.as_str();
        match (name, at, ty) {
            (
                "date_part" | "datepart" | "date_trunc" | "datetrunc" | "date_diff" | "datediff" | "date_sub"
                | "datesub",
                0,
                Type::String { .. },
            ) => {
                return self
                    .rng
                    .word(&["'month'", "'day'", "'hour'", "'year'"])
                    .to_string();
            }
            ("strftime" | "strptime" | "try_strptime", 1, Type::String { .. }) => return "'%Y-%m-%d'".into(),
            ("strptime" | "try_strptime", 1, Type::List(_)) => return "['%Y-%m-%d', '%d.%m']".into(),
            ("quantile" | "quantile_cont" | "quantile_disc", 1, _) => return "0.5".into(),
            ("string_agg" | "group_concat" | "listagg", 1, _) => return "','".into(),
            ("list_aggregate" | "list_aggr" | "aggregate" | "array_aggregate" | "array_aggr", 1, _) => {
                return self
                    .rng
                    .word(&["'min'", "'sum'", "'count'", "'avg'", "'list'"])
                    .to_string();
            }
            (_, 1, Type::String { .. }) if name.starts_with("json_") => {
                return self.rng.word(&["'$.a'", "'a'", "'$.b[0]'"]).to_string();
            }
            (_, 1, Type::String { .. }) if name.starts_with("regexp_") => return "'a(.)'".into(),
            (_, 2 | 3, Type::String { .. }) if name.starts_with("regexp_") => {
                return self.rng.word(&["'g'", "'i'"]).to_string();
            }
            ("timezone" | "time_zone", 0, Type::String { .. }) => return "'UTC'".into(),
            (_, 1.., Type::Int32 | Type::Int64) => return self.rng.below(5).to_string(),
            (_, 1, Type::String { .. }) if matches!(name, "format" | "printf") => return "'x'".into(),
            _ => {}
        }
        if self.rng.chance(60) {
            self.leaf(ty)
        } else {
            self.expr(ty, d)
        }
    }
}

enum Style {
    Comprehension,
    Keyword,
}

fn g_style(n: usize) -> Style {
    if n == 0 {
        Style::Comprehension
    } else {
        Style::Keyword
    }
}
