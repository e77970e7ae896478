//! Looking at the warehouse that models are planned for: its catalogue as it is now, or as it was seen, when that is proved to be the
//! same.
//!
//! A DuckDB database is a file and its log, and a change is in one of them before anybody can see it. So while both have the
//! stamps that they had when the catalogue was read, the catalogue is what it was, and so are the rows of the tables. Such a
//! database is not opened before there is something to execute; and when it is opened then, the stamps are compared once more
//! under its lock. A view that a model reads may reach outside of the file: with one nothing is proved.
//!
//! When the catalogue is read, the columns of views are what the warehouse remembers of them; those that a model reads are renewed
//! after the compile, which is made once more if they are others ([`Project::renewed`]).

use crate::adapters::{self, Access};
use crate::project::{Project, Target};
use crate::{catalog_cache, files};
use rocky_base::system::FileStamp;
use rocky_base::{CancelToken, Dialect, Error, Result, SmolStr};
use rocky_project::{InputRelation, Snapshot, SourceSchema};
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::{
    Capabilities, CatalogSnapshot, Connection, RelationKind, RelationName, SourceTable, Warehouse,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// A stamp proves nothing of a file that was written so shortly before it was taken: what is written may not be visible yet.
const SETTLED_NS: i128 = 1_000_000_000;

/// The database file and its log, where there is one.
type Stamp = (FileStamp, Option<FileStamp>);

/// What proves that a warehouse is still what was seen.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Proof {
    stamp: Stamp,
    /// Fingerprints of tables, by name as displayed.
    pub prints: BTreeMap<String, String>,
}

/// How a catalogue was come by.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// It was read; then the files had these stamps, if they had settled.
    Read(Option<Stamp>),
    /// It was read before, and this proves it.
    Remembered(Arc<Proof>),
}

/// What was seen of a warehouse.
#[derive(Clone)]
pub(crate) struct Look {
    pub catalog: Arc<CatalogSnapshot>,
    pub origin: Origin,
    /// Whose catalogue it is.
    adapter: SmolStr,
    path: Option<PathBuf>,
}

impl Look {
    pub(crate) fn is_remembered(&self) -> bool {
        matches!(self.origin, Origin::Remembered(_))
    }

    /// The adapter whose catalogue it is.
    pub(crate) fn adapter(&self) -> &SmolStr {
        &self.adapter
    }

    /// The fingerprint of a table that is proved to be what it was.
    pub(crate) fn print(&self, name: &RelationName) -> Option<&str> {
        match &self.origin {
            Origin::Remembered(proof) if is_table(&self.catalog, name) => {
                proof.prints.get(&name.display()).map(String::as_str)
            }
            _ => None,
        }
    }
}

/// A table in the database's own file.
fn is_table(catalog: &CatalogSnapshot, name: &RelationName) -> bool {
    matches!(catalog.lookup(name), Lookup::Found(r) if r.kind == RelationKind::Table)
}

/// Views whose columns the compile has read: sources, and targets of models that read their own.
pub(crate) fn views_read(snapshot: &Snapshot, catalog: &CatalogSnapshot) -> Vec<RelationName> {
    let is_view = |name: &RelationName| matches!(catalog.lookup(name), Lookup::Found(r) if r.kind != RelationKind::Table);
    let stated = |s: &SourceSchema| matches!(s, SourceSchema::Given(_) | SourceSchema::Declared(..));
    let sources = snapshot
        .sources
        .iter()
        .filter(|s| !s.file && !stated(&s.schema))
        .map(|s| &s.name);
    let own = snapshot
        .models
        .iter()
        .filter(|m| m.inputs.contains(&InputRelation::Own))
        .map(|m| &m.target);
    sources.chain(own).filter(|name| is_view(name)).cloned().collect()
}

/// Sources that are no tables of the database's own file: nothing is proved of their rows.
fn reaches_out(snapshot: &Snapshot, catalog: &CatalogSnapshot) -> bool {
    let own = |name: &RelationName| is_table(catalog, name) || matches!(catalog.lookup(name), Lookup::Absent);
    snapshot.sources.iter().any(|s| !s.file && !own(&s.name))
}

impl Project {
    /// What is known of the target's catalogue without opening it, when that is proved.
    pub(crate) fn remembered_look(&self, target: &Target<'_>) -> Option<Look> {
        let path = adapters::duckdb_path(&self.root, &target.adapter.settings)?;
        let stamp = self.stamp(&path)?;
        self.read_ahead();
        let remembered = catalog_cache::load(&*self.host.system, &self.root, &target.name)?;
        let proof = remembered.proof.filter(|p| p.stamp == stamp)?;
        let look = Look {
            catalog: files::current(&*self.host.system, &self.root, Arc::new(remembered.snapshot)),
            origin: Origin::Remembered(Arc::new(proof)),
            adapter: target.name.clone(),
            path: Some(path),
        };
        // What the lock says of a view is compared with the view, read or not.
        (!self.is_locked()
            || look
                .catalog
                .relations
                .values()
                .all(|r| r.kind == RelationKind::Table))
        .then_some(look)
    }

