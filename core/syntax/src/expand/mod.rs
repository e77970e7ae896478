//! Token expansion before parsing: `@macro(args)`, `@var(name, default)`, `@start_date`, `@end_date`.
//!
//! It works on tokens, so that strings, quoted names and comments are never touched, and remembers where every byte of the
//! result comes from. Arguments are substituted as they are written, once, without brackets of their own: `@double(a + b)`
//! over `{x} * 2` gives `a + b * 2`. Date placeholders stay in the text; the parser makes nodes of them. A call that cannot
//! be expanded is reported and stays in the text, where the parser takes it for an error node. Depth, recursion and the
//! size of the result are limited.

mod define;

pub use define::{MacroDef, parse_macros};

use crate::ast::DatePlaceholder;
use crate::lexer::{Lexed, Token, TokenKind, lex};
use crate::origin::{OriginMap, Segment, SegmentKind};
use crate::parser::{NO_MATCH, match_brackets};
use rocky_base::{Code, Diagnostic, Dialect, Loc, SmolStr, Span, code, suggest};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;
use std::sync::Arc;

/// How deep macro bodies may call macros.
pub const MAX_MACRO_DEPTH: u32 = 16;
/// How deep calls may nest in all, arguments included.
const MAX_LEVEL: u32 = 64;
/// The largest expanded text.
const MAX_TEXT: usize = 16 * 1024 * 1024;
/// The most calls that one text may expand to.
const MAX_CALLS: usize = 100_000;
/// Nobody reads more, and a text can hold as many mistakes as calls.
const MAX_DIAGNOSTICS: usize = 200;

/// What expansion reads.
pub struct Env<'a> {
    /// The dialect, for the lexer.
    pub dialect: Dialect,
    /// The macros by name.
    pub macros: &'a FxHashMap<SmolStr, MacroDef>,
    /// The value of a variable.
    pub var: &'a dyn Fn(&str) -> Option<SmolStr>,
}

/// The result of expansion.
#[derive(Clone, Debug)]
pub struct Expanded {
    /// The text for the parser.
    pub text: Arc<str>,
    /// Where its bytes come from.
    pub origin: OriginMap,
    /// What was wrong; the places are in the users' files.
    pub diagnostics: Vec<Diagnostic>,
    /// The macros asked for, in order of first use, and whether they exist.
    pub macros_read: Vec<(SmolStr, bool)>,
    /// The variables asked for, in order of first use, and their values.
    pub vars_read: Vec<(SmolStr, Option<SmolStr>)>,
    /// The date placeholders, with their bytes in `text`.
    pub placeholders: Vec<(DatePlaceholder, Span)>,
}

/// Expand a text whose bytes come from `origin`.
pub fn expand(text: &Arc<str>, origin: &OriginMap, env: &Env<'_>) -> Expanded {
    let unchanged = Expanded {
        text: text.clone(),
        origin: origin.clone(),
        diagnostics: Vec::new(),
        macros_read: Vec::new(),
        vars_read: Vec::new(),
        placeholders: Vec::new(),
    };
    if !text.as_bytes().contains(&b'@') {
        return unchanged;
    }
    let lexed = lex(text, env.dialect);
    let closing = match_brackets(&lexed.tokens);
    let root = Frame {
        text,
        tokens: &lexed.tokens,
        closing: &closing,
        parent: None,
        depth: 0,
        body: None,
    };
    let mut expander = Expander {
        origin,
        env,
        out: String::new(),
        segments: Vec::new(),
        diagnostics: Vec::new(),
        macros_read: Vec::new(),
        vars_read: Vec::new(),
        macros_seen: FxHashSet::default(),
        vars_seen: FxHashSet::default(),
        placeholders: Vec::new(),
        bodies: FxHashMap::default(),
        level: 0,
        calls: 0,
        replaced: false,
        overflow: false,
        glue: false,
    };
    expander.run(&root, 0..lexed.tokens.len(), Span::new(0, text.len() as u32));
    let Expander {
        out,
        segments,
        diagnostics,
        macros_read,
        vars_read,
        placeholders,
        replaced,
        ..
    } = expander;
    // Only placeholders, or nothing but `@` in strings: the text is what it was.
    if !replaced {
        return Expanded {
            diagnostics,
            macros_read,
            vars_read,
            placeholders,
            ..unchanged
        };
    }
    Expanded {
        text: Arc::from(out),
        origin: OriginMap::new(origin.file(), segments),
        diagnostics,
        macros_read,
        vars_read,
        placeholders,
    }
}

