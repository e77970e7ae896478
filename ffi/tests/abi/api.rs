//! The exported functions with Rust's ownership around them, so that a test reads like its sentence.

use rocky::buf::{rocky_buf, rocky_buf_data, rocky_buf_free, rocky_buf_len};
use rocky::cancel::{rocky_cancel, rocky_cancel_free, rocky_cancel_new, rocky_cancel_trip};
use rocky::engine::{rocky_engine, rocky_engine_free, rocky_engine_new};
use rocky::error::{
    rocky_error, rocky_error_code, rocky_error_free, rocky_error_hint, rocky_error_json, rocky_error_message,
    rocky_error_status,
};
use rocky::project::{
    rocky_event_fn, rocky_project, rocky_project_apply, rocky_project_ci, rocky_project_close,
    rocky_project_compare, rocky_project_compile, rocky_project_diff, rocky_project_discover,
    rocky_project_history, rocky_project_hooks, rocky_project_lineage, rocky_project_load,
    rocky_project_metrics, rocky_project_open, rocky_project_plan, rocky_project_run, rocky_project_seed,
    rocky_project_snapshot, rocky_project_state, rocky_project_test, rocky_project_validate,
    rocky_project_what_if,
};
use rocky::status::rocky_status;
use serde_json::Value;
use std::ffi::{CStr, c_char, c_void};
use std::ptr;

/// The type of every verb.
pub type VerbFn = unsafe extern "C" fn(
    *const rocky_project,
    *const c_char,
    usize,
    rocky_event_fn,
    *mut c_void,
    *const rocky_cancel,
    *mut *mut rocky_buf,
    *mut *mut rocky_error,
) -> rocky_status;

/// The verbs by name.
pub const VERBS: &[(&str, VerbFn)] = &[
    ("compile", rocky_project_compile),
    ("plan", rocky_project_plan),
    ("run", rocky_project_run),
    ("lineage", rocky_project_lineage),
    ("validate", rocky_project_validate),
    ("discover", rocky_project_discover),
    ("state", rocky_project_state),
    ("history", rocky_project_history),
    ("metrics", rocky_project_metrics),
    ("test", rocky_project_test),
    ("what_if", rocky_project_what_if),
    ("diff", rocky_project_diff),
    ("apply", rocky_project_apply),
    ("ci", rocky_project_ci),
    ("hooks", rocky_project_hooks),
    ("load", rocky_project_load),
    ("snapshot", rocky_project_snapshot),
    ("seed", rocky_project_seed),
    ("compare", rocky_project_compare),
];

pub fn verb(name: &str) -> VerbFn {
    VERBS
        .iter()
        .find(|(n, _)| *n == name)
        .unwrap_or_else(|| panic!("no verb {name}"))
        .1
}

/// What an error object says.
#[derive(Debug)]
pub struct Failed {
    pub status: rocky_status,
    pub code: String,
    pub message: String,
    pub hint: Option<String>,
    pub document: Value,
}

fn string(text: *const c_char) -> Option<String> {
    // SAFETY: NULL, or a text of an object that the caller holds.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned())
}

/// Read and free an error object.
pub fn failed(returned: rocky_status, error: *mut rocky_error) -> Box<Failed> {
    assert!(!error.is_null(), "no error object with {returned:?}");
    // SAFETY: the object was just handed out and is freed at the end.
    unsafe {
        assert_eq!(rocky_error_status(error), returned);
        let failed = Failed {
            status: returned,
            code: string(rocky_error_code(error)).unwrap(),
            message: string(rocky_error_message(error)).unwrap(),
            hint: string(rocky_error_hint(error)),
            document: serde_json::from_str(&string(rocky_error_json(error)).unwrap()).unwrap(),
        };
        rocky_error_free(error);
        assert_eq!(failed.document["error"]["code"], failed.code.as_str());
        assert_eq!(failed.document["error"]["message"], failed.message.as_str());
        Box::new(failed)
    }
}

