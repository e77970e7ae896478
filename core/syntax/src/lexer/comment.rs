//! Comments: trivia that lexing keeps beside the tokens, for suppressions (`-- rocky-allow: …`) and documentation.
//!
//! Nothing is lexed for them: [`Lexed::comments`](super::Lexed::comments), [`Parsed::comments`](crate::parser::Parsed::comments)
//! and [`Lowered::comments`](crate::dsl::Lowered::comments) are there after every parse. Spans are of the text that was
//! lexed; of an expanded text, `OriginMap::locate_exact` leads to the file.

use rocky_base::Span;

/// A comment that ends with its line.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct LineComment<'t> {
    /// The comment, marker included, line end not.
    pub span: Span,
    /// What stands behind `--`, `//` or `#`, blanks trimmed.
    pub body: &'t str,
    /// The bytes of `body`.
    pub body_span: Span,
}

/// The line comments among `comments`, the comments of `text` in order.
pub fn line_comments<'t>(text: &'t str, comments: &'t [Span]) -> impl Iterator<Item = LineComment<'t>> {
    comments.iter().filter_map(|span| {
        let source = span.slice(text);
        let marked = source
            .strip_prefix("--")
            .or_else(|| source.strip_prefix("//"))
            .or_else(|| source.strip_prefix('#'))?;
        let body = marked.trim();
        let blank = marked.len() - marked.trim_start().len();
        let start = span.end as usize - marked.len() + blank;
        Some(LineComment {
            span: *span,
            body,
            body_span: Span::from(start..start + body.len()),
        })
    })
}
