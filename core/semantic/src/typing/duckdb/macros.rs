//! The engine's macros: their definitions stand in the catalogue as prefix expressions, typed here like what they expand to.

use super::functions;
use super::{Seen, operators, scalar};
use crate::catalogue::{self, Macro};
use crate::typing::{CallSite, Constant, Operand, TypeError, Typed, nullable};
use rocky_base::{Dialect, SmolStr};
use rocky_syntax::ast::{BinaryOp, Literal};
use rocky_warehouse::Type;

/// The engine's macros nest at most this deep.
const MAX_DEPTH: usize = 24;

/// A call of a macro.
pub(crate) fn expand(
    macros: &[Macro],
    operands: &[&Operand],
    names: &[Option<&SmolStr>],
    site: &CallSite<'_>,
) -> Result<Typed, TypeError> {
    let fits = |m: &&Macro| {
        let mut named = names.iter().flatten();
        m.params.len() == operands.len() && named.all(|n| m.params.iter().any(|p| p.eq_ignore_ascii_case(n)))
    };
    let Some(chosen) = macros.iter().find(fits) else {
        let forms: Vec<String> = macros
            .iter()
            .map(|m| format!("({})", m.params.join(", ")))
            .collect();
        return Err(TypeError::Arity(forms.join(" or ")));
    };
    let mut placed: Vec<&Operand> = operands.to_vec();
    if !names.is_empty() {
        // What has no name comes first, in order; a name takes its own place.
        let place = |name: &SmolStr| chosen.params.iter().position(|p| p.eq_ignore_ascii_case(name));
        let mut free = operands.iter().zip(names).filter(|(_, n)| n.is_none());
        for (index, slot) in placed.iter_mut().enumerate() {
            let own = operands
                .iter()
                .zip(names)
                .find(|(_, n)| n.and_then(place) == Some(index));
            match own.or_else(|| free.next()) {
                Some((operand, _)) => *slot = operand,
                None => {
                    return Ok(Typed {
                        ty: Type::Unknown,
                        nullable: true,
                    });
                }
            }
        }
    }
    demands(site, &placed)?;
    let operand = body(chosen, &placed, site, 0)?;
    Ok(Typed {
        ty: operand.ty,
        nullable: operand.nullable,
    })
}

/// What definitions ask for that the catalogue does not hold: parts that are queries, and constants.
fn demands(site: &CallSite<'_>, operands: &[&Operand]) -> Result<(), TypeError> {
    let divided = |at: usize| match operands.get(at) {
        Some(operand) => {
            let number = super::literal(&Literal::Number("1000".into()));
            let typed = operators::binary(&BinaryOp::IntDiv, operand, &number);
            typed.map(drop).map_err(|e| match e {
                TypeError::Operator => TypeError::ArgumentTypes("a number".into()),
                e => e,
            })
        }
        None => Ok(()),
    };
    match site.name.to_ascii_lowercase().as_str() {
        "format_type" => divided(1),
        "pg_get_constraintdef" => divided(0),
        name @ ("array_to_string" | "array_to_string_comma_default") => {
            let null = |o: &&Operand| o.is_null() || o.is_doubtful();
            match operands.iter().any(null)
                || site.columns >> 1 & 1 == 0
                || site.args.iter().any(|a| a.name.is_some())
            {
                true => Ok(()),
                false => Err(TypeError::Refused(format!(
                    "`{name}` needs a constant as argument 2, not a column"
                ))),
            }
        }
        name @ ("list_reverse" | "array_reverse") => match operands.first() {
            Some(o) if matches!(o.ty, Type::String { .. } | Type::Binary) && !o.is_null() => Err(
                TypeError::Refused(format!("`{name}` does not take text; `reverse` does")),
            ),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Whether its definition calls an aggregate.
pub(crate) fn aggregates(chosen: &Macro) -> bool {
    chosen.body.split('(').skip(1).any(|call| {
        let name = call.split([' ', ')']).next().unwrap_or("");
        catalogue::lookup(Dialect::DuckDb, name).is_some_and(|e| {
            !e.aggregate.is_empty() || (e.scalar.is_empty() && e.macros.iter().any(aggregates_directly))
        })
    })
}

fn aggregates_directly(chosen: &Macro) -> bool {
    chosen.body.split('(').skip(1).any(|call| {
        let name = call.split([' ', ')']).next().unwrap_or("");
        catalogue::lookup(Dialect::DuckDb, name).is_some_and(|e| !e.aggregate.is_empty())
    })
}

fn body(
    chosen: &Macro,
    operands: &[&Operand],
    site: &CallSite<'_>,
    depth: usize,
) -> Result<Operand, TypeError> {
    let mut reader = Reader {
        rest: chosen.body,
        chosen,
        operands,
        site,
    };
    reader.expression(depth)
}

struct Reader<'a> {
    rest: &'static str,
    chosen: &'a Macro,
    operands: &'a [&'a Operand],
    site: &'a CallSite<'a>,
}

impl Reader<'_> {
    /// The next word, bracket or quoted string.
    fn token(&mut self) -> &'static str {
        self.rest = self.rest.trim_start();
        let end = match self.rest.as_bytes() {
            [b'(' | b')', ..] => 1,
            [b'\'', ..] => {
                let mut end = 1;
                let bytes = self.rest.as_bytes();
                while let Some(byte) = bytes.get(end) {
                    end += 1;
                    if *byte == b'\'' {
                        if bytes.get(end) != Some(&b'\'') {
                            break;
                        }
                        end += 1;
                    }
                }
                end
            }
            _ => self.rest.find([' ', '(', ')']).unwrap_or(self.rest.len()),
        };
        let (token, rest) = self.rest.split_at_checked(end).unwrap_or(("", ""));
        self.rest = rest;
        token
    }

    fn expression(&mut self, depth: usize) -> Result<Operand, TypeError> {
        if depth > MAX_DEPTH {
            return Ok(Operand::unknown());
        }
        let token = self.token();
        if token == "(" {
            return self.call(depth);
        }
        if let Some(name) = token.strip_prefix('$') {
            let at = self.chosen.params.iter().position(|p| *p == name);
            if let Some(operand) = at.and_then(|i| self.operands.get(i)) {
                return Ok((*operand).clone());
            }
            // A column name that is a keyword function: current_timestamp, current_user.
            return named(functions::canonical(name), &[], self.site, depth + 1);
        }
        if let Some(text) = token.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) {
            let constant = Some(Constant::String(SmolStr::from(text.replace("''", "'"))));
            return Ok(Operand {
                ty: Type::STRING,
                nullable: false,
                constant,
            });
        }
        Ok(match token {
            "null" | "_" => super::literal(&Literal::Null),
            "true" | "false" => super::literal(&Literal::Bool(true)),
            "?" => Operand::unknown(),
            number => match number.strip_prefix('-') {
                Some(digits) => operators::unary(
                    rocky_syntax::ast::UnaryOp::Minus,
                    &super::literal(&Literal::Number(digits.into())),
                )?,
                None => super::literal(&Literal::Number(number.into())),
            },
        })
    }

    fn call(&mut self, depth: usize) -> Result<Operand, TypeError> {
        let name = self.token();
        if name == "cast" {
            let mut word = self.token().to_owned();
            // `TIMESTAMP WITH TIME ZONE` and its like.
            while self
                .rest
                .trim_start()
                .starts_with(|c: char| c.is_ascii_uppercase())
            {
                word.push(' ');
                word.push_str(self.token());
            }
            let value = self.expression(depth + 1)?;
            self.token();
            let ty = Type::parse(Dialect::DuckDb, &word).unwrap_or_default();
            return Ok(Operand::of(ty, value.nullable));
        }
        let mut args = Vec::new();
        while !self.rest.trim_start().starts_with(')') && !self.rest.is_empty() {
            args.push(self.expression(depth + 1)?);
        }
        self.token();
        let refs: Vec<&Operand> = args.iter().collect();
        named(name, &refs, self.site, depth + 1)
    }
}

