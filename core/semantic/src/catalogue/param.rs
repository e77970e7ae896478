//! Parameter types of overloads as the catalogue writes them: types, and patterns that stand for many (`ANY`, `T[]`,
//! `DECIMAL` of any width, `STRUCT` of any fields).

use rocky_base::Dialect;
use rocky_warehouse::Type;

/// What a parameter takes, or what a function gives in terms of its parameters.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Param {
    /// A concrete type.
    Exact(Type),
    /// Anything.
    Any,
    /// `T`, `K`, `V`: the same type wherever the letter stands.
    Template(u8),
    /// A lambda.
    Lambda,
    /// A list of a pattern.
    List(Box<Param>),
    /// An array of a pattern; `None` of any length.
    Array(Box<Param>, Option<u32>),
    /// A map of patterns.
    Map(Box<(Param, Param)>),
    /// A struct with unnamed or named fields of patterns.
    Fields(Vec<(&'static str, Param)>),
    /// Any struct.
    AnyStruct,
    /// Any map.
    AnyMap,
    /// Any list.
    AnyList,
    /// Any array.
    AnyArray,
    /// Any union.
    AnyUnion,
    /// A decimal of any width.
    AnyDecimal,
    /// Cannot be told from the signature.
    Unclear,
}

/// One signature.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Overload {
    pub(crate) params: Vec<Param>,
    pub(crate) variadic: Option<Param>,
    pub(crate) result: Param,
    /// As written in the catalogue, for messages.
    pub(crate) text: &'static str,
}

impl Overload {
    /// `BIGINT,*ANY>VARCHAR`.
    pub(crate) fn parse(text: &'static str) -> Option<Overload> {
        let (list, result) = text.rsplit_once('>')?;
        // `AGGREGATE_STATE<?>` ends in the separator.
        let (list, result) = if result.is_empty() {
            (list, "?")
        } else {
            (list, result)
        };
        let mut overload = Overload {
            params: Vec::new(),
            variadic: None,
            result: Param::parse(result),
            text,
        };
        for part in split(list) {
            match part.strip_prefix('*') {
                Some(variadic) => overload.variadic = Some(Param::parse(variadic)),
                None => overload.params.push(Param::parse(part)),
            }
        }
        Some(overload)
    }

    /// `BIGINT,*ANY`: a table function's, without a result.
    pub(crate) fn parse_parameters(text: &'static str) -> Option<Overload> {
        let mut overload = Overload {
            params: Vec::new(),
            variadic: None,
            result: Param::Unclear,
            text,
        };
        for part in split(text) {
            match part.strip_prefix('*') {
                Some(variadic) => overload.variadic = Some(Param::parse(variadic)),
                None => overload.params.push(Param::parse(part)),
            }
        }
        Some(overload)
    }

    /// For people: `(BIGINT, ANY…)`.
    pub(crate) fn describe(&self) -> String {
        let list = self.text.rsplit_once('>').map_or(self.text, |(l, _)| l);
        let parts: Vec<String> = split(list)
            .map(|p| match p.strip_prefix('*') {
                Some(variadic) => format!("{variadic}…"),
                None => p.to_owned(),
            })
            .collect();
        format!("({})", parts.join(", "))
    }
}

/// The parts between commas outside all brackets.
fn split(list: &'static str) -> impl Iterator<Item = &'static str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut depth = 0i32;
        let end = rest.find(|c| {
            depth += i32::from(matches!(c, '(' | '[' | '<')) - i32::from(matches!(c, ')' | ']' | '>'));
            c == ',' && depth == 0
        });
        let (part, tail) = match end {
            Some(end) => (rest.get(..end).unwrap_or(""), rest.get(end + 1..).unwrap_or("")),
            None => (rest, ""),
        };
        rest = tail;
        Some(part.trim())
    })
}

impl Param {
    /// The catalogue's own text; never user input.
    pub(crate) fn parse(text: &'static str) -> Param {
        match text {
            "ANY" => return Param::Any,
            "T" | "K" | "V" => return Param::Template(text.as_bytes().first().copied().unwrap_or(b'T')),
            "LAMBDA" => return Param::Lambda,
            "STRUCT" => return Param::AnyStruct,
            "MAP" => return Param::AnyMap,
            "LIST" => return Param::AnyList,
            "ARRAY" => return Param::AnyArray,
            "UNION" => return Param::AnyUnion,
            "DECIMAL" => return Param::AnyDecimal,
            "?" | "INVALID" | "STRUCT()" | "TABLE" | "POINTER" => return Param::Unclear,
            _ => {}
        }
        if let Some(ty) = Type::parse(Dialect::DuckDb, text) {
            return Param::Exact(ty);
        }
        if let Some(element) = text.strip_suffix("[]") {
            return Param::List(Box::new(Param::parse(element)));
        }
        if let Some(element) = text.strip_suffix("[ANY]") {
            return Param::Array(Box::new(Param::parse(element)), None);
        }
        if let Some(inner) = text.strip_prefix("MAP(").and_then(|t| t.strip_suffix(')')) {
            let mut parts = split(inner).map(Param::parse);
            if let (Some(key), Some(value)) = (parts.next(), parts.next()) {
                return Param::Map(Box::new((key, value)));
            }
        }
        if let Some(inner) = text.strip_prefix("STRUCT(").and_then(|t| t.strip_suffix(')')) {
            let field = |part: &'static str| match part.split_once(' ') {
                Some((name, ty)) => (name.trim_matches('"'), Param::parse(ty.trim())),
                None => ("", Param::parse(part)),
            };
            return Param::Fields(split(inner).map(field).collect());
        }
        Param::Unclear
    }
}
