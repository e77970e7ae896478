//! Files as sources: what a remembered description is worth, and asking the warehouse for those that are missing.
//!
//! A description is kept under the text of the item in FROM with a stamp of its files (path, size, time, inode; of a
//! pattern all that it matches). When the stamp is another one, nothing is remembered. Only descriptions are kept: that a
//! file cannot be read is found out anew each time.

use crate::project::{Project, target};
use crate::{adapters, catalog_cache};
use rocky_base::{CancelToken, Dialect, ErrorKind, Result, SmolStr, System};
use rocky_project::hash::Hasher128;
use rocky_project::{CatalogInput, Snapshot, Source, SourceSchema};
use rocky_semantic::{FileCall, file_call};
use rocky_warehouse::catalog::{FileFound, FileSource};
use rocky_warehouse::{CatalogSnapshot, Warehouse};
use rustc_hash::FxHashSet;
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// More files than this behind one pattern are not stamped.
const MAX_FILES: usize = 20_000;

/// What is to be described.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Ask {
    /// What is not known.
    Missing,
    /// Every file.
    All,
}

/// What can be said of the files of a call without opening them.
enum Stamp {
    /// Their identity.
    Known(SmolStr),
    /// Nothing.
    Unknown,
    /// They cannot be read: why.
    Wrong(String),
}

/// Drop the descriptions of files that have changed.
pub(crate) fn current(
    system: &dyn System,
    root: &Path,
    snapshot: Arc<CatalogSnapshot>,
) -> Arc<CatalogSnapshot> {
    let valid = |text: &SmolStr, file: &FileSource| {
        let call = file_call(text);
        let now = call.map_or(Stamp::Unknown, |call| stamp(system, root, &call));
        matches!((now, &file.found), (Stamp::Known(now), FileFound::Columns(_)) if now == file.stamp)
    };
    if snapshot.files.iter().all(|(text, file)| valid(text, file)) {
        return snapshot;
    }
    let mut snapshot = Arc::unwrap_or_clone(snapshot);
    snapshot.files.retain(|text, file| valid(text, file));
    Arc::new(snapshot)
}

/// What may be remembered: that a file cannot be read is asked again.
pub(crate) fn without_refused(snapshot: &CatalogSnapshot) -> Cow<'_, CatalogSnapshot> {
    let kept = |file: &FileSource| matches!(file.found, FileFound::Columns(_));
    if snapshot.files.values().all(kept) {
        return Cow::Borrowed(snapshot);
    }
    let mut snapshot = snapshot.clone();
    snapshot.files.retain(|_, file| kept(file));
    Cow::Owned(snapshot)
}

impl Project {
    /// As [`Project::describe_files`], under the name of the adapter that models are compiled for.
    pub(crate) fn described(
        &self,
        snapshot: &Snapshot,
        catalog: Option<CatalogInput>,
        ask: Ask,
        warehouse: Option<&dyn Warehouse>,
        cancel: &CancelToken,
    ) -> Result<Option<CatalogInput>> {
        let Ok(config) = self.config() else {
            return Ok(None);
        };
        let Ok(target) = target(&config, None) else {
            return Ok(None);
        };
        self.describe_files(snapshot, catalog, ask, &target.name, warehouse, cancel)
    }