fn named(name: &str, args: &[&Operand], site: &CallSite<'_>, depth: usize) -> Result<Operand, TypeError> {
    let operator = match (name, args) {
        ("+", [_, _]) => Some(BinaryOp::Add),
        ("-", [_, _]) => Some(BinaryOp::Sub),
        ("*", [_, _]) => Some(BinaryOp::Mul),
        ("/", [_, _]) => Some(BinaryOp::Div),
        ("//", [_, _]) => Some(BinaryOp::IntDiv),
        ("%", [_, _]) => Some(BinaryOp::Mod),
        ("||", [_, _]) => Some(BinaryOp::Concat),
        ("->", [_, _]) => Some(BinaryOp::Arrow),
        _ => None,
    };
    if let (Some(op), [left, right]) = (operator, args) {
        let typed = operators::binary(&op, left, right).map_err(|e| match e {
            TypeError::Operator => TypeError::ArgumentTypes("types that its definition takes".into()),
            e => e,
        })?;
        return Ok(Operand::of(typed.ty, typed.nullable));
    }
    let typed = match (name, args) {
        ("case", [thens @ .., otherwise]) => {
            let mut all = vec![*otherwise];
            all.extend(thens);
            let ty = functions::meet(&all)?;
            return Ok(Operand::of(ty, all.iter().any(|o| o.nullable)));
        }
        ("compare", _) => return Ok(Operand::of(Type::Boolean, true)),
        ("coalesce", all) => {
            return Ok(Operand::of(functions::meet(all)?, all.iter().all(|o| o.nullable)));
        }
        ("index", [base, index]) => operators_index(base, index)?,
        ("slice", [base, ..]) => scalar::slice(&base.ty)?,
        ("unnest", [list]) => match &list.ty {
            Type::List(t) | Type::Array(t, _) => (**t).clone(),
            _ => Type::Unknown,
        },
        _ => {
            let Some(entry) = catalogue::lookup(Dialect::DuckDb, name) else {
                return Ok(Operand::unknown());
            };
            let seen: Vec<Seen> = args.iter().map(|o| Seen::of(o)).collect();
            if !entry.aggregate.is_empty() {
                let ty = functions::aggregate_type(name, entry, &seen, args)?;
                return Ok(Operand::of(ty, nullable::aggregate(name, site, args)));
            }
            if !entry.scalar.is_empty() {
                let ty = functions::scalar_type(name, &entry.scalar, &seen, args)?;
                let nullable = nullable::scalar(name, &ty, args);
                return Ok(Operand::of(ty, nullable));
            }
            let Some(inner) = entry.macros.iter().find(|m| m.params.len() == args.len()) else {
                return Ok(Operand::unknown());
            };
            return body(inner, args, site, depth);
        }
    };
    Ok(Operand::of(typed, true))
}

fn operators_index(base: &Operand, index: &Operand) -> Result<Type, TypeError> {
    Ok(scalar::index(base, index)?.ty)
}
