//! Shadow runs: what a request for one may say, and how it goes without the state.
//!
//! Invariant: a shadow run writes shadows and nothing else. It has no state store and no remote state, hooks are not run and
//! Dagster is told no materialization; the plan (`rocky_plan::shadow`) takes care of the warehouse.

use crate::project::Project;
use crate::verbs::run::{Begun, RunRequest, RunResponse};
use rocky_base::{CancelToken, Error, Observer, Result, SmolStr};
use rocky_plan::Shadow;
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::{CatalogSnapshot, Relation, RelationName};
use std::sync::Arc;

/// What is appended to the names of shadows when nothing is said.
pub const DEFAULT_SUFFIX: &str = "_rocky_shadow";

/// Where shadows are: nothing said means the default suffix, a schema alone means names as they are.
pub(crate) fn place(suffix: Option<&str>, schema: Option<&str>, pipeline: &SmolStr) -> Result<Shadow> {
    for (name, given) in [("shadow_suffix", suffix), ("shadow_schema", schema)] {
        let Some(given) = given else { continue };
        if given.trim().is_empty() {
            return Err(Error::usage(format!("`{name}` is empty")).hint("leave it out"));
        }
        if given.chars().any(char::is_control) {
            return Err(Error::usage(format!(
                "`{name}` has a control character: {given:?}"
            )));
        }
    }
    let suffix = match (suffix, schema) {
        (Some(suffix), _) => suffix,
        (None, None) => DEFAULT_SUFFIX,
        (None, Some(_)) => "",
    };
    Ok(Shadow {
        suffix: SmolStr::new(suffix),
        schema: schema.map(SmolStr::new),
        pipeline: pipeline.clone(),
        inputs: Vec::new(),
    })
}

/// The shadow that a request asks for.
pub(crate) fn of_request(request: &RunRequest, pipeline: &SmolStr) -> Result<Option<Shadow>> {
    if !request.shadow {
        return Ok(None);
    }
    let shadow = place(
        request.shadow_suffix.as_deref(),
        request.shadow_schema.as_deref(),
        pipeline,
    )?;
    Ok(Some(Shadow {
        inputs: request.shadow_inputs.clone(),
        ..shadow
    }))
}

/// What contradicts itself, whatever the pipeline is.
pub(crate) fn check(project: &Project, request: &RunRequest) -> Result<()> {
    if !request.shadow {
        for (name, given) in [
            ("shadow_suffix", request.shadow_suffix.is_some()),
            ("shadow_schema", request.shadow_schema.is_some()),
        ] {
            if given {
                return Err(Error::usage(format!("`{name}` needs `shadow`"))
                    .hint("a run without `shadow` writes the tables themselves"));
            }
        }
        return Ok(());
    }
    place(
        request.shadow_suffix.as_deref(),
        request.shadow_schema.as_deref(),
        &SmolStr::default(),
    )?;
    let remembers = "a shadow run is not recorded, so nothing can go on with it or rest on it";
    for (name, given) in [
        ("resume", request.resume.is_some()),
        ("resume_latest", request.resume_latest),
        ("skip_unchanged", request.skip_unchanged),
    ] {
        if given {
            return Err(Error::usage(format!("`{name}` and `shadow` exclude each other")).hint(remembers));
        }
    }
    if crate::idempotency::key_of(project, request.idempotency_key.as_deref())?.is_some() {
        return Err(Error::usage("an idempotency key and `shadow` exclude each other").hint(remembers));
    }
    Ok(())
}

/// The catalogue as the stages of a shadow run see it behind those before them: what has a shadow is there, with the columns of its shadow.
pub(crate) fn staged(catalog: &Arc<CatalogSnapshot>, inputs: &[Pair]) -> Arc<CatalogSnapshot> {
    let mut staged = Arc::clone(catalog);
    for (production, shadow) in inputs {
        if let Lookup::Found(relation) = catalog.lookup(shadow) {
            let name = catalog.full_name(production);
            let relation = Relation {
                name,
                ..relation.clone()
            };
            Arc::make_mut(&mut staged).insert(relation);
        }
    }
    staged
}

/// A table and its shadow.
pub(crate) type Pair = (RelationName, RelationName);

impl Project {
    /// Do `body`, a run, over the state, wherever it is kept; a shadow run has none.
    pub(crate) fn with_state_of(
        &self,
        request: &RunRequest,
        run_id: String,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
        body: impl FnOnce(&mut Begun, &mut dyn Observer) -> Result<RunResponse>,
    ) -> Result<RunResponse> {
        match request.shadow {
            true => body(&mut Begun::without_state(run_id), observer),
            false => self.with_state(run_id, observer, cancel, body),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_alone_leaves_the_names() {
        let place = |suffix, schema| place(suffix, schema, &SmolStr::default()).unwrap();
        assert_eq!(place(None, None).suffix, DEFAULT_SUFFIX);
        assert_eq!(place(None, Some("s")).suffix, "");
        let both = place(Some("_x"), Some("s"));
        assert_eq!((both.suffix.as_str(), both.schema.as_deref()), ("_x", Some("s")));
    }

    #[test]
    fn an_empty_suffix_would_be_production() {
        assert!(place(Some(""), None, &SmolStr::default()).is_err());
        assert!(place(None, Some(" "), &SmolStr::default()).is_err());
        assert!(place(Some("a\nb"), None, &SmolStr::default()).is_err());
    }
}