    /// Describe the files that the project reads and of which nothing is known. `None` when there are none.
    pub(crate) fn describe_files(
        &self,
        snapshot: &Snapshot,
        catalog: Option<CatalogInput>,
        ask: Ask,
        adapter: &str,
        warehouse: Option<&dyn Warehouse>,
        cancel: &CancelToken,
    ) -> Result<Option<CatalogInput>> {
        if snapshot.dialect != Dialect::DuckDb {
            return Ok(None);
        }
        let known = catalog.as_ref().map(|c| &c.snapshot.files);
        let wanted = |source: &&Source| {
            let text = &source.name.table.text;
            let asked =
                known.is_some_and(|k| matches!(k.get(text).map(|f| &f.found), Some(FileFound::Columns(_))));
            let declared = matches!(source.schema, SourceSchema::Declared(..))
                && file_call(text).is_some_and(|call| call.columns.is_none());
            source.file && !declared && (ask == Ask::All || !asked)
        };
        let wanted: Vec<&Source> = snapshot.sources.iter().filter(wanted).collect();
        if wanted.is_empty() {
            return Ok(None);
        }
        let scratch = match warehouse {
            Some(_) => None,
            None => Some(adapters::scratch(&self.root, cancel)?),
        };
        let Some(warehouse) = warehouse.or(scratch.as_deref()) else {
            return Ok(None);
        };
        let mut connection = warehouse.connect()?;
        let fresh = catalog.as_ref().is_some_and(|c| c.fresh);
        let mut next = catalog.map_or_else(
            || CatalogSnapshot {
                taken_at: crate::document::timestamp(self.host.system.now()).as_second(),
                ..CatalogSnapshot::default()
            },
            |c| Arc::unwrap_or_clone(c.snapshot),
        );
        for source in wanted {
            cancel.check()?;
            let text = &source.name.table.text;
            let Some(call) = file_call(text) else { continue };
            let (stamp, wrong) = match stamp(&*self.host.system, &self.root, &call) {
                Stamp::Known(stamp) => (stamp, None),
                Stamp::Unknown => (SmolStr::default(), None),
                Stamp::Wrong(why) => (SmolStr::default(), Some(why)),
            };
            let found = match wrong {
                Some(why) => FileFound::Refused(why.into()),
                None => match connection.describe(&format!("SELECT * FROM {text}"), cancel) {
                    Ok(columns) => FileFound::Columns(columns),
                    Err(error) if error.kind == ErrorKind::Cancelled => return Err(error),
                    // What is not on this machine may be there in a moment.
                    Err(_) if call.paths.iter().any(|p| p.contains("://")) => continue,
                    Err(error) => FileFound::Refused(error.message.into()),
                },
            };
            next.files.insert(text.clone(), FileSource { stamp, found });
        }
        // What nothing reads any more is forgotten.
        let files = snapshot.sources.iter().filter(|s| s.file);
        let read: FxHashSet<&SmolStr> = files.map(|s| &s.name.table.text).collect();
        next.files.retain(|text, _| read.contains(text));
        let next = Arc::new(next);
        let kept = without_refused(&next);
        catalog_cache::store(&*self.host.system, &self.root, adapter, &kept, None);
        self.keep_live(&next);
        Ok(Some(CatalogInput {
            snapshot: next,
            fresh,
        }))
    }
}

fn stamp(system: &dyn System, root: &Path, call: &FileCall) -> Stamp {
    if call.paths.is_empty() {
        return Stamp::Unknown;
    }
    let mut hasher = Hasher128::new();
    // To find no file is an answer of `glob`, not a mistake.
    let lists = call.function == "glob";
    for written in &call.paths {
        if written.contains("://") {
            // Elsewhere: only asked for when it is asked for.
            hasher.str(written);
            continue;
        }
        let path = match (written.strip_prefix("~/"), system.env("HOME")) {
            (Some(rest), Some(home)) => Path::new(&home).join(rest),
            _ => root.join(written.as_str()),
        };
        let relative = Path::new(written.as_str()).is_relative() && !written.starts_with('~');
        if relative && root.to_str().is_none_or(|r| r.contains(',')) {
            return Stamp::Wrong(format!(
                "DuckDB finds no relative path below {}, whose name has a comma",
                root.display()
            ));
        }
        if is_pattern(written) {
            let Some(found) = matching(system, &path) else {
                return Stamp::Unknown;
            };
            if found.is_empty() && !lists {
                return Stamp::Wrong(format!("no file matches `{written}`"));
            }
            for file in &found {
                if add(system, file, &mut hasher).is_none() {
                    return Stamp::Unknown;
                }
            }
            continue;
        }
        if relative && shadowed(system, Path::new(written.as_str()), &path) {
            return Stamp::Wrong(format!(
                "the working directory has another `{written}`, which DuckDB would read instead of the project's"
            ));
        }
        match add(system, &path, &mut hasher) {
            Some(()) => {}
            None if lists || system.exists(&path) => return Stamp::Unknown,
            None => return Stamp::Wrong(format!("there is no file `{written}`")),
        }
    }
    Stamp::Known(SmolStr::from(format!("{:032x}", hasher.finish())))
}

