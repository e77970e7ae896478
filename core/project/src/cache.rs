//! The memo on disk: one file per project and engine build, under `.rocky/cache` beside `rocky.toml`, and beside it the news since
//! it was written.
//!
//! ```text
//! entries:          files, text head, findings, analysis head | text, columns, analysis
//! table of paths:   number → path, stamp, hash of the text
//! lines:            of each path the lengths of its lines, where its text is ASCII
//! whole:            what the project is recognised by as a whole (`crate::intact`), and its graph
//! table of entries: where an entry's parts lie, their checksum, and the numbers of its files
//! foot:             build, project, fingerprint, counts, what it goes on from, checksum of the tables, magic
//! ```
//!
//! When little has changed, the file stays as it is and the news are written: the entries that changed, all tables, and a foot that
//! names the file by its fingerprint. Their bytes count on from the end of the entries of that file ([`Opened`]), so that a row of the
//! table of entries says where an entry lies in either. News of another file than the one that is there are as good as absent.
//!
//! The parts before the bar are decoded when the file is read, the others when they are asked for. The file is written
//! aside and renamed, so that readers see a whole one; of two writers the last wins. Everything in it can be made again:
//! a file or an entry that does not fit its checksum, or was written by another build, is as good as absent, and whoever
//! deletes the folder loses time only. Values from the environment and of the request are never written.

use crate::analyse::Analysed;
use crate::hash::Hasher128;
use crate::intact::{Graph, Whole};
use crate::load::LoadedModel;
use crate::memo::{CachedFile, Checked, Entry, Memo, Paths, Written};
use crate::packed::Packed;
use crate::unit::Unit;
use rayon::prelude::*;
use rocky_base::source::{Loader, Texts};
use rocky_base::system::{FileStamp, Pieces};
use rocky_base::{FileId, SmolStr, SourceFile, System};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

const MAGIC: &[u8; 8] = b"rocky\0c4";
const FOOT: usize = 16 + 16 + 16 + 4 + 4 + 4 + 4 + 16 + 8 + 16 + 8;
const PARTS: usize = 7;
const ROW: usize = 8 + 4 * PARTS + 8 + 12;

/// The name of what is beside the file: entries that changed since.
const NEWS: &str = "news";

/// One entry of so many that are in the file may be in the news: these are written anew with every change.
const NEWS_SHARE: usize = 10;

/// Other projects' and builds' files are removed when they were not written for so long.
const STALE: Duration = Duration::from_secs(30 * 24 * 3600);

/// Where the cache of one project lies.
#[derive(Clone, Debug)]
pub struct Place {
    dir: PathBuf,
    file: PathBuf,
    project: u128,
}

impl Place {
    /// `project` is the hash of all that the entries do not name themselves: configuration file, folders, options.
    pub fn new(dir: PathBuf, project: u128) -> Place {
        let name = Hasher128::new().str(crate::BUILD).u128(project).finish();
        Place {
            file: dir.join(format!("compile-{name:032x}.bin")),
            dir,
            project,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct PathRow<'a> {
    pub path: &'a str,
    pub stamp: Option<FileStamp>,
    pub hash: u128,
    /// Bytes in the table of lines; 0: not known.
    lines: u32,
}

fn take<'a>(bytes: &'a [u8], at: &mut usize, len: usize) -> Option<&'a [u8]> {
    let part = bytes.get(*at..at.checked_add(len)?)?;
    *at += len;
    Some(part)
}

