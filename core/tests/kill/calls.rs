//! Every system call of this process that changes a file, DuckDB's and redb's included: this executable defines the C functions that they
//! call, so that the n-th of them can be the last one, be done by half, or fail.
//!
//! Calls that write the same file one after another, without a sync between, are one **burst**: a library that is at one commit. Bursts are
//! counted; a fault is at the first call of one, or inside.
//!
//! Invariant: a killed process leaves behind nothing but what such calls did. Whatever statement or commit it was at, it died before one of
//! them; so the calls seen here are all the points there are. Nothing of it is in the product.

use libc::{c_char, c_int, c_uint, c_void, mode_t, off_t, size_t, ssize_t};
use std::ffi::CStr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU64, Ordering::SeqCst};

/// What happens at the n-th burst.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Nothing: the calls are counted.
    None,
    /// SIGKILL before it.
    Kill(u64),
    /// SIGKILL before the second call of the burst.
    Inside(u64),
    /// SIGKILL when half of its bytes are written.
    Torn(u64),
    /// From it on no file grows.
    Full(u64),
    /// From it on nothing can be written.
    Broken(u64),
    /// No file can be opened for writing, made or removed.
    ReadOnly,
}

const LABEL: usize = 256;

/// Seen by parent and child.
#[repr(C)]
pub struct Shared {
    /// Bursts that have begun.
    pub bursts: AtomicU64,
    label_len: AtomicU64,
    label: [AtomicU8; LABEL],
}

impl Shared {
    /// One page that stays the same one after a fork.
    pub fn new() -> &'static Shared {
        // SAFETY: a fresh anonymous mapping, zeroed, larger than the struct, never unmapped.
        unsafe {
            let page = libc::mmap(
                std::ptr::null_mut(),
                4096,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            assert_ne!(page, libc::MAP_FAILED);
            &*page.cast::<Shared>()
        }
    }

    pub fn reset(&self) {
        self.bursts.store(0, SeqCst);
        self.label_len.store(0, SeqCst);
    }

    /// The call at which the fault was.
    pub fn label(&self) -> String {
        let n = self.label_len.load(SeqCst) as usize;
        let bytes: Vec<u8> = self.label[..n.min(LABEL)]
            .iter()
            .map(|b| b.load(SeqCst))
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn set_label(&self, name: &str, path: &[u8]) {
        let parts = name.bytes().chain([b' ']).chain(path.iter().copied());
        let mut n = 0;
        for (cell, byte) in self.label.iter().zip(parts) {
            cell.store(byte, SeqCst);
            n += 1;
        }
        self.label_len.store(n, SeqCst);
    }
}

static ARMED: AtomicBool = AtomicBool::new(false);
static KIND: AtomicU8 = AtomicU8::new(0);
static AT: AtomicU64 = AtomicU64::new(u64::MAX);
static SHARED: AtomicPtr<Shared> = AtomicPtr::new(std::ptr::null_mut());
/// What the last call wrote: a hash, 0 after a sync.
static LAST: AtomicU64 = AtomicU64::new(0);
/// Every call is a burst of its own.
static EACH: AtomicBool = AtomicBool::new(false);
static ROOT: AtomicPtr<Vec<u8>> = AtomicPtr::new(std::ptr::null_mut());

/// From now on calls on files below `root` are counted, and one of them has the fault.
pub fn arm(fault: Fault, root: &std::path::Path, shared: &'static Shared) {
    use std::os::unix::ffi::OsStrExt;
    let (kind, at) = match fault {
        Fault::None => (0, u64::MAX),
        Fault::Kill(n) => (1, n),
        Fault::Torn(n) => (2, n),
        Fault::Full(n) => (3, n),
        Fault::Broken(n) => (4, n),
        Fault::Inside(n) => (5, n),
        Fault::ReadOnly => (6, 0),
    };
    let root = Box::new(root.as_os_str().as_bytes().to_vec());
    ROOT.store(Box::into_raw(root), SeqCst);
    SHARED.store(std::ptr::from_ref(shared).cast_mut(), SeqCst);
    KIND.store(kind, SeqCst);
    AT.store(at, SeqCst);
    ARMED.store(true, SeqCst);
}

/// Every call counts by itself.
pub fn each() {
    EACH.store(true, SeqCst);
}

/// From now on nothing happens.
pub fn disarm() {
    ARMED.store(false, SeqCst);
}

/// What is to be done with a call.
enum Verdict {
    Go,
    Half,
    Fail(c_int),
}

/// What kind of a call it is.
#[derive(PartialEq)]
enum Call {
    /// Writes, and the file becomes longer.
    Grow,
    /// Writes over what is there.
    Over,
    /// Anything else: names, shortening.
    Other,
}

/// Count a call and decide.
fn point(name: &str, path: &[u8], call: Call) -> Verdict {
    // SAFETY: set once by `arm` before ARMED, never freed.
    let (root, shared) = unsafe { (&*ROOT.load(SeqCst), &*SHARED.load(SeqCst)) };
    // Children work in the folder: what is relative is below it.
    let inside = path
        .strip_prefix(root.as_slice())
        .or_else(|| (path.first() != Some(&b'/')).then_some(path));
    let Some(inside) = inside else {
        return Verdict::Go;
    };
    let this = match call {
        Call::Grow | Call::Over => hash(inside),
        Call::Other => 0,
    };
    let goes_on = LAST.swap(this, SeqCst) == this && this != 0 && !EACH.load(SeqCst);
    let n = match goes_on {
        true => shared.bursts.load(SeqCst) - 1,
        false => shared.bursts.fetch_add(1, SeqCst),
    };
    let at = AT.load(SeqCst);
    let kind = KIND.load(SeqCst);
    if kind == 0 || n < at {
        return Verdict::Go;
    }
    if n == at {
        shared.set_label(name, inside);
    }
    match (kind, call) {
        (5, _) if n == at && !goes_on => Verdict::Go,
        (5, _) => die(),
        (1, _) if n == at => die(),
        (2, Call::Grow | Call::Over) if n == at => Verdict::Half,
        (2, Call::Other) if n == at => die(),
        // Another thread is dying.
        (1 | 2, _) => stop(),
        (3, Call::Grow) => Verdict::Fail(libc::ENOSPC),
        (4, _) => Verdict::Fail(libc::EIO),
        (6, _) => Verdict::Fail(libc::EROFS),
        _ => Verdict::Go,
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, step) | 1
}

fn die() -> ! {
    // SAFETY: plain calls.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    stop()
}

fn stop() -> ! {
    loop {
        // SAFETY: a plain call.
        unsafe { libc::pause() };
    }
}

fn fail(errno: c_int) -> c_int {
    // SAFETY: the thread's own errno.
    unsafe { *libc::__errno_location() = errno };
    -1
}

/// The file of a descriptor, its length and where it stands; none for what is no file.
fn file_of(fd: c_int, buffer: &mut [u8; 512]) -> Option<(usize, i64)> {
    let mut link = [0u8; 32];
    let mut cursor = std::io::Cursor::new(&mut link[..]);
    std::io::Write::write_fmt(&mut cursor, format_args!("/proc/self/fd/{fd}\0")).ok()?;
    // SAFETY: buffers of the sizes given; `stat` is plain data.
    unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        if libc::syscall(libc::SYS_fstat, fd, &raw mut stat) != 0
            || stat.st_mode & libc::S_IFMT != libc::S_IFREG
        {
            return None;
        }
        let n = libc::syscall(
            libc::SYS_readlink,
            link.as_ptr(),
            buffer.as_mut_ptr(),
            buffer.len(),
        );
        (n > 0).then_some((n as usize, stat.st_size))
    }
}

