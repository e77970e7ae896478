//! Front matter: TOML at the head of a `.sql` file, between `---toml` and a line that begins with `---`.

use rocky_base::Span;

/// Where the parts are, in bytes of the whole file.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct FrontMatter {
    /// The opening `---toml`.
    pub open: Span,
    /// The TOML between the marks; to the end of the file when it is not closed.
    pub toml: Span,
    /// Where the query begins: behind the closing dashes, or the end of the file.
    pub body_start: u32,
    /// Is there a closing mark?
    pub closed: bool,
}

/// Find the front matter of a file's text; `None` when it has none. A byte order mark and white space may precede it.
pub fn split_front_matter(text: &str) -> Option<FrontMatter> {
    const OPEN: &str = "---toml";
    const CLOSE: &str = "\n---";
    let head = text.trim_start_matches(|c: char| c == '\u{feff}' || c.is_whitespace());
    let start = text.len() - head.len();
    let rest = head.strip_prefix(OPEN)?;
    if rest.chars().next().is_some_and(|c| !c.is_whitespace()) {
        return None;
    }
    let toml_start = start + OPEN.len();
    let open = Span::from(start..toml_start);
    Some(match rest.find(CLOSE) {
        Some(length) => {
            let toml = Span::from(toml_start..toml_start + length + 1);
            FrontMatter {
                open,
                toml,
                body_start: toml.end + 3,
                closed: true,
            }
        }
        None => {
            let toml = Span::from(toml_start..text.len());
            FrontMatter {
                open,
                toml,
                body_start: toml.end,
                closed: false,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_found_in_bytes_of_the_file() {
        let text = "\u{feff}\n  ---toml\r\nname = \"a\"\r\n---\r\nselect 1";
        let found = split_front_matter(text).unwrap();
        assert_eq!(found.open.slice(text), "---toml");
        assert_eq!(found.toml.slice(text), "\r\nname = \"a\"\r\n");
        assert_eq!(&text[found.body_start as usize..], "\r\nselect 1");
        assert!(found.closed);
    }

    #[test]
    fn other_comments_are_not_front_matter() {
        for text in [
            "select 1",
            "--- toml\n---\n",
            "---tomlx\n---",
            "-- x\n---toml\n---",
            "---yaml\n---",
            "",
        ] {
            assert_eq!(split_front_matter(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_empty_block_and_an_open_one() {
        let empty = split_front_matter("---toml\n---select 1").unwrap();
        assert_eq!(
            (empty.toml, empty.body_start, empty.closed),
            (Span::new(7, 8), 11, true)
        );
        let open = split_front_matter("---toml\nname = 1 ---").unwrap();
        assert_eq!((open.closed, open.body_start), (false, 20));
    }
}