fn u32_at(bytes: &[u8], at: &mut usize) -> Option<u32> {
    Some(u32::from_le_bytes(take(bytes, at, 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: &mut usize) -> Option<u64> {
    Some(u64::from_le_bytes(take(bytes, at, 8)?.try_into().ok()?))
}

fn u128_at(bytes: &[u8], at: &mut usize) -> Option<u128> {
    Some(u128::from_le_bytes(take(bytes, at, 16)?.try_into().ok()?))
}

/// What stands at the end of the file.
pub(crate) struct Foot {
    pub fingerprint: u128,
    paths: usize,
    lines: usize,
    whole: usize,
    entries: usize,
    checksum: u128,
    /// The fingerprint of the file that these are news of; its own where they are none.
    base: u128,
    /// How many bytes of entries of that file stand before: 0 where these are no news.
    start: u64,
}

/// The tables of the file.
pub(crate) struct Tables<'a> {
    pub paths: &'a [u8],
    pub lines: &'a [u8],
    /// What the whole is recognised by, and its graph.
    pub whole: &'a [u8],
    entries: &'a [u8],
}

impl Tables<'_> {
    /// The rows of the table of entries.
    pub fn entries(&self) -> impl Iterator<Item = &[u8]> {
        self.entries.chunks_exact(ROW)
    }
}

impl Foot {
    /// `None` when it is of another project or build.
    pub fn read(bytes: &[u8], place: &Place) -> Option<Foot> {
        let mut at = 0;
        if u128_at(bytes, &mut at)? != build() || u128_at(bytes, &mut at)? != place.project {
            return None;
        }
        let foot = Foot {
            fingerprint: u128_at(bytes, &mut at)?,
            paths: u32_at(bytes, &mut at)? as usize,
            lines: u32_at(bytes, &mut at)? as usize,
            whole: u32_at(bytes, &mut at)? as usize,
            entries: u32_at(bytes, &mut at)? as usize,
            checksum: u128_at(bytes, &mut at)?,
            base: u128_at(bytes, &mut at)?,
            start: u64_at(bytes, &mut at)?,
        };
        (take(bytes, &mut at, 8)? == MAGIC).then_some(foot)
    }

    /// The foot of an open file.
    fn of(file: &dyn Pieces, place: &Place) -> Option<Foot> {
        let mut bytes = [0; FOOT];
        file.read_at(file.size().checked_sub(FOOT as u64)?, &mut bytes)
            .ok()?;
        Foot::read(&bytes, place)
    }

    /// Bytes of the tables, which stand before it.
    pub fn tables_len(&self) -> Option<usize> {
        let texts = self.paths.checked_add(self.lines)?.checked_add(self.whole)?;
        texts.checked_add(self.entries.checked_mul(ROW)?)
    }

    /// The tables, when they fit their checksum.
    pub fn tables<'a>(&self, bytes: &'a [u8]) -> Option<Tables<'a>> {
        if xxh3_128(bytes) != self.checksum {
            return None;
        }
        let mut at = 0;
        Some(Tables {
            paths: take(bytes, &mut at, self.paths)?,
            lines: take(bytes, &mut at, self.lines)?,
            whole: take(bytes, &mut at, self.whole)?,
            entries: bytes.get(at..)?,
        })
    }
}

/// What lies on the disk.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct OnDisk {
    /// What it is recognised by.
    pub fingerprint: u128,
    /// What the file is recognised by when its news are left out.
    base: u128,
    /// The bytes of entries of that file.
    start: u64,
}

/// The cache file and its news as one: the entries of the file, then all of the news. Without news: the file.
pub(crate) struct Opened {
    file: Arc<dyn Pieces>,
    news: Option<Arc<dyn Pieces>>,
    /// Where the news begin.
    start: u64,
    size: u64,
    /// The last one.
    pub foot: Foot,
}

