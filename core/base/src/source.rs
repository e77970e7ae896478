//! Source files with line indexes. Lines and columns are computed only here, from bytes.

use crate::shared::SharedList;
use crate::span::{FileId, Span};
use smol_str::SmolStr;
use std::sync::{Arc, OnceLock};

/// Start offsets of the lines of one text. A line ends after `\n`; a lone `\r` does not end one.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<u32>,
    // Characters before each block of `BLOCK` bytes, where a line is long: thousands of places on one line are not
    // each counted from its start.
    chars: Vec<u32>,
    // Every character is a byte: columns are told without the text.
    ascii: bool,
}

const BLOCK: usize = 512;

/// Characters that begin in these bytes.
fn count_chars(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|b| **b & 0xC0 != 0x80).count() as u32
}

impl LineIndex {
    /// Index `text`.
    pub fn new(text: &str) -> LineIndex {
        let mut starts = vec![0];
        starts.extend(
            text.bytes()
                .enumerate()
                .filter(|(_, b)| *b == b'\n')
                .map(|(i, _)| i as u32 + 1),
        );
        let ascii = text.is_ascii();
        let ends = starts.iter().skip(1).copied().chain([text.len() as u32]);
        let is_long =
            !ascii && (starts.iter().zip(ends)).any(|(start, end)| (end - start) as usize > 2 * BLOCK);
        let mut chars = Vec::new();
        if is_long {
            let mut before = 0;
            for block in text.as_bytes().chunks(BLOCK) {
                chars.push(before);
                before += count_chars(block);
            }
        }
        LineIndex { starts, chars, ascii }
    }

    /// The index of a text of ASCII whose lines have these lengths, line ends included.
    pub fn of_ascii(lengths: impl IntoIterator<Item = u32>) -> LineIndex {
        let mut starts = vec![0];
        let mut at = 0u32;
        for length in lengths {
            at = at.saturating_add(length);
            starts.push(at);
        }
        // The last one is the end of the text.
        starts.pop();
        LineIndex {
            starts,
            chars: Vec::new(),
            ascii: true,
        }
    }

    /// Characters before a byte offset, or `None` where no line is long.
    fn chars_before(&self, text: &str, offset: u32) -> Option<u32> {
        let offset = (offset as usize).min(text.len());
        let block = (offset / BLOCK).min(self.chars.len().checked_sub(1)?);
        let rest = text.as_bytes().get(block * BLOCK..offset)?;
        Some(self.chars.get(block)? + count_chars(rest))
    }

    /// Zero-based line of a byte offset.
    pub fn line(&self, offset: u32) -> u32 {
        (self.starts.partition_point(|s| *s <= offset) as u32).saturating_sub(1)
    }

    /// Byte offset where a zero-based line begins (end of text when past the last line is the caller's business).
    pub fn line_start(&self, line: u32) -> Option<u32> {
        self.starts.get(line as usize).copied()
    }

    /// One-based line and one-based column in characters.
    pub fn line_col(&self, text: &str, offset: u32) -> (u32, u32) {
        let line = self.line(offset);
        let start = self.starts.get(line as usize).copied().unwrap_or(0);
        if self.ascii {
            return (line + 1, offset.saturating_sub(start) + 1);
        }
        let between = (self.chars_before(text, start)).zip(self.chars_before(text, offset));
        let column = match between {
            Some((a, b)) => b.saturating_sub(a),
            None => Span::new(start, offset).slice(text).chars().count() as u32,
        };
        (line + 1, column + 1)
    }

    /// Zero-based line and zero-based column in UTF-16 units, as editors count.
    pub fn line_col_utf16(&self, text: &str, offset: u32) -> (u32, u32) {
        let line = self.line(offset);
        let start = self.starts.get(line as usize).copied().unwrap_or(0);
        let column = Span::new(start, offset)
            .slice(text)
            .chars()
            .map(|c| c.len_utf16() as u32)
            .sum();
        (line, column)
    }

    /// Byte offset of a zero-based line and UTF-16 column; clamped to the line's end.
    pub fn offset_utf16(&self, text: &str, line: u32, column: u32) -> u32 {
        let Some(start) = self.line_start(line) else {
            return text.len() as u32;
        };
        let mut left = column;
        let mut offset = start;
        for c in text.get(start as usize..).unwrap_or("").chars() {
            if left == 0 || c == '\n' {
                break;
            }
            left = left.saturating_sub(c.len_utf16() as u32);
            offset += c.len_utf8() as u32;
        }
        offset
    }
}

/// Knows files by their paths that nobody has looked into yet.
pub trait Texts: Send + Sync {
    /// The text of a file.
    fn text(&self, path: &str) -> Arc<str>;
    /// The lengths of its lines, line ends included, where it is of ASCII and they are known without it.
    fn line_lengths(&self, path: &str) -> Option<Vec<u32>>;
}

/// What is asked when the text of a file is wanted first.
pub type Loader = Arc<dyn Texts>;

/// One file of a snapshot: its path relative to the project root, its text.
pub struct SourceFile {
    /// Path relative to the folder of `rocky.toml`, with `/` separators, as shown to people.
    pub path: SmolStr,
    text: OnceLock<Arc<str>>,
    loader: Option<Loader>,
    line_index: OnceLock<LineIndex>,
}

impl std::fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceFile")
            .field("path", &self.path)
            .field("read", &self.text.get().is_some())
            .finish_non_exhaustive()
    }
}

