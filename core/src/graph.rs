//! The project's graph as the state store remembers it: models, their columns, what they read.

use rocky_base::SmolStr;
use rocky_project::Snapshot;
use rocky_project::hash::Hasher128;
use rocky_run::state::GraphModel;

/// Hash of all of it. Whatever changes the graph changes the hash; of one graph different builds may have different hashes, which the
/// state store notices.
pub(crate) fn hash(snapshot: &Snapshot) -> String {
    let mut models: Vec<_> = snapshot.models.iter().collect();
    models.sort_by(|a, b| a.name.cmp(&b.name));
    let mut hasher = Hasher128::new();
    for model in models {
        hasher.str(&model.name).u128(model.schema_hash());
        let reads = names(snapshot, &model.depends_on);
        hasher.u32(u32::try_from(reads.len()).unwrap_or(u32::MAX));
        for name in &reads {
            hasher.str(name);
        }
    }
    format!("{:032x}", hasher.finish())
}

/// The graph itself.
pub(crate) fn models(snapshot: &Snapshot) -> Vec<GraphModel> {
    let models = snapshot.models.iter();
    models
        .map(|model| GraphModel {
            name: model.name.clone(),
            columns: model
                .schema()
                .columns
                .iter()
                .map(|c| {
                    let ty = crate::verbs::compile::type_text(&c.ty, snapshot.dialect);
                    (c.name.clone(), SmolStr::new(ty))
                })
                .collect(),
            depends_on: names(snapshot, &model.depends_on),
        })
        .collect()
}

fn names(snapshot: &Snapshot, ids: &[u32]) -> Vec<SmolStr> {
    let mut names: Vec<SmolStr> = ids
        .iter()
        .filter_map(|id| snapshot.models.get(*id as usize))
        .map(|m| m.name.clone())
        .collect();
    names.sort();
    names
}