impl Opened {
    /// `None`: there is no file of this project and build.
    pub fn open(system: &dyn System, place: &Place) -> Option<Opened> {
        let file = system.pieces(&place.file).ok()?;
        let foot = Foot::of(&*file, place)?;
        if foot.start != 0 {
            return None;
        }
        let tables_at = |file: &dyn Pieces, foot: &Foot| {
            let tables = (FOOT as u64).checked_add(foot.tables_len()? as u64)?;
            file.size().checked_sub(tables)
        };
        let start = tables_at(&*file, &foot)?;
        let news = || {
            let news = system.pieces(&place.beside(NEWS)).ok()?;
            let of = Foot::of(&*news, place)?;
            let size = start.checked_add(news.size())?;
            tables_at(&*news, &of)?;
            (of.base == foot.fingerprint && of.start == start && start > 0).then_some((news, of, size))
        };
        Some(match news() {
            Some((news, foot, size)) => Opened {
                file,
                news: Some(news),
                start,
                size,
                foot,
            },
            None => Opened {
                size: file.size(),
                file,
                news: None,
                start,
                foot,
            },
        })
    }

    /// Bytes of both.
    pub fn size(&self) -> u64 {
        self.size
    }

    fn on_disk(&self) -> OnDisk {
        OnDisk {
            fingerprint: self.foot.fingerprint,
            base: self.foot.base,
            start: self.start,
        }
    }

    /// Fill `into` with the bytes from `offset` on; an error when there are fewer.
    pub fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let Some(news) = &self.news else {
            return self.file.read_at(offset, into);
        };
        let of_file = self.start.saturating_sub(offset).min(into.len() as u64);
        let (of_file, of_news) = into.split_at_mut(of_file as usize);
        if !of_file.is_empty() {
            self.file.read_at(offset, of_file)?;
        }
        match of_news.is_empty() {
            true => Ok(()),
            false => news.read_at(offset.max(self.start) - self.start, of_news),
        }
    }

    /// The bytes of the tables; [`Foot::tables`] takes them apart.
    pub fn tables(&self) -> Option<Vec<u8>> {
        let len = self.foot.tables_len()?;
        let mut tables = vec![0; len];
        let at = self.size.checked_sub(FOOT as u64)?.checked_sub(len as u64)?;
        self.read_at(at, &mut tables).ok()?;
        Some(tables)
    }

    /// All bytes, on all threads: for a large project most of the time goes into getting the memory for them.
    fn bytes(&self) -> Option<Vec<u8>> {
        const PIECE: usize = 1 << 20;
        let mut bytes = vec![0; usize::try_from(self.size).ok()?];
        let pieces = bytes.par_chunks_mut(PIECE).enumerate();
        pieces
            .try_for_each(|(i, piece)| self.read_at((i * PIECE) as u64, piece))
            .ok()?;
        Some(bytes)
    }
}

/// Read the memo, on the threads of the pool that this is called in. `None`: there is none that can be used.
pub(crate) fn load(system: &Arc<dyn System>, root: &Path, place: &Place) -> Option<(Memo, OnDisk)> {
    let opened = Opened::open(&**system, place)?;
    let file = Arc::new(opened.bytes()?);
    let bytes = file.as_slice();
    let end = bytes.len().checked_sub(FOOT)?;
    let foot = &opened.foot;
    let tables_at = end.checked_sub(foot.tables_len()?)?;
    let tables = foot.tables(bytes.get(tables_at..end)?)?;
    let rows_at = end - tables.entries.len();
    let rows: Vec<PathRow<'_>> = postcard::from_bytes(tables.paths).ok()?;
    let live = rows.iter().filter(|r| r.stamp.is_some()).count();
    // Numbers of files that are long gone are given up with the file.
    if rows.len() > 2 * live + 1000 {
        return None;
    }
    let mut paths = Paths::default();
    rows.iter().for_each(|row| {
        paths.add(&SmolStr::new(row.path));
    });
    if paths.len() != rows.len() {
        return None;
    }
    let paths = Arc::new(paths);
    let loader = loader(system, root, &paths, tables.lines, &rows);
    let cached = |row: &PathRow<'_>| {
        row.stamp.map(|stamp| CachedFile {
            stamp: Some(stamp),
            hash: row.hash,
            source: Arc::new(SourceFile::lazy(row.path, loader.clone())),
            problem: None,
        })
    };
    let files: Vec<_> = rows.par_iter().with_min_len(64).map(cached).collect();
    let models: Vec<_> = (0..foot.entries)
        .into_par_iter()
        .with_min_len(16)
        .filter_map(|i| {
            let row = Row {
                bytes: tables.entries.get(i * ROW..(i + 1) * ROW)?,
                at: Some((rows_at + i * ROW, foot.base)),
            };
            entry(&file, 0, row)
        })
        .collect();
    let whole = postcard::take_from_bytes::<Option<Whole>>(tables.whole).ok()?.0;
    let memo = Memo {
        paths,
        files,
        entries: Arc::new(models.into_iter().collect()),
        contracts: Default::default(),
        lock: None,
        whole: whole.map(Arc::new),
    };
    Some((memo, opened.on_disk()))
}

