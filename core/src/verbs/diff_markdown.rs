//! A difference as Markdown for a pull request: summary, breaking changes, then the models, folded. Never longer than a
//! comment on GitHub may be; what does not fit is counted.

use super::diff::{DiffColumn, DiffModel, DiffResponse};
use std::fmt::Write;

/// Characters that GitHub takes in one comment.
pub const LIMIT: usize = 65_536;

/// Kept free for what closes the text.
const RESERVE: usize = 400;

/// Text that Markdown and HTML leave alone.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let inside = before.is_alphanumeric() && chars.peek().is_some_and(|n| n.is_alphanumeric());
        before = c;
        match c {
            // Within a word it is only itself.
            '_' if inside => out.push(c),
            '\n' | '\r' | '\t' => out.push(' '),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '|' | '[' | ']' | '#' | '~' | '@' => {
                let _ = write!(out, "&#{};", c as u32);
            }
            c => out.push(c),
        }
    }
    out
}

/// A name in a code span, within a table too.
fn name(text: &str) -> String {
    if text.contains(['`', '|', '\n', '\r', '\\']) {
        format!("<code>{}</code>", plain(text))
    } else {
        format!("`{text}`")
    }
}

/// Adds lines until the limit, and counts what is left out.
struct Page {
    text: String,
    chars: usize,
    left_out: usize,
}

impl Page {
    fn add(&mut self, part: &str) -> bool {
        let n = part.chars().count();
        if self.left_out > 0 || self.chars + n + RESERVE > LIMIT {
            self.left_out += 1;
            return false;
        }
        self.text.push_str(part);
        self.chars += n;
        true
    }
}

/// The comment.
pub fn markdown(diff: &DiffResponse) -> String {
    let mut page = Page {
        text: String::new(),
        chars: 0,
        left_out: 0,
    };
    let s = &diff.summary;
    let against = match &diff.commit {
        Some(commit) => format!("{} ({})", name(&diff.against), commit.get(..10).unwrap_or(commit)),
        None => name(&diff.against),
    };
    let verdict = match (s.breaking, diff.models.is_empty()) {
        (0, true) => "nothing changed".to_owned(),
        (0, false) => "no breaking changes".to_owned(),
        (1, _) => "**1 breaking change**".to_owned(),
        (n, _) => format!("**{n} breaking changes**"),
    };
    page.add(&format!("### rocky: {verdict}\n\nCompared with {against}.\n\n"));
    page.add("| models | added | removed | changed | affected | identical |\n| --- | --- | --- | --- | --- | --- |\n");
    page.add(&format!(
        "| | {} | {} | {} | {} | {} |\n\n",
        s.models_added, s.models_removed, s.models_changed, s.models_affected, s.models_identical
    ));
    if !s.columns.is_empty() {
        let classes: Vec<(&str, u64)> = [
            "removed",
            "retyped",
            "narrowed",
            "widened",
            "nullability",
            "values_may_differ",
            "added",
            "identical",
        ]
        .into_iter()
        .filter_map(|c| Some((c, *s.columns.get(c)?)))
        .collect();
        let row = |cells: Vec<String>| format!("| columns | {} |\n", cells.join(" | "));
        page.add(&row(classes.iter().map(|(c, _)| c.replace('_', " ")).collect()));
        page.add(&format!("| --- |{}\n", " --- |".repeat(classes.len())));
        page.add(&format!(
            "| | {} |\n\n",
            classes
                .iter()
                .map(|(_, n)| n.to_string())
                .collect::<Vec<_>>()
                .join(" | ")
        ));
    }
    if !diff.breaking.is_empty() {
        page.add("#### Breaking\n\n");
        for change in &diff.breaking {
            let place = match (&change.column, change.model.as_str()) {
                (_, "") => String::new(),
                (Some(column), model) => format!("{}: ", name(&format!("{model}.{column}"))),
                (None, model) => format!("{}: ", name(model)),
            };
            let readers = if change.readers.is_empty() {
                String::new()
            } else {
                let shown: Vec<String> = change.readers.iter().take(10).map(|r| name(r)).collect();
                let more = change.readers.len().saturating_sub(10);
                let more = if more > 0 {
                    format!(" and {more} more")
                } else {
                    String::new()
                };
                format!(" (read by {}{more})", shown.join(", "))
            };
            page.add(&format!("- {place}{}{readers}\n", plain(&change.text)));
        }
        page.add("\n");
    }
    let broken: Vec<_> = diff.contracts.iter().filter(|c| c.breaks).collect();
    if !broken.is_empty() {
        page.add("#### Contracts that break\n\n");
        for contract in broken {
            page.add(&format!(
                "- {} ({})\n",
                name(&contract.model),
                plain(&contract.findings.join("; "))
            ));
        }
        page.add("\n");
    }
    for (title, changes) in [
        ("Changed", &["added", "removed", "changed"][..]),
        ("Affected downstream", &["affected"]),
    ] {
        let models: Vec<&DiffModel> = diff
            .models
            .iter()
            .filter(|m| changes.contains(&m.change.as_str()) && !m.identical)
            .collect();
        if models.is_empty() {
            continue;
        }
        page.add(&format!("#### {title}\n\n"));
        for model in models {
            page.add(&folded(model));
        }
    }
    let same: Vec<String> = diff
        .models
        .iter()
        .filter(|m| m.identical)
        .map(|m| name(&m.name))
        .collect();
    if !same.is_empty() {
        page.add(&format!(
            "Edited without effect, which is proved: {}.\n",
            same.join(", ")
        ));
    }
    if page.left_out > 0 {
        let _ = write!(
            page.text,
            "\n… and {} more lines or models, left out for length: `rocky diff --against {}` shows all.\n",
            page.left_out,
            diff.against
                .chars()
                .filter(|c| *c != '`' && !c.is_control())
                .take(200)
                .collect::<String>()
        );
    }
    page.text
}