impl SourceFile {
    /// A file value; the line index is built on first use.
    pub fn new(path: impl Into<SmolStr>, text: impl Into<Arc<str>>) -> SourceFile {
        SourceFile {
            path: path.into(),
            text: OnceLock::from(text.into()),
            loader: None,
            line_index: OnceLock::new(),
        }
    }

    /// A file whose text is read on first use: what was compiled before is seldom looked at again.
    pub fn lazy(path: impl Into<SmolStr>, loader: Loader) -> SourceFile {
        SourceFile {
            path: path.into(),
            text: OnceLock::new(),
            loader: Some(loader),
            line_index: OnceLock::new(),
        }
    }

    /// The whole text, without a byte order mark.
    pub fn text(&self) -> &Arc<str> {
        self.text.get_or_init(|| match &self.loader {
            Some(texts) => texts.text(&self.path),
            None => Arc::from(""),
        })
    }

    /// The line index.
    pub fn lines(&self) -> &LineIndex {
        self.line_index.get_or_init(|| {
            let unread = self.loader.as_ref().filter(|_| self.text.get().is_none());
            match unread.and_then(|texts| texts.line_lengths(&self.path)) {
                Some(lengths) => LineIndex::of_ascii(lengths),
                None => LineIndex::new(self.text()),
            }
        })
    }

    /// The lengths of its lines, line ends included, where it is of ASCII. A text that was not read yet is not read for it.
    pub fn line_lengths(&self) -> Option<Vec<u32>> {
        let Some(text) = self.text.get() else {
            return self.loader.as_ref()?.line_lengths(&self.path);
        };
        let lines = text.split_inclusive('\n').map(|line| line.len() as u32);
        // After the last line end there is one more, which may be empty.
        let last = (text.is_empty() || text.ends_with('\n')).then_some(0);
        text.is_ascii().then(|| lines.chain(last).collect())
    }

    /// One-based line and column of a byte offset.
    pub fn line_col(&self, offset: u32) -> (u32, u32) {
        let lines = self.lines();
        let text = if lines.ascii { "" } else { &**self.text() };
        lines.line_col(text, offset)
    }
}

/// The files of one snapshot.
#[derive(Debug, Default, Clone)]
pub struct Files {
    files: SharedList<Arc<SourceFile>>,
}

impl FromIterator<Arc<SourceFile>> for Files {
    fn from_iter<I: IntoIterator<Item = Arc<SourceFile>>>(files: I) -> Files {
        Files {
            files: files.into_iter().collect(),
        }
    }
}

impl Files {
    /// Add a file and get its number.
    pub fn add(&mut self, file: Arc<SourceFile>) -> FileId {
        self.files.push(file);
        FileId(self.files.len() as u32 - 1)
    }

    /// Put another text in the place of a file.
    pub fn set(&mut self, id: FileId, file: Arc<SourceFile>) {
        if let Some(slot) = self.files.get_mut(id.0 as usize) {
            *slot = file;
        }
    }

    /// The file, unless `id` is [`FileId::TEXT`] or foreign.
    pub fn get(&self, id: FileId) -> Option<&Arc<SourceFile>> {
        self.files.get(id.0 as usize)
    }

    /// All files in order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Arc<SourceFile>)> {
        self.files.iter().enumerate().map(|(i, f)| (FileId(i as u32), f))
    }

    /// Number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// True without files.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_on_a_long_line_are_counted_from_near() {
        let mut text = "a\n".to_owned();
        (0..3000).for_each(|i| text.push(['x', 'é', '😀'][i % 3]));
        text.push_str("\nlast");
        let index = LineIndex::new(&text);
        assert!(!index.chars.is_empty());
        for (n, (offset, c)) in text.char_indices().enumerate() {
            let expected = match n {
                0 | 1 => (1, n + 1),
                2..=3002 => (2, n - 1),
                _ => (3, n - 3002),
            };
            let found = index.line_col(&text, offset as u32);
            assert_eq!((found.0, found.1 as usize), expected, "{c:?}");
        }
        assert_eq!(index.line_col(&text, text.len() as u32), (3, 5));
    }

    struct Known;

    impl Texts for Known {
        fn text(&self, _: &str) -> Arc<str> {
            panic!("nobody may look into the file");
        }
        fn line_lengths(&self, path: &str) -> Option<Vec<u32>> {
            SourceFile::new("", path).line_lengths()
        }
    }

    #[test]
    fn places_in_a_file_are_told_by_the_lengths_of_its_lines() {
        for text in ["", "a", "\n", "a\n", "ab\n\ncde", "ab\r\nc\n\n"] {
            let read = SourceFile::new("", text);
            // The path stands for the text here.
            let unread = SourceFile::lazy(text, Arc::new(Known));
            for offset in 0..=text.len() as u32 {
                let expected = LineIndex::new(text).line_col(text, offset);
                assert_eq!(read.line_col(offset), expected, "{text:?} {offset}");
                assert_eq!(unread.line_col(offset), expected, "{text:?} {offset}");
            }
        }
        assert_eq!(SourceFile::new("", "é").line_lengths(), None);
    }

    #[test]
    fn columns_count_characters_and_utf16_units() {
        let text = "a\né😀x\r\nz";
        let index = LineIndex::new(text);
        let x = text.find('x').unwrap() as u32;
        assert_eq!(index.line_col(text, x), (2, 3));
        assert_eq!(index.line_col_utf16(text, x), (1, 3));
        assert_eq!(index.offset_utf16(text, 1, 3), x);
        assert_eq!(index.line_col(text, text.len() as u32), (3, 2));
    }
}
