//! `rocky state`.

use super::Context;
use crate::output;
use crate::render::{table, time};
use rocky_core::Result;
use rocky_core::verbs::state::StateRequest;

pub fn run(context: &Context<'_>) -> Result<u8> {
    let project = context.open(&Default::default())?;
    let response = project.state(&StateRequest::default())?;
    context.out.document(&response, || {
        if response.watermarks.is_empty() {
            return "No watermarks stored.\n".to_owned();
        }
        let rows = response.watermarks.iter();
        table(
            &["TABLE", "LAST VALUE", "UPDATED"],
            rows.map(|w| vec![w.table.clone(), w.last_value.clone(), time(&w.updated_at)]),
        )
    });
    Ok(output::OK)
}
