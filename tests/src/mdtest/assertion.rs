//! Assertions in comments: `-- error: [E100] "part of the message"`, `-- columns: id BIGINT not null, n VARCHAR`.

/// What a comment asserts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assertion {
    /// A diagnostic begins in this line.
    Diagnostic(Expectation),
    /// All output columns of the file's model, in order.
    Columns(Vec<String>),
    /// One output column of the file's model.
    Type(String),
    /// All edges into one column: its name and the sources as `relation.column (transform)`.
    Lineage(String, Vec<String>),
    /// All columns that decide about rows, as `relation.column (kind)`.
    Influences(Vec<String>),
    /// All models the file's model depends on.
    DependsOn(Vec<String>),
    /// All relations that it reads and that are no models.
    Sources(Vec<String>),
}

/// An expected diagnostic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// `Error`, `Warning`, `Info`.
    pub severity: &'static str,
    /// `E100`.
    pub code: String,
    /// A part of the message; empty matches all.
    pub message: String,
}

/// An assertion and where it stands.
#[derive(Debug, Clone)]
pub struct Placed {
    /// What.
    pub assertion: Assertion,
    /// Line of the comment in the file, from 1.
    pub line: u32,
    /// Line that it speaks of: the same, or for a line with nothing else the next one that has something.
    pub about: u32,
}

/// `--     ^^^^`: columns of the findings in the line before.
#[derive(Debug, Clone)]
pub struct Carets {
    /// Line of the comment, from 1.
    pub line: u32,
    /// Line that it speaks of.
    pub about: u32,
    /// Columns from 1: first, and after the last.
    pub marks: Vec<(u32, u32)>,
}

/// Everything asserted in a file.
#[derive(Debug, Default)]
pub struct Assertions {
    /// Assertions.
    pub placed: Vec<Placed>,
    /// Underlines.
    pub carets: Vec<Carets>,
    /// Comments that look like an assertion and are none: line and reason.
    pub problems: Vec<(u32, String)>,
}

const SEVERITIES: [(&str, &str); 3] = [("error:", "Error"), ("warning:", "Warning"), ("info:", "Info")];

impl Assertions {
    /// Find the assertions of a file. `--` begins a comment everywhere, `#` in TOML and front matter.
    pub fn find(text: &str) -> Assertions {
        let mut found = Assertions::default();
        let lines: Vec<&str> = text.lines().collect();
        let is_own: Vec<bool> = lines
            .iter()
            .map(|l| comment(l).is_some_and(|(before, _)| before.trim().is_empty()))
            .collect();
        for (index, line) in lines.iter().enumerate() {
            let Some((_, body)) = comment(line) else { continue };
            let number = index as u32 + 1;
            if is_own[index] && body.contains('^') && body.chars().all(|c| c == '^' || c == ' ') {
                let before = (0..index)
                    .rev()
                    .find(|i| !is_own[*i])
                    .map_or(number, |i| i as u32 + 1);
                found.carets.push(Carets {
                    line: number,
                    about: before,
                    marks: marks(line),
                });
                continue;
            }
            let about = match is_own[index] {
                false => number,
                true => {
                    (index..lines.len())
                        .find(|i| !is_own[*i])
                        .map_or(lines.len(), |i| i) as u32
                        + 1
                }
            };
            for part in split(body) {
                match parse(part) {
                    Ok(Some(assertion)) => found.placed.push(Placed {
                        assertion,
                        line: number,
                        about,
                    }),
                    Ok(None) => {}
                    Err(problem) => found.problems.push((number, problem)),
                }
            }
        }
        found
    }
}

/// The text before the first comment mark of a line that is followed by an assertion, or by nothing else, and the rest.
fn comment(line: &str) -> Option<(&str, &str)> {
    let mut first: Option<usize> = None;
    for mark in ["--", "#"] {
        let mut from = 0;
        while let Some(at) = line[from..].find(mark).map(|i| i + from) {
            let own = line[..at].trim().is_empty();
            let rest = line[at + mark.len()..].trim_start();
            let word: String = rest
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                .collect();
            // `---toml` and `---` are marks of front matter.
            let dashes = line[at..].starts_with("---");
            if !dashes && (own || (!word.is_empty() && rest[word.len()..].starts_with(": "))) {
                first = Some(first.map_or(at, |f| f.min(at)));
                break;
            }
            from = at + mark.len();
        }
    }
    let at = first?;
    let length = if line[at..].starts_with("--") { 2 } else { 1 };
    Some((&line[..at], &line[at + length..]))
}

/// Several assertions may stand in one comment, each behind its own `--` or `#`.
fn split(body: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = body;
    loop {
        let next = SEVERITIES
            .iter()
            .flat_map(|(word, _)| [format!("-- {word}"), format!("# {word}")])
            .filter_map(|mark| rest.find(&mark))
            .min();
        match next {
            Some(at) => {
                parts.push(&rest[..at]);
                rest = rest[at..].trim_start_matches(['-', '#']);
            }
            None => {
                parts.push(rest);
                return parts;
            }
        }
    }
}

