//! Bodies that services expect. Built as JSON values, so that nothing in them has to be escaped by hand.

use super::context::HookContext;
use rocky_config::{HookEvent, Preset};
use serde_json::{Value, json};

/// Services cut or refuse longer texts.
const MAX_CHARS: usize = 2000;
/// PagerDuty's limit for a summary is 1,024.
const MAX_SUMMARY: usize = 900;

/// The body of a preset.
pub(super) fn body(preset: Preset, context: &HookContext) -> Value {
    match preset {
        Preset::Generic => json!(context),
        Preset::Slack => slack(context),
        Preset::PagerDuty => pagerduty(context),
        Preset::Datadog => datadog(context),
        Preset::Teams => teams(context),
    }
}

/// `on_model_error: orders in pipeline silver: …`
fn title(context: &HookContext) -> String {
    let mut text = format!("rocky {}", context.event.key());
    if let Some(subject) = context.model.as_deref().or(context.table.as_deref()) {
        text.push_str(": ");
        text.push_str(subject);
    }
    text.push_str(&format!(" (pipeline {})", context.pipeline));
    text
}

/// What a person wants to know, as names and values.
fn facts(context: &HookContext) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Pipeline", context.pipeline.clone())];
    let mut add = |name, value: Option<String>| facts.extend(value.map(|v| (name, cut(&v, MAX_CHARS))));
    add("Run", Some(context.run_id.clone()).filter(|r| !r.is_empty()));
    add("Model", context.model.as_ref().map(ToString::to_string));
    add("Table", context.table.clone());
    add("Error", context.error.clone());
    add("Duration", context.duration_ms.map(|ms| format!("{ms} ms")));
    facts
}

fn slack(context: &HookContext) -> Value {
    // `&`, `<` and `>` are the only characters that mean something there.
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    let mut lines = vec![format!("*{}*", context.event.key())];
    lines.extend(
        facts(context)
            .iter()
            .map(|(name, value)| format!("*{name}:* {}", escape(value))),
    );
    json!({
        "text": escape(&title(context)),
        "blocks": [{ "type": "section", "text": { "type": "mrkdwn", "text": cut(&lines.join("\n"), 2900) } }],
    })
}

fn pagerduty(context: &HookContext) -> Value {
    let mut details = context.metadata.clone();
    let routing_key = details.remove("routing_key").unwrap_or(Value::Null);
    details.insert("event".into(), json!(context.event));
    details.insert("run_id".into(), json!(context.run_id));
    if let Some(error) = &context.error {
        details.insert("error".into(), json!(cut(error, MAX_CHARS)));
    }
    let summary = match &context.error {
        Some(error) => format!("{}: {error}", title(context)),
        None => title(context),
    };
    json!({
        "routing_key": routing_key,
        "event_action": "trigger",
        "payload": {
            "summary": cut(&summary, MAX_SUMMARY),
            "severity": severity(context),
            "source": "rocky",
            "component": context.pipeline,
            "group": context.model.as_deref().or(context.table.as_deref()),
            "timestamp": context.timestamp,
            "custom_details": details,
        },
    })
}

fn datadog(context: &HookContext) -> Value {
    let text: Vec<String> = facts(context)
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let mut tags = vec![
        format!("pipeline:{}", context.pipeline),
        format!("event:{}", context.event.key()),
    ];
    tags.extend(context.model.as_ref().map(|m| format!("model:{m}")));
    let alert_type = match severity(context).as_str() {
        "critical" => "error".to_owned(),
        other => other.to_owned(),
    };
    json!({
        "title": title(context),
        "text": cut(&text.join("\n"), 3900),
        "alert_type": alert_type,
        "source_type_name": "rocky",
        "tags": tags,
    })
}

fn teams(context: &HookContext) -> Value {
    let facts: Vec<Value> = facts(context)
        .iter()
        .map(|(name, value)| json!({ "title": name, "value": value }))
        .collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": [
                    { "type": "TextBlock", "text": title(context), "weight": "Bolder", "size": "Medium", "wrap": true },
                    { "type": "FactSet", "facts": facts },
                ],
            },
        }],
    })
}

/// `critical`, `error`, `warning` or `info`: as the configuration says in `metadata.severity`, else as the event suggests.
fn severity(context: &HookContext) -> String {
    let given = context.metadata.get("severity").and_then(Value::as_str);
    if let Some(given) = given.filter(|s| ["critical", "error", "warning", "info"].contains(s)) {
        return given.to_owned();
    }
    let failed_check = context.metadata.get("passed") == Some(&Value::Bool(false));
    match context.event {
        HookEvent::PipelineError | HookEvent::MaterializeError | HookEvent::ModelError => "error",
        HookEvent::DriftDetected | HookEvent::AnomalyDetected | HookEvent::BudgetBreach => "warning",
        HookEvent::CheckResult if failed_check => "warning",
        _ => "info",
    }
    .to_owned()
}

fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> HookContext {
        HookContext {
            error: Some(format!("<b> & \"x\"{}", "y".repeat(10_000))),
            metadata: [("routing_key".to_owned(), json!("key"))].into_iter().collect(),
            ..HookContext::example(HookEvent::ModelError, "silver", "2026-01-01T00:00:00Z")
        }
    }

    #[test]
    fn texts_fit_the_limits_of_the_services() {
        let context = context();
        let slack = body(Preset::Slack, &context);
        let text = slack["blocks"][0]["text"]["text"].as_str().unwrap();
        assert!(text.contains("*Error:* &lt;b&gt; &amp; \"x\"yyy") && text.chars().count() < 3000);
        let page = body(Preset::PagerDuty, &context);
        assert_eq!(
            (&page["routing_key"], &page["payload"]["severity"]),
            (&json!("key"), &json!("error"))
        );
        assert!(page["payload"]["summary"].as_str().unwrap().chars().count() <= 1024);
        assert!(page["payload"]["custom_details"].get("routing_key").is_none());
        assert!(body(Preset::Datadog, &context)["text"].as_str().unwrap().len() < 4000);
        let card = body(Preset::Teams, &context);
        assert_eq!(card["attachments"][0]["content"]["version"], "1.4");
        assert_eq!(body(Preset::Generic, &context), json!(context));
    }

    #[test]
    fn the_severity_is_the_configured_one_or_the_events() {
        let mut context = context();
        context.event = HookEvent::CheckResult;
        assert_eq!(severity(&context), "info");
        context.metadata.insert("passed".into(), json!(false));
        assert_eq!(severity(&context), "warning");
        context.metadata.insert("severity".into(), json!("critical"));
        assert_eq!(severity(&context), "critical");
        assert_eq!(body(Preset::Datadog, &context)["alert_type"], "error");
    }
}