/// A text being read: the model's, or a macro's body with its arguments.
struct Frame<'f> {
    text: &'f str,
    tokens: &'f [Token],
    closing: &'f [u32],
    // The frame in whose text the call stands.
    parent: Option<&'f Frame<'f>>,
    depth: u32,
    body: Option<Body<'f>>,
}

struct Body<'f> {
    def: &'f MacroDef,
    args: Vec<Argument<'f>>,
    // The call in the user's file that led here.
    call: Loc,
}

/// An argument: tokens of the frame in which the call is written.
struct Argument<'f> {
    frame: &'f Frame<'f>,
    tokens: std::ops::Range<usize>,
    span: Span,
}

struct Expander<'e> {
    origin: &'e OriginMap,
    env: &'e Env<'e>,
    out: String,
    segments: Vec<Segment>,
    diagnostics: Vec<Diagnostic>,
    macros_read: Vec<(SmolStr, bool)>,
    vars_read: Vec<(SmolStr, Option<SmolStr>)>,
    macros_seen: FxHashSet<SmolStr>,
    vars_seen: FxHashSet<SmolStr>,
    placeholders: Vec<(DatePlaceholder, Span)>,
    bodies: FxHashMap<SmolStr, Rc<(Lexed, Vec<u32>)>>,
    level: u32,
    calls: usize,
    replaced: bool,
    overflow: bool,
    // What comes next is from another place than what came last: keep their tokens apart.
    glue: bool,
}

impl<'e> Expander<'e> {
    /// Copy `span` of a frame, whose tokens are `range`, with everything expanded.
    fn run(&mut self, frame: &Frame<'_>, range: std::ops::Range<usize>, span: Span) {
        let mut copied = span.start;
        let mut index = range.start;
        while index < range.end {
            if self.overflow {
                return;
            }
            let Some(token) = frame.tokens.get(index).copied() else {
                break;
            };
            if let Some(body) = &frame.body
                && token.kind == TokenKind::LBrace
                && let Some((name, whole)) = define::placeholder(frame.tokens, index, frame.text)
                && let Some(n) = body.def.params.iter().position(|p| p.ident.text == name)
                && let Some(argument) = body.args.get(n)
            {
                self.copy(frame, Span::new(copied, whole.start));
                self.level += 1;
                self.glue = true;
                self.run(argument.frame, argument.tokens.clone(), argument.span);
                self.glue = true;
                self.level -= 1;
                copied = whole.end;
                index += 3;
                continue;
            }
            if token.kind == TokenKind::At
                && let Some(used) = self.at_sign(frame, index, &mut copied)
            {
                index = used;
                continue;
            }
            index += 1;
        }
        self.copy(frame, Span::new(copied, span.end));
    }

    /// What stands behind `@` at a token; returns the index behind it when something was done.
    fn at_sign(&mut self, frame: &Frame<'_>, index: usize, copied: &mut u32) -> Option<usize> {
        let at = frame.tokens.get(index)?;
        let word = frame
            .tokens
            .get(index + 1)
            .filter(|t| t.kind == TokenKind::Word && t.span.start == at.span.end)?;
        let name = word.span.slice(frame.text);
        let open = index + 2;
        let bracket = frame
            .tokens
            .get(open)
            .filter(|t| t.kind == TokenKind::LParen && t.span.start == word.span.end);
        if bracket.is_none() {
            let kind = match name {
                "start_date" => DatePlaceholder::Start,
                "end_date" => DatePlaceholder::End,
                _ => return None,
            };
            self.copy(frame, Span::new(*copied, at.span.start));
            let start = self.out.len() as u32 + u32::from(self.needs_space(frame.text, at.span.start));
            self.copy(frame, at.span.to(word.span));
            *copied = word.span.end;
            self.placeholders
                .push((kind, Span::new(start, self.out.len() as u32)));
            return Some(index + 2);
        }
        let close = frame.closing.get(open).copied().filter(|c| *c != NO_MATCH)? as usize;
        let end = frame.tokens.get(close)?.span.end;
        let whole = Span::new(at.span.start, end);
        self.copy(frame, Span::new(*copied, whole.start));
        *copied = whole.start;
        let done = if name == "var" {
            self.variable(frame, open, close, whole)
        } else {
            self.call(frame, SmolStr::new(name), word.span, open, close, whole)
        };
        if done {
            self.replaced = true;
            self.glue = true;
            *copied = end;
        } else {
            // It stays as written.
            self.copy(frame, whole);
            *copied = end;
        }
        Some(close + 1)
    }