    /// Read the catalogue.
    pub(crate) fn look(
        &self,
        target: &Target<'_>,
        warehouse: Option<&dyn Warehouse>,
        cancel: &CancelToken,
    ) -> Result<Look> {
        let path = adapters::duckdb_path(&self.root, &target.adapter.settings);
        let stamp = path.as_ref().filter(|_| warehouse.is_some()).and_then(|path| {
            let stamp = self.stamp(path)?;
            let now = crate::document::timestamp(self.host.system.now()).as_nanosecond();
            let settled = |s: &FileStamp| s.modified_ns > 0 && s.modified_ns + SETTLED_NS < now;
            (settled(&stamp.0) && stamp.1.as_ref().is_none_or(settled)).then_some(stamp)
        });
        let catalog = match warehouse {
            Some(warehouse) if !self.is_locked() => self.listed(warehouse, cancel)?,
            _ => self.read_catalog(target, warehouse, cancel)?,
        };
        // Of what else is attached the file knows nothing.
        let alone = catalog.complete_catalogs.len() == 1;
        Ok(Look {
            catalog,
            origin: Origin::Read(stamp.filter(|_| alone)),
            adapter: target.name.clone(),
            path,
        })
    }

    /// The catalogue with the columns of the views that the compile has read as they are now; `None` when they are what was seen.
    pub(crate) fn renewed(
        &self,
        look: &mut Look,
        snapshot: &Snapshot,
        warehouse: &dyn Warehouse,
        cancel: &CancelToken,
    ) -> Result<bool> {
        let views = match self.is_locked() {
            true => Vec::new(),
            false => views_read(snapshot, &look.catalog),
        };
        if views.is_empty() {
            return Ok(false);
        }
        warehouse.renew(Arc::make_mut(&mut look.catalog), &views, cancel)
    }

    /// Remember what was seen, with its proof when nothing was written meanwhile.
    pub(crate) fn remember_look(
        &self,
        look: &Look,
        snapshot: Option<&Snapshot>,
        prints: BTreeMap<String, String>,
    ) {
        let Origin::Read(stamp) = &look.origin else {
            return;
        };
        let still = |stamp: &Stamp| look.path.as_ref().and_then(|p| self.stamp(p)).as_ref() == Some(stamp);
        let proof = stamp
            .as_ref()
            .filter(|_| snapshot.is_some_and(|s| !reaches_out(s, &look.catalog)))
            .filter(|stamp| still(stamp))
            .map(|stamp| Proof {
                stamp: *stamp,
                prints,
            });
        let catalog = files::without_refused(&look.catalog);
        catalog_cache::store(
            &*self.host.system,
            &self.root,
            &look.adapter,
            &catalog,
            proof.as_ref(),
        );
        self.set_live(&look.catalog, &look.adapter);
    }

    /// Open the warehouse of something remembered. `None`: it is not what was remembered any more.
    pub(crate) fn open_remembered(
        &self,
        look: &Look,
        target: &Target<'_>,
        access: Access,
        cancel: &CancelToken,
    ) -> Result<Option<Arc<dyn Warehouse>>> {
        let warehouse = self.open_warehouse(target, access, cancel)?;
        let now = look.path.as_ref().and_then(|path| self.stamp(path));
        Ok(match &look.origin {
            Origin::Remembered(proof) if now == Some(proof.stamp) => warehouse,
            _ => None,
        })
    }

    /// What tells the contents of a database file apart from those that it will have once it is changed; none while it was just written.
    pub(crate) fn settled_stamp(&self, path: &std::path::Path) -> Option<String> {
        let stamp = self.stamp(path)?;
        let now = crate::document::timestamp(self.host.system.now()).as_nanosecond();
        let settled = |s: &FileStamp| s.modified_ns > 0 && s.modified_ns + SETTLED_NS < now;
        let all = settled(&stamp.0) && stamp.1.as_ref().is_none_or(settled);
        let text = |s: &FileStamp| format!("{}/{}/{}", s.size, s.modified_ns, s.inode);
        all.then(|| match &stamp.1 {
            Some(log) => format!("{}+{}", text(&stamp.0), text(log)),
            None => text(&stamp.0),
        })
    }

    fn stamp(&self, path: &std::path::Path) -> Option<Stamp> {
        // The log is beside the file itself, not beside a link to it.
        let path = &self.host.system.canonical(path).ok()?;
        let mut log = path.as_os_str().to_owned();
        log.push(".wal");
        let file = self.host.system.stamp(path).ok()?;
        Some((file, self.host.system.stamp(log.as_ref()).ok()))
    }

    fn is_locked(&self) -> bool {
        self.host
            .system
            .exists(&self.root.join(rocky_project::lock::LOCK_FILE))
    }
}

/// Where nothing is to be executed.
pub(crate) struct Unopened(pub Dialect);

impl Unopened {
    fn refuse<T>(&self) -> Result<T> {
        Err(Error::bug(
            "a statement is to be executed in a database that was not opened",
        ))
    }
}

impl Warehouse for Unopened {
    fn dialect(&self) -> Dialect {
        self.0
    }

    fn capabilities(&self) -> &'static Capabilities {
        Capabilities::of(self.0)
    }

    fn connect(&self) -> Result<Box<dyn Connection>> {
        self.refuse()
    }

    fn snapshot(&self, _: &[RelationName], _: &CancelToken) -> Result<CatalogSnapshot> {
        self.refuse()
    }

    fn discover(&self, _: Option<&str>, _: &str, _: &CancelToken) -> Result<Vec<SourceTable>> {
        self.refuse()
    }

    fn version(&self) -> Result<String> {
        self.refuse()
    }
}
