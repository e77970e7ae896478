//! `[hook]`: what is read, and what is refused with its place.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use rocky_base::FileId;
use rocky_config::{HookEvent, HooksConfig, Method, OnFailure, Preset, ProjectConfig, parse_project};

fn env(name: &str) -> Option<String> {
    match name {
        "TOKEN" => Some("t0ken".to_owned()),
        "LINES" => Some("a\r\nX-Evil: 1".to_owned()),
        _ => None,
    }
}

fn read(text: &str) -> (ProjectConfig, Vec<String>) {
    let parsed = parse_project(FileId(0), text, &env);
    let told = parsed
        .diagnostics
        .iter()
        .map(|d| {
            let at = d.primary.as_ref().unwrap().loc.span;
            let bytes = text.get(at.start as usize..at.end as usize).unwrap();
            format!("{} `{bytes}` {}", d.code.id(), d.message)
        })
        .collect();
    (parsed.value, told)
}

fn hooks(text: &str) -> HooksConfig {
    let (config, problems) = read(text);
    assert_eq!(problems, [""; 0]);
    config.hooks
}

#[test]
fn both_spellings_of_section_and_event_mean_the_same() {
    for text in [
        "[hook.on_pipeline_start]\ncommand = \"a\"\n[hook.webhooks.on_model_error]\nurl = \"https://h/x\"\n",
        "[[hook.pipeline_start]]\ncommand = \"a\"\n[[hook.webhooks.model_error]]\nurl = \"https://h/x\"\n",
        "[[hooks.pipeline_start]]\ncommand = \"a\"\n[hooks.webhooks.on_model_error]\nurl = \"https://h/x\"\n",
    ] {
        let hooks = hooks(text);
        assert_eq!(hooks.shell.len(), 1, "{text}");
        let shell = &hooks.shell[0];
        assert_eq!(
            (shell.event, shell.command.as_str()),
            (HookEvent::PipelineStart, "a")
        );
        assert_eq!((shell.timeout_ms, shell.on_failure), (30_000, OnFailure::Warn));
        let webhook = &hooks.webhooks[0];
        assert_eq!(webhook.event, HookEvent::ModelError);
        assert_eq!((webhook.method, webhook.timeout_ms), (Method::Post, 10_000));
        assert_eq!((webhook.retry_count, webhook.retry_delay_ms), (0, 1_000));
    }
    let both = hooks(
        "[hook.on_model_error]\ncommand = \"a\"\n[[hook.model_error]]\ncommand = \"b\"\n[[hook.model_error]]\ncommand = \"c\"\n",
    );
    let commands: Vec<_> = both.shell.iter().map(|h| h.command.as_str()).collect();
    assert_eq!(commands, ["a", "b", "c"]);
}

#[test]
fn a_command_is_the_shells_and_everything_else_is_substituted() {
    let hooks = hooks(
        "[hook.on_pipeline_start]\ncommand = \"echo ${MISSING} $TOKEN\"\nenv = { A = \"${TOKEN}\" }\n\
         [hook.webhooks.on_pipeline_start]\nurl = \"https://h/${TOKEN}\"\nheaders = { Authorization = \"Bearer ${TOKEN}\" }\n",
    );
    assert_eq!(hooks.shell[0].command, "echo ${MISSING} $TOKEN");
    assert_eq!(hooks.shell[0].env["A"].expose(), "t0ken");
    assert_eq!(hooks.webhooks[0].url.expose(), "https://h/t0ken");
    assert_eq!(
        hooks.webhooks[0].headers["Authorization"].expose(),
        "Bearer t0ken"
    );
    assert!(!format!("{hooks:?}").contains("t0ken"), "{hooks:?}");
    let secrets: Vec<_> = hooks.secrets.iter().map(|s| s.expose()).collect();
    assert_eq!(secrets, ["https://h/t0ken", "Bearer t0ken", "t0ken"]);
    let hooks = self::hooks(
        "[hook.on_pipeline_start]\ncommand = \"a\"\n[state]\nbackend = \"valkey\"\nvalkey_url = \"redis://u:p4ssword@h:6379/0\"\n",
    );
    let secrets: Vec<_> = hooks.secrets.iter().map(|s| s.expose()).collect();
    assert_eq!(secrets, ["redis://u:p4ssword@h:6379/0", "p4ssword"]);
    let (_, problems) = read("[hook.on_pipeline_start]\ncommand = \"a\"\nenv = { A = \"${MISSING}\" }\n");
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("MISSING"), "{problems:?}");
}

