//! `rocky validate`.

use super::Context;
use crate::output;
use crate::progress::Progress;
use crate::render::Marks;
use rocky_core::Result;
use rocky_core::verbs::validate::{ValidateRequest, ValidateResponse};
use std::fmt::Write;

pub fn run(context: &Context<'_>) -> Result<u8> {
    let project = context.open(&Default::default())?;
    let response = project.validate(&ValidateRequest::default(), &mut Progress::new(), context.cancel)?;
    context
        .out
        .document(&response, || text(&response, context.out.colour));
    let code = if response.valid {
        output::OK
    } else {
        output::FAILED
    };
    super::leave(project);
    Ok(code)
}

fn text(response: &ValidateResponse, colour: bool) -> String {
    let marks = Marks::new(colour);
    let mut text = String::new();
    for message in &response.messages {
        let mark = match message.severity.as_str() {
            "ok" => marks.ok,
            "error" => marks.bad,
            _ => marks.skipped,
        };
        let place = message
            .span
            .as_ref()
            .map(|s| format!("{}:{}:{}: ", s.file, s.line, s.col))
            .unwrap_or_default();
        let _ = writeln!(text, "{mark} [{}] {place}{}", message.code, message.message);
        if let Some(help) = &message.suggestion {
            let _ = writeln!(text, "    help: {help}");
        }
    }
    let _ = writeln!(text, "{}", if response.valid { "valid" } else { "not valid" });
    text
}