    // ---- macros

    fn call(
        &mut self,
        frame: &Frame<'_>,
        name: SmolStr,
        name_span: Span,
        open: usize,
        close: usize,
        whole: Span,
    ) -> bool {
        let env = self.env;
        let def = env.macros.get(&name);
        if self.macros_seen.insert(name.clone()) {
            self.macros_read.push((name.clone(), def.is_some()));
        }
        let Some(def) = def else {
            if self.diagnostics.len() >= MAX_DIAGNOSTICS {
                return false;
            }
            let mut names: Vec<&str> = env.macros.keys().map(SmolStr::as_str).collect();
            names.sort_unstable();
            let message = match suggest::nearest(&name, names) {
                Some(near) => format!("unknown macro `@{name}`; did you mean `@{near}`?"),
                None => format!("unknown macro `@{name}`"),
            };
            let place = Span::new(name_span.start - 1, name_span.end);
            let mut diagnostic = self.diagnostic(frame, code::E110, place, message);
            if env.dialect == Dialect::DuckDb {
                diagnostic = diagnostic.help("for the absolute value, put a space behind `@`");
            }
            self.report(diagnostic);
            return false;
        };
        let args = split_arguments(frame, open, close);
        if args.len() != def.params.len() {
            let params: Vec<&str> = def.params.iter().map(|p| p.ident.text.as_str()).collect();
            let message = format!(
                "macro `@{name}` takes {} ({}), found {}",
                count(def.params.len(), "argument"),
                if params.is_empty() {
                    "none".to_owned()
                } else {
                    params.join(", ")
                },
                args.len()
            );
            let diagnostic = self
                .diagnostic(frame, code::E111, whole, message)
                .note(def.name_loc, "defined here");
            self.report(diagnostic);
            return false;
        }
        if let Some((empty, param)) = args.iter().zip(&def.params).find(|(a, _)| a.tokens.is_empty()) {
            let message = format!("argument `{}` of macro `@{name}` is empty", param.ident.text);
            let diagnostic = self
                .diagnostic(frame, code::E111, empty.span, message)
                .note(def.name_loc, "defined here");
            self.report(diagnostic);
            return false;
        }
        // A macro that stands among the frames whose text led here calls itself.
        let mut chain = vec![name.clone()];
        let mut outer = Some(frame);
        while let Some(next) = outer {
            if let Some(body) = &next.body {
                chain.push(body.def.name.ident.text.clone());
                if body.def.name.ident.text == name {
                    chain.reverse();
                    let path: Vec<String> = chain.iter().map(|n| format!("@{n}")).collect();
                    let message = format!("macro `@{name}` calls itself ({})", path.join(" → "));
                    let diagnostic = self.diagnostic(frame, code::E113, whole, message);
                    self.report(diagnostic);
                    return false;
                }
            }
            outer = next.parent;
        }
        if frame.depth >= MAX_MACRO_DEPTH || self.level >= MAX_LEVEL {
            let message = format!("macro calls nested more than {MAX_MACRO_DEPTH} levels deep");
            let diagnostic = self.diagnostic(frame, code::E113, whole, message);
            self.report(diagnostic);
            return false;
        }
        self.calls += 1;
        if self.calls > MAX_CALLS || self.out.len() > MAX_TEXT {
            if !self.overflow {
                self.overflow = true;
                let message = format!(
                    "macro expansion grows past {} MiB or {MAX_CALLS} calls",
                    MAX_TEXT / (1024 * 1024)
                );
                let diagnostic = self.diagnostic(frame, code::E113, whole, message);
                self.report(diagnostic);
            }
            return false;
        }
        let lexed = self.bodies.entry(name).or_insert_with(|| {
            let lexed = lex(&def.body, env.dialect);
            let closing = match_brackets(&lexed.tokens);
            Rc::new((lexed, closing))
        });
        let lexed = lexed.clone();
        if let Some(broken) = lexed.0.diagnostics.first() {
            let message = format!("macro `@{}`: {}", def.name.ident.text, broken.message);
            let at = broken
                .primary
                .as_ref()
                .map_or(Span::at(0), |l| l.loc.span)
                .shift(def.body_span.start);
            let diagnostic = Diagnostic::new(code::E114, Loc::new(def.file, at), message);
            self.report(diagnostic);
            return false;
        }
        let call = frame
            .body
            .as_ref()
            .map_or_else(|| self.origin.locate(whole), |b| b.call);
        let inner = Frame {
            text: &def.body,
            tokens: &lexed.0.tokens,
            closing: &lexed.1,
            parent: Some(frame),
            depth: frame.depth + 1,
            body: Some(Body { def, args, call }),
        };
        self.level += 1;
        self.glue = true;
        let end = def.body.len() as u32;
        stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || {
            self.run(&inner, 0..inner.tokens.len(), Span::new(0, end));
        });
        self.level -= 1;
        true
    }

    // ---- variables

    fn variable(&mut self, frame: &Frame<'_>, open: usize, close: usize, whole: Span) -> bool {
        let name = frame
            .tokens
            .get(open + 1)
            .filter(|t| t.kind == TokenKind::Word && open + 1 < close);
        let next = frame.tokens.get(open + 2);
        let (Some(name), Some(next)) = (name, next) else {
            let message = "expected the name of a variable in `@var(…)`";
            let diagnostic = self.diagnostic(frame, code::E028, whole, message);
            self.report(diagnostic);
            self.insert(frame, "?", whole);
            return true;
        };
        let has_default = next.kind == TokenKind::Comma;
        if !has_default && open + 2 != close {
            let message = "expected `,` and a default after the variable's name";
            let diagnostic = self.diagnostic(frame, code::E028, next.span, message);
            self.report(diagnostic);
            self.insert(frame, "?", whole);
            return true;
        }
        let text = SmolStr::new(name.span.slice(frame.text));
        let value = (self.env.var)(&text);
        if self.vars_seen.insert(text.clone()) {
            self.vars_read.push((text.clone(), value.clone()));
        }
        if let Some(value) = value {
            if let Some(reason) = unfit(&value, self.env.dialect) {
                let message = format!("value of variable `{text}` {reason}");
                let diagnostic = self.diagnostic(frame, code::E417, whole, message);
                self.report(diagnostic);
                self.insert(frame, "?", whole);
            } else {
                self.insert(frame, &value, whole);
            }
            return true;
        }
        let default = open + 3..close;
        if has_default && !default.is_empty() {
            let (Some(first), Some(last)) =
                (frame.tokens.get(default.start), frame.tokens.get(default.end - 1))
            else {
                return false;
            };
            let span = first.span.to(last.span);
            self.glue = true;
            self.level += 1;
            if self.level < MAX_LEVEL {
                stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || self.run(frame, default, span));
            } else {
                let message = format!("calls nested more than {MAX_LEVEL} levels deep");
                let diagnostic = self.diagnostic(frame, code::E113, whole, message);
                self.report(diagnostic);
                self.insert(frame, "?", whole);
            }
            self.level -= 1;
            return true;
        }
        let message = format!("variable `{text}` has no value and no default");
        let diagnostic = self.diagnostic(frame, code::E028, whole, message).help(format!(
            "pass a value for `{text}` or write `@var({text}, default)`"
        ));
        self.report(diagnostic);
        self.insert(frame, "?", whole);
        true
    }

    // ---- output

    /// Whether a space must part what is there from the text at `start` of a frame.
    fn needs_space(&self, text: &str, start: u32) -> bool {
        let next = text.get(start as usize..).and_then(|t| t.chars().next());
        self.glue && self.parts(next)
    }

    fn parts(&self, next: Option<char>) -> bool {
        let (Some(last), Some(next)) = (self.out.chars().next_back(), next) else {
            return false;
        };
        let open = |c: char| c.is_whitespace() || matches!(c, '(' | '[' | ',' | ';');
        let close = |c: char| c.is_whitespace() || matches!(c, ')' | ']' | ',' | ';');
        !open(last) && !close(next)
    }

    fn separate(&mut self, next: Option<char>) {
        if self.glue && self.parts(next) {
            let start = self.out.len() as u32;
            self.out.push(' ');
            // The space belongs to what came before it.
            let previous = self.segments.last().copied();
            if let Some(previous) = previous {
                let origin = match previous.kind {
                    SegmentKind::Generated => previous.origin,
                    SegmentKind::Verbatim => {
                        Loc::new(previous.origin.file, Span::at(previous.origin.span.end))
                    }
                };
                self.segments.push(Segment {
                    span: Span::new(start, start + 1),
                    origin,
                    kind: SegmentKind::Generated,
                    definition: previous.definition,
                });
            }
        }
        self.glue = false;
    }

    /// Copy bytes of a frame as they are.
    fn copy(&mut self, frame: &Frame<'_>, span: Span) {
        let source = span.slice(frame.text);
        if source.is_empty() {
            return;
        }
        self.separate(source.chars().next());
        let start = self.out.len() as u32;
        self.out.push_str(source);
        match &frame.body {
            None => self.verbatim(start, span),
            Some(body) => {
                // One segment a token, so that an error inside the body points at its own place in it.
                let first = frame.tokens.partition_point(|t| t.span.end <= span.start);
                let mut from = span.start;
                let mut cuts: Vec<u32> = Vec::new();
                for token in frame.tokens.get(first..).unwrap_or(&[]) {
                    if token.span.start >= span.end || token.kind == TokenKind::Eof {
                        break;
                    }
                    if token.span.start > span.start {
                        cuts.push(token.span.start);
                    }
                }
                cuts.push(span.end);
                for cut in cuts {
                    if cut <= from {
                        continue;
                    }
                    self.segments.push(Segment {
                        span: Span::new(start + (from - span.start), start + (cut - span.start)),
                        origin: body.call,
                        kind: SegmentKind::Generated,
                        definition: Some(Loc::new(
                            body.def.file,
                            Span::new(from, cut).shift(body.def.body_span.start),
                        )),
                    });
                    from = cut;
                }
            }
        }
    }

    /// Segments for a copied piece of the model's text, through the map it came with.
    fn verbatim(&mut self, start: u32, span: Span) {
        if self.origin.is_identity() {
            self.segments.push(Segment {
                span: Span::new(start, start + span.len()),
                origin: self.origin.locate(span),
                kind: SegmentKind::Verbatim,
                definition: None,
            });
            return;
        }
        let segments = self.origin.segments();
        let first = segments.partition_point(|s| s.span.end <= span.start);
        for segment in segments.get(first..).unwrap_or(&[]) {
            if segment.span.start >= span.end {
                break;
            }
            let from = segment.span.start.max(span.start);
            let to = segment.span.end.min(span.end);
            let origin = match segment.kind {
                SegmentKind::Generated => segment.origin,
                SegmentKind::Verbatim => {
                    let base = segment.origin.span.start;
                    let offset = |at: u32| base + (at - segment.span.start);
                    Loc::new(segment.origin.file, Span::new(offset(from), offset(to)))
                }
            };
            self.segments.push(Segment {
                span: Span::new(start + (from - span.start), start + (to - span.start)),
                origin,
                kind: segment.kind,
                definition: segment.definition,
            });
        }
    }

    /// Text that stands nowhere, for the call at `whole`.
    fn insert(&mut self, frame: &Frame<'_>, text: &str, whole: Span) {
        let text = text.trim();
        self.glue = true;
        self.separate(text.chars().next());
        let start = self.out.len() as u32;
        self.out.push_str(text);
        let span = Span::new(start, self.out.len() as u32);
        let (origin, definition) = match &frame.body {
            None => (self.origin.locate(whole), None),
            Some(body) => (
                body.call,
                Some(Loc::new(body.def.file, whole.shift(body.def.body_span.start))),
            ),
        };
        self.segments.push(Segment {
            span,
            origin,
            kind: SegmentKind::Generated,
            definition,
        });
        if text.contains('@') {
            self.placeholders_in(text, start);
        }
    }

    fn placeholders_in(&mut self, text: &str, base: u32) {
        let lexed = lex(text, self.env.dialect);
        for pair in lexed.tokens.windows(2) {
            let [at, word] = pair else { continue };
            if at.kind != TokenKind::At || at.span.end != word.span.start {
                continue;
            }
            let kind = match word.span.slice(text) {
                "start_date" => DatePlaceholder::Start,
                "end_date" => DatePlaceholder::End,
                _ => continue,
            };
            self.placeholders.push((kind, at.span.to(word.span).shift(base)));
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MAX_DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        }
    }

    /// A diagnostic at a place of a frame: in the model's text exactly, in a macro's body at the call, with the place in
    /// the body as a note.
    fn diagnostic(
        &self,
        frame: &Frame<'_>,
        code: Code,
        span: Span,
        message: impl Into<String>,
    ) -> Diagnostic {
        match &frame.body {
            None => Diagnostic::new(code, self.origin.locate(span), message),
            Some(body) => Diagnostic::new(code, body.call, message).note(
                Loc::new(body.def.file, span.shift(body.def.body_span.start)),
                format!("in the body of `@{}`", body.def.name.ident.text),
            ),
        }
    }
}