/// What gives the texts of files and the lengths of their lines. `rows` are all of the table.
pub(crate) fn loader(
    system: &Arc<dyn System>,
    root: &Path,
    paths: &Arc<Paths>,
    lines: &[u8],
    rows: &[PathRow<'_>],
) -> Loader {
    Arc::new(Unread {
        system: system.clone(),
        root: root.to_path_buf(),
        paths: paths.clone(),
        lines: lines.into(),
        lengths: rows.iter().map(|row| row.lines).collect(),
        starts: OnceLock::new(),
    })
}

fn build() -> u128 {
    xxh3_128(crate::BUILD.as_bytes())
}

/// Files that were not read in this process: a text comes from the disk when a finding in it is shown.
struct Unread {
    system: Arc<dyn System>,
    root: PathBuf,
    paths: Arc<Paths>,
    /// The table of lines, and how much of it is of each path.
    lines: Box<[u8]>,
    lengths: Box<[u32]>,
    starts: OnceLock<Vec<u32>>,
}

impl Texts for Unread {
    fn text(&self, path: &str) -> Arc<str> {
        let text = self
            .system
            .read(&self.root.join(path))
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.unwrap_or_default();
        Arc::from(text.strip_prefix('\u{feff}').unwrap_or(&text))
    }

    fn line_lengths(&self, path: &str) -> Option<Vec<u32>> {
        let number = self.paths.get(path)?.0 as usize;
        let starts = self.starts.get_or_init(|| {
            let start = |at: &mut u32, len: &u32| Some(std::mem::replace(at, at.saturating_add(*len)));
            self.lengths.iter().scan(0, start).collect()
        });
        let (start, len) = (*starts.get(number)? as usize, *self.lengths.get(number)? as usize);
        postcard::from_bytes(self.lines.get(start..start + len).filter(|l| !l.is_empty())?).ok()
    }
}

/// What a row of the table of entries says.
pub(crate) struct RowHead {
    pub start: u64,
    pub len: usize,
    /// The numbers of its files: the query, the sidecar, the contract; [`NO_FILE`] where there is none.
    pub files: [u32; 3],
    lens: [usize; PARTS],
    checksum: u64,
}

/// Stands for no file.
const NO_FILE: u32 = u32::MAX;

impl RowHead {
    pub fn read(row: &[u8]) -> Option<RowHead> {
        let mut at = 0;
        let start = u64_at(row, &mut at)?;
        let mut lens = [0usize; PARTS];
        for len in &mut lens {
            *len = u32_at(row, &mut at)? as usize;
        }
        let checksum = u64_at(row, &mut at)?;
        let mut files = [NO_FILE; 3];
        for file in &mut files {
            *file = u32_at(row, &mut at)?;
        }
        Some(RowHead {
            start,
            len: lens.iter().sum(),
            files,
            lens,
            checksum,
        })
    }

    /// Where it ends in the file.
    pub fn end(&self) -> Option<u64> {
        self.start.checked_add(self.len as u64)
    }
}

/// A row of the table of entries.
pub(crate) struct Row<'a> {
    pub bytes: &'a [u8],
    /// Where it lies in the bytes of all, and the file that these are of; `None` when they are not all in memory.
    pub at: Option<(usize, u128)>,
}

