//! Tokens to the tree: recursive descent with precedence climbing, straight into the arena of [`crate::ast`].
//!
//! It never fails: every function returns a node, an `Error` node under a diagnostic at worst. After an error the parser
//! skips to the next comma, closing bracket or clause keyword of the same nesting level; until it has moved on from there
//! it stays silent, so that one mistake gives one message. Real nesting is limited to [`MAX_NESTING`] levels and each
//! level asks for stack; chains (operators, set operations, joins, lists) are loops.
//! Start reading at [`parse`], then `query.rs`, `from.rs`, `expr.rs`.

mod call;
mod cursor;
mod expr;
mod from;
mod pivot;
mod primary;
mod query;
mod select;
mod types;

use crate::ast::{Ast, ExprId, ExprKind, QueryId};
use crate::lexer::{self, Kw, Lexed, Token, TokenKind};
use rocky_base::{Diagnostic, Dialect, Span};

/// How deep brackets, subqueries, calls and CASE may nest.
pub const MAX_NESTING: u32 = 400;

/// What became of a text.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree.
    pub ast: Ast,
    /// Lexical and syntax errors, in order of text; places are of the parsed text ([`rocky_base::FileId::TEXT`]).
    pub diagnostics: Vec<Diagnostic>,
    /// The comments' spans, in order.
    pub comments: Vec<Span>,
    /// The tokens, without comments.
    pub tokens: Vec<Token>,
}

/// Parse a model's text: one query, perhaps with a semicolon behind it.
pub fn parse(text: &str, dialect: Dialect) -> Parsed {
    parse_lexed(text, lexer::lex(text, dialect), dialect)
}

/// Parse a text that is already lexed.
pub fn parse_lexed(text: &str, lexed: Lexed, dialect: Dialect) -> Parsed {
    let mut parser = Parser::new(text, &lexed.tokens, dialect);
    parser.diagnostics = lexed.diagnostics;
    // What follows an unclosed string is unknown: no errors at the end of what is left.
    parser.truncated = !parser.diagnostics.is_empty();
    let root = parser.statement();
    let mut ast = std::mem::take(&mut parser.ast);
    ast.root = root;
    let mut diagnostics = std::mem::take(&mut parser.diagnostics);
    diagnostics.sort_by_key(|d| d.primary.as_ref().map_or(0, |l| l.loc.span.start));
    Parsed {
        ast,
        diagnostics,
        comments: lexed.comments,
        tokens: lexed.tokens,
    }
}

/// Parse a single expression (a filter or an assertion from the configuration).
pub fn parse_expression(text: &str, dialect: Dialect) -> (Parsed, Option<ExprId>) {
    let lexed = lexer::lex(text, dialect);
    let mut parser = Parser::new(text, &lexed.tokens, dialect);
    parser.diagnostics = lexed.diagnostics;
    parser.truncated = !parser.diagnostics.is_empty();
    let id = if parser.at_eof() {
        parser.empty_text();
        None
    } else {
        let id = parser.expr();
        if !parser.at_eof() {
            parser.unexpected("the end of the expression");
        }
        Some(id)
    };
    let ast = std::mem::take(&mut parser.ast);
    let diagnostics = std::mem::take(&mut parser.diagnostics);
    (
        Parsed {
            ast,
            diagnostics,
            comments: lexed.comments,
            tokens: lexed.tokens,
        },
        id,
    )
}

/// The state of one parse.
pub(crate) struct Parser<'a> {
    text: &'a str,
    dialect: Dialect,
    tokens: &'a [Token],
    pos: usize,
    ast: Ast,
    diagnostics: Vec<Diagnostic>,
    // Nesting of the parser's own recursion.
    depth: u32,
    // Nesting of the finished expressions, parallel to `ast.exprs`; binary chains count once.
    heights: Vec<u16>,
    // The highest expression of each open query, and of each finished one.
    open_heights: Vec<u16>,
    query_heights: Vec<u16>,
    // The matching bracket of each opening bracket, by token index.
    closing: Vec<u32>,
    // No error is reported at this token: one was, and recovery stopped here.
    silent_at: Option<usize>,
    // The text ends in a lexical error.
    truncated: bool,
    too_deep: bool,
    // Inside the brackets of a call, and of one that takes lambdas: `x -> …` is a lambda there.
    in_args: ArgContext,
    // A word taken as an alias that turned out to be a misspelt keyword.
    last_alias: Option<Span>,
    // Snowflake's `SELECT TOP n`, until its query is complete.
    pending_top: Option<ExprId>,
    // The first half of a `>>` closed an inner type.
    half_shift: bool,
}

/// Where a `->` stands.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum ArgContext {
    /// Not directly in a call: JSON.
    None,
    /// In a call: a lambda, unless it looks like JSON.
    Call,
    /// In a call of a function that takes lambdas.
    LambdaCall,
}

pub(crate) const NO_MATCH: u32 = u32::MAX;

