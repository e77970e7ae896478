//! One run with a remote state: [`Session::begin`] takes the lease and brings the local file up to date, [`Session::watch`]
//! uploads while the run goes on, [`Session::finish`] uploads at its end, however it ended.
//!
//! What the local file is to the remote one is decided in one place, [`decide`].

use super::attempt::{Class, Failure, Tries};
use super::claim::{Claim, Holder, LockAnswer, unique};
use super::keeper::{Keeper, Lease};
use super::object::{Condition, Found, Stamp, Upload, Want};
use super::record::{SyncBase, SyncRecord};
use super::transfer::{self, Lineage, Put};
use super::{Settings, Store};
use crate::state::{StateReader, StateRegistry, StateStore};
use jiff::Timestamp;
use rocky_base::{CancelToken, Error, ErrorKind, Event, Observer, Result, SmolStr, System};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often a lease that another holds is asked for.
const LOCK_POLL: Duration = Duration::from_millis(500);
/// Some places count whole seconds; a renewal adds at least this.
const CLOCK_GRAIN: Duration = Duration::from_millis(1_300);
/// A cancelled run has this long for its last upload: schedulers kill after 30 seconds.
const PARTING: Duration = Duration::from_secs(20);
/// To give a lease back.
const RELEASE: Duration = Duration::from_secs(5);

/// What a session needs.
pub struct Begin<'a> {
    /// `[state]`.
    pub settings: &'a Settings,
    /// Environment, clock, AWS's files.
    pub system: Arc<dyn System>,
    /// The state files that are open in this process.
    pub states: &'a StateRegistry,
    /// The local state file.
    pub path: &'a Path,
    /// The run's name, told to others who wait.
    pub run: &'a str,
    /// Hears of waiting.
    pub observer: &'a mut dyn Observer,
    /// Ends the waiting.
    pub cancel: &'a CancelToken,
}

/// The remote side of a run. Dropped without [`Session::finish`] it gives the lease back and uploads nothing.
pub struct Session {
    shared: Arc<Shared>,
    claim: Option<Claim>,
    store: Arc<StateStore>,
    uploader: Option<Uploader>,
    warnings: Vec<String>,
}

/// What the uploading thread shares with the run's.
struct Shared {
    settings: Settings,
    remote: Arc<dyn Store>,
    system: Arc<dyn System>,
    run: String,
    keeper: Mutex<Option<Keeper>>,
    line: Mutex<Line>,
}

/// How the local state stands to the remote one now.
struct Line {
    record: SyncRecord,
    condition: Condition,
    notes: Vec<String>,
    /// Somebody else has written this; nothing is uploaded before it is put together with what is here.
    foreign: Option<Found>,
}

struct Uploader {
    cancel: CancelToken,
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What became of the remote state in a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// `s3`, `valkey`, `tiered`.
    pub backend: &'static str,
    /// The remote place.
    pub place: String,
    /// The upload that the place has of this state.
    pub base: Option<SyncBase>,
    /// Everything of this run is there.
    pub uploaded: bool,
    /// How long the last upload took; none when there was nothing to upload.
    pub took: Option<Duration>,
    /// Why not.
    pub error: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where this run's state is kept, when it is not there.
    pub kept: Option<PathBuf>,
    /// What was odd, without consequence.
    pub warnings: Vec<String>,
}

/// What is done with the local file at the beginning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Decision {
    /// It is what both began with, or there is nothing at all.
    Keep,
    /// The remote place has nothing: the local state is the first one there.
    Seed,
    /// The remote place had something once and has nothing now.
    Vanished,
    /// The remote place went back to something that the local file contains.
    WentBack,
    /// Take the remote one.
    Take,
    /// The local one holds what the remote one lacks, and the other way round: put them together.
    Merge,
    /// Take the remote one. The local one was never there and is another project's, for all that is known: put it aside.
    SetAside,
}