/// One entry. `file` holds the bytes of the file from `from` on.
pub(crate) fn entry(file: &Arc<Vec<u8>>, from: u64, row: Row<'_>) -> Option<(FileId, Arc<Entry>)> {
    let head = RowHead::read(row.bytes)?;
    let start = usize::try_from(head.start.checked_sub(from)?).ok()?;
    let total = head.len;
    let whole = file.get(start..start.checked_add(total)?)?;
    if xxh3_64(whole) != head.checksum {
        return None;
    }
    let mut offset = start;
    let mut part = |i: usize| {
        let len = *head.lens.get(i)?;
        let packed = Packed::new(file, offset, len);
        offset += len;
        packed
    };
    let (loaded, unit, checked, analysed) = (part(0)?, part(1)?, part(2)?, part(3)?);
    let (body, columns, analysis) = (part(4)?, part(5)?, part(6)?);
    let loaded: LoadedModel = postcard::from_bytes(loaded.bytes()).ok()?;
    let checked: Checked = postcard::from_bytes(checked.bytes()).ok()?;
    let entry = Entry {
        unit: Arc::new(Unit::unpack(unit.bytes(), body)?),
        analysed: Arc::new(Analysed::unpack(analysed.bytes(), columns, analysis)?),
        checked: Arc::new(checked),
        loaded: Arc::new(loaded),
        written: row.at.and_then(|(row, base)| {
            Some(Written {
                bytes: Packed::new(file, start, total)?,
                row,
                base,
            })
        }),
    };
    Some((entry.loaded.file, Arc::new(entry)))
}

impl Written {
    /// Its row in the table of entries: where it lies, then the rest.
    fn row(&self) -> Option<(u64, &[u8])> {
        let row = self.bytes.beside(self.row, ROW)?;
        let (at, rest) = row.split_first_chunk()?;
        Some((u64::from_le_bytes(*at), rest))
    }

    /// Where it lies in the entries of this very file.
    fn within(&self, file: OnDisk) -> Option<u64> {
        let (at, _) = self.row()?;
        let end = at.checked_add(self.bytes.bytes().len() as u64)?;
        (self.base == file.base && end <= file.start).then_some(at)
    }
}

