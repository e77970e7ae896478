//! `explain`: the page of a diagnostic code, from `docs/diagnostics.md`.

use rocky_base::{Code, Error, Result, suggest};

const PAGES: &str = include_str!("../../docs/diagnostics.md");

/// The page of a code, as Markdown without its heading mark: the first line is `E001: …`.
pub fn page(code: &str) -> Result<&'static str> {
    let Some(found) = Code::parse(code) else {
        let mut error = Error::usage(format!("unknown diagnostic code `{code}`"));
        let upper = code.to_uppercase();
        error.hint = Some(match suggest::nearest(&upper, Code::all().map(Code::id)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "codes look like E100, W101, I002".to_owned(),
        });
        return Err(error);
    };
    find(found.id()).ok_or_else(|| Error::bug(format!("code {found} has no page")))
}

fn find(id: &str) -> Option<&'static str> {
    let heading = format!("\n## {id}:");
    let start = PAGES.find(&heading)? + "\n## ".len();
    let rest = PAGES.get(start..)?;
    let end = rest.find("\n## ").unwrap_or(rest.len());
    rest.get(..end).map(str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page() {
        let missing: Vec<&str> = Code::all()
            .map(Code::id)
            .filter(|id| find(id).is_none())
            .collect();
        assert!(missing.is_empty(), "docs/diagnostics.md lacks {missing:?}");
    }
}
