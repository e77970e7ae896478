//! Functions that users made in the warehouse (`CREATE MACRO`): asked for only when a text calls one that is not built in, because
//! listing them is slow. No more than their names is known, so that a call of one is no error and has no type.

use crate::adapters::Access;
use crate::catalog_cache;
use crate::project::{Project, target};
use rocky_base::{CancelToken, Dialect, ErrorKind, Observer, Result, SmolStr, code};
use rocky_project::{CatalogInput, Inputs, Snapshot};
use rocky_warehouse::CatalogSnapshot;
use std::sync::Arc;

impl Project {
    /// The same, after the warehouse was asked about functions that do not exist. One that cannot be asked changes nothing.
    pub(crate) fn with_functions(
        &self,
        snapshot: Arc<Snapshot>,
        inputs: &mut Inputs,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Arc<Snapshot>> {
        let wanted = snapshot.dialect == Dialect::DuckDb
            && snapshot.has_errors()
            && snapshot.diagnostics().iter().any(|d| d.code == code::E104);
        if !wanted {
            return Ok(snapshot);
        }
        let (Some((name, functions)), catalog) = (self.own_functions(cancel)?, &inputs.catalog) else {
            return Ok(snapshot);
        };
        let known = catalog.as_ref().map(|c| &c.snapshot.functions);
        if known.map_or(functions.is_empty(), |k| k.iter().eq(&functions)) {
            return Ok(snapshot);
        }
        let (mut next, fresh) = match inputs.catalog.take() {
            Some(c) => (Arc::unwrap_or_clone(c.snapshot), c.fresh),
            None => (
                CatalogSnapshot {
                    taken_at: crate::document::timestamp(self.host.system.now()).as_second(),
                    ..CatalogSnapshot::default()
                },
                false,
            ),
        };
        next.functions = functions.into_iter().collect();
        let next = Arc::new(next);
        let kept = crate::files::without_refused(&next);
        catalog_cache::store(&*self.host.system, &self.root, &name, &kept, None);
        self.keep_live(&next);
        inputs.catalog = Some(CatalogInput {
            snapshot: next,
            fresh,
        });
        self.snapshot_of(inputs, observer, cancel)
    }

    /// The adapter's name, and the functions that its users made.
    fn own_functions(&self, cancel: &CancelToken) -> Result<Option<(SmolStr, Vec<SmolStr>)>> {
        let Ok(config) = self.config() else {
            return Ok(None);
        };
        let Ok(target) = target(&config, None) else {
            return Ok(None);
        };
        let asked = self.open_warehouse(&target, Access::Read, cancel).and_then(|w| {
            let Some(warehouse) = w else { return Ok(None) };
            warehouse.connect()?.own_functions(cancel).map(Some)
        });
        match asked {
            Err(error) if error.kind == ErrorKind::Cancelled => Err(error),
            Err(_) | Ok(None) => Ok(None),
            Ok(Some(functions)) => Ok(Some((SmolStr::new(&target.name), functions))),
        }
    }
}