/// The one place where a local and a remote state are weighed.
fn decide(local: bool, record: Option<&SyncRecord>, remote: Option<&Found>) -> Decision {
    match (remote, record) {
        (None, Some(record)) if record.base.is_some() => Decision::Vanished,
        (None, _) if local => Decision::Seed,
        (None, _) => Decision::Keep,
        (Some(_), _) if !local => Decision::Take,
        // Never synchronised with this place: whatever it holds is not there.
        (Some(_), None) => Decision::SetAside,
        (Some(found), Some(record)) if record.began_with(found) => Decision::Keep,
        (Some(found), Some(record)) if record.is_past(found) => Decision::WentBack,
        (Some(_), Some(record)) if record.dirty => Decision::Merge,
        (Some(_), Some(_)) => Decision::Take,
    }
}

impl Session {
    /// Take the lease and bring the local file up to date.
    ///
    /// An error means that nothing was changed: the place cannot be reached, does not say whether there is a state, has one
    /// that cannot be used, or another run is using it ([`ErrorKind::Locked`]).
    pub fn begin(ctx: Begin<'_>) -> Result<Session> {
        let settings = ctx.settings.clone();
        let remote = settings.store(ctx.system.clone())?;
        // A local file that cannot be used is said before anything is touched.
        let existed = match ctx.states.reader(ctx.path)? {
            Some(reader) => remembers(&reader)?,
            None => false,
        };
        let claim = settings
            .controlled()
            .then(|| Claim::new(Holder::this_process(ctx.run), settings.lease()));
        let keeper = match &claim {
            Some(claim) => Some(lease(&settings, &remote, claim, ctx.observer, ctx.cancel)?),
            None => None,
        };
        let shared = Arc::new(Shared {
            settings,
            remote,
            system: ctx.system,
            run: ctx.run.to_owned(),
            keeper: Mutex::new(keeper),
            line: Mutex::new(Line {
                record: SyncRecord::default(),
                condition: Condition::Absent,
                notes: Vec::new(),
                foreign: None,
            }),
        });
        let guard = Release {
            shared: &shared,
            claim: claim.as_ref(),
        };
        let (store, warnings) = reconcile(&shared, ctx.states, ctx.path, existed, ctx.cancel)?;
        std::mem::forget(guard);
        Ok(Session {
            shared,
            claim,
            store,
            uploader: None,
            warnings,
        })
    }

    /// What happened so far that a person should know.
    pub fn warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// The local state, open for writing, up to date.
    pub fn store(&self) -> &Arc<StateStore> {
        &self.store
    }