/// Write the memo, unless it is the one that is there. Gives what is on the disk now.
pub(crate) fn save(
    system: &dyn System,
    place: &Place,
    memo: &Memo,
    graph: &Graph,
    known: Option<OnDisk>,
) -> Option<OnDisk> {
    let mut entries: Vec<&Arc<Entry>> = memo
        .entries
        .values()
        .filter(|e| !e.loaded.holds_values() && !e.unit.holds_values() && !e.loaded.no_query)
        .collect();
    entries.sort_unstable_by_key(|e| e.loaded.file);
    let mut by_number: Vec<(&SmolStr, FileId)> = memo.paths.iter().collect();
    by_number.sort_unstable_by_key(|(_, id)| *id);
    let mut hasher = Hasher128::new();
    for entry in &entries {
        hasher
            .u128(entry.loaded.hash())
            .u128(entry.unit.key())
            .u128(entry.unit.hash())
            .u128(entry.analysed.key())
            .u128(entry.checked.key);
    }
    // As a list of rows is encoded: their number, then one after the other.
    let mut table: Vec<u8> = postcard::to_stdvec(&by_number.len()).ok()?;
    table.reserve_exact(by_number.iter().map(|(path, _)| path.len() + 56).sum());
    let mut lines: Vec<u8> = Vec::with_capacity(by_number.len() * 16);
    for (path, id) in by_number {
        let file = memo.file(id).filter(|f| f.problem.is_none());
        let before = lines.len();
        if let Some(lengths) = file.and_then(|f| f.source.line_lengths()) {
            lines = postcard::to_extend(&lengths, lines).ok()?;
        }
        let row = PathRow {
            path: path.as_str(),
            stamp: file.and_then(|f| f.stamp),
            hash: file.map_or(0, |f| f.hash),
            lines: u32::try_from(lines.len() - before).ok()?,
        };
        table = postcard::to_extend(&row, table).ok()?;
    }
    // Beside a project of which an entry is missing nothing can be said of the whole.
    let whole = memo
        .whole
        .as_deref()
        .filter(|_| entries.len() == memo.entries.len());
    let mut whole: Vec<u8> = postcard::to_stdvec(&whole).ok()?;
    let fingerprint = hasher.bytes(&table).bytes(&whole).finish();
    if known.is_some_and(|known| known.fingerprint == fingerprint) {
        return known;
    }
    let base = known.filter(|file| {
        let within = |entry: &&Arc<Entry>| {
            let written = entry.written.as_ref().filter(|w| w.within(*file).is_some())?;
            Some(written.bytes.bytes().len() as u64)
        };
        let (n_kept, used) = entries
            .iter()
            .filter_map(within)
            .fold((0, 0), |(n, used), len| (n + 1, used + len));
        // Nor is it kept when most of it is of no use any more.
        (entries.len() - n_kept) * NEWS_SHARE <= n_kept && used >= file.start / 2
    });
    let paths_len = u32::try_from(table.len()).ok()?;
    let lines_len = u32::try_from(lines.len()).ok()?;
    table.append(&mut lines);
    whole = postcard::to_extend(graph, whole).ok()?;
    let whole_len = u32::try_from(whole.len()).ok()?;
    table.append(&mut whole);

    let n_entries = u32::try_from(entries.len()).ok()?;
    let table = std::cell::RefCell::new(table);
    let entries_len = std::cell::Cell::new(0);
    let write = |out: &mut dyn Write| -> io::Result<()> {
        let mut table = table.borrow_mut();
        table.truncate(paths_len as usize + lines_len as usize + whole_len as usize);
        table.reserve_exact(entries.len() * ROW);
        let mut start = base.map_or(0, |base| base.start);
        let mut buffer: Vec<u8> = Vec::new();
        for entry in &entries {
            if let Some(written) = &entry.written {
                let (_, row) = written.row().ok_or(io::ErrorKind::InvalidData)?;
                let there = base.and_then(|base| written.within(base));
                table.extend_from_slice(&there.unwrap_or(start).to_le_bytes());
                table.extend_from_slice(row);
                if there.is_none() {
                    let bytes = written.bytes.bytes();
                    start += bytes.len() as u64;
                    out.write_all(bytes)?;
                }
                continue;
            }
            table.extend_from_slice(&start.to_le_bytes());
            buffer.clear();
            pack(entry, &mut buffer, &mut table).ok_or(io::ErrorKind::InvalidData)?;
            table.extend_from_slice(&xxh3_64(&buffer).to_le_bytes());
            let reads = &entry.loaded.reads;
            let beside = [reads.sidecar, reads.contract].map(|file| file.map_or(NO_FILE, |(file, _)| file.0));
            for file in std::iter::once(entry.loaded.file.0).chain(beside) {
                table.extend_from_slice(&file.to_le_bytes());
            }
            start += buffer.len() as u64;
            out.write_all(&buffer)?;
        }
        entries_len.set(start);
        out.write_all(&table)?;
        let mut foot: Vec<u8> = Vec::with_capacity(FOOT);
        foot.extend_from_slice(&build().to_le_bytes());
        foot.extend_from_slice(&place.project.to_le_bytes());
        foot.extend_from_slice(&fingerprint.to_le_bytes());
        foot.extend_from_slice(&paths_len.to_le_bytes());
        foot.extend_from_slice(&lines_len.to_le_bytes());
        foot.extend_from_slice(&whole_len.to_le_bytes());
        foot.extend_from_slice(&n_entries.to_le_bytes());
        foot.extend_from_slice(&xxh3_128(&table).to_le_bytes());
        foot.extend_from_slice(&base.map_or(fingerprint, |base| base.base).to_le_bytes());
        foot.extend_from_slice(&base.map_or(0, |base| base.start).to_le_bytes());
        foot.extend_from_slice(MAGIC);
        out.write_all(&foot)
    };
    // A folder that cannot be written means that there is no cache: nothing depends on it.
    if let Some(base) = base {
        system.write_cache(&place.beside(NEWS), &write).ok()?;
        return Some(OnDisk { fingerprint, ..base });
    }
    system.write_cache(&place.file, &write).ok()?;
    // News of the file that was there: of no use, and absent for a reader already.
    let _ = system.remove(&place.beside(NEWS));
    if known.is_none() {
        sweep(system, place);
    }
    Some(OnDisk {
        fingerprint,
        base: fingerprint,
        start: entries_len.get(),
    })
}

