//! Type names to types, per dialect: as written in SQL, in a contract, or printed by the engine's own DESCRIBE.
//!
//! One small tokenizer and one recursive-descent parser for all dialects; the dialects differ in the table of names.
//! Invariant: nesting is limited to [`MAX_DEPTH`] levels, so that no text overflows the stack here or where the type is
//! dropped, printed or compared. Text that is not a type of the dialect gives `None`.

use super::own::OwnTypes;
use super::{Field, TimeUnit, Type};
use rocky_base::Dialect;
use smol_str::{SmolStr, StrExt};
use std::sync::Arc;

/// Deepest nesting that is read.
pub const MAX_DEPTH: usize = 64;

impl Type {
    /// The type that a text names in a dialect; `None` when it names none (or a user's own type).
    pub fn parse(dialect: Dialect, text: &str) -> Option<Type> {
        with(dialect, text, &OwnTypes::NONE)
    }
}

pub(super) fn with(dialect: Dialect, text: &str, own: &OwnTypes) -> Option<Type> {
    let tokens = tokenize(text)?;
    let mut parser = Parser {
        dialect,
        own,
        tokens: &tokens,
        at: 0,
    };
    let ty = parser.ty(0)?;
    (parser.at == tokens.len()).then_some(ty)
}

#[derive(Clone, PartialEq, Debug)]
enum Token {
    /// A bare word, as written.
    Word(SmolStr),
    /// A quoted name without its quotes.
    Quoted(SmolStr),
    /// A string literal's value.
    String(SmolStr),
    Number(u32),
    Punct(char),
}

fn tokenize(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some(&(start, c)) = chars.peek() {
        match c {
            c if c.is_whitespace() => {
                chars.next();
            }
            '-' if text[start..].starts_with("--") => while chars.next().is_some_and(|(_, c)| c != '\n') {},
            '/' if text[start..].starts_with("/*") => {
                let end = start + text[start..].find("*/")? + 2;
                while chars.next_if(|(i, _)| *i < end).is_some() {}
            }
            '"' | '`' | '\'' => {
                chars.next();
                let mut value = String::new();
                loop {
                    let (_, next) = chars.next()?;
                    if next == c {
                        if chars.next_if(|(_, d)| *d == c).is_none() {
                            break;
                        }
                        value.push(c);
                    } else {
                        value.push(next);
                    }
                }
                let value = SmolStr::from(value);
                tokens.push(if c == '\'' {
                    Token::String(value)
                } else {
                    Token::Quoted(value)
                });
            }
            c if c.is_ascii_digit() => {
                let mut value: u32 = 0;
                while let Some((_, d)) = chars.next_if(|(_, d)| d.is_ascii_digit()) {
                    value = value.checked_mul(10)?.checked_add(d.to_digit(10)?)?;
                }
                tokens.push(Token::Number(value));
            }
            c if c.is_alphabetic() || c == '_' => {
                let mut end = start;
                while let Some((i, d)) = chars.next_if(|(_, d)| d.is_alphanumeric() || matches!(d, '_' | '$'))
                {
                    end = i + d.len_utf8();
                }
                tokens.push(Token::Word(SmolStr::new(&text[start..end])));
            }
            '(' | ')' | '<' | '>' | '[' | ']' | ',' | ':' | '.' => {
                chars.next();
                tokens.push(Token::Punct(c));
            }
            _ => return None,
        }
    }
    Some(tokens)
}

