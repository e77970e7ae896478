//! The structure argument of `json_transform`: a JSON text whose leaves are type names.

use crate::typing::bounded;
use rocky_base::Dialect;
use rocky_warehouse::{Field, Type};

const MAX_DEPTH: usize = 64;

/// The type that a structure describes; `None` when it is not one.
pub(crate) fn structure(text: &str) -> Option<Type> {
    let mut reader = Reader { rest: text };
    let ty = reader.value(0)?;
    reader.rest.trim_start().is_empty().then(|| bounded(ty))
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn eat(&mut self, c: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn string(&mut self) -> Option<String> {
        if !self.eat('"') {
            return None;
        }
        let mut out = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((i, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = self.rest.get(i + 1..)?;
                    return Some(out);
                }
                // Names and types with escapes are not worth reading; \" and \\ are.
                '\\' => match chars.next()?.1 {
                    c @ ('"' | '\\' | '/') => out.push(c),
                    _ => return None,
                },
                c => out.push(c),
            }
        }
        None
    }

    fn value(&mut self, depth: usize) -> Option<Type> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.eat('[') {
            let element = self.value(depth + 1)?;
            return self.eat(']').then(|| Type::list(element));
        }
        if self.eat('{') {
            let mut fields: Vec<Field> = Vec::new();
            loop {
                let name = self.string()?;
                if !self.eat(':') {
                    return None;
                }
                let ty = self.value(depth + 1)?;
                fields.push(Field {
                    name: name.into(),
                    ty,
                });
                if self.eat('}') {
                    return Some(Type::Struct(fields.into()));
                }
                if !self.eat(',') {
                    return None;
                }
            }
        }
        Type::parse(Dialect::DuckDb, &self.string()?)
    }
}