/// The arguments between two brackets, split at their own commas. No tokens means no arguments.
fn split_arguments<'f>(frame: &'f Frame<'f>, open: usize, close: usize) -> Vec<Argument<'f>> {
    let mut args = Vec::new();
    if open + 1 == close {
        return args;
    }
    let mut push = |from: usize, to: usize| {
        let span = match (
            frame.tokens.get(from),
            to.checked_sub(1).and_then(|i| frame.tokens.get(i)),
        ) {
            (Some(first), Some(last)) if from < to => first.span.to(last.span),
            (Some(next), _) => Span::at(next.span.start),
            _ => Span::at(0),
        };
        args.push(Argument {
            frame,
            tokens: from..to,
            span,
        });
    };
    let mut from = open + 1;
    let mut index = from;
    while index < close {
        let Some(token) = frame.tokens.get(index) else {
            break;
        };
        match token.kind {
            TokenKind::Comma => {
                push(from, index);
                from = index + 1;
                index += 1;
            }
            TokenKind::LParen | TokenKind::LBracket | TokenKind::LBrace => {
                index = match frame.closing.get(index).copied().filter(|c| *c != NO_MATCH) {
                    Some(end) if (end as usize) < close => end as usize + 1,
                    _ => index + 1,
                };
            }
            _ => index += 1,
        }
    }
    push(from, close);
    args
}