fn marks(line: &str) -> Vec<(u32, u32)> {
    let mut marks: Vec<(u32, u32)> = Vec::new();
    for (column, c) in line.chars().enumerate() {
        let column = column as u32 + 1;
        if c == '^' {
            match marks.last_mut() {
                Some((_, end)) if *end == column => *end += 1,
                _ => marks.push((column, column + 1)),
            }
        }
    }
    marks
}

/// One assertion; `None` for another comment.
pub fn parse(text: &str) -> Result<Option<Assertion>, String> {
    let text = text.trim();
    for (word, severity) in SEVERITIES {
        if let Some(rest) = text.strip_prefix(word) {
            return expectation(severity, rest).map(|e| Some(Assertion::Diagnostic(e)));
        }
    }
    let Some((word, rest)) = text.split_once(": ") else {
        return Ok(None);
    };
    if word.is_empty() || !word.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
        return Ok(None);
    }
    let list = || {
        if rest == "(none)" {
            Vec::new()
        } else {
            commas(rest)
        }
    };
    Ok(Some(match word {
        "columns" => Assertion::Columns(list()),
        "type" => Assertion::Type(rest.to_owned()),
        "lineage" => {
            let (column, sources) = rest
                .split_once(" <- ")
                .ok_or_else(|| format!("`{rest}` is not `column <- relation.column (transform)`"))?;
            let sources = if sources == "(none)" {
                Vec::new()
            } else {
                commas(sources)
            };
            Assertion::Lineage(column.to_owned(), sources)
        }
        "influences" => Assertion::Influences(list()),
        "depends_on" => Assertion::DependsOn(list()),
        "sources" => Assertion::Sources(list()),
        _ => {
            return Err(format!(
                "`{word}:` is no assertion; write comments for people without a word and a colon"
            ));
        }
    }))
}

fn expectation(severity: &'static str, rest: &str) -> Result<Expectation, String> {
    let problem = || format!("`{}` is not `[CODE] \"part of the message\"`", rest.trim());
    let rest = rest.trim().strip_prefix('[').ok_or_else(problem)?;
    let (code, rest) = rest.split_once(']').ok_or_else(problem)?;
    let rest = rest.trim();
    let message = match rest {
        "" => "",
        _ => rest
            .strip_prefix('"')
            .and_then(|r| r.strip_suffix('"'))
            .ok_or_else(problem)?,
    };
    Ok(Expectation {
        severity,
        code: code.to_owned(),
        message: message.to_owned(),
    })
}

/// Split at commas outside brackets and quotes.
fn commas(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0i32;
    let mut quote = None;
    for c in text.chars() {
        match (c, quote) {
            (c, Some(q)) if c == q => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(c),
            ('(' | '[' | '<', None) => depth += 1,
            (')' | ']' | '>', None) => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 && quote.is_none() {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts.into_iter().map(|p| p.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, message: &str) -> Assertion {
        Assertion::Diagnostic(Expectation {
            severity: "Error",
            code: code.into(),
            message: message.into(),
        })
    }

    #[test]
    fn a_comment_behind_text_speaks_of_its_line_and_one_alone_of_the_next() {
        let found =
            Assertions::find("select a -- error: [E100] \"x\"\n-- columns: a INTEGER\n\nfrom t\n--   ^\n");
        let placed: Vec<_> = found
            .placed
            .iter()
            .map(|p| (p.assertion.clone(), p.line, p.about))
            .collect();
        assert_eq!(
            placed,
            [
                (error("E100", "x"), 1, 1),
                (Assertion::Columns(vec!["a INTEGER".into()]), 2, 3)
            ]
        );
        assert_eq!(
            (found.carets[0].about, &found.carets[0].marks),
            (4, &vec![(6, 7)])
        );
        assert!(found.problems.is_empty());
    }

    #[test]
    fn two_assertions_may_share_a_comment() {
        let found = Assertions::find("a = 1 # error: [E403] \"a\" # error: [E405]\n");
        let all: Vec<_> = found.placed.into_iter().map(|p| p.assertion).collect();
        assert_eq!(all, [error("E403", "a"), error("E405", "")]);
    }

    #[test]
    fn a_misspelt_assertion_is_a_problem_and_front_matter_is_not() {
        assert_eq!(Assertions::find("select 1 -- eror: [E100]\n").problems.len(), 1);
        let front = Assertions::find("---toml\n---\nselect 1 -- for people\n");
        assert!(front.problems.is_empty() && front.placed.is_empty());
    }

    #[test]
    fn commas_in_types_do_not_part() {
        assert_eq!(
            commas("a DECIMAL(18,2), b STRUCT(x INTEGER, y INTEGER)[]"),
            ["a DECIMAL(18,2)", "b STRUCT(x INTEGER, y INTEGER)[]"]
        );
    }
}
