//! Which models are meant: names and patterns, tags, paths, what changed, each with its inputs or readers.
//!
//! An expression is one or more terms joined by `,`: their intersection. Several expressions: their union, from which those
//! to exclude are taken. A term is `NAME` (`*` and `?` match), `tag:KEY`, `tag:KEY=VALUE`, `path:GLOB` or `changed:REVISION`,
//! with `+` before it for everything it reads, `+` after it for everything that reads it, and a number at the `+` for so
//! many steps: `2+fct_orders`, `stg_*+`, `+tag:nightly,path:models/marts`.

use crate::snapshot::Snapshot;
use rocky_base::{Error, Result, suggest};
use rustc_hash::FxHashSet;

/// How far to go along the graph.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Reach {
    Nothing,
    Steps(u32),
    All,
}

/// What a term names, without its neighbours.
#[derive(PartialEq, Eq, Debug)]
enum Seed<'a> {
    Name(&'a str),
    Tag(&'a str, Option<&'a str>),
    Path(&'a str),
    Changed(&'a str),
}

#[derive(PartialEq, Eq, Debug)]
struct Term<'a> {
    inputs: Reach,
    seed: Seed<'a>,
    readers: Reach,
}

/// The models that the expressions mean, by number, sorted. Everything when `include` is empty. `changed` gives the models that
/// were edited since a revision.
///
/// Errors name the expression: a model, tag or path that is not there, a malformed pattern, or a selection that is empty.
pub fn select(
    snapshot: &Snapshot,
    include: &[String],
    exclude: &[String],
    changed: &mut dyn FnMut(&str) -> Result<Vec<u32>>,
) -> Result<Vec<u32>> {
    let mut selector = Selector {
        snapshot,
        readers: None,
        changed,
    };
    let mut chosen: Vec<u32> = if include.is_empty() {
        (0..snapshot.models.len() as u32).collect()
    } else {
        let mut chosen = Vec::new();
        for expression in include {
            chosen.extend(selector.expression(expression)?);
        }
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    };
    if !exclude.is_empty() {
        let mut out: FxHashSet<u32> = FxHashSet::default();
        for expression in exclude {
            out.extend(selector.expression(expression)?);
        }
        chosen.retain(|id| !out.contains(id));
    }
    let only_changes = include.iter().all(|e| {
        e.split(',')
            .any(|t| matches!(term(t).map(|t| t.seed), Ok(Seed::Changed(_))))
    });
    // That nothing changed is an answer; anything else that selects nothing is a mistake.
    if chosen.is_empty() && !snapshot.models.is_empty() && (!only_changes || include.is_empty()) {
        let mut what = include.join("` and `");
        if include.is_empty() {
            "every model".clone_into(&mut what);
        }
        let message = match exclude {
            [] => format!("`{what}` selects no model"),
            _ => format!("`{what}` without `{}` leaves no model", exclude.join("` and `")),
        };
        return Err(Error::usage(message).hint("`rocky compile` lists the models"));
    }
    Ok(chosen)
}

struct Selector<'a, 'b> {
    snapshot: &'a Snapshot,
    /// For each model, who reads it; made when first needed.
    readers: Option<Vec<Vec<u32>>>,
    changed: &'b mut dyn FnMut(&str) -> Result<Vec<u32>>,
}

impl Selector<'_, '_> {
    fn expression(&mut self, text: &str) -> Result<Vec<u32>> {
        // A name may have any character, those of patterns and terms too.
        if let Some((id, _)) = self.snapshot.model(text) {
            return Ok(vec![id]);
        }
        let mut all: Option<Vec<u32>> = None;
        for part in text.split(',') {
            let found = self.term(&term(part).map_err(|e| {
                let mut error = Error::usage(format!("`{text}` is not a selection: {e}"));
                error.hint = Some("write e.g. `+fct_orders`, `stg_*`, `tag:nightly`, `path:models/marts` or `changed:main+`".to_owned());
                error
            })?)?;
            all = Some(match all {
                None => found,
                Some(before) => {
                    let found: FxHashSet<u32> = found.into_iter().collect();
                    before.into_iter().filter(|id| found.contains(id)).collect()
                }
            });
        }
        Ok(all.unwrap_or_default())
    }

    fn term(&mut self, term: &Term<'_>) -> Result<Vec<u32>> {
        let seed = match term.seed {
            Seed::Name(name) => self.named(name)?,
            Seed::Tag(key, value) => self.tagged(key, value)?,
            Seed::Path(path) => self.below(path)?,
            Seed::Changed(revision) => (self.changed)(revision)?,
        };
        let mut found: FxHashSet<u32> = seed.iter().copied().collect();
        if term.inputs != Reach::Nothing {
            self.walk(&seed, term.inputs, true, &mut found);
        }
        if term.readers != Reach::Nothing {
            self.walk(&seed, term.readers, false, &mut found);
        }
        let mut found: Vec<u32> = found.into_iter().collect();
        found.sort_unstable();
        Ok(found)
    }

    fn named(&self, name: &str) -> Result<Vec<u32>> {
        if !name.contains(['*', '?', '[', '{']) {
            if let Some((id, _)) = self.snapshot.model(name) {
                return Ok(vec![id]);
            }
            let error = Error::usage(format!("unknown model `{name}`"));
            return Err(match suggest::nearest(name, self.snapshot.model_names()) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("`rocky compile` lists the models"),
            });
        }
        let glob = globset::GlobBuilder::new(name)
            .case_insensitive(true)
            .build()
            .map_err(|e| Error::usage(format!("`{name}` is not a pattern: {}", e.kind())))?
            .compile_matcher();
        let found = self.ids(|m| glob.is_match(m.name.as_str()));
        if found.is_empty() {
            return Err(Error::usage(format!("no model's name matches `{name}`"))
                .hint("`rocky compile` lists the models"));
        }
        Ok(found)
    }

    fn tagged(&self, key: &str, value: Option<&str>) -> Result<Vec<u32>> {
        let found = self.ids(|m| match (m.config.tags.get(key), value) {
            (Some(_), None) => true,
            (Some(has), Some(wanted)) => has.as_str() == wanted,
            (None, _) => false,
        });
        if found.is_empty() {
            let mut keys: Vec<String> = self
                .snapshot
                .models
                .iter()
                .flat_map(|m| &m.config.tags)
                .map(|(k, v)| match v.as_str() {
                    "" => k.to_string(),
                    v => format!("{k}={v}"),
                })
                .collect();
            keys.sort();
            keys.dedup();
            let wanted = value.map_or_else(|| key.to_owned(), |v| format!("{key}={v}"));
            let error = Error::usage(format!("no model has the tag `{wanted}`"));
            return Err(match keys.is_empty() {
                true => error.hint("no model has tags; give some with `tags = [\"…\"]` in a sidecar"),
                false => {
                    keys.truncate(20);
                    error.hint(format!("the models have {}", keys.join(", ")))
                }
            });
        }
        Ok(found)
    }

    fn below(&self, path: &str) -> Result<Vec<u32>> {
        let plain = path.trim_start_matches("./").trim_end_matches('/');
        let special = plain.contains(['*', '?', '[', '{']);
        let matcher = |glob: &str| {
            globset::GlobBuilder::new(glob)
                .literal_separator(true)
                .build()
                .map(|g| g.compile_matcher())
                .map_err(|e| Error::usage(format!("`{path}` is not a pattern: {}", e.kind())))
        };
        let glob = if special { Some(matcher(plain)?) } else { None };
        let found = self.ids(|m| {
            let Some(file) = self.snapshot.files.get(m.file) else {
                return false;
            };
            let shown = file.path.as_str();
            match &glob {
                Some(glob) => glob.is_match(shown),
                // A file, or a folder and everything below it.
                None => shown
                    .strip_prefix(plain)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || plain.is_empty()),
            }
        });
        if found.is_empty() {
            return Err(Error::usage(format!("no model's file is at `{path}`"))
                .hint("paths are relative to the folder of rocky.toml, e.g. `path:models/staging`"));
        }
        Ok(found)
    }

    fn ids(&self, wanted: impl Fn(&crate::snapshot::Model) -> bool) -> Vec<u32> {
        let models = self.snapshot.models.iter().enumerate();
        models
            .filter(|(_, m)| wanted(m))
            .map(|(id, _)| id as u32)
            .collect()
    }

    /// Breadth first, each model once.
    fn walk(&mut self, from: &[u32], reach: Reach, inputs: bool, found: &mut FxHashSet<u32>) {
        let snapshot = self.snapshot;
        if !inputs && self.readers.is_none() {
            let mut readers = vec![Vec::new(); snapshot.models.len()];
            for (id, model) in snapshot.models.iter().enumerate() {
                for input in &model.depends_on {
                    if let Some(list) = readers.get_mut(*input as usize) {
                        list.push(id as u32);
                    }
                }
            }
            self.readers = Some(readers);
        }
        let next = |id: u32| -> &[u32] {
            let list = match (inputs, &self.readers) {
                (true, _) => snapshot.models.get(id as usize).map(|m| &m.depends_on),
                (false, Some(readers)) => readers.get(id as usize),
                (false, None) => None,
            };
            list.map_or(&[], Vec::as_slice)
        };
        let mut seen: FxHashSet<u32> = from.iter().copied().collect();
        let mut layer: Vec<u32> = from.to_vec();
        let mut left = match reach {
            Reach::Nothing => 0,
            Reach::Steps(n) => n,
            Reach::All => u32::MAX,
        };
        while left > 0 && !layer.is_empty() {
            let mut after = Vec::new();
            for id in layer {
                after.extend(next(id).iter().copied().filter(|n| seen.insert(*n)));
            }
            layer = after;
            left -= 1;
        }
        found.extend(seen);
    }
}

