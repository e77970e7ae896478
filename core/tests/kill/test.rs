//! Making each scenario's project once, killing copies of it, comparing what is there in the end.

use crate::calls::{Fault, Shared};
use crate::child::{Child, Ended};
use crate::dump::{BUILT, DAYS};
use crate::scenario::{self, Scenario};
use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::CancelToken;
use rocky_core::verbs::run::RunRequest;
use rocky_warehouse::Warehouse;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The day of what runs before.
const BEFORE: &str = "2031-01-01";
/// More calls than any scenario has: that it ends is part of the test.
const MOST: u64 = 5_000;
/// Each further kind of fault is at every so manyth call.
const SPREAD: u64 = 12;

pub fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|a| a == "--list") {
        return;
    }
    let words: Vec<&String> = args.iter().filter(|a| !a.starts_with('-')).collect();
    let only: Option<u64> = std::env::var("ROCKY_KILL").ok().map(|n| n.parse().unwrap());
    // A child's panic is what it says; its parent's is one line.
    std::panic::set_hook(Box::new(|info| println!("{info}\n")));
    let begin = Instant::now();
    let memory = Path::new("/dev/shm");
    let dir = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    }
    .unwrap();
    let dir_path = dir.path().canonicalize().unwrap();
    let scenarios: Vec<Scenario> = scenario::all()
        .into_iter()
        .filter(|s| words.is_empty() || words.iter().any(|w| s.name.contains(w.as_str())))
        .collect();
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    // Each worker takes every so manyth point of each scenario; they are processes, because children are forked from one thread.
    let ids: Vec<libc::pid_t> = (0..workers)
        .map(|worker| {
            // SAFETY: this process has one thread.
            let pid = unsafe { libc::fork() };
            assert!(pid >= 0);
            if pid == 0 {
                // SAFETY: plain numbers. It ends with its parent.
                unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
                let all = std::env::var_os("ROCKY_KILL_ALL").is_some();
                if all {
                    crate::calls::each();
                }
                let work = Work {
                    dir: dir_path.join(format!("w{worker}")),
                    worker: worker as u64,
                    workers: workers as u64,
                    all,
                    only,
                };
                warm();
                let ended = std::panic::catch_unwind(|| work.all(&scenarios));
                // SAFETY: what the parent owns is not to be dropped here.
                unsafe { libc::_exit(i32::from(!matches!(ended, Ok(true)))) };
            }
            pid
        })
        .collect();
    let mut well = true;
    for id in ids {
        let mut status = 0;
        // SAFETY: the child's own id.
        unsafe { libc::waitpid(id, &raw mut status, 0) };
        well &= status == 0;
    }
    let mut report = String::new();
    let mut total = 0;
    for (i, scenario) in scenarios.iter().enumerate() {
        let of = |worker: usize| -> Option<u64> {
            let path = dir_path.join(format!("w{worker}.{i}"));
            fs::read_to_string(path).ok()?.parse().ok()
        };
        let points: u64 = (0..workers).filter_map(of).sum();
        total += points;
        writeln!(report, "  {:40} {points:5} points", scenario.name).unwrap();
    }
    println!(
        "{report}  {total} points in {:.1} s",
        begin.elapsed().as_secs_f64()
    );
    drop(dir);
    if !well {
        std::process::exit(1);
    }
    println!("test result: ok.");
}

/// What every child would do again: find the functions of the library, and touch its pages.
fn warm() {
    let cancel = CancelToken::new();
    let db = DuckDb::open(None, &OpenOptions::default(), &cancel).unwrap();
    let mut connection = db.connect().unwrap();
    for sql in [
        "CREATE TABLE t AS SELECT 1 AS a",
        "SELECT * FROM duckdb_columns()",
        "INSERT INTO t SELECT SUM(a) FROM t",
    ] {
        connection.query(sql, 10_000, &cancel).unwrap();
    }
    drop((connection, db));
    let threads = || fs::read_dir("/proc/self/task").unwrap().count();
    let begin = Instant::now();
    while threads() > 1 {
        assert!(begin.elapsed().as_secs() < 120, "a thread is left");
        std::thread::yield_now();
    }
}

struct Work {
    dir: PathBuf,
    worker: u64,
    workers: u64,
    all: bool,
    only: Option<u64>,
}

/// A project that is ready to be killed.
struct Prepared<'a> {
    scenario: &'a Scenario,
    child: Child,
    template: PathBuf,
    saved: PathBuf,
    dump: PathBuf,
    expected: String,
    bursts: u64,
}