    /// The local state is about to be written: from here on there is something to upload, and it is uploaded at intervals.
    pub fn watch(&mut self) -> Result<()> {
        let now = self.shared.now();
        let mut line = self.shared.line();
        line.record.dirty = true;
        line.record.keep(&self.store, now)?;
        drop(line);
        let Some(interval) = self.shared.settings.upload_interval() else {
            return Ok(());
        };
        let (wake, sleep) = mpsc::channel::<()>();
        let cancel = CancelToken::new();
        let (shared, store, token) = (self.shared.clone(), self.store.clone(), cancel.clone());
        let body = move || {
            while sleep.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                let mut line = shared.line();
                if line.foreign.is_some() {
                    return;
                }
                let tries = shared.tries(shared.settings.transfer_timeout(), &token);
                match shared.upload(&store, &mut line, &tries) {
                    Err(failure) if failure.class == Class::Cancelled => return,
                    // It is told at the end, if the last upload fails too.
                    Err(failure) => line.record.last_error = Some(failure.message),
                    Ok(()) => {}
                }
                let _ = line.record.keep(&store, shared.now());
            }
        };
        let thread = std::thread::Builder::new()
            .name("rocky-upload".into())
            .spawn(body)
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot start a thread: {error}")))?;
        self.uploader = Some(Uploader {
            cancel,
            wake: Some(wake),
            thread: Some(thread),
        });
        Ok(())
    }

    /// The run has ended. Uploads what it left, also when it was cancelled or failed, and gives the lease back.
    pub fn finish(mut self, cancelled: bool) -> Outcome {
        if let Some(uploader) = &mut self.uploader {
            uploader.end();
        }
        let shared = self.shared.clone();
        let timeout = shared.settings.transfer_timeout();
        let within = if cancelled { timeout.min(PARTING) } else { timeout };
        let mut line = shared.line();
        let begin = Instant::now();
        let to_upload = line.record.dirty;
        let result = if !to_upload {
            Ok(())
        } else {
            let tries = shared.tries(within, &CancelToken::new());
            shared.upload_or_merge(&self.store, &mut line, &tries)
        };
        let place = shared.remote.place().to_owned();
        let mut outcome = Outcome {
            backend: shared.settings.backend(),
            place: place.clone(),
            base: None,
            uploaded: result.is_ok(),
            took: to_upload.then(|| begin.elapsed()),
            error: None,
            hint: None,
            kept: None,
            warnings: std::mem::take(&mut self.warnings),
        };
        match result {
            Ok(()) => line.record.dirty = false,
            Err(failure) => {
                outcome.error = Some(format!(
                    "remote state {place}: this run's state was not uploaded: {}",
                    failure.message
                ));
                line.record.last_error = Some(failure.message);
                outcome.hint = failure.hint.or_else(|| {
                    Some(format!(
                        "the state is in {}; the next run on this machine brings it there",
                        self.store.path().display()
                    ))
                });
                outcome.kept = Some(self.store.path().to_path_buf());
            }
        }
        if let Err(error) = line.record.keep(&self.store, shared.now()) {
            outcome.warnings.push(error.message);
        }
        outcome.warnings.append(&mut line.notes);
        outcome.warnings.extend(shared.remote.notes());
        outcome.base.clone_from(&line.record.base);
        outcome
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(uploader) = &mut self.uploader {
            uploader.end();
        }
        release(&self.shared, self.claim.as_ref());
    }
}

impl Uploader {
    fn end(&mut self) {
        // An upload that is under way is given up: the last one takes its place, and recognises it if it arrived.
        self.cancel.trip();
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Gives the lease back when beginning fails.
struct Release<'a> {
    shared: &'a Shared,
    claim: Option<&'a Claim>,
}

impl Drop for Release<'_> {
    fn drop(&mut self) {
        release(self.shared, self.claim);
    }
}

fn release(shared: &Shared, claim: Option<&Claim>) {
    let keeper = shared
        .keeper
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let (Some(keeper), Some(claim)) = (keeper, claim) else {
        return;
    };
    if let Lease::Held(grant) | Lease::Unsure(grant) = keeper.stop() {
        let tries = shared.tries(RELEASE, &CancelToken::new());
        // It runs out by itself where this fails.
        let _ = tries.repeat(|| {
            let (remote, grant, claim) = (shared.remote.clone(), grant.clone(), claim.clone());
            move |limits| remote.unlock(&grant, &claim, limits)
        });
    }
}

