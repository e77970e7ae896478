//! Loading `libduckdb.so` into a running process. The loader's own rules decide which file it is (the run path of the program or
//! library that this code is in, `LD_LIBRARY_PATH`, the system's folders), as they did when the library was linked; and one that
//! the process has already is taken, because two in one process would share some of their symbols.
//!
//! Start at [`load`].

use crate::api::{Api, VERSION, wrong_version};
use rocky_base::{Error, ErrorKind, Result};
use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_uint, c_void};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::ptr::{self, NonNull};

const LIBRARY: &CStr = c"libduckdb.so";

/// Load the library, unless the process has it, and look its functions up.
pub(crate) fn load() -> Result<Api> {
    // A program that is linked with DuckDB, or preloads it: its functions come before any other's, as for every library.
    let linked = find(libc::RTLD_DEFAULT, c"duckdb_library_version").is_some();
    let library = match linked {
        true => libc::RTLD_DEFAULT,
        // `dlopen` looks into the run path of its caller's file.
        false => match open(LIBRARY) {
            Ok(library) => library.as_ptr(),
            Err(said) => from_folders(said)?.as_ptr(),
        },
    };
    let Some(version) = find(library, c"duckdb_library_version") else {
        return Err(no_function(c"duckdb_library_version"));
    };
    // SAFETY: of this name and signature in every version of DuckDB; gives a static string.
    let (file, version) = unsafe {
        let function =
            std::mem::transmute::<NonNull<c_void>, unsafe extern "C" fn() -> *const c_char>(version);
        (file_of(version), CStr::from_ptr(function()).to_string_lossy())
    };
    if version != VERSION {
        return Err(wrong_version(&version, file.as_deref()));
    }
    // SAFETY: it is DuckDB, and of the version of the bindings.
    unsafe { Api::from_library(|name| find(library, name)) }.map_err(no_function)
}

/// Lazily bound, like a linked library, and invisible to others.
fn open(name: &CStr) -> std::result::Result<NonNull<c_void>, String> {
    // SAFETY: the name is a C string. What runs while DuckDB is loaded are its static constructors.
    let library = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_LAZY | libc::RTLD_LOCAL) };
    NonNull::new(library).ok_or_else(last_error)
}

/// The library from the first folder that has it. With the address sanitizer, which calls `dlopen` on behalf of everybody, the
/// loader looks into the sanitizer's run path.
fn from_folders(said: String) -> Result<NonNull<c_void>> {
    let folders = folders();
    let file = folders
        .iter()
        .map(|f| Path::new(f).join(OsStr::from_bytes(LIBRARY.to_bytes())));
    let Some(file) = file.into_iter().find(|f| f.exists()) else {
        return Err(not_loaded(&said, &folders));
    };
    let name = CString::new(file.into_os_string().into_vec()).unwrap_or_default();
    open(&name).map_err(|said| not_loaded(&said, &folders))
}

/// The address of a function.
fn find(library: *mut c_void, name: &CStr) -> Option<NonNull<c_void>> {
    // SAFETY: `library` is a handle of `dlopen` or `RTLD_DEFAULT`; the name is a C string.
    NonNull::new(unsafe { libc::dlsym(library, name.as_ptr()) })
}

/// What the loader says about the call before.
fn last_error() -> String {
    // SAFETY: null or a C string, valid until the thread's next call of the loader.
    unsafe {
        let text = libc::dlerror();
        match text.is_null() {
            true => "the loader does not say why".to_owned(),
            false => CStr::from_ptr(text).to_string_lossy().into_owned(),
        }
    }
}

/// The file that holds an address.
fn file_of(address: NonNull<c_void>) -> Option<String> {
    // SAFETY: `Dl_info` is plain data, filled when the call succeeds; its name is a C string that lives as long as the file is mapped.
    unsafe {
        let mut info: libc::Dl_info = std::mem::zeroed();
        let found = libc::dladdr(address.as_ptr(), &mut info) != 0 && !info.dli_fname.is_null();
        found.then(|| CStr::from_ptr(info.dli_fname).to_string_lossy().into_owned())
    }
}