fn add(system: &dyn System, path: &Path, hasher: &mut Hasher128) -> Option<()> {
    let stamp = system.stamp(path).ok()?;
    hasher
        .str(&path.to_string_lossy())
        .u128(u128::from(stamp.size))
        .u128(stamp.modified_ns.unsigned_abs())
        .u128(u128::from(stamp.inode));
    Some(())
}

/// DuckDB looks for a relative path in the working directory first.
fn shadowed(system: &dyn System, here: &Path, project: &Path) -> bool {
    system.exists(here)
        && match (system.canonical(here), system.canonical(project)) {
            (Ok(here), Ok(project)) => here != project,
            (Ok(_), Err(_)) => true,
            _ => false,
        }
}

fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// The files that a pattern matches, sorted; `None` when they are too many.
fn matching(system: &dyn System, pattern: &Path) -> Option<Vec<PathBuf>> {
    let mut parts: Vec<&str> = Vec::new();
    let mut base = PathBuf::new();
    for component in pattern.components() {
        let text = component.as_os_str().to_str()?;
        match parts.is_empty() && !is_pattern(text) {
            true => base.push(component),
            false => parts.push(text),
        }
    }
    let mut found = Vec::new();
    let mut work = vec![(base, 0)];
    let mut steps = 0;
    while let Some((folder, at)) = work.pop() {
        steps += 1;
        if found.len() > MAX_FILES || steps > MAX_FILES {
            return None;
        }
        let (Some(part), last) = (parts.get(at), at + 1 == parts.len()) else {
            continue;
        };
        if *part == "**" {
            // No folder, or one more.
            if !last {
                work.push((folder.clone(), at + 1));
            }
            for entry in system.list(&folder).unwrap_or_default() {
                match entry.is_dir {
                    true => work.push((entry.path, at)),
                    false if last => found.push(entry.path),
                    false => {}
                }
            }
            continue;
        }
        for entry in system.list(&folder).unwrap_or_default() {
            let name = entry.path.file_name().and_then(|n| n.to_str()).unwrap_or("");
            if !fits(part.as_bytes(), name.as_bytes()) {
                continue;
            }
            match (last, entry.is_dir) {
                (true, false) => found.push(entry.path),
                (false, true) => work.push((entry.path, at + 1)),
                _ => {}
            }
        }
    }
    found.sort();
    found.dedup();
    Some(found)
}

/// `*`, `?` and `[…]`; a set in brackets counts as any character: a stamp may hold more files than are read, not fewer.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    // Where the last `*` stands, and how far the name was read then.
    let mut star: Option<(usize, usize)> = None;
    let (mut p, mut n) = (0, 0);
    while n < name.len() {
        let set_end = match pattern.get(p) {
            Some(b'[') => pattern.iter().skip(p).position(|b| *b == b']').map(|i| p + i + 1),
            _ => None,
        };
        match (pattern.get(p), set_end) {
            (Some(b'*'), _) => {
                star = Some((p, n));
                p += 1;
            }
            (_, Some(end)) => {
                p = end;
                n += 1;
            }
            (Some(b'?'), _) => {
                p += 1;
                n += 1;
            }
            (Some(byte), _) if name.get(n) == Some(byte) => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|b| *b == b'*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_fit_names() {
        let fit = |p: &str, n: &str| fits(p.as_bytes(), n.as_bytes());
        assert!(fit("*.csv", "a.csv") && fit("a?c", "abc") && fit("x[0-9].csv", "x1.csv") && fit("*", ""));
        assert!(fit("*a*b", "xxaxxab") && fit("**", "abc"));
        assert!(!fit("*.csv", "a.tsv") && !fit("a?c", "ac") && !fit("abc", "abcd") && !fit("", "a"));
    }
}
