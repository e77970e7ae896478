//! What a caller does wrong comes back as a status and an error object, never as a crash.

use crate::api::{Engine, Failed, Project, VERBS, failed, verb};
use crate::support::Playground;
use rocky::buf::{rocky_buf_data, rocky_buf_free, rocky_buf_len};
use rocky::cancel::{rocky_cancel_free, rocky_cancel_is_tripped, rocky_cancel_trip};
use rocky::engine::{rocky_engine_free, rocky_engine_new};
use rocky::error::{
    rocky_error_code, rocky_error_free, rocky_error_hint, rocky_error_json, rocky_error_message,
    rocky_error_status,
};
use rocky::project::{rocky_project_close, rocky_project_open};
use rocky::status::{rocky_status, rocky_status_name};
use std::ffi::{CStr, c_char};
use std::ptr;

/// Call a verb with raw text arguments.
fn raw(
    project: *const rocky::project::rocky_project,
    name: &str,
    text: *const c_char,
    len: usize,
) -> Box<Failed> {
    let (mut out, mut error) = (ptr::dangling_mut(), ptr::dangling_mut());
    // SAFETY: pointers to locals; the rest is what the test is about.
    let status = unsafe {
        let (out, error) = (&raw mut out, &raw mut error);
        verb(name)(project, text, len, None, ptr::null_mut(), ptr::null(), out, error)
    };
    assert!(out.is_null(), "`out` of a failed call is not NULL");
    failed(status, error)
}

#[test]
fn null_is_harmless_for_every_function_that_frees_or_reads() {
    // SAFETY: all of them allow NULL.
    unsafe {
        rocky_engine_free(ptr::null_mut());
        rocky_project_close(ptr::null_mut());
        rocky_cancel_trip(ptr::null());
        assert!(!rocky_cancel_is_tripped(ptr::null()));
        rocky_cancel_free(ptr::null_mut());
        rocky_error_free(ptr::null_mut());
        rocky_buf_free(ptr::null_mut());
        assert_eq!(rocky_buf_len(ptr::null()), 0);
        assert!(rocky_buf_data(ptr::null()).is_null());
        assert_eq!(rocky_error_status(ptr::null()), rocky_status::Ok);
        assert_eq!(CStr::from_ptr(rocky_error_code(ptr::null())), c"ok");
        assert!(rocky_error_message(ptr::null()).is_null());
        assert!(rocky_error_hint(ptr::null()).is_null());
        assert!(rocky_error_json(ptr::null()).is_null());
    }
}

#[test]
fn a_null_handle_is_an_invalid_argument_of_every_verb() {
    for (name, _) in VERBS {
        let error = raw(ptr::null(), name, ptr::null(), 0);
        assert_eq!(error.status, rocky_status::InvalidArgument);
        assert_eq!(
            (error.code.as_str(), error.message.as_str()),
            ("invalid_argument", "`project` is NULL")
        );
        assert_eq!(error.document["command"], *name);
    }
    let (mut out, mut error) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: pointers to locals.
    let status = unsafe { rocky_project_open(ptr::null(), ptr::null(), 0, &raw mut out, &raw mut error) };
    assert_eq!(failed(status, error).message, "`engine` is NULL");
}

#[test]
fn a_null_out_is_an_invalid_argument_and_a_null_error_is_allowed() {
    let mut error = ptr::null_mut();
    // SAFETY: pointers to locals.
    let status = unsafe { rocky_engine_new(ptr::null(), 0, ptr::null_mut(), &raw mut error) };
    assert_eq!(failed(status, error).message, "`out` is NULL");
    // SAFETY: NULL is allowed for `error`.
    let status = unsafe { rocky_engine_new(ptr::null(), 0, ptr::null_mut(), ptr::null_mut()) };
    assert_eq!(status, rocky_status::InvalidArgument);
    let engine = Engine::new("").unwrap();
    let mut out = ptr::null_mut();
    let request = r#"{"config": "/nowhere/rocky.toml"}"#;
    // SAFETY: a live engine, a text with its length, and NULL for `error`.
    let status = unsafe {
        rocky_project_open(
            engine.0,
            request.as_ptr().cast(),
            request.len(),
            &raw mut out,
            ptr::null_mut(),
        )
    };
    assert_eq!(status, rocky_status::NotFound);
    assert!(out.is_null());
}

