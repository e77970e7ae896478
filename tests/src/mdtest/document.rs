//! Markdown to cases. Every heading begins a case; one without files is prose. Line numbers are those of the Markdown
//! file, from 1, so that a failure can be clicked.

use std::ops::Range;

/// Lines of a fenced block without its fences: zero-based, in the Markdown file.
pub type Block = Range<usize>;

/// A file of a case's project.
#[derive(Debug, Clone)]
pub struct FileBlock {
    /// Path in the project.
    pub path: String,
    /// Its text, each line ended.
    pub text: String,
    /// Its lines in the Markdown file.
    pub block: Block,
}

/// A block whose text is compared.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The text without the last line's end.
    pub text: String,
    /// Its lines in the Markdown file.
    pub block: Block,
}

/// A project and what is asserted of it.
#[derive(Debug, Default, Clone)]
pub struct Case {
    /// Headings that lead to it.
    pub title: String,
    /// Line of the heading.
    pub line: usize,
    /// Files.
    pub files: Vec<FileBlock>,
    /// Environment.
    pub env: Vec<(String, String)>,
    /// The compile request as JSON.
    pub request: Option<String>,
    /// ` ```diagnostics `: assertions about findings without a line to stand in.
    pub elsewhere: Option<Expected>,
    /// ` ```output `: all findings, or the error, as text.
    pub output: Option<Expected>,
    /// ` ```sql lowered=PATH `: the SQL of a model.
    pub lowered: Vec<(String, Expected)>,
}

/// A Markdown file.
#[derive(Debug, Default)]
pub struct Document {
    /// Cases with at least one file, an error output or a request.
    pub cases: Vec<Case>,
    /// What is wrong with the Markdown itself.
    pub problems: Vec<(usize, String)>,
}

impl Case {
    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.output.is_none() && self.request.is_none() && self.lowered.is_empty()
    }
}

impl Document {
    /// Read Markdown.
    pub fn parse(text: &str) -> Document {
        let mut document = Document::default();
        let mut headings: Vec<(usize, String)> = Vec::new();
        let mut case = Case {
            title: "(before the first heading)".into(),
            line: 1,
            ..Case::default()
        };
        let mut path: Option<String> = None;
        let lines: Vec<&str> = text.lines().collect();
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            if let Some(info) = line.strip_prefix("```") {
                let ticks = 3 + info.chars().take_while(|c| *c == '`').count();
                let fence = "`".repeat(ticks);
                let start = at + 1;
                let Some(length) = lines[start..].iter().position(|l| *l == fence) else {
                    document.problems.push((at + 1, "block is not closed".into()));
                    break;
                };
                let block = start..start + length;
                let info = info.trim_start_matches('`').trim();
                if let Err(problem) = case.block(info, path.take(), &lines, block.clone()) {
                    document.problems.push((at + 1, problem));
                }
                at = block.end + 1;
                continue;
            }
            let level = line.chars().take_while(|c| *c == '#').count();
            if (1..=6).contains(&level) && line[level..].starts_with(' ') {
                let done = std::mem::take(&mut case);
                if !done.is_empty() {
                    document.cases.push(done);
                }
                headings.retain(|(l, _)| *l < level);
                headings.push((level, line[level..].trim().to_owned()));
                let titles: Vec<&str> = headings.iter().map(|(_, t)| t.as_str()).collect();
                case.title = titles.join(" / ");
                case.line = at + 1;
                path = None;
            } else if let Some(named) = line.trim().strip_prefix('`').and_then(|l| l.strip_suffix("`:")) {
                path = Some(named.to_owned());
            } else if !line.trim().is_empty() {
                path = None;
            }
            at += 1;
        }
        if !case.is_empty() {
            document.cases.push(case);
        }
        document
    }

    /// The text with some blocks replaced.
    pub fn rewrite(&self, text: &str, mut edits: Vec<(Block, String)>) -> String {
        edits.sort_by_key(|(block, _)| block.start);
        let lines: Vec<&str> = text.lines().collect();
        let mut out: Vec<&str> = Vec::with_capacity(lines.len());
        let mut done = 0;
        for (block, new) in &edits {
            out.extend(&lines[done..block.start]);
            out.extend(new.lines());
            done = block.end;
        }
        out.extend(&lines[done..]);
        let mut new = out.join("\n");
        new.push('\n');
        new
    }
}

impl Case {
    fn block(
        &mut self,
        info: &str,
        path: Option<String>,
        lines: &[&str],
        block: Block,
    ) -> Result<(), String> {
        let body = &lines[block.clone()];
        let expected = || Expected {
            text: body.join("\n"),
            block: block.clone(),
        };
        let (language, rest) = info.split_once(' ').unwrap_or((info, ""));
        let default = match (language, rest) {
            ("sql", _) if rest.starts_with("lowered=") => {
                self.lowered
                    .push((rest["lowered=".len()..].to_owned(), expected()));
                return Ok(());
            }
            ("output", "") => {
                if self.output.replace(expected()).is_some() {
                    return Err("a second `output` in one case".into());
                }
                return Ok(());
            }
            ("diagnostics", "") => {
                if self.elsewhere.replace(expected()).is_some() {
                    return Err("a second `diagnostics` in one case".into());
                }
                return Ok(());
            }
            ("env", "") => {
                for line in body {
                    let (name, value) = line
                        .split_once('=')
                        .ok_or_else(|| format!("`{line}` is not NAME=value"))?;
                    self.env.push((name.to_owned(), value.to_owned()));
                }
                return Ok(());
            }
            ("json", "compile") => {
                if self.request.replace(body.join("\n")).is_some() {
                    return Err("a second `json compile` in one case".into());
                }
                return Ok(());
            }
            ("sql", "") => "models/example.sql",
            ("rocky", "") => "models/example.rocky",
            ("toml", "") => "models/example.toml",
            // Shown, not run.
            ("text" | "sh" | "", "") if path.is_none() => return Ok(()),
            _ => return Err(format!("block `{info}` is of no known kind")),
        };
        let path = path.unwrap_or_else(|| default.to_owned());
        if self.files.iter().any(|f| f.path == path) {
            return Err(format!("a second `{path}` in one case"));
        }
        let mut text = body.join("\n");
        if !body.is_empty() {
            text.push('\n');
        }
        self.files.push(FileBlock { path, text, block });
        Ok(())
    }
}
