//! `rocky hooks list` and `rocky hooks test`.

use super::Context;
use crate::output;
use crate::render::{Marks, count, duration, table};
use rocky_core::Result;
use rocky_core::verbs::hooks::{HooksList, HooksRequest, HooksResponse, HooksTest};
use std::fmt::Write;

pub fn run(context: &Context<'_>, test: Option<&str>) -> Result<u8> {
    let project = context.open(&Default::default())?;
    let request = HooksRequest {
        test: test.map(str::to_owned),
    };
    let response = project.hooks(&request, context.cancel)?;
    context.out.document(&response, || match &response {
        HooksResponse::List(list) => listed(list),
        HooksResponse::Test(test) => tried(test, context.out.colour),
    });
    Ok(output::OK)
}

fn listed(list: &HooksList) -> String {
    if list.total == 0 {
        return "No hooks are configured.\n".to_owned();
    }
    let shell = list.hooks.iter().map(|h| {
        let time = duration(h.timeout_ms);
        vec![
            h.event.clone(),
            h.command.clone(),
            time,
            h.on_failure.to_lowercase(),
        ]
    });
    let web = list.webhooks.iter().map(|h| {
        let preset = h.preset.as_ref().map(|p| format!(" ({p})")).unwrap_or_default();
        let what = format!("{} {}{preset}", h.method, h.url);
        vec![
            h.event.clone(),
            what,
            duration(h.timeout_ms),
            h.on_failure.to_lowercase(),
        ]
    });
    let rows = table(&["EVENT", "HOOK", "TIMEOUT", "ON FAILURE"], shell.chain(web));
    format!("{rows}\n{}\n", count(list.total, "hook"))
}

fn tried(test: &HooksTest, colour: bool) -> String {
    let marks = Marks::new(colour);
    let mut text = String::new();
    for hook in &test.hooks {
        let mark = if hook.ok { marks.ok } else { marks.bad };
        let _ = writeln!(text, "{mark} {} ({})", hook.hook, duration(hook.duration_ms));
        for line in hook.message.iter().chain(&hook.output).flat_map(|t| t.lines()) {
            let _ = writeln!(text, "    {line}");
        }
    }
    let _ = match &test.message {
        Some(message) => writeln!(text, "{}: {message}", test.event),
        None => writeln!(
            text,
            "{}: {}",
            test.event,
            test.result.as_deref().unwrap_or_default()
        ),
    };
    text
}
