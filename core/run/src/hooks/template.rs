//! Filling a template. Invariant: every value is escaped as the inside of a JSON string, so that no error text can end it.

use super::context::HookContext;
use rocky_config::{BodyTemplate, Field, Part};
use serde_json::Value;

/// The text of a template for a context.
pub(super) fn render(template: &BodyTemplate, context: &HookContext) -> String {
    let mut text = String::new();
    write(&template.parts, context, &mut text);
    text
}

/// Blocks are nested sixteen deep at most.
fn write(parts: &[Part], context: &HookContext, text: &mut String) {
    for part in parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Value(field) => push_escaped(text, &value(field, context).unwrap_or_default()),
            Part::If(field, inside) => {
                if value(field, context).is_some_and(|v| !v.is_empty() && v != "false") {
                    write(inside, context, text);
                }
            }
        }
    }
}

/// The inside of a JSON string.
fn push_escaped(text: &mut String, value: &str) {
    let quoted = Value::String(value.to_owned()).to_string();
    text.push_str(quoted.get(1..quoted.len() - 1).unwrap_or_default());
}

/// The value of a field as text.
fn value(field: &Field, context: &HookContext) -> Option<String> {
    match field {
        Field::Event => Some(context.event.key().to_owned()),
        Field::RunId => Some(context.run_id.clone()),
        Field::Pipeline => Some(context.pipeline.clone()),
        Field::Timestamp => Some(context.timestamp.clone()),
        Field::Model => context.model.as_ref().map(ToString::to_string),
        Field::Table => context.table.clone(),
        Field::Error => context.error.clone(),
        Field::DurationMs => context.duration_ms.map(|ms| ms.to_string()),
        Field::Metadata(key) => match context.metadata.get(key.as_str())? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        },
        Field::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rocky_config::HookEvent;

    fn rendered(parts: Vec<Part>, context: &HookContext) -> String {
        render(&BodyTemplate { parts }, context)
    }

    #[test]
    fn a_value_cannot_leave_its_string() {
        let hostile = "a\"b\\c\nd\u{0}e</script>\u{2028}{{model}}";
        let context = HookContext {
            error: Some(hostile.to_owned()),
            ..HookContext::new(HookEvent::ModelError)
        };
        let parts = vec![
            Part::Text("{\"error\":\"".into()),
            Part::Value(Field::Error),
            Part::Text("\"}".into()),
        ];
        let body: Value = serde_json::from_str(&rendered(parts, &context)).unwrap();
        assert_eq!(body["error"], hostile);
    }

    #[test]
    fn a_block_is_there_when_its_field_has_a_value() {
        let block = |field| vec![Part::If(field, vec![Part::Text("x".into())])];
        let mut context = HookContext::new(HookEvent::CheckResult);
        let metadata = |key: &str| Field::Metadata(key.into());
        context.metadata.insert("passed".into(), Value::Bool(false));
        context.metadata.insert("n".into(), Value::from(0));
        context.metadata.insert("empty".into(), Value::from(""));
        for (field, expected) in [
            (Field::Event, "x"),
            (Field::Model, ""),
            (Field::Unknown, ""),
            (metadata("passed"), ""),
            (metadata("n"), "x"),
            (metadata("empty"), ""),
            (metadata("none"), ""),
        ] {
            assert_eq!(rendered(block(field.clone()), &context), expected, "{field:?}");
        }
        assert_eq!(
            rendered(vec![Part::Value(Field::Event)], &context),
            "on_check_result"
        );
    }
}
