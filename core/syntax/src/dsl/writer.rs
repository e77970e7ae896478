//! Text that remembers where it came from. Invariant: the segments cover every byte written so far.

use crate::origin::{OriginMap, Segment, SegmentKind};
use rocky_base::{FileId, Loc, Span};

pub(super) struct Writer<'a> {
    file: FileId,
    source: &'a str,
    sql: String,
    segments: Vec<Segment>,
    limit: usize,
    indent: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn new(file: FileId, source: &'a str) -> Writer<'a> {
        // `match` repeats its subject in each arm; nested ones would grow without bound.
        let limit = source
            .len()
            .saturating_mul(64)
            .saturating_add(1 << 20)
            .min(u32::MAX as usize / 2);
        Writer {
            file,
            source,
            sql: String::with_capacity(source.len() * 2),
            segments: Vec::new(),
            limit,
            indent: 0,
        }
    }

    /// True when more was generated than can be meant; nothing is written any more.
    pub(super) fn is_full(&self) -> bool {
        self.sql.len() > self.limit
    }

    pub(super) fn source(&self) -> &'a str {
        self.source
    }

    /// Text that stands for the bytes of `span`: verbatim when it is those bytes.
    pub(super) fn token(&mut self, text: &str, span: Span) {
        let kind = match span.slice(self.source) == text {
            true => SegmentKind::Verbatim,
            false => SegmentKind::Generated,
        };
        self.push(text, span, kind);
    }

    /// Text that exists because of `span`.
    pub(super) fn glue(&mut self, text: &str, span: Span) {
        self.push(text, span, SegmentKind::Generated);
    }

    pub(super) fn newline(&mut self, span: Span) {
        let text = format!("\n{:1$}", "", self.indent * 2);
        self.glue(&text, span);
    }

    pub(super) fn indent(&mut self) {
        self.indent += 1;
    }

    pub(super) fn dedent(&mut self) {
        self.indent = self.indent.saturating_sub(1);
    }

    fn push(&mut self, text: &str, span: Span, kind: SegmentKind) {
        if text.is_empty() || self.is_full() {
            return;
        }
        let start = self.sql.len();
        self.sql.push_str(text);
        let written = Span::from(start..self.sql.len());
        let origin = Loc::new(self.file, span);
        if let Some(last) = self.segments.last_mut().filter(|l| l.kind == kind) {
            match kind {
                SegmentKind::Generated if last.origin == origin => {
                    last.span.end = written.end;
                    return;
                }
                SegmentKind::Verbatim if last.origin.span.end == span.start => {
                    last.span.end = written.end;
                    last.origin.span.end = span.end;
                    return;
                }
                _ => {}
            }
        }
        self.segments.push(Segment {
            span: written,
            origin,
            kind,
            definition: None,
        });
    }

    pub(super) fn finish(self) -> (String, OriginMap) {
        (self.sql, OriginMap::new(self.file, self.segments))
    }
}