#[test]
fn texts_must_be_utf8_and_their_lengths_possible() {
    let playground = Playground::new();
    let project = Project::open(&playground.open_request()).unwrap();
    let bytes = b"{\"model\": \"\xff\"}";
    let error = raw(project.0, "compile", bytes.as_ptr().cast(), bytes.len());
    assert_eq!(error.status, rocky_status::InvalidArgument);
    assert_eq!(error.message, "`request` is not UTF-8 from byte 11");
    let error = raw(project.0, "compile", ptr::null(), 7);
    assert_eq!(error.message, "`request` is NULL, but `request_len` is 7");
    let error = raw(project.0, "compile", bytes.as_ptr().cast(), usize::MAX);
    assert_eq!(error.status, rocky_status::InvalidArgument);
    // The project is as good as before.
    assert_eq!(project.call("compile", "").unwrap()["has_errors"], false);
}

#[test]
fn a_request_that_makes_no_sense_is_a_usage_error_that_says_why() {
    let playground = Playground::new();
    let project = Project::open(&playground.open_request()).unwrap();
    for (name, _) in VERBS {
        let error = project.call(name, "{\"a\": ").unwrap_err();
        assert_eq!(error.status, rocky_status::Usage, "{name}");
        assert_eq!(error.code, "usage");
        let error = project.call(name, r#"{"no_such_field": 1}"#).unwrap_err();
        assert!(
            error.message.contains("no_such_field"),
            "{name}: {}",
            error.message
        );
    }
    let error = project
        .call("compile", r#"{"model": "customer_valeu"}"#)
        .unwrap_err();
    assert_eq!(error.status, rocky_status::Usage);
    assert!(error.hint.unwrap().contains("customer_value"));
    let error = Engine::new(r#"{"thread": 1}"#).err().unwrap();
    assert!(error.message.contains("thread"), "{}", error.message);
    // Starting a hundred thousand threads would take hours.
    for (threads, part) in [(0, "not 0"), (100_000, "at most 1024")] {
        let error = Engine::new(&format!(r#"{{"threads": {threads}}}"#))
            .err()
            .unwrap();
        assert_eq!(error.status, rocky_status::Usage);
        assert!(error.message.contains(part), "{}", error.message);
    }
    for action in ["export", "import"] {
        let request = format!(r#"{{"action": "{action}"}}"#);
        let error = project.call("state", &request).unwrap_err();
        assert_eq!(error.status, rocky_status::Usage);
        assert!(error.message.contains("`path`"), "{}", error.message);
    }
}

#[test]
fn a_project_that_is_not_there_is_not_found() {
    let error = Project::open(r#"{"config": "/nowhere/at/all"}"#).err().unwrap();
    assert_eq!(
        (error.status, error.code.as_str()),
        (rocky_status::NotFound, "not_found")
    );
    assert!(error.message.contains("/nowhere/at/all"), "{}", error.message);
    assert!(error.hint.is_some());
    assert_eq!(error.document["command"], "open");
    let error = Project::open(r#"{"threads": 3}"#).err().unwrap();
    assert_eq!(error.status, rocky_status::Usage);
}

#[test]
fn every_status_has_a_word() {
    let word = |status: i32| {
        // SAFETY: static text.
        unsafe { CStr::from_ptr(rocky_status_name(status)) }
            .to_str()
            .unwrap()
    };
    let words: Vec<&str> = rocky_status::ALL.iter().map(|s| word(*s as i32)).collect();
    assert_eq!(words[..3], ["ok", "usage", "not_found"]);
    assert!(!words.contains(&"unknown"));
    assert_eq!((word(-1), word(i32::MAX)), ("unknown", "unknown"));
}