fn folded(model: &DiffModel) -> String {
    let different: Vec<&DiffColumn> = model.columns.iter().filter(|c| c.class != "identical").collect();
    let identical = model.columns.len() - different.len();
    let mut head = format!("<code>{}</code>: {}", plain(&model.name), model.change);
    if !model.definition.is_empty() {
        let _ = write!(head, " ({})", model.definition.join(", "));
    }
    let _ = write!(
        head,
        ", {} of {} columns differ",
        different.len(),
        model.columns.len()
    );
    let mut text = format!("<details><summary>{head}</summary>\n\n");
    if model.rows_may_differ {
        let why: Vec<&str> = model.rows_because.iter().map(|r| r.text.as_str()).collect();
        let _ = writeln!(text, "Rows may differ: {}.\n", plain(&why.join("; ")));
    } else if model.order_may_differ {
        text.push_str("The order of the rows may differ.\n\n");
    }
    if model.unlisted_columns_may_differ {
        text.push_str("Columns that are not known may differ.\n\n");
    }
    if !different.is_empty() {
        text.push_str("| column | | type | because |\n| --- | --- | --- | --- |\n");
        for column in &different {
            let ty = match (&column.old_type, &column.new_type) {
                (Some(a), Some(b)) if a != b => format!("{} → {}", plain(a), plain(b)),
                (_, Some(t)) | (Some(t), _) => plain(t),
                _ => String::new(),
            };
            let why: Vec<&str> = column.because.iter().map(|r| r.text.as_str()).collect();
            let _ = writeln!(
                text,
                "| {} | {} | {ty} | {} |",
                name(&column.name),
                column.class.replace('_', " "),
                plain(&why.join("; "))
            );
        }
        text.push('\n');
    }
    if identical > 0 {
        let _ = writeln!(text, "{identical} identical.\n");
    }
    text.push_str("</details>\n\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verbs::diff::{DiffBreaking, DiffSummary};
    use std::sync::Arc;

    fn response(models: usize) -> DiffResponse {
        let column = |i: usize| DiffColumn {
            name: format!("c{i}").into(),
            class: "values_may_differ".into(),
            old_type: Some("INTEGER".into()),
            new_type: Some("INTEGER".into()),
            old_nullable: Some(true),
            new_nullable: Some(true),
            values_may_differ: true,
            because: Arc::default(),
            path: Arc::default(),
            volatile: None,
        };
        DiffResponse {
            version: String::new(),
            command: "diff".to_owned(),
            schema_version: 1,
            against: "main".to_owned(),
            commit: Some("0123456789abcdef".to_owned()),
            summary: DiffSummary {
                breaking: 1,
                ..DiffSummary::default()
            },
            breaking: vec![DiffBreaking {
                kind: "removed".to_owned(),
                model: "a|b".to_owned(),
                column: Some("x`y".to_owned()),
                text: "the column is gone <script>".to_owned(),
                readers: vec!["r".to_owned()],
            }],
            models: (0..models)
                .map(|i| DiffModel {
                    name: format!("model_{i}"),
                    change: "changed".to_owned(),
                    file: String::new(),
                    definition: vec!["query".to_owned()],
                    identical: false,
                    rows_may_differ: false,
                    rows_because: Vec::new(),
                    order_may_differ: false,
                    unlisted_columns_may_differ: false,
                    columns: (0..20).map(column).collect(),
                })
                .collect(),
            sources: Vec::new(),
            contracts: Vec::new(),
            edges_added: Vec::new(),
            edges_removed: Vec::new(),
            diagnostics_new: Vec::new(),
            diagnostics_fixed: Vec::new(),
            has_errors: false,
            markdown: None,
        }
    }

    #[test]
    fn a_comment_fits_however_many_models_differ() {
        let text = markdown(&response(5000));
        assert!(text.chars().count() <= LIMIT, "{}", text.chars().count());
        assert!(text.contains("left out for length"));
        assert_eq!(
            text.matches("<details>").count(),
            text.matches("</details>").count()
        );
    }

    #[test]
    fn names_cannot_break_out_of_the_comment() {
        let text = markdown(&response(1));
        assert!(text.contains("#### Breaking"), "{text}");
        assert!(!text.contains("<script>") && !text.contains("x`y"), "{text}");
    }
}