/// Read one term.
fn term(text: &str) -> Result<Term<'_>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("a term is empty".to_owned());
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (inputs, rest) = match text.split_at(digits) {
        ("", rest) => match rest.strip_prefix('+') {
            Some(rest) => (Reach::All, rest),
            None => (Reach::Nothing, rest),
        },
        (n, rest) => match rest.strip_prefix('+') {
            Some(rest) => (steps(n)?, rest),
            // A name that begins with a digit.
            None => (Reach::Nothing, text),
        },
    };
    let (seed, readers) = match rest.rsplit_once('+') {
        Some((seed, "")) => (seed, Reach::All),
        Some((seed, n)) if n.bytes().all(|b| b.is_ascii_digit()) => (seed, steps(n)?),
        Some((_, n)) => return Err(format!("after `+` stands {n:?}, which is no number of steps")),
        None => (rest, Reach::Nothing),
    };
    let seed = match seed.split_once(':') {
        Some(("tag", tag)) => match tag.split_once('=') {
            Some((key, value)) => Seed::Tag(key, Some(value)),
            None => Seed::Tag(tag, None),
        },
        Some(("path", path)) => Seed::Path(path),
        Some(("changed", revision)) => Seed::Changed(revision),
        Some((method, _)) => {
            return Err(format!(
                "`{method}:` is not known; there are `tag:`, `path:` and `changed:`"
            ));
        }
        None => Seed::Name(seed),
    };
    match &seed {
        Seed::Name("") => Err("a name is missing".to_owned()),
        Seed::Tag("", _) => Err("the tag is missing".to_owned()),
        Seed::Path("") => Err("the path is missing".to_owned()),
        Seed::Changed("") => Err("the revision is missing".to_owned()),
        _ => Ok(Term {
            inputs,
            seed,
            readers,
        }),
    }
}

fn steps(digits: &str) -> Result<Reach, String> {
    digits
        .parse()
        .map(Reach::Steps)
        .map_err(|_| format!("`{digits}` steps are too many"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(text: &str, inputs: Reach, seed: Seed<'_>, readers: Reach) {
        let expected = Term {
            inputs,
            seed,
            readers,
        };
        assert_eq!(term(text), Ok(expected), "{text}");
    }

    #[test]
    fn terms() {
        use Reach::{All, Nothing, Steps};
        is("a", Nothing, Seed::Name("a"), Nothing);
        is(" +a ", All, Seed::Name("a"), Nothing);
        is("a+", Nothing, Seed::Name("a"), All);
        is("2+a+3", Steps(2), Seed::Name("a"), Steps(3));
        is("2a", Nothing, Seed::Name("2a"), Nothing);
        is("+tag:k=v+", All, Seed::Tag("k", Some("v")), All);
        is("path:models/a*", Nothing, Seed::Path("models/a*"), Nothing);
        is("changed:main+", Nothing, Seed::Changed("main"), All);
        for bad in ["", "+", "a+b", "tag:", "path:", "state:modified", "99999999999+a"] {
            assert!(term(bad).is_err(), "{bad}");
        }
    }
}