struct Parser<'a> {
    dialect: Dialect,
    own: &'a OwnTypes,
    tokens: &'a [Token],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        Some(token)
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(&Token::Punct(c));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, c: char) -> Option<()> {
        self.eat(c).then_some(())
    }

    fn is_word(&self, offset: usize, word: &str) -> bool {
        matches!(self.tokens.get(self.at + offset), Some(Token::Word(w)) if w.eq_ignore_ascii_case(word))
    }

    fn eat_words(&mut self, words: &[&str]) -> bool {
        let found = words.iter().enumerate().all(|(i, w)| self.is_word(i, w));
        self.at += if found { words.len() } else { 0 };
        found
    }

    /// `(1)`, `(1, 2)`; `None` inside when there are no brackets.
    fn numbers(&mut self) -> Option<Vec<u32>> {
        let mut numbers = Vec::new();
        if self.eat('(') && !self.eat(')') {
            loop {
                let Some(Token::Number(n)) = self.next() else {
                    return None;
                };
                numbers.push(n);
                if self.eat(')') {
                    break;
                }
                self.expect(',')?;
            }
        }
        Some(numbers)
    }

    /// A type with its `[]` suffixes.
    fn ty(&mut self, depth: usize) -> Option<Type> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut ty = match self.dialect {
            Dialect::DuckDb => {
                self.eat_words(&["SETOF"]);
                self.duckdb(depth)?
            }
            Dialect::Databricks => self.databricks(depth)?,
            Dialect::Snowflake => self.snowflake(depth)?,
            Dialect::BigQuery => self.bigquery(depth)?,
        };
        if self.dialect != Dialect::DuckDb {
            return Some(ty);
        }
        let mut levels = depth;
        loop {
            let word = self.eat_words(&["ARRAY"]);
            if self.eat('[') {
                match self.next()? {
                    Token::Punct(']') => ty = Type::list(ty),
                    Token::Number(n @ 1..=100_000) => {
                        self.expect(']')?;
                        ty = Type::Array(Arc::new(ty), n);
                    }
                    _ => return None,
                }
            } else if word {
                ty = Type::list(ty);
            } else {
                return Some(ty);
            }
            levels += 1;
            if levels > MAX_DEPTH {
                return None;
            }
        }
    }

    fn name(&mut self) -> Option<SmolStr> {
        match self.next()? {
            Token::Word(w) | Token::Quoted(w) => Some(w),
            _ => None,
        }
    }

    /// `name type, name type …` up to `close`.
    fn fields(&mut self, close: char, depth: usize) -> Option<Vec<Field>> {
        let mut fields = Vec::new();
        // DuckDB has no struct without fields.
        if self.dialect != Dialect::DuckDb && self.eat(close) {
            return Some(fields);
        }
        loop {
            let start = self.at;
            let named = self.named_field(depth).filter(|_| self.at_field_end(close));
            let field = match named {
                Some(field) => field,
                None => {
                    self.at = start;
                    let ty = self.ty(depth + 1)?;
                    Field {
                        name: SmolStr::default(),
                        ty,
                    }
                }
            };
            fields.push(field);
            self.field_options();
            if self.eat(close) {
                return Some(fields);
            }
            self.expect(',')?;
        }
    }

    fn named_field(&mut self, depth: usize) -> Option<Field> {
        // A bare `STRUCT(INTEGER, …)` has a delimiter where the type would begin: no need to try.
        if !matches!(
            self.tokens.get(self.at + 1),
            Some(Token::Word(_) | Token::Quoted(_) | Token::Punct(':'))
        ) {
            return None;
        }
        let name = self.name()?;
        self.eat(':');
        let ty = self.ty(depth + 1)?;
        Some(Field { name, ty })
    }

    fn at_field_end(&self, close: char) -> bool {
        match self.peek() {
            Some(Token::Punct(c)) => *c == close || *c == ',',
            Some(Token::Word(_)) => ["NOT", "NULL", "COMMENT", "COLLATE", "OPTIONS"]
                .iter()
                .any(|w| self.is_word(0, w)),
            _ => false,
        }
    }

    /// `NOT NULL`, `COMMENT '…'` after a field of Databricks and Snowflake.
    fn field_options(&mut self) {
        loop {
            if self.eat_words(&["NOT", "NULL"]) {
                continue;
            }
            if self.is_word(0, "COMMENT") || self.is_word(0, "COLLATE") {
                self.at += 2;
                continue;
            }
            return;
        }
    }

    /// `schema.name` and `catalog.schema.name`, which only types of users have.
    fn dotted(&mut self) -> Option<Type> {
        let mut name = self.name()?.to_string();
        while self.eat('.') {
            name.push('.');
            name.push_str(&self.name()?);
        }
        self.own.get(&name)
    }

    fn duckdb(&mut self, depth: usize) -> Option<Type> {
        if self.tokens.get(self.at + 1) == Some(&Token::Punct('.')) {
            return self.dotted();
        }
        let before = self.at;
        let (word, quoted) = match self.next()? {
            Token::Word(w) => (w.to_uppercase_smolstr(), false),
            Token::Quoted(w) => (w.to_uppercase_smolstr(), true),
            _ => return None,
        };
        if !quoted {
            match word.as_str() {
                "STRUCT" | "ROW" => {
                    self.expect('(')?;
                    return Some(Type::Struct(self.fields(')', depth)?.into()));
                }
                "UNION" => {
                    self.expect('(')?;
                    return Some(Type::Union(self.fields(')', depth)?.into()));
                }
                "MAP" => return self.map('(', ')', depth),
                "ENUM" => return self.enumeration(),
                "DOUBLE" => {
                    self.eat_words(&["PRECISION"]);
                }
                "CHARACTER" | "CHAR" | "NATIONAL" | "NCHAR" => {
                    if word == "NATIONAL" && !self.eat_words(&["CHARACTER"]) && !self.eat_words(&["CHAR"]) {
                        return None;
                    }
                    self.eat_words(&["VARYING"]);
                    return (self.numbers()?.len() <= 1).then_some(Type::STRING);
                }
                "TIME" | "TIMESTAMP" => return self.duckdb_time(&word),
                "INTERVAL" => {
                    let unit = |p: &Self| {
                        ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"]
                            .iter()
                            .any(|w| p.is_word(0, w))
                    };
                    if unit(self) {
                        self.at += 1;
                        if self.eat_words(&["TO"]) {
                            if !unit(self) {
                                return None;
                            }
                            self.at += 1;
                        }
                    }
                    return Some(Type::Interval);
                }
                "GEOMETRY" if matches!(self.tokens.get(self.at + 1), Some(Token::String(_))) => {
                    self.expect('(')?;
                    let Some(Token::String(crs)) = self.next() else {
                        return None;
                    };
                    self.expect(')')?;
                    return Some(Type::Other(
                        format!("GEOMETRY({})", Dialect::DuckDb.string_literal(&crs)).into(),
                    ));
                }
                _ => {}
            }
        }
        let numbers = self.numbers()?;
        match (word.as_str(), numbers.as_slice()) {
            ("DECIMAL" | "NUMERIC" | "DEC", []) => Some(Type::decimal(18, 3)),
            ("DECIMAL" | "NUMERIC" | "DEC", [p]) => decimal(*p, 0, 38),
            ("DECIMAL" | "NUMERIC" | "DEC", [p, s]) => decimal(*p, *s, 38),
            ("FLOAT", [1..=24]) => Some(Type::Float32),
            ("FLOAT", [25..=53]) => Some(Type::Float64),
            ("VARCHAR" | "TEXT" | "STRING" | "NVARCHAR" | "BPCHAR", [_]) => Some(Type::STRING),
            ("BIT" | "BITSTRING", [_]) => Some(Type::Bit),
            (name, []) if self.at == before + 1 => duckdb_name(name).or_else(|| self.own.get(name)),
            (name, []) => duckdb_name(name),
            _ => None,
        }
    }

    fn duckdb_time(&mut self, word: &str) -> Option<Type> {
        let numbers = self.numbers()?;
        let zone = self.eat_words(&["WITH", "TIME", "ZONE"]);
        if !zone {
            self.eat_words(&["WITHOUT", "TIME", "ZONE"]);
        }
        match (word, zone, numbers.as_slice()) {
            ("TIME", false, []) => Some(Type::Time),
            ("TIME", true, []) => Some(Type::TimeTz),
            (_, true, []) => Some(Type::TimestampTz),
            (_, false, []) => Some(Type::TIMESTAMP),
            ("TIMESTAMP", false, [n]) => timestamp_precision(*n).map(Type::Timestamp),
            _ => None,
        }
    }

    fn enumeration(&mut self) -> Option<Type> {
        self.expect('(')?;
        let mut values: Vec<SmolStr> = Vec::new();
        loop {
            let Some(Token::String(value)) = self.next() else {
                return None;
            };
            values.push(value);
            if self.eat(')') {
                break;
            }
            self.expect(',')?;
        }
        Some(Type::Enum(values.into()))
    }

    fn map(&mut self, open: char, close: char, depth: usize) -> Option<Type> {
        self.expect(open)?;
        let key = self.ty(depth + 1)?;
        self.expect(',')?;
        let value = self.ty(depth + 1)?;
        self.field_options();
        self.expect(close)?;
        Some(Type::map(key, value))
    }

    fn databricks(&mut self, depth: usize) -> Option<Type> {
        let Token::Word(word) = self.next()? else {
            return None;
        };
        let word = word.to_uppercase_smolstr();
        match word.as_str() {
            "ARRAY" => {
                self.expect('<')?;
                let element = self.ty(depth + 1)?;
                self.expect('>')?;
                return Some(Type::list(element));
            }
            "MAP" => return self.map('<', '>', depth),
            "STRUCT" => {
                self.expect('<')?;
                return Some(Type::Struct(self.fields('>', depth)?.into()));
            }
            "INTERVAL" => {
                while matches!(self.peek(), Some(Token::Word(_))) {
                    self.at += 1;
                }
                return Some(Type::Interval);
            }
            "DOUBLE" => {
                self.eat_words(&["PRECISION"]);
                return Some(Type::Float64);
            }
            "GEOGRAPHY" | "GEOMETRY" => {
                if self.eat('(') {
                    self.next()?;
                    self.expect(')')?;
                }
                return Some(if word == "GEOGRAPHY" {
                    Type::Geography
                } else {
                    Type::Geometry
                });
            }
            "STRING" if self.eat_words(&["COLLATE"]) => {
                self.next()?;
                return Some(Type::STRING);
            }
            _ => {}
        }
        let numbers = self.numbers()?;
        Some(match (word.as_str(), numbers.as_slice()) {
            ("STRING", []) => Type::STRING,
            ("VARCHAR" | "CHAR", [n]) => Type::String { length: Some(*n) },
            ("DECIMAL" | "DEC" | "NUMERIC", []) => Type::decimal(10, 0),
            ("DECIMAL" | "DEC" | "NUMERIC", [p]) => decimal(*p, 0, 38)?,
            ("DECIMAL" | "DEC" | "NUMERIC", [p, s]) => decimal(*p, *s, 38)?,
            ("BOOLEAN", []) => Type::Boolean,
            ("TINYINT" | "BYTE", []) => Type::Int8,
            ("SMALLINT" | "SHORT", []) => Type::Int16,
            ("INT" | "INTEGER", []) => Type::Int32,
            ("BIGINT" | "LONG", []) => Type::Int64,
            ("FLOAT" | "REAL", []) => Type::Float32,
            ("BINARY", []) => Type::Binary,
            ("DATE", []) => Type::Date,
            ("TIMESTAMP" | "TIMESTAMP_LTZ", []) => Type::TimestampTz,
            ("TIMESTAMP_NTZ", []) => Type::TIMESTAMP,
            ("VARIANT", []) => Type::Variant,
            ("VOID", []) => Type::Null,
            ("OBJECT", []) => Type::Other("OBJECT".into()),
            _ => return None,
        })
    }

    fn snowflake(&mut self, depth: usize) -> Option<Type> {
        let Token::Word(word) = self.next()? else {
            return None;
        };
        let word = word.to_uppercase_smolstr();
        match word.as_str() {
            "ARRAY" => {
                if !self.eat('(') {
                    return Some(Type::list(Type::Variant));
                }
                let element = self.ty(depth + 1)?;
                self.field_options();
                self.expect(')')?;
                return Some(Type::list(element));
            }
            "MAP" => return self.map('(', ')', depth),
            "OBJECT" => {
                return match self.eat('(') {
                    true => Some(Type::Struct(self.fields(')', depth)?.into())),
                    false => Some(Type::Other("OBJECT".into())),
                };
            }
            "VECTOR" => {
                self.expect('(')?;
                let element = self.ty(depth + 1)?;
                self.expect(',')?;
                let Some(Token::Number(n)) = self.next() else {
                    return None;
                };
                self.expect(')')?;
                return Some(Type::Array(Arc::new(element), n));
            }
            "DOUBLE" => {
                self.eat_words(&["PRECISION"]);
                return Some(Type::Float64);
            }
            "CHAR" | "NCHAR" if self.eat_words(&["VARYING"]) => {
                let numbers = self.numbers()?;
                return Some(Type::String {
                    length: numbers.first().copied(),
                });
            }
            _ => {}
        }
        let numbers = self.numbers()?;
        Some(match (word.as_str(), numbers.as_slice()) {
            ("NUMBER" | "DECIMAL" | "DEC" | "NUMERIC", []) => Type::decimal(38, 0),
            ("NUMBER" | "DECIMAL" | "DEC" | "NUMERIC", [p]) => decimal(*p, 0, 38)?,
            ("NUMBER" | "DECIMAL" | "DEC" | "NUMERIC", [p, s]) => decimal(*p, *s, 38)?,
            ("INT" | "INTEGER" | "BIGINT" | "SMALLINT" | "TINYINT" | "BYTEINT", []) => Type::decimal(38, 0),
            ("FLOAT" | "FLOAT4" | "FLOAT8" | "REAL", []) => Type::Float64,
            ("DECFLOAT", []) => Type::Other("DECFLOAT".into()),
            ("VARCHAR" | "STRING" | "TEXT" | "NVARCHAR" | "NVARCHAR2", []) => Type::STRING,
            ("CHAR" | "CHARACTER" | "NCHAR", []) => Type::String { length: Some(1) },
            (
                "VARCHAR" | "STRING" | "TEXT" | "NVARCHAR" | "NVARCHAR2" | "CHAR" | "CHARACTER" | "NCHAR",
                [n],
            ) => {
                // The maximum is what a VARCHAR without length has.
                Type::String {
                    length: (!matches!(*n, 16_777_216 | 134_217_728)).then_some(*n),
                }
            }
            ("BINARY" | "VARBINARY", [] | [_]) => Type::Binary,
            ("BOOLEAN", []) => Type::Boolean,
            ("DATE", []) => Type::Date,
            ("TIME", [] | [_]) => Type::Time,
            ("DATETIME" | "TIMESTAMP" | "TIMESTAMP_NTZ" | "TIMESTAMPNTZ", []) => {
                Type::Timestamp(TimeUnit::Nano)
            }
            ("DATETIME" | "TIMESTAMP" | "TIMESTAMP_NTZ" | "TIMESTAMPNTZ", [n]) => {
                Type::Timestamp(timestamp_precision(*n)?)
            }
            ("TIMESTAMP_TZ" | "TIMESTAMPTZ", [] | [_]) => Type::TimestampTz,
            ("TIMESTAMP_LTZ" | "TIMESTAMPLTZ", [] | [_]) => Type::TimestampLtz,
            ("VARIANT", []) => Type::Variant,
            ("GEOGRAPHY", []) => Type::Geography,
            ("GEOMETRY", []) => Type::Geometry,
            ("UUID", []) => Type::Uuid,
            _ => return None,
        })
    }

    fn bigquery(&mut self, depth: usize) -> Option<Type> {
        let Token::Word(word) = self.next()? else {
            return None;
        };
        let word = word.to_uppercase_smolstr();
        match word.as_str() {
            "ARRAY" => {
                self.expect('<')?;
                let element = self.ty(depth + 1)?;
                self.expect('>')?;
                return Some(Type::list(element));
            }
            "STRUCT" => {
                self.expect('<')?;
                return Some(Type::Struct(self.fields('>', depth)?.into()));
            }
            "RANGE" => {
                self.expect('<')?;
                let element = self.ty(depth + 1)?;
                self.expect('>')?;
                return Some(Type::Other(
                    format!("RANGE<{}>", element.print(self.dialect)).into(),
                ));
            }
            _ => {}
        }
        let numbers = self.numbers()?;
        Some(match (word.as_str(), numbers.as_slice()) {
            ("INT64" | "INT" | "SMALLINT" | "INTEGER" | "BIGINT" | "TINYINT" | "BYTEINT", []) => Type::Int64,
            ("FLOAT64", []) => Type::Float64,
            ("NUMERIC" | "DECIMAL", []) => Type::decimal(38, 9),
            ("NUMERIC" | "DECIMAL", [p]) => bounded_decimal(*p, 0, 29, 9)?,
            ("NUMERIC" | "DECIMAL", [p, s]) => bounded_decimal(*p, *s, 29, 9)?,
            ("BIGNUMERIC" | "BIGDECIMAL", []) => Type::decimal(76, 38),
            ("BIGNUMERIC" | "BIGDECIMAL", [p]) => bounded_decimal(*p, 0, 38, 38)?,
            ("BIGNUMERIC" | "BIGDECIMAL", [p, s]) => bounded_decimal(*p, *s, 38, 38)?,
            ("BOOL" | "BOOLEAN", []) => Type::Boolean,
            ("STRING", []) => Type::STRING,
            ("STRING", [n]) => Type::String { length: Some(*n) },
            ("BYTES", [] | [_]) => Type::Binary,
            ("DATE", []) => Type::Date,
            ("DATETIME", []) => Type::TIMESTAMP,
            ("TIMESTAMP", []) => Type::TimestampTz,
            ("TIME", []) => Type::Time,
            ("INTERVAL", []) => Type::Interval,
            ("JSON", []) => Type::Json,
            ("GEOGRAPHY", []) => Type::Geography,
            _ => return None,
        })
    }
}

