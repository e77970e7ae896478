//! Where the bytes of a generated text came from.
//!
//! A text that was produced from a user's file (token expansion of SQL, lowering of the DSL) carries an [`OriginMap`]:
//! sorted, disjoint segments of the generated text, each either copied verbatim from a file or produced from a place in
//! it. Invariant: every byte of the generated text is covered by a segment, or the map is the identity.

use rocky_base::{FileId, Loc, Span};
use serde::{Deserialize, Serialize};

/// How a segment of the generated text relates to its origin.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum SegmentKind {
    /// The bytes are the origin's bytes: offsets inside translate one to one.
    Verbatim,
    /// The bytes were made from the origin as a whole: any place inside means the whole origin.
    Generated,
}

/// One piece of the generated text.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Segment {
    /// Bytes of the generated text.
    pub span: Span,
    /// Where they come from.
    pub origin: Loc,
    /// Verbatim or generated.
    pub kind: SegmentKind,
    /// A second place worth showing: for a macro's body text, the definition inside the macro's file (the origin is
    /// then the call, since that is what the user wrote in this model).
    pub definition: Option<Loc>,
}

/// The map from a generated text to the files the user wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginMap {
    // Empty: identity, shifted.
    segments: Vec<Segment>,
    file: FileId,
    shift: u32,
}

impl OriginMap {
    /// The text is the file's text from byte `shift` on.
    pub fn identity(file: FileId, shift: u32) -> OriginMap {
        OriginMap {
            segments: Vec::new(),
            file,
            shift,
        }
    }

    /// A map of segments, which must be sorted by `span.start` and disjoint.
    pub fn new(file: FileId, segments: Vec<Segment>) -> OriginMap {
        debug_assert!(segments.windows(2).all(|w| w[0].span.end <= w[1].span.start));
        OriginMap {
            segments,
            file,
            shift: 0,
        }
    }

    /// The file the text mainly comes from.
    pub fn file(&self) -> FileId {
        self.file
    }

    /// True when generated and written text are the same.
    pub fn is_identity(&self) -> bool {
        self.segments.is_empty()
    }

    /// The segments, in order; empty for an identity.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    fn at(&self, offset: u32) -> Option<&Segment> {
        let index = self
            .segments
            .partition_point(|s| s.span.start <= offset)
            .checked_sub(1)?;
        self.segments.get(index)
    }

    /// The place in the user's file that a span of the generated text stands for: exact when the span lies in verbatim
    /// text, otherwise the smallest range of the main file that covers the origins of all its parts.
    pub fn locate(&self, span: Span) -> Loc {
        if self.segments.is_empty() {
            return Loc::new(self.file, span.shift(self.shift));
        }
        let first = self.segments.partition_point(|s| s.span.end <= span.start);
        let mut covered: Option<Loc> = None;
        for segment in self.segments.get(first..).unwrap_or(&[]) {
            if segment.span.start >= span.end && (covered.is_some() || segment.span.start > span.start) {
                break;
            }
            let part = match segment.kind {
                SegmentKind::Generated => segment.origin,
                SegmentKind::Verbatim => {
                    let start = span.start.max(segment.span.start) - segment.span.start;
                    let end = span.end.min(segment.span.end).max(segment.span.start) - segment.span.start;
                    let base = segment.origin.span.start;
                    Loc::new(segment.origin.file, Span::new(base + start, base + end))
                }
            };
            covered = Some(match covered {
                Some(loc) if loc.file == part.file => Loc::new(loc.file, loc.span.to(part.span)),
                Some(loc) => loc,
                None => part,
            });
        }
        // Past the end: the end of the last segment.
        covered.unwrap_or_else(|| {
            self.segments
                .last()
                .map_or(Loc::new(self.file, Span::at(0)), |s| {
                    Loc::new(s.origin.file, Span::at(s.origin.span.end))
                })
        })
    }

    /// Like [`OriginMap::locate`], but only when the whole span lies in one verbatim piece: where an edit may be applied.
    pub fn locate_exact(&self, span: Span) -> Option<Loc> {
        if self.segments.is_empty() {
            return Some(Loc::new(self.file, span.shift(self.shift)));
        }
        let segment = self.at(span.start)?;
        if segment.kind != SegmentKind::Verbatim || span.end > segment.span.end {
            return None;
        }
        let start = segment.origin.span.start + (span.start - segment.span.start);
        Some(Loc::new(
            segment.origin.file,
            Span::new(start, start + span.len()),
        ))
    }

    /// The definition (macro body) behind a place, when there is one.
    pub fn definition(&self, span: Span) -> Option<Loc> {
        self.at(span.start)?.definition
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbatim_pieces_translate_exactly_and_generated_ones_as_a_whole() {
        let file = FileId(3);
        let map = OriginMap::new(
            file,
            vec![
                Segment {
                    span: Span::new(0, 5),
                    origin: Loc::new(file, Span::new(10, 15)),
                    kind: SegmentKind::Verbatim,
                    definition: None,
                },
                Segment {
                    span: Span::new(5, 9),
                    origin: Loc::new(file, Span::new(15, 30)),
                    kind: SegmentKind::Generated,
                    definition: None,
                },
            ],
        );
        assert_eq!(map.locate(Span::new(1, 3)), Loc::new(file, Span::new(11, 13)));
        assert_eq!(map.locate(Span::new(6, 7)), Loc::new(file, Span::new(15, 30)));
        assert_eq!(map.locate(Span::new(4, 6)), Loc::new(file, Span::new(14, 30)));
        assert_eq!(map.locate_exact(Span::new(4, 6)), None);
        assert_eq!(map.locate(Span::at(9)), Loc::new(file, Span::at(30)));
    }
}