fn not_loaded(said: &str, folders: &[String]) -> Error {
    let library = LIBRARY.to_string_lossy();
    let hint = format!(
        "put the {library} of DuckDB {} into one of these folders, or name its folder in LD_LIBRARY_PATH",
        VERSION.trim_start_matches('v')
    );
    let there = folders.iter().any(|f| Path::new(f).join(&*library).exists());
    if there || folders.is_empty() {
        let message = format!("DuckDB's library {library} cannot be loaded: {said}");
        let hint = hint.replace("one of these folders", "its place");
        return Error::new(ErrorKind::Io, message).hint(hint);
    }
    let message = format!(
        "DuckDB's library {library} was not found in {}",
        folders.join(", ")
    );
    Error::new(ErrorKind::NotFound, message).hint(hint)
}

fn no_function(name: &CStr) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!(
            "{} has no function {}: it is not DuckDB {VERSION}",
            LIBRARY.to_string_lossy(),
            name.to_string_lossy()
        ),
    )
    .hint(format!("give rocky the library of DuckDB {VERSION}"))
}

/// `Dl_serpath` of glibc's `dlfcn.h`.
#[repr(C)]
struct SearchPath {
    name: *const c_char,
    flags: c_uint,
}

/// `Dl_serinfo`: `count` paths follow.
#[repr(C)]
struct SearchPaths {
    size: usize,
    count: c_uint,
    paths: [SearchPath; 0],
}

/// Where the loader looks on behalf of the file that this code is in; empty when it does not say.
fn folders() -> Vec<String> {
    let here = NonNull::new(folders as *mut c_void);
    let own = here.and_then(file_of).and_then(|f| CString::new(f).ok());
    // SAFETY: nothing is loaded by these calls, they find what is there. The answer's size is asked for first, as the manual of
    // `dlinfo` says; the buffer is aligned for its head and outlives the names that are copied out of it.
    unsafe {
        let library = |name: *const c_char| libc::dlopen(name, libc::RTLD_LAZY | libc::RTLD_NOLOAD);
        let mut handle = own.map_or(ptr::null_mut(), |name| library(name.as_ptr()));
        if handle.is_null() {
            // The program itself has no name to be found by.
            handle = library(ptr::null());
        }
        if handle.is_null() {
            return Vec::new();
        }
        let mut head = SearchPaths {
            size: 0,
            count: 0,
            paths: [],
        };
        let ask = |what: c_int, into: *mut SearchPaths| libc::dlinfo(handle, what, into.cast()) == 0;
        let mut names = Vec::new();
        if ask(libc::RTLD_DI_SERINFOSIZE, &mut head) {
            let mut buffer = vec![0_usize; head.size.div_ceil(size_of::<usize>())];
            let answer = buffer.as_mut_ptr().cast::<SearchPaths>();
            (*answer).size = head.size;
            (*answer).count = head.count;
            if ask(libc::RTLD_DI_SERINFO, answer) {
                let first = (&raw const (*answer).paths).cast::<SearchPath>();
                for i in 0..(*answer).count as usize {
                    let name = CStr::from_ptr((*first.add(i)).name)
                        .to_string_lossy()
                        .into_owned();
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
        }
        libc::dlclose(handle);
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_library_is_named_with_the_folders_that_were_searched() {
        let error = not_loaded("x", &["/nowhere/bin".to_owned(), "/nowhere/lib".to_owned()]);
        assert_eq!(error.kind, ErrorKind::NotFound);
        assert_eq!(
            error.message,
            "DuckDB's library libduckdb.so was not found in /nowhere/bin, /nowhere/lib"
        );
        assert_eq!(
            error.hint.as_deref(),
            Some(
                "put the libduckdb.so of DuckDB 1.5.5 into one of these folders, or name its folder in LD_LIBRARY_PATH"
            )
        );
    }

    #[test]
    fn the_loader_names_its_folders() {
        // The run path that `.cargo/config.toml` gives each program of the workspace, with the program's folder put in.
        let folder = std::env::current_exe().unwrap();
        let folder = folder.parent().unwrap().to_str().unwrap();
        let folders = folders();
        assert!(folders.iter().any(|f| f == folder), "{folders:?}");
        assert!(
            folders
                .iter()
                .any(|f| f.starts_with("/usr/lib") || f.starts_with("/lib")),
            "{folders:?}"
        );
    }

    #[test]
    fn a_library_without_the_functions_is_refused() {
        // SAFETY: nothing is found, so nothing is called.
        let missing = unsafe { Api::from_library(|_| None) }.err().unwrap();
        assert!(
            no_function(missing)
                .message
                .contains("has no function duckdb_close")
        );
    }
}