fn decimal(precision: u32, scale: u32, max: u32) -> Option<Type> {
    if precision == 0 || precision > max || scale > precision {
        return None;
    }
    Some(Type::decimal(
        u8::try_from(precision).ok()?,
        u8::try_from(scale).ok()?,
    ))
}

/// BigQuery bounds the digits before the point and the scale apart.
fn bounded_decimal(precision: u32, scale: u32, max_integral: u32, max_scale: u32) -> Option<Type> {
    if scale > max_scale || precision > max_integral + scale {
        return None;
    }
    decimal(precision, scale, 76)
}

fn timestamp_precision(digits: u32) -> Option<TimeUnit> {
    match digits {
        0 => Some(TimeUnit::Second),
        1..=3 => Some(TimeUnit::Milli),
        4..=6 => Some(TimeUnit::Micro),
        7..=9 => Some(TimeUnit::Nano),
        _ => None,
    }
}

/// The names of `duckdb_types()` without parameters.
fn duckdb_name(name: &str) -> Option<Type> {
    Some(match name {
        "NULL" => Type::Null,
        "BOOLEAN" | "BOOL" | "LOGICAL" => Type::Boolean,
        "TINYINT" | "INT1" => Type::Int8,
        "SMALLINT" | "INT2" | "INT16" | "SHORT" => Type::Int16,
        "INTEGER" | "INT" | "INT4" | "INT32" | "INTEGRAL" | "SIGNED" => Type::Int32,
        "BIGINT" | "INT8" | "INT64" | "LONG" | "OID" => Type::Int64,
        "HUGEINT" | "INT128" => Type::Int128,
        "UTINYINT" | "UINT8" => Type::UInt8,
        "USMALLINT" | "UINT16" => Type::UInt16,
        "UINTEGER" | "UINT32" => Type::UInt32,
        "UBIGINT" | "UINT64" => Type::UInt64,
        "UHUGEINT" | "UINT128" => Type::UInt128,
        "BIGNUM" | "VARINT" => Type::BigNum,
        "FLOAT" | "FLOAT4" | "REAL" => Type::Float32,
        "DOUBLE" | "FLOAT8" => Type::Float64,
        "VARCHAR" | "TEXT" | "STRING" | "NVARCHAR" | "BPCHAR" | "CHAR" => Type::STRING,
        "BLOB" | "BINARY" | "BYTEA" | "VARBINARY" => Type::Binary,
        "BIT" | "BITSTRING" => Type::Bit,
        "DATE" => Type::Date,
        "TIME" => Type::Time,
        "TIME WITH TIME ZONE" | "TIMETZ" => Type::TimeTz,
        "TIME_NS" => Type::TimeNs,
        "TIMESTAMP" | "DATETIME" | "TIMESTAMP_US" => Type::TIMESTAMP,
        "TIMESTAMP_S" => Type::Timestamp(TimeUnit::Second),
        "TIMESTAMP_MS" => Type::Timestamp(TimeUnit::Milli),
        "TIMESTAMP_NS" => Type::Timestamp(TimeUnit::Nano),
        "TIMESTAMP WITH TIME ZONE" | "TIMESTAMPTZ" => Type::TimestampTz,
        "INTERVAL" => Type::Interval,
        "UUID" | "GUID" => Type::Uuid,
        "JSON" => Type::Json,
        "VARIANT" => Type::Variant,
        "GEOMETRY" => Type::Geometry,
        // Types of extensions, and the engine's type of types.
        "TYPE" | "INET" | "POINT_2D" | "POINT_3D" | "POINT_4D" | "LINESTRING_2D" | "LINESTRING_3D"
        | "POLYGON_2D" | "POLYGON_3D" | "BOX_2D" | "BOX_2DF" | "WKB_BLOB" => Type::Other(SmolStr::new(name)),
        _ => return None,
    })
}