/// Why a variable's value cannot be put into a text.
fn unfit(value: &str, dialect: Dialect) -> Option<String> {
    let lexed = lex(value, dialect);
    if let Some(error) = lexed.diagnostics.first() {
        return Some(format!("cannot be read: {}", error.message));
    }
    if lexed.tokens.len() < 2 {
        return Some("is empty; expected SQL".to_owned());
    }
    // A comment at the end would swallow what follows the call.
    if lexed
        .comments
        .last()
        .is_some_and(|c| lexed.tokens.iter().all(|t| t.span.start <= c.start))
    {
        return Some("ends in a comment; expected SQL".to_owned());
    }
    let closing = match_brackets(&lexed.tokens);
    let opening = lexed
        .tokens
        .iter()
        .filter(|t| {
            matches!(
                t.kind,
                TokenKind::LParen | TokenKind::LBracket | TokenKind::LBrace
            )
        })
        .count();
    let closings = lexed
        .tokens
        .iter()
        .filter(|t| {
            matches!(
                t.kind,
                TokenKind::RParen | TokenKind::RBracket | TokenKind::RBrace
            )
        })
        .count();
    let matched = closing.iter().filter(|c| **c != NO_MATCH).count();
    if opening != matched || closings != matched {
        return Some("has an unmatched bracket".to_owned());
    }
    if lexed.tokens.iter().any(|t| t.kind == TokenKind::Semicolon) {
        return Some("holds a semicolon; expected an expression".to_owned());
    }
    None
}

fn count(n: usize, what: &str) -> String {
    if n == 1 {
        format!("1 {what}")
    } else {
        format!("{n} {what}s")
    }
}