impl<'a> Parser<'a> {
    fn new(text: &'a str, tokens: &'a [Token], dialect: Dialect) -> Parser<'a> {
        Parser {
            text,
            dialect,
            tokens,
            pos: 0,
            // Three tokens make an expression; most texts are one query.
            ast: Ast {
                exprs: Vec::with_capacity(tokens.len() / 3),
                queries: Vec::with_capacity(1),
                froms: Vec::with_capacity(1),
                root: None,
            },
            diagnostics: Vec::new(),
            depth: 0,
            heights: Vec::with_capacity(tokens.len() / 3),
            open_heights: vec![0],
            query_heights: Vec::new(),
            closing: match_brackets(tokens),
            silent_at: None,
            truncated: false,
            too_deep: false,
            in_args: ArgContext::None,
            last_alias: None,
            pending_top: None,
            half_shift: false,
        }
    }

    /// The whole text.
    fn statement(&mut self) -> Option<QueryId> {
        while self.eat(TokenKind::Semicolon).is_some() {}
        if self.at_eof() {
            self.empty_text();
            return None;
        }
        if !self.at_query_start() && self.not_a_query() {
            return None;
        }
        let root = self.query();
        loop {
            if self.at_eof() {
                break;
            }
            if self.peek().kind == TokenKind::Semicolon {
                while self.eat(TokenKind::Semicolon).is_some() {}
                if !self.at_eof() {
                    self.second_statement();
                }
                break;
            }
            self.unexpected("the end of the query");
            // Past whatever stopped the recovery, so that the loop ends; later statements are still noticed.
            if self.peek().kind != TokenKind::Semicolon && !self.at_eof() {
                self.advance();
                self.skip_while(|t| t.kind != TokenKind::Semicolon);
            }
        }
        Some(root)
    }
}

/// For each opening bracket the index of its closing one. A closing bracket of another kind closes what stands between.
pub(crate) fn match_brackets(tokens: &[Token]) -> Vec<u32> {
    let mut closing = vec![NO_MATCH; tokens.len()];
    let mut open: Vec<(usize, TokenKind)> = Vec::new();
    // How many of each kind are open, so that a stray bracket does not search the whole stack.
    let mut counts = [0u32; 3];
    let slot = |kind: TokenKind| match kind {
        TokenKind::RParen => 0,
        TokenKind::RBracket => 1,
        _ => 2,
    };
    for (index, token) in tokens.iter().enumerate() {
        let closes = match token.kind {
            TokenKind::LParen => Some(TokenKind::RParen),
            TokenKind::LBracket => Some(TokenKind::RBracket),
            TokenKind::LBrace => Some(TokenKind::RBrace),
            _ => None,
        };
        if let Some(kind) = closes {
            open.push((index, kind));
            if let Some(count) = counts.get_mut(slot(kind)) {
                *count += 1;
            }
            continue;
        }
        if matches!(
            token.kind,
            TokenKind::RParen | TokenKind::RBracket | TokenKind::RBrace
        ) && counts.get(slot(token.kind)).is_some_and(|c| *c > 0)
        {
            while let Some((start, kind)) = open.pop() {
                if let Some(count) = counts.get_mut(slot(kind)) {
                    *count -= 1;
                }
                if kind == token.kind {
                    if let Some(entry) = closing.get_mut(start) {
                        *entry = index as u32;
                    }
                    break;
                }
            }
        }
    }
    closing
}

/// A keyword that begins a statement that is not a query.
fn is_statement_keyword(kw: Kw) -> bool {
    matches!(
        kw,
        Kw::Create
            | Kw::Insert
            | Kw::Update
            | Kw::Delete
            | Kw::Merge
            | Kw::Drop
            | Kw::Alter
            | Kw::Truncate
            | Kw::Copy
            | Kw::Grant
            | Kw::Set
            | Kw::Use
            | Kw::Begin
            | Kw::Commit
            | Kw::Call
            | Kw::Execute
            | Kw::Explain
    )
}

impl Parser<'_> {
    /// Add an expression; an expression that nests too deeply becomes an error node.
    fn add(&mut self, kind: ExprKind, span: Span) -> ExprId {
        let height = self.height_of(&kind);
        let kind = if height > 2 * MAX_NESTING as u16 {
            self.report_depth(span);
            ExprKind::Error
        } else {
            kind
        };
        let height = if matches!(kind, ExprKind::Error) {
            1
        } else {
            height
        };
        self.heights.push(height);
        if let Some(top) = self.open_heights.last_mut() {
            *top = (*top).max(height);
        }
        self.ast.add_expr(kind, span)
    }

    fn error_expr(&mut self, span: Span) -> ExprId {
        self.add(ExprKind::Error, span)
    }

    fn height(&self, id: ExprId) -> u16 {
        self.heights.get(id.0 as usize).copied().unwrap_or(0)
    }

    fn query_height(&self, id: QueryId) -> u16 {
        self.query_heights.get(id.0 as usize).copied().unwrap_or(0)
    }

    fn height_of(&self, kind: &ExprKind) -> u16 {
        // A chain of binary operators leans left and is walked with a loop: its length is no nesting.
        if let ExprKind::Binary { left, right, .. } = kind {
            let spine = match self.ast.expr(*left).kind {
                ExprKind::Binary { .. } => self.height(*left),
                _ => self.height(*left) + 1,
            };
            return spine.max(self.height(*right) + 1);
        }
        let mut highest = 0;
        let mut queries = 0;
        kind.for_each_child(|id| highest = highest.max(self.height(id)));
        kind.for_each_query(|id| queries = queries.max(self.query_height(id)));
        highest.max(queries) + 1
    }
}