/// Append an entry's parts to `buffer` and their lengths to `table`.
fn pack(entry: &Entry, buffer: &mut Vec<u8>, table: &mut Vec<u8>) -> Option<()> {
    let (unit, body) = entry.unit.pack()?;
    let [analysed, columns, analysis] = entry.analysed.pack()?;
    let loaded = postcard::to_stdvec(&*entry.loaded).ok()?;
    let checked = postcard::to_stdvec(&*entry.checked).ok()?;
    for part in [
        &*loaded, &*unit, &*checked, &*analysed, &*body, &*columns, &*analysis,
    ] {
        buffer.extend_from_slice(part);
        table.extend_from_slice(&u32::try_from(part.len()).ok()?.to_le_bytes());
    }
    Some(())
}

/// More than this is not kept.
const KEPT: usize = 4 << 20;

impl Place {
    /// Where something lies that was found out with what is in the cache file.
    fn beside(&self, what: &str) -> PathBuf {
        self.file.with_extension(what)
    }
}

/// What was put down beside the cache file when that had this fingerprint.
pub(crate) fn kept(system: &dyn System, place: &Place, what: &str, fingerprint: u128) -> Option<Vec<u8>> {
    let mut bytes = system.read(&place.beside(what)).ok()?;
    let mut at = 0;
    let (of, checksum) = (u128_at(&bytes, &mut at)?, u128_at(&bytes, &mut at)?);
    if of != fingerprint || xxh3_128(bytes.get(at..)?) != checksum {
        return None;
    }
    Some(bytes.split_off(at))
}

/// Put something down beside the cache file.
pub(crate) fn keep(system: &dyn System, place: &Place, what: &str, fingerprint: u128, bytes: &[u8]) {
    if bytes.len() > KEPT {
        return;
    }
    let write = |out: &mut dyn Write| {
        out.write_all(&fingerprint.to_le_bytes())?;
        out.write_all(&xxh3_128(bytes).to_le_bytes())?;
        out.write_all(bytes)
    };
    // Nothing depends on it.
    let _ = system.write_cache(&place.beside(what), &write);
}

/// Remove files of builds and options that nobody used for long.
fn sweep(system: &dyn System, place: &Place) {
    let Ok(entries) = system.list(&place.dir) else {
        return;
    };
    let now = system
        .now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    for entry in entries {
        let ours = entry
            .path
            .file_name()
            .and_then(|n| n.to_str())
            .is_some_and(|n| n.starts_with("compile-") || n.starts_with(".compile-"));
        let old = system
            .stamp(&entry.path)
            .is_ok_and(|stamp| stamp.modified_ns + (STALE.as_nanos() as i128) < now.as_nanos() as i128);
        if ours && old && !entry.is_dir && entry.path != place.file {
            // Somebody else may have removed it.
            let _ = system.remove(&entry.path);
        }
    }
}