impl Shared {
    fn now(&self) -> Timestamp {
        Timestamp::try_from(self.system.now()).unwrap_or_default()
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tries(&self, within: Duration, cancel: &CancelToken) -> Tries {
        Tries::new(self.settings.policy(), within, cancel)
    }

    /// The number of our lease; `None` where there are no leases.
    fn fence(&self) -> Result<Option<u64>, Failure> {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        match keeper.as_ref().map(Keeper::lease) {
            None => Ok(None),
            // The conditions of the write decide when the lease is in doubt.
            Some(Lease::Held(grant) | Lease::Unsure(grant)) => Ok(Some(grant.fence)),
            Some(Lease::Lost(why)) => Err(Failure::new(Class::Fenced, why)),
        }
    }

    /// Put the local state there. When somebody else has written meanwhile, and the lease is ours nevertheless, put both together first.
    fn upload_or_merge(&self, store: &StateStore, line: &mut Line, tries: &Tries) -> Result<(), Failure> {
        let mut rounds = 3;
        loop {
            let failure = match self.upload(store, line, tries) {
                Err(failure) if failure.class == Class::Conflict && rounds > 0 => failure,
                result => return result,
            };
            rounds -= 1;
            self.renew(tries)?;
            let Some(found) = transfer::read(&self.remote, Want::Body, tries)? else {
                return Err(failure);
            };
            let now = self.now();
            let Some(body) = &found.body else {
                return Err(failure);
            };
            let merged = download(store.path(), body, self.remote.place(), |file| {
                store.merge_from(file)
            });
            if let Err(error) = merged {
                return Err(Failure {
                    message: format!("{}; {}", failure.message, error.message),
                    hint: error.hint,
                    ..failure
                });
            }
            line.notes.push(format!(
                "{} wrote {} while this run went on; both states were put together",
                found.told(),
                self.remote.place()
            ));
            line.foreign = None;
            line.record.synced(&found, now);
            line.condition = found.condition();
        }
    }

    /// See that the lease is still ours.
    fn renew(&self, tries: &Tries) -> Result<(), Failure> {
        let held = {
            let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
            keeper.as_ref().map(Keeper::held)
        };
        let Some((claim, lease)) = held else {
            return Ok(());
        };
        let (Lease::Held(grant) | Lease::Unsure(grant)) = lease else {
            return self.fence().map(drop);
        };
        let kept = tries.repeat(|| {
            let (remote, claim, grant) = (self.remote.clone(), claim.clone(), grant.clone());
            move |limits| remote.renew(&grant, &claim, limits)
        })?;
        match kept {
            Some(_) => Ok(()),
            None => Err(Failure::new(Class::Fenced, "another run has taken the lease")),
        }
    }

    /// Put a consistent copy of the local state there.
    fn upload(&self, store: &StateStore, line: &mut Line, tries: &Tries) -> Result<(), Failure> {
        if let Some(foreign) = &line.foreign {
            return Err(written_meanwhile(foreign));
        }
        let fence = self.fence()?;
        let local = |error: Error| Failure {
            hint: error.hint,
            ..Failure::fatal(error.message)
        };
        let now = self.now();
        let upload_id = unique();
        let parent = line.record.base.as_ref().map(|b| b.upload_id.clone());
        line.record.begun(&upload_id);
        let generation = line.record.next_generation();
        line.record.keep(store, now).map_err(local)?;
        // No two uploads have the same bytes: where a version is a hash of them, it is a version of one upload.
        let id = serde_json::Value::from(upload_id.as_str());
        store.put_note("remote", "upload", id, now).map_err(local)?;
        let body = copy(store).map_err(local)?;
        let holder = Holder::this_process(&self.run);
        let upload = Upload {
            stamp: Stamp {
                upload_id,
                generation,
                parent,
                blake3: blake3::hash(&body).to_hex().to_string(),
                size: body.len() as u64,
                run: self.run.clone(),
                host: holder.host,
                at: now.to_string(),
                engine: env!("CARGO_PKG_VERSION").to_owned(),
            },
            body: Arc::new(body),
            fence,
        };
        let lineage = Lineage {
            condition: line.condition.clone(),
            seen: line.record.seen(),
            pending: line.record.pending(),
        };
        match transfer::put(&self.remote, &upload, &lineage, tries)? {
            Put::Done { found, note } => {
                line.notes.extend(note);
                if self.settings.controlled() {
                    line.condition = found.condition();
                }
                // Kept by the caller. A process that is killed before has the upload among those that it began.
                line.record.synced(&found, now);
                Ok(())
            }
            Put::Foreign(found) => {
                let failure = written_meanwhile(&found);
                line.foreign = Some(found);
                Err(failure)
            }
        }
    }
}

/// The bytes of a consistent copy.
fn copy(store: &StateStore) -> Result<Vec<u8>> {
    let path = beside(store.path(), &format!("upload-{}.tmp", std::process::id()));
    let bytes = store
        .snapshot_to(&path)
        .and_then(|_| std::fs::read(&path).map_err(|error| Error::io(path.display(), error)));
    let _ = std::fs::remove_file(&path);
    bytes
}

fn written_meanwhile(found: &Found) -> Failure {
    Failure::new(
        Class::Conflict,
        format!("{} has written it meanwhile", found.told()),
    )
}

/// Do something with a remote state as a file, once it is seen to be one.
fn download<T>(path: &Path, body: &[u8], place: &str, take: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    let file = beside(path, &format!("download-{}.tmp", std::process::id()));
    let write = || -> Result<T> {
        std::fs::write(&file, body).map_err(|error| {
            let mut error = Error::io(file.display(), error);
            error.message = format!(
                "remote state {place} was read, and there is no place for it here: {}",
                error.message
            );
            error.hint("make room beside the state file; neither it nor the remote state was changed")
        })?;
        // Refused before the local file is touched: another format, a newer version, damage.
        if let Err(error) = StateReader::open_existing(&file) {
            let what = error.message.replace(&file.display().to_string(), place);
            return Err(Error::new(ErrorKind::State, format!("remote {what}"))
                .hint("use the version of rocky that wrote it, or another `s3_prefix` or `valkey_prefix`"));
        }
        take(&file)
    };
    let result = write();
    let _ = std::fs::remove_file(&file);
    result
}

/// A file beside the state file, of a name that says what it is.
fn beside(path: &Path, what: &str) -> PathBuf {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("state");
    path.with_file_name(format!("{name}.{what}"))
}

/// Keep what the local file holds under another name.
fn set_aside(store: &StateStore, now: Timestamp) -> Result<PathBuf> {
    let at = now.strftime("%Y%m%d-%H%M%S");
    let mut path = beside(store.path(), &format!("unsynced-{at}"));
    let mut n = 2;
    while path.exists() {
        path = beside(store.path(), &format!("unsynced-{at}-{n}"));
        n += 1;
    }
    store.snapshot_to(&path)?;
    Ok(path)
}

/// The file holds something that could be lost.
fn remembers(reader: &StateReader) -> Result<bool> {
    Ok(!reader.runs(None, 1)?.is_empty()
        || !reader.watermarks()?.is_empty()
        || !reader.partition_counts()?.is_empty())
}

/// Wait for the lease: for one whose holder died until it runs out, for one that is renewed as long as was asked for.
fn lease(
    settings: &Settings,
    remote: &Arc<dyn Store>,
    claim: &Claim,
    observer: &mut dyn Observer,
    cancel: &CancelToken,
) -> Result<Keeper> {
    let begin = Instant::now();
    let patience = settings.lease_wait();
    let mut told = false;
    // Who held it when, and how long it would last.
    let mut seen: Option<(Holder, Instant, Duration)> = None;
    loop {
        let asked = Instant::now();
        let tries = Tries::new(
            settings.policy(),
            settings.transfer_timeout().min(Duration::from_secs(60)),
            cancel,
        );
        let answer = tries
            .repeat(|| {
                let (remote, claim) = (remote.clone(), claim.clone());
                move |limits| remote.lock(&claim, limits)
            })
            .map_err(|failure| failure.into_error("taking the lease", remote.place()))?;
        let (by, remaining) = match answer {
            LockAnswer::Granted(grant) => {
                return Ok(Keeper::start(
                    remote.clone(),
                    claim.clone(),
                    grant,
                    settings.policy(),
                    asked,
                ));
            }
            LockAnswer::Held { by, remaining } => (by, remaining),
        };
        // A lease that lasts longer than it did is renewed, so its holder lives. Clocks of whole seconds are allowed for.
        let renewed = match &seen {
            Some((holder, at, lasted)) if *holder == by => {
                remaining > lasted.saturating_sub(at.elapsed()) + CLOCK_GRAIN
            }
            _ => false,
        };
        if renewed && begin.elapsed() >= patience {
            return Err(Error::new(
                ErrorKind::Locked,
                format!("remote state {}: {} is using it", remote.place(), by.told()),
            )
            .hint("wait until that run has ended, or set `state.lease_wait_seconds`"));
        }
        if !told {
            told = true;
            observer.event(&Event::Log {
                level: SmolStr::new_static("info"),
                message: format!(
                    "waiting for the lease of the remote state, which {} has for another {} s",
                    by.told(),
                    remaining.as_secs() + 1
                ),
            });
        }
        match &seen {
            Some((holder, ..)) if *holder == by && !renewed => {}
            _ => seen = Some((by, Instant::now(), remaining)),
        }
        let until = Instant::now() + LOCK_POLL.min(remaining.max(Duration::from_millis(20)));
        while Instant::now() < until {
            cancel.check()?;
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Bring the local file up to date. Returns it open, and what a person should know.
fn reconcile(
    shared: &Shared,
    states: &StateRegistry,
    path: &Path,
    existed: bool,
    cancel: &CancelToken,
) -> Result<(Arc<StateStore>, Vec<String>)> {
    let remote = &shared.remote;
    let place = remote.place();
    let mut warnings = Vec::new();
    let record_of = |reader: &StateReader| -> Result<Option<SyncRecord>> {
        Ok(SyncRecord::of(reader)?.filter(|record| record.place == place))
    };
    let mut record = match states.reader(path)? {
        Some(reader) => record_of(&reader)?,
        None => None,
    };
    let read = |want: Want| -> Result<Option<Found>> {
        let tries = shared.tries(shared.settings.transfer_timeout(), cancel);
        transfer::read(remote, want, &tries).map_err(|failure| failure.into_error("reading it", place))
    };
    let took_over = remote.takeover_changes_the_object()
        && matches!(
            shared.keeper.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Keeper::lease),
            Some(Lease::Held(grant)) if grant.took_over
        );
    let mut attempts = 3;
    loop {
        let known = record.as_ref().is_some_and(|r| r.base.is_some());
        let mut found = read(if known { Want::Stamp } else { Want::Body })?;
        let mut decision = decide(existed, record.as_ref(), found.as_ref());
        if known && matches!(decision, Decision::Take | Decision::Merge) {
            // With the bytes, and weighed anew: it may be another by now.
            found = read(Want::Body)?;
            decision = decide(existed, record.as_ref(), found.as_ref());
            if found.as_ref().is_some_and(|f| f.body.is_none()) {
                return Err(Error::bug("a remote state was read without its bytes"));
            }
        }
        cancel.check()?;
        let now = shared.now();
        if let (Decision::Take | Decision::Merge | Decision::SetAside, Some(body)) =
            (decision, found.as_ref().and_then(|f| f.body.as_ref()))
        {
            download(path, body, place, |file| {
                let store = states.writer(path)?;
                match decision {
                    // One commit, so nothing is lost by a kill.
                    Decision::Merge => {
                        store.merge_from(file)?;
                        warnings.push(format!(
                            "the local state held something that {place} did not; both were put together"
                        ));
                        return Ok(());
                    }
                    Decision::SetAside => {
                        let aside = set_aside(&store, now)?;
                        warnings.push(format!(
                            "the local state was never in {place}; it was kept as {} and the remote state was taken",
                            aside.display()
                        ));
                    }
                    _ => {}
                }
                store.restore_from(file)
            })?;
        }
        match decision {
            Decision::Vanished => warnings.push(format!(
                "{place} had a state once and has none now; the local state goes there again (remove {} to begin anew)",
                path.display()
            )),
            Decision::WentBack => warnings.push(format!(
                "{place} has an older state than the local file, which contains it; the local one goes there again"
            )),
            _ => {}
        }
        let store = states.writer(path)?;
        let mut line = shared.line();
        let before = record.take();
        let mut kept = before.clone().unwrap_or_default();
        kept.place = place.to_owned();
        match decision {
            Decision::Take | Decision::Merge | Decision::SetAside => {
                if let Some(found) = &found {
                    kept.synced(found, now);
                    kept.dirty = decision == Decision::Merge;
                }
            }
            Decision::Keep => {
                if let Some(found) = &found
                    && kept.base.as_ref().map(|b| b.upload_id.as_str()) != found.upload_id()
                {
                    let dirty = kept.dirty;
                    kept.synced(found, now);
                    kept.dirty = dirty;
                }
            }
            // There is something to upload even if this run writes nothing.
            Decision::Seed | Decision::Vanished | Decision::WentBack => kept.dirty = true,
        }
        if before.as_ref() != Some(&kept) {
            kept.keep(&store, now)?;
        }
        line.condition = match (&found, shared.settings.controlled()) {
            (_, false) => Condition::Always,
            (Some(found), true) => found.condition(),
            (None, true) => Condition::Absent,
        };
        line.record = kept;
        warnings.extend(remote.notes());
        if !(took_over && found.is_some()) {
            return Ok((store.clone(), warnings));
        }
        // The run that had the lease may still believe that it has it. Its next write must fail, so the object must change.
        let tries = shared.tries(shared.settings.transfer_timeout(), cancel);
        match shared.upload(&store, &mut line, &tries) {
            Ok(()) => {
                line.record.dirty = false;
                line.record.keep(&store, now)?;
                return Ok((store.clone(), warnings));
            }
            Err(failure) if failure.class == Class::Conflict && attempts > 1 => {
                // It wrote just now: begin again from that.
                attempts -= 1;
                line.foreign = None;
                record = Some(line.record.clone());
            }
            Err(failure) => return Err(failure.into_error("taking it over", place)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(id: &str, generation: u64) -> Found {
        Found {
            version: None,
            stamp: Some(Stamp {
                upload_id: id.to_owned(),
                generation,
                parent: None,
                blake3: String::new(),
                size: 0,
                run: "r".to_owned(),
                host: "h".to_owned(),
                at: String::new(),
                engine: String::new(),
            }),
            body: None,
        }
    }

    fn synced(ids: &[&str]) -> SyncRecord {
        let mut record = SyncRecord::default();
        for (generation, id) in ids.iter().enumerate() {
            record.begun(id);
            record.synced(&found(id, generation as u64), Timestamp::UNIX_EPOCH);
        }
        record.dirty = false;
        record
    }

    #[test]
    fn a_remote_state_is_taken_unless_the_local_one_contains_it() {
        let known = synced(&["a", "b", "c"]);
        let mut dirty = known.clone();
        dirty.dirty = true;
        let mut begun = dirty.clone();
        begun.begun("d");
        let cases: &[(bool, Option<&SyncRecord>, Option<&str>, Decision)] = &[
            (false, None, None, Decision::Keep),
            (false, None, Some("c"), Decision::Take),
            (true, None, None, Decision::Seed),
            (true, None, Some("c"), Decision::SetAside),
            (true, Some(&known), None, Decision::Vanished),
            (true, Some(&known), Some("c"), Decision::Keep),
            (true, Some(&known), Some("b"), Decision::WentBack),
            (true, Some(&known), Some("x"), Decision::Take),
            (true, Some(&dirty), Some("c"), Decision::Keep),
            (true, Some(&dirty), Some("x"), Decision::Merge),
            // An upload of which nothing is known had arrived.
            (true, Some(&begun), Some("d"), Decision::Keep),
        ];
        for (local, record, remote, expected) in cases {
            let remote = remote.map(|id| found(id, 7));
            let decision = decide(*local, *record, remote.as_ref());
            assert_eq!(decision, *expected, "{local} {record:?} {remote:?}");
        }
        // A file that something else put there is never what this one began with.
        let foreign = Found {
            version: None,
            stamp: None,
            body: None,
        };
        assert_eq!(decide(true, Some(&known), Some(&foreign)), Decision::Take);
    }
}