#[test]
fn a_webhook_is_read_whole() {
    let hooks = hooks(
        "[hook.webhooks.on_pipeline_error]\nurl = \"http://127.0.0.1:1/\"\nmethod = \"put\"\nbody_template = '{\"m\":\"{{error}}\"}'\n\
         secret = \"s\"\ntimeout_ms = 5\nasync_mode = true\non_failure = \"ignore\"\nretry_count = 3\nretry_delay_ms = 7\n\
         preset = \"PagerDuty\"\nmetadata = { routing_key = \"k\" }\n",
    );
    let hook = &hooks.webhooks[0];
    assert_eq!((hook.method, hook.preset), (Method::Put, Some(Preset::PagerDuty)));
    assert!(hook.r#async && hook.body.is_some());
    assert_eq!(hook.secret.as_ref().unwrap().expose(), "s");
    assert_eq!(
        (hook.timeout_ms, hook.retry_count, hook.retry_delay_ms),
        (5, 3, 7)
    );
}

#[test]
fn what_cannot_work_is_refused_with_its_place() {
    let webhook = |rest: &str| read(&format!("[hook.webhooks.on_model_error]\n{rest}\n")).1;
    let at_h = |rest: &str| webhook(&format!("url = \"https://h\"\n{rest}"));
    let cases: Vec<(Vec<String>, &str)> = vec![
        (
            webhook("url = \"ftp://h\""),
            "E417 `\"ftp://h\"` `url` is no address that begins with `https://` or `http://`",
        ),
        (
            webhook("url = \"https:///x\""),
            "E417 `\"https:///x\"` `url` has no host",
        ),
        (webhook("method = \"POST\""), "E405"),
        (
            at_h("method = \"SEND\""),
            "E404 `\"SEND\"` `method` is `SEND`, expected `POST`, `PUT`, `PATCH`, `GET` or `DELETE`",
        ),
        (
            at_h("preset = \"slak\""),
            "E404 `\"slak\"` `preset` is `slak`, expected `slack`, `pagerduty`, `datadog`, `teams` or `generic`; did you mean `slack`?",
        ),
        (
            at_h("preset = \"pagerduty\""),
            "E405 `\"pagerduty\"` preset `pagerduty` needs a routing key",
        ),
        (
            at_h("body_template = '{\"a\": \"{{#if error}}x\"}'"),
            "E417 `{{#if error}}` `{{#if …}}` without `{{/if}}`",
        ),
        (
            at_h("body_template = \"\"\"\n{{modle}}\"\"\""),
            "W403 `{{modle}}` unknown field `modle` is always empty; did you mean `model`?",
        ),
        (
            at_h("async = true\non_failure = \"abort\""),
            "E417 `\"abort\"` a webhook that the run does not wait for cannot abort it",
        ),
        (
            at_h("method = \"GET\"\nsecret = \"s\""),
            "E417 `\"s\"` a GET request has no body to fill or to sign",
        ),
        (
            at_h("headers = { \"a b\" = \"x\" }"),
            "E417 `\"a b\"` `a b` cannot be the name of a header",
        ),
        (
            at_h("headers = { X = \"${LINES}\" }"),
            "E417 `\"${LINES}\"` the value of header `X` has control characters",
        ),
        (
            at_h("timeout_ms = 0"),
            "E417 `0` `hook.webhooks.on_model_error.timeout_ms` is 0, expected from 1 to 86400000",
        ),
        (at_h("retry_count = 1000"), "E417"),
        (
            read("[hook.on_model_error]\ncommand = \" \"\n").1,
            "E417 `\" \"` `command` is empty",
        ),
        (
            read("[hook.on_model_eror]\ncommand = \"x\"\n").1,
            "E403 `on_model_eror` unknown key `on_model_eror` in `hook`; did you mean `on_model_error`?",
        ),
    ];
    for (problems, expected) in cases {
        assert_eq!(problems.len(), 1, "{expected}: {problems:?}");
        assert!(problems[0].starts_with(expected), "{expected}: {problems:?}");
    }
}

#[test]
fn a_budget_of_time_is_read_and_other_budgets_are_refused() {
    let (config, problems) = read("[budget]\nmax_duration_ms = 5\non_breach = \"error\"\n");
    assert_eq!(problems, [""; 0]);
    let budget = config.budget.unwrap();
    assert_eq!((budget.max_duration_ms, budget.fails), (Some(5), true));
    let (_, problems) = read("[budget]\nmax_usd = 1.5\n");
    assert!(problems[0].starts_with("E406 `max_usd`"), "{problems:?}");
}