fn on_fd(name: &str, fd: c_int, call: impl FnOnce(i64) -> Call) -> Verdict {
    if !ARMED.load(SeqCst) {
        return Verdict::Go;
    }
    let mut buffer = [0u8; 512];
    match file_of(fd, &mut buffer) {
        Some((n, size)) => point(name, &buffer[..n], call(size)),
        None => Verdict::Go,
    }
}

/// # Safety
/// As the C function of that name.
unsafe fn on_path(name: &str, path: *const c_char) -> Verdict {
    if !ARMED.load(SeqCst) {
        return Verdict::Go;
    }
    // SAFETY: the caller's string.
    let bytes = unsafe { CStr::from_ptr(path) }.to_bytes();
    point(name, bytes, Call::Other)
}

fn written(end: i64) -> impl FnOnce(i64) -> Call {
    move |size| if end > size { Call::Grow } else { Call::Over }
}

/// # Safety
/// As the C function of that name.
unsafe fn put(name: &str, fd: c_int, bytes: *const c_void, n: size_t, offset: Option<off_t>) -> ssize_t {
    // SAFETY: as the caller's.
    let real = |n: size_t| unsafe {
        match offset {
            Some(offset) => libc::syscall(libc::SYS_pwrite64, fd, bytes, n, offset) as ssize_t,
            None => libc::syscall(libc::SYS_write, fd, bytes, n) as ssize_t,
        }
    };
    // Where files are written without an offset, they are written at their end.
    let verdict = on_fd(name, fd, |size| {
        written(offset.map_or(i64::MAX, |o| o + n as i64))(size)
    });
    match verdict {
        Verdict::Go => real(n),
        Verdict::Half => {
            real(n / 2);
            die()
        }
        Verdict::Fail(errno) => fail(errno) as ssize_t,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn write(fd: c_int, bytes: *const c_void, n: size_t) -> ssize_t {
    // SAFETY: as the caller's.
    unsafe { put("write", fd, bytes, n, None) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite(fd: c_int, bytes: *const c_void, n: size_t, offset: off_t) -> ssize_t {
    // SAFETY: as the caller's.
    unsafe { put("pwrite", fd, bytes, n, Some(offset)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite64(fd: c_int, bytes: *const c_void, n: size_t, offset: off_t) -> ssize_t {
    // SAFETY: as the caller's.
    unsafe { put("pwrite", fd, bytes, n, Some(offset)) }
}

fn resize(fd: c_int, length: off_t) -> c_int {
    match on_fd("ftruncate", fd, |size| {
        if length > size { Call::Grow } else { Call::Other }
    }) {
        // SAFETY: plain numbers.
        Verdict::Go => unsafe { libc::syscall(libc::SYS_ftruncate, fd, length) as c_int },
        Verdict::Half => die(),
        Verdict::Fail(errno) => fail(errno),
    }
}

#[unsafe(no_mangle)]
extern "C" fn ftruncate(fd: c_int, length: off_t) -> c_int {
    resize(fd, length)
}

#[unsafe(no_mangle)]
extern "C" fn ftruncate64(fd: c_int, length: off_t) -> c_int {
    resize(fd, length)
}

#[unsafe(no_mangle)]
extern "C" fn fallocate(fd: c_int, mode: c_int, offset: off_t, length: off_t) -> c_int {
    match on_fd("fallocate", fd, written(offset + length)) {
        // SAFETY: plain numbers.
        Verdict::Go => unsafe { libc::syscall(libc::SYS_fallocate, fd, mode, offset, length) as c_int },
        Verdict::Half => die(),
        Verdict::Fail(errno) => fail(errno),
    }
}

/// What reaches the page cache outlives the process; only a broken disk says no.
fn sync(fd: c_int, real: libc::c_long) -> c_int {
    if !ARMED.load(SeqCst) {
        // SAFETY: plain numbers.
        return unsafe { libc::syscall(real, fd) as c_int };
    }
    // SAFETY: set by `arm` before ARMED, never freed.
    let shared = unsafe { &*SHARED.load(SeqCst) };
    LAST.store(0, SeqCst);
    if KIND.load(SeqCst) == 4 && shared.bursts.load(SeqCst) > AT.load(SeqCst) {
        return fail(libc::EIO);
    }
    0
}

#[unsafe(no_mangle)]
extern "C" fn fsync(fd: c_int) -> c_int {
    sync(fd, libc::SYS_fsync)
}

#[unsafe(no_mangle)]
extern "C" fn fdatasync(fd: c_int) -> c_int {
    sync(fd, libc::SYS_fdatasync)
}

/// # Safety
/// As the C function of that name.
unsafe fn opened(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    // SAFETY: as the caller's.
    unsafe {
        let writes = flags & libc::O_ACCMODE != libc::O_RDONLY;
        if ARMED.load(SeqCst) && KIND.load(SeqCst) == 6 && writes {
            if let Verdict::Fail(errno) = on_path("open", path) {
                return fail(errno);
            }
        } else if ARMED.load(SeqCst) && flags & (libc::O_CREAT | libc::O_TRUNC) != 0 {
            let there = libc::syscall(libc::SYS_faccessat, libc::AT_FDCWD, path, libc::F_OK) == 0;
            let changes = !there || flags & libc::O_TRUNC != 0;
            if changes {
                match on_path("open", path) {
                    Verdict::Go => {}
                    Verdict::Half => die(),
                    Verdict::Fail(errno) => return fail(errno),
                }
            }
        }
        libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path, flags, mode) as c_int
    }
}

// Variadic in C; the third argument is passed as any other one by the conventions of Linux.
#[unsafe(no_mangle)]
unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    // SAFETY: as the caller's.
    unsafe { opened(path, flags, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    // SAFETY: as the caller's.
    unsafe { opened(path, flags | libc::O_LARGEFILE, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: as the caller's.
    unsafe {
        match on_path("unlink", path) {
            Verdict::Go => libc::syscall(libc::SYS_unlinkat, libc::AT_FDCWD, path, 0) as c_int,
            Verdict::Half => die(),
            Verdict::Fail(errno) => fail(errno),
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: as the caller's.
    unsafe {
        match on_path("rename", to) {
            Verdict::Go => {
                libc::syscall(libc::SYS_renameat2, libc::AT_FDCWD, from, libc::AT_FDCWD, to, 0) as c_int
            }
            Verdict::Half => die(),
            Verdict::Fail(errno) => fail(errno),
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mkdir(path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: as the caller's.
    unsafe {
        match on_path("mkdir", path) {
            Verdict::Go => libc::syscall(libc::SYS_mkdirat, libc::AT_FDCWD, path, mode) as c_int,
            Verdict::Half => die(),
            Verdict::Fail(errno) => fail(errno),
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn remove(path: *const c_char) -> c_int {
    // SAFETY: as the caller's.
    unsafe {
        match on_path("remove", path) {
            Verdict::Go => match libc::syscall(libc::SYS_unlinkat, libc::AT_FDCWD, path, 0) {
                0 => 0,
                _ => libc::syscall(libc::SYS_unlinkat, libc::AT_FDCWD, path, libc::AT_REMOVEDIR) as c_int,
            },
            Verdict::Half => die(),
            Verdict::Fail(errno) => fail(errno),
        }
    }
}