impl Work {
    fn all(&self, scenarios: &[Scenario]) -> bool {
        let shared = Shared::new();
        let mut well = true;
        for (i, scenario) in scenarios.iter().enumerate() {
            let _ = fs::remove_dir_all(&self.dir);
            let prepared = self.prepare(scenario, shared);
            let mut points = 0;
            let mut wrong = Vec::new();
            self.points(&prepared, &mut points, &mut wrong);
            let shown = if self.only.is_some() { usize::MAX } else { 3 };
            for text in wrong.iter().take(shown) {
                println!("{}: {text}", scenario.name);
            }
            if wrong.len() > shown {
                println!("{}: and {} more", scenario.name, wrong.len() - shown);
            }
            well &= wrong.is_empty();
            let count = self.dir.with_extension(i.to_string());
            fs::write(count, points.to_string()).unwrap();
        }
        well
    }

    fn prepare<'a>(&self, scenario: &'a Scenario, shared: &'static Shared) -> Prepared<'a> {
        let root = self.dir.join("p");
        fs::create_dir_all(&root).unwrap();
        let child = Child {
            root: root.clone(),
            said: self.dir.join("said"),
            shared,
        };
        let put = |files: &[(&str, String)]| {
            for (path, text) in files {
                let path = root.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
        };
        put(&scenario.files);
        child.sql(&scenario.before);
        if let Some(first) = &scenario.first {
            let ended = child.run(Fault::None, BEFORE, first);
            assert_eq!(ended, Ended::Well, "{}: the first run", scenario.name);
        }
        put(&scenario.new_files);
        if !scenario.change.is_empty() {
            child.sql(&scenario.change);
        }
        let (template, saved, dump) = (
            self.dir.join("template"),
            self.dir.join("saved"),
            self.dir.join("dump"),
        );
        copy(&root, &template);
        let ended = child.run(Fault::None, DAYS[0], &scenario.request);
        assert_eq!(ended, Ended::Well, "{}: the run", scenario.name);
        let bursts = shared.bursts.load(std::sync::atomic::Ordering::SeqCst);
        copy(&template, &root);
        let ended = child.repeat(DAYS[0], &scenario.request, &dump);
        assert_eq!(ended, Ended::Well, "{}: the run", scenario.name);
        let expected = fs::read_to_string(&dump).unwrap();
        for line in scenario.expect {
            assert!(
                expected.contains(line),
                "{}: no `{line}` in\n{expected}",
                scenario.name
            );
        }
        if self.only.is_some() && self.worker == 0 {
            println!("{}: {bursts} bursts\n{expected}", scenario.name);
        }
        Prepared {
            scenario,
            child,
            template,
            saved,
            dump,
            expected,
            bursts,
        }
    }

    /// Kill it everywhere; two kills in a row, writes done by half and broken disks at some places each.
    fn points(&self, on: &Prepared<'_>, points: &mut u64, wrong: &mut Vec<String>) {
        if self.worker == 0 && self.only.is_none() {
            self.read_only(on, wrong);
            *points += 1;
        }
        for n in (self.worker..MOST).step_by(self.workers as usize) {
            if self.only.is_some_and(|only| only != n) {
                continue;
            }
            if !self.kill(on, Fault::Kill(n), wrong) {
                break;
            }
            *points += 1;
            let mixed = n.wrapping_add(on.expected.len() as u64) % SPREAD;
            let more = |k: u64| self.all || self.only.is_some() || mixed == k;
            if more(0) {
                self.kill(on, Fault::Torn(n), wrong);
                *points += 1;
            }
            if more(4) {
                self.kill(on, Fault::Inside(n), wrong);
                *points += 1;
            }
            if more(1) {
                self.kill_twice(on, n, wrong);
                *points += 1;
            }
            if more(2) {
                self.fail(on, Fault::Full(n), wrong);
                *points += 1;
            }
            if more(3) {
                self.fail(on, Fault::Broken(n), wrong);
                *points += 1;
            }
        }
    }

    /// Kill a run, and run again: as it was told, or going on with the killed one. False when the run ended before.
    fn kill(&self, on: &Prepared<'_>, fault: Fault, wrong: &mut Vec<String>) -> bool {
        let request = &on.scenario.request;
        copy(&on.template, &on.child.root);
        match on.child.run(fault, DAYS[0], request) {
            Ended::Killed => {}
            Ended::Well => return false,
            other => {
                wrong.push(format!("{fault:?}: {other:?}"));
                return true;
            }
        }
        let at = on.child.shared.label();
        let (Fault::Kill(n) | Fault::Inside(n) | Fault::Torn(n)) = fault else {
            return true;
        };
        let both = self.all || self.only.is_some();
        // Neighbours are of two workers, and each worker has both kinds.
        let resumed = (n / self.workers).is_multiple_of(2);
        if both {
            copy(&on.child.root, &on.saved);
        }
        if both || !resumed {
            let found = on.judge(DAYS[1], request);
            wrong.extend(found.map(|text| format!("{fault:?} ({at}), run again: {text}")));
        }
        if both {
            copy(&on.saved, &on.child.root);
        }
        if both || resumed {
            let found = on.judge(DAYS[1], &resume(request));
            wrong.extend(found.map(|text| format!("{fault:?} ({at}), resumed: {text}")));
        }
        true
    }

    /// Kill the repetition too, at any place.
    fn kill_twice(&self, on: &Prepared<'_>, n: u64, wrong: &mut Vec<String>) {
        let request = &on.scenario.request;
        copy(&on.template, &on.child.root);
        if on.child.run(Fault::Kill(n), DAYS[0], request) != Ended::Killed {
            return;
        }
        let mut random = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ on.bursts;
        random ^= random >> 29;
        let m = random % on.bursts.max(1);
        let again = if random & 64 == 0 {
            resume(request)
        } else {
            request.clone()
        };
        let second = on.child.run(Fault::Kill(m), DAYS[1], &again);
        if !matches!(second, Ended::Killed | Ended::Well) {
            wrong.push(format!("killed at {n} and {m}: {second:?}"));
            return;
        }
        let again = if random & 128 == 0 {
            resume(request)
        } else {
            request.clone()
        };
        // What the second run did by itself leaves nothing to go on with.
        let again = if second == Ended::Well {
            request.clone()
        } else {
            again
        };
        let found = on.judge(DAYS[2], &again);
        let at = on.child.shared.label();
        wrong.extend(found.map(|text| format!("killed at {n} and {m} ({at}): {text}")));
    }

    /// In a folder that cannot be written, the run says so and nothing has changed.
    fn read_only(&self, on: &Prepared<'_>, wrong: &mut Vec<String>) {
        copy(&on.template, &on.child.root);
        match on.child.run(Fault::ReadOnly, DAYS[0], &on.scenario.request) {
            Ended::Failed(text)
                if text.contains("read-only disk") || text.contains("Read-only file system") => {}
            other => wrong.push(format!("read-only: {other:?}")),
        }
        let found = on.judge(DAYS[1], &on.scenario.request);
        wrong.extend(found.map(|text| format!("read-only, run again: {text}")));
    }

    /// Let the disk fail: the run says so and ends, and when there is room again nothing is lost.
    fn fail(&self, on: &Prepared<'_>, fault: Fault, wrong: &mut Vec<String>) {
        let request = &on.scenario.request;
        copy(&on.template, &on.child.root);
        let ended = on.child.run(fault, DAYS[0], request);
        let at = on.child.shared.label();
        match ended {
            Ended::Well => {}
            Ended::Failed(text) => {
                let words = [
                    "No space left",
                    "no space left",
                    "Input/output error",
                    "I/O error",
                    "IO Error",
                ];
                if !words.iter().any(|w| text.contains(w)) || text.contains("panic") || text.contains("a bug")
                {
                    wrong.push(format!("{fault:?} ({at}): says {text}"));
                }
            }
            other => wrong.push(format!("{fault:?} ({at}): {other:?}")),
        }
        let found = on.judge(DAYS[1], request);
        wrong.extend(found.map(|text| format!("{fault:?} ({at}), run again: {text}")));
    }
}

/// Going on with the last run, of however many pipelines.
fn resume(request: &RunRequest) -> RunRequest {
    RunRequest {
        resume_latest: true,
        ..request.clone()
    }
}

impl Prepared<'_> {
    /// Run again; what differs from an uninterrupted run then.
    fn judge(&self, day: &str, request: &RunRequest) -> Option<String> {
        let _ = fs::remove_file(&self.dump);
        match self.child.repeat(day, request, &self.dump) {
            Ended::Well => {}
            other => return Some(format!("{other:?}")),
        }
        let found = fs::read_to_string(&self.dump).unwrap();
        // Files that the killed run loaded are not loaded again: no run says that it did.
        let load = self.scenario.name.starts_with("load");
        let kept = |text: &str| -> String {
            let lines = text.lines().filter(|l| !(load && l.starts_with("done ")));
            lines.map(|l| format!("{l}\n")).collect()
        };
        difference(&kept(&self.expected), &kept(&found))
    }
}

/// Lines that only one of both has.
fn difference(expected: &str, found: &str) -> Option<String> {
    if expected == found {
        return None;
    }
    let mut text = String::new();
    let count = |of: &str, line: &str| of.lines().filter(|l| *l == line).count();
    let lost = |l: &&str| count(found, l) < count(expected, l) && !l.starts_with(BUILT);
    for line in expected.lines().filter(lost) {
        let _ = writeln!(text, "  - {line}");
    }
    for line in found.lines().filter(|l| count(expected, l) < count(found, l)) {
        let _ = writeln!(text, "  + {line}");
    }
    (!text.is_empty()).then(|| format!("what is there differs\n{text}"))
}

/// A folder's copy, times of files included, in the place of what is there.
pub fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
            let modified = entry.metadata().unwrap().modified().unwrap();
            fs::File::options()
                .append(true)
                .open(&target)
                .and_then(|f| f.set_modified(modified))
                .unwrap();
        }
    }
}
