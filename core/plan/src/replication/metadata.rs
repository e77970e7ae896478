//! Metadata columns: an expression of the configuration, with the components of the source as string literals in it.
//!
//! The expression is cut into tokens. `{component}` becomes a literal; inside a string it becomes a part of that string,
//! which is written anew. What a schema is called can therefore never be SQL.

use super::MetadataColumn;
use rocky_base::{Diagnostic, Dialect, Ident, Loc, SmolStr, code, suggest};
use rocky_config::{Components, MetadataColumn as Declared, SchemaPattern, Spanned, Template};
use rocky_syntax::lexer::{TokenKind, lex, string_value};
use rocky_syntax::parser::parse_expression;
use rocky_warehouse::Type;

/// A metadata column before the components are known.
#[derive(Clone, PartialEq, Debug)]
pub struct MetadataTemplate {
    name: Ident,
    ty: Type,
    ty_text: SmolStr,
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Debug)]
enum Part {
    Sql(String),
    /// A string with placeholders.
    Literal(Template),
}

/// Check the declared columns; one error for each that cannot be used.
pub fn metadata_templates(
    declared: &[Declared],
    pattern: &SchemaPattern,
    dialect: Dialect,
) -> Result<Vec<MetadataTemplate>, Vec<Diagnostic>> {
    let (mut templates, mut problems) = (Vec::with_capacity(declared.len()), Vec::new());
    let mut seen: Vec<(SmolStr, Loc)> = Vec::new();
    for column in declared {
        match template(column, pattern, dialect) {
            Ok(made) => {
                let key = made.name.key(dialect, rocky_base::ident::IdentKind::Column);
                match seen.iter().find(|(k, _)| *k == key) {
                    Some((_, first)) => problems.push(
                        Diagnostic::new(
                            code::E417,
                            column.name.loc,
                            format!("metadata column `{}` is declared twice", column.name.shown()),
                        )
                        .note(*first, "declared here first"),
                    ),
                    None => seen.push((key, column.name.loc)),
                }
                templates.push(made);
            }
            Err(problem) => problems.push(*problem),
        }
    }
    if problems.is_empty() {
        Ok(templates)
    } else {
        Err(problems)
    }
}