/// Read and free a document.
fn document(buf: *mut rocky_buf) -> Value {
    // SAFETY: the object was just handed out and is freed at the end.
    unsafe {
        let data = rocky_buf_data(buf);
        let text = string(data).unwrap();
        assert_eq!(text.len(), rocky_buf_len(buf), "the NUL is not at the end");
        rocky_buf_free(buf);
        serde_json::from_str(&text).unwrap()
    }
}

/// An engine that is freed with it.
pub struct Engine(pub *mut rocky_engine);

impl Engine {
    pub fn new(options: &str) -> Result<Engine, Box<Failed>> {
        let (mut out, mut error) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: pointers to locals and a text with its length.
        let status = unsafe {
            rocky_engine_new(
                options.as_ptr().cast(),
                options.len(),
                &raw mut out,
                &raw mut error,
            )
        };
        if status == rocky_status::Ok {
            Ok(Engine(out))
        } else {
            Err(failed(status, error))
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // SAFETY: made by `new`, freed once.
        unsafe { rocky_engine_free(self.0) }
    }
}

/// A project that is closed with it.
pub struct Project(pub *mut rocky_project);

// SAFETY: the header says that a project may be used from any threads.
unsafe impl Send for Project {}
// SAFETY: as above.
unsafe impl Sync for Project {}

impl Project {
    /// Open with an engine that is freed at once: the project keeps what it needs.
    pub fn open(request: &str) -> Result<Project, Box<Failed>> {
        Project::open_with(&Engine::new(r#"{"threads": 2}"#)?, request)
    }

    pub fn open_with(engine: &Engine, request: &str) -> Result<Project, Box<Failed>> {
        let (mut out, mut error) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: a live engine, pointers to locals and a text with its length.
        let status = unsafe {
            rocky_project_open(
                engine.0,
                request.as_ptr().cast(),
                request.len(),
                &raw mut out,
                &raw mut error,
            )
        };
        if status == rocky_status::Ok {
            Ok(Project(out))
        } else {
            Err(failed(status, error))
        }
    }

    pub fn call(&self, name: &str, request: &str) -> Result<Value, Box<Failed>> {
        self.call_with(name, request, &mut |_| (), None)
    }

    /// Call a verb with a callback and a token.
    pub fn call_with(
        &self,
        name: &str,
        request: &str,
        mut on_event: &mut dyn FnMut(Value),
        cancel: Option<&Cancel>,
    ) -> Result<Value, Box<Failed>> {
        unsafe extern "C" fn forward(user_data: *mut c_void, event: *const c_char, event_len: usize) {
            // SAFETY: what `call_with` gave, on its thread, while it waits.
            let on_event = unsafe { &mut *user_data.cast::<&mut dyn FnMut(Value)>() };
            let text = string(event).unwrap();
            assert_eq!(text.len(), event_len);
            on_event(serde_json::from_str(&text).unwrap());
        }
        let (mut out, mut error) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: a live project and token, pointers to locals, a text with its length.
        let status = unsafe {
            verb(name)(
                self.0,
                request.as_ptr().cast(),
                request.len(),
                Some(forward),
                (&raw mut on_event).cast(),
                cancel.map_or(ptr::null(), |c| c.0.cast_const()),
                &raw mut out,
                &raw mut error,
            )
        };
        if status == rocky_status::Ok {
            assert!(error.is_null());
            Ok(document(out))
        } else {
            assert!(out.is_null());
            Err(failed(status, error))
        }
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        // SAFETY: made by `open`, closed once.
        unsafe { rocky_project_close(self.0) }
    }
}

/// A token that is freed with it.
pub struct Cancel(pub *mut rocky_cancel);

// SAFETY: the header says that a token may be used from any threads.
unsafe impl Send for Cancel {}
// SAFETY: as above.
unsafe impl Sync for Cancel {}

impl Cancel {
    pub fn new() -> Cancel {
        Cancel(rocky_cancel_new())
    }

    pub fn trip(&self) {
        // SAFETY: a live token.
        unsafe { rocky_cancel_trip(self.0) }
    }
}

impl Drop for Cancel {
    fn drop(&mut self) {
        // SAFETY: made by `new`, freed once.
        unsafe { rocky_cancel_free(self.0) }
    }
}
