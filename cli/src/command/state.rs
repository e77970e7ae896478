//! `rocky state`.

use super::Context;
use crate::output;
use crate::render::{table, time};
use rocky_core::Result;
use rocky_core::remote::RemoteStateInfo;
use rocky_core::verbs::state::StateRequest;

pub fn run(context: &Context<'_>) -> Result<u8> {
    let project = context.open(&Default::default())?;
    let response = project.state(&StateRequest::default())?;
    context.out.document(&response, || {
        let remote = response.remote.as_ref().map(remote_text).unwrap_or_default();
        if response.watermarks.is_empty() {
            return format!("No watermarks stored.\n{remote}");
        }
        let rows = response.watermarks.iter();
        let watermarks = table(
            &["TABLE", "LAST VALUE", "UPDATED"],
            rows.map(|w| vec![w.table.clone(), w.last_value.clone(), time(&w.updated_at)]),
        );
        format!("{watermarks}{remote}")
    });
    Ok(output::OK)
}

/// Where the state is shared, and how this machine's file stands to it.
fn remote_text(remote: &RemoteStateInfo) -> String {
    let synced = match (&remote.synced_at, remote.generation) {
        (Some(at), Some(generation)) => format!("same as here at {} (upload {generation})", time(at)),
        _ => "never synchronised with this file".to_owned(),
    };
    let mut text = format!("\nremote state: {}, {synced}\n", remote.location);
    if remote.unsynced {
        text.push_str("this file may hold more; the next run uploads it\n");
    }
    if let Some(error) = &remote.last_error {
        text.push_str(&format!("the last upload failed: {error}\n"));
    }
    text
}