fn template(
    column: &Declared,
    pattern: &SchemaPattern,
    dialect: Dialect,
) -> Result<MetadataTemplate, Box<Diagnostic>> {
    let name = &column.name;
    if name.as_str().is_empty() {
        return Err(problem(name.loc, "metadata column has no name".to_owned()));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || " _(),<>:".contains(c);
    let ty = Type::parse(dialect, column.r#type.as_str())
        .filter(|t| !t.has_unknown())
        .filter(|_| column.r#type.as_str().chars().all(plain));
    let Some(ty) = ty else {
        let message = format!(
            "type `{}` of metadata column `{}` is not a type of {dialect}",
            column.r#type.shown(),
            name.shown()
        );
        return Err(problem(column.r#type.loc, message));
    };
    let parts = parts(&column.value, pattern, dialect).map_err(|text| {
        problem(
            column.value.loc,
            format!("value of metadata column `{}` {text}", name.shown()),
        )
    })?;
    let template = MetadataTemplate {
        name: Ident::from_config(dialect, name.as_str()),
        ty,
        ty_text: column.r#type.value.clone(),
        parts,
    };
    // With any components in it, it is one expression.
    let sample: Components = pattern
        .components
        .iter()
        .map(|c| (c.name.clone(), vec![SmolStr::new_static("x")]))
        .collect();
    let value = template.value(&sample, &pattern.separator, dialect);
    let (parsed, expr) = parse_expression(&value, dialect);
    let error = parsed.diagnostics.iter().find(|d| d.is_error());
    match (error, expr) {
        (None, Some(_)) => Ok(template),
        (error, _) => {
            let why = error.map_or("there is nothing", |d| d.message.as_str());
            Err(problem(
                column.value.loc,
                format!(
                    "value of metadata column `{}` is not an expression: {why}",
                    name.shown()
                ),
            ))
        }
    }
}

fn problem(loc: Loc, message: String) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::new(code::E417, loc, message).help(
            "Write an SQL expression; `{component}` stands for a component of the source, as a string.",
        ),
    )
}

/// The expression without comments, cut where components go.
fn parts(value: &Spanned<SmolStr>, pattern: &SchemaPattern, dialect: Dialect) -> Result<Vec<Part>, String> {
    let text = value.as_str();
    let lexed = lex(text, dialect);
    if let Some(error) = lexed.diagnostics.iter().find(|d| d.is_error()) {
        return Err(format!("cannot be read: {}", error.message));
    }
    let known = |name: &str| pattern.components.iter().any(|c| c.name == name);
    let slice = |from: u32, to: u32| text.get(from as usize..to as usize).unwrap_or_default();
    let (mut parts, mut sql) = (Vec::new(), String::new());
    let mut end = 0;
    let mut tokens = lexed.tokens.as_slice();
    while let [token, rest @ ..] = tokens {
        tokens = rest;
        if token.kind == TokenKind::Eof {
            break;
        }
        // White space and comments are one blank.
        if token.span.start > end && end > 0 {
            sql.push(' ');
        }
        end = token.span.end;
        let written = slice(token.span.start, token.span.end);
        let template = match (token.kind, rest) {
            (TokenKind::Semicolon, _) => return Err("has a semicolon".to_owned()),
            (TokenKind::String, _) => {
                let content = string_value(written, dialect);
                let template = Template::parse(&Spanned::new(content, value.loc));
                let named = template.placeholders().any(known);
                named.then_some(template)
            }
            (TokenKind::LBrace, [word, close, ..])
                if word.kind == TokenKind::Word && close.kind == TokenKind::RBrace =>
            {
                let name = slice(word.span.start, word.span.end);
                if !known(name) {
                    let near = suggest::nearest(name, pattern.components.iter().map(|c| c.name.as_str()));
                    let more = near.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
                    return Err(format!("names `{name}`, which is no component{more}"));
                }
                tokens = rest.get(2..).unwrap_or_default();
                end = close.span.end;
                let placeholder = SmolStr::new(format!("{{{name}}}"));
                Some(Template::parse(&Spanned::new(placeholder, value.loc)))
            }
            _ => None,
        };
        match template {
            Some(template) => {
                parts.push(Part::Sql(std::mem::take(&mut sql)));
                parts.push(Part::Literal(template));
            }
            None => sql.push_str(written),
        }
    }
    parts.push(Part::Sql(sql));
    Ok(parts)
}

impl MetadataTemplate {
    fn value(&self, components: &Components, separator: &str, dialect: Dialect) -> String {
        let mut sql = String::new();
        for part in &self.parts {
            match part {
                Part::Sql(text) => sql.push_str(text),
                Part::Literal(template) => {
                    sql.push_str(&dialect.string_literal(&template.render(components, separator)));
                }
            }
        }
        sql
    }

    /// The column of one source.
    pub(super) fn render(
        &self,
        components: &Components,
        separator: &str,
        dialect: Dialect,
    ) -> MetadataColumn {
        MetadataColumn {
            name: self.name.clone(),
            ty: self.ty.clone(),
            sql: format!(
                "CAST({} AS {})",
                self.value(components, separator, dialect),
                self.ty_text
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rocky_base::Span;

    fn spanned(text: &str) -> Spanned<SmolStr> {
        Spanned::new(text.into(), Loc::text(Span::at(0)))
    }

    fn render(dialect: Dialect, value: &str, ty: &str, tenant: &str) -> Result<String, String> {
        let declared = Declared {
            name: spanned("_m"),
            r#type: spanned(ty),
            value: spanned(value),
        };
        let pattern = SchemaPattern {
            prefix: "".into(),
            separator: "__".into(),
            components: vec![
                rocky_config::Component {
                    name: "tenant".into(),
                    variable: false,
                },
                rocky_config::Component {
                    name: "regions".into(),
                    variable: true,
                },
            ],
            loc: Loc::text(Span::at(0)),
        };
        let components: Components = [
            (SmolStr::new("tenant"), vec![SmolStr::new(tenant)]),
            (SmolStr::new("regions"), vec!["us".into(), "west".into()]),
        ]
        .into_iter()
        .collect();
        match metadata_templates(&[declared], &pattern, dialect) {
            Ok(made) => Ok(made[0].render(&components, "__", dialect).sql),
            Err(problems) => Err(problems[0].message.clone()),
        }
    }

    #[test]
    fn components_are_literals_inside_and_outside_of_strings() {
        let duck = |value: &str, tenant: &str| render(Dialect::DuckDb, value, "VARCHAR", tenant).unwrap();
        assert_eq!(
            duck("CURRENT_TIMESTAMP", "acme"),
            "CAST(CURRENT_TIMESTAMP AS VARCHAR)"
        );
        assert_eq!(duck("'{tenant}'", "acme"), "CAST('acme' AS VARCHAR)");
        assert_eq!(duck("{tenant}", "acme"), "CAST('acme' AS VARCHAR)");
        assert_eq!(
            duck("upper({tenant}) || '-{regions:/}' -- where", "acme"),
            "CAST(upper('acme') || '-us/west' AS VARCHAR)"
        );
        assert_eq!(duck("'{regions}'", "acme"), "CAST('us__west' AS VARCHAR)");
        // A schema's name is never SQL.
        assert_eq!(
            duck("'{tenant}'", "x'); DROP TABLE t; --"),
            "CAST('x''); DROP TABLE t; --' AS VARCHAR)"
        );
        assert_eq!(duck("{tenant}", "a'b"), "CAST('a''b' AS VARCHAR)");
        assert_eq!(
            render(Dialect::BigQuery, "'{tenant}'", "STRING", "a'b\\").unwrap(),
            "CAST('a\\'b\\\\' AS STRING)"
        );
        // Other braces stay what they are.
        assert_eq!(duck("'{\"a\": 1}'", "x"), "CAST('{\"a\": 1}' AS VARCHAR)");
    }

    #[test]
    fn what_is_not_one_expression_of_a_type_is_refused() {
        let bad = |value: &str, ty: &str| render(Dialect::DuckDb, value, ty, "acme").unwrap_err();
        assert!(bad("1) FROM x; --", "INTEGER").contains("has a semicolon"));
        assert!(bad("1) FROM (SELECT 1", "INTEGER").contains("is not an expression"));
        assert!(bad("1, 2", "INTEGER").contains("is not an expression"));
        assert!(bad("1 AS INTEGER) AS x, CAST(2", "INTEGER").contains("is not an expression"));
        assert!(bad("", "INTEGER").contains("is not an expression"));
        assert!(bad("'open", "INTEGER").contains("cannot be read"));
        assert!(bad("{tenent}", "VARCHAR").contains("did you mean `tenant`?"));
        assert!(bad("1", "INTEGER) AS x --").contains("is not a type of duckdb"));
        assert!(bad("1", "NO_SUCH").contains("is not a type of duckdb"));
    }
}
