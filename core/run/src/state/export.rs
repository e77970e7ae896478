//! The state as one JSON document, written and read row by row: its size does not matter.
//!
//! ```json
//! {"format":"rocky-state","schema_version":101,
//! "watermarks":[
//! {"table":"poc.marts.orders","last_value":"2026-01-02 03:04:05","updated_at":"2026-01-02T03:04:06Z"}
//! ], …}
//! ```
//! Invariant: what is exported and imported is the same state; what is cut short, of a newer version or not ours changes nothing.

use super::records::{
    GraphModel, ModelExecution, Note, Partition, QualitySnapshot, RowCount, RunRecord, Watermark,
};
use super::rows::{Row, TakenIn, each_row, merge, put};
use super::tables::each_table;
use super::{LOCAL_KIND, OLDEST_VERSION, SCHEMA_VERSION, StateReader, StateStore, copy, state_error, tables};
use rocky_base::{Error, ErrorKind, Result, SmolStr};
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::marker::PhantomData;
use std::path::Path;

const FORMAT: &str = "rocky-state";

/// What happens to what is here.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Import {
    /// The store must hold nothing.
    IntoEmpty,
    /// It is forgotten.
    Replace,
    /// The later of two stays ([`StateStore::merge_from`]).
    Merge,
}

#[derive(Serialize, Deserialize)]
struct WatermarkRow<'a> {
    table: Cow<'a, str>,
    #[serde(flatten)]
    value: Cow<'a, Watermark>,
}

#[derive(Serialize, Deserialize)]
struct PartitionRow<'a> {
    model_name: SmolStr,
    partition_key: SmolStr,
    #[serde(flatten)]
    value: Cow<'a, Partition>,
}

#[derive(Serialize, Deserialize)]
struct CountsRow<'a> {
    table: Cow<'a, str>,
    counts: Cow<'a, [RowCount]>,
}

#[derive(Serialize, Deserialize)]
struct QualityRow<'a> {
    model_name: SmolStr,
    run_id: Cow<'a, str>,
    #[serde(flatten)]
    value: Cow<'a, QualitySnapshot>,
}

#[derive(Serialize, Deserialize)]
struct RunRow<'a> {
    #[serde(flatten)]
    value: Cow<'a, RunRecord>,
    models_executed: Vec<ModelRow<'a>>,
}

#[derive(Serialize, Deserialize)]
struct ModelRow<'a> {
    model_name: SmolStr,
    #[serde(flatten)]
    value: Cow<'a, ModelExecution>,
}

#[derive(Serialize, Deserialize)]
struct GraphModelRow<'a> {
    name: SmolStr,
    #[serde(flatten)]
    value: Cow<'a, GraphModel>,
}

#[derive(Serialize, Deserialize)]
struct NoteRow<'a> {
    kind: Cow<'a, str>,
    key: Cow<'a, str>,
    #[serde(flatten)]
    value: Cow<'a, Note>,
}

impl StateReader {
    /// Write everything as JSON: one committed moment. Returns the number of rows.
    pub fn export(&self, out: &mut dyn Write) -> Result<u64> {
        let mut sheet = Sheet {
            path: self.path(),
            out,
            table: "",
            rows: 0,
        };
        sheet.write(format_args!(
            "{{\"format\":\"{FORMAT}\",\"schema_version\":{SCHEMA_VERSION}"
        ))?;
        self.read(|transaction| each_row(self.path(), transaction, |row| sheet.row(&row)))?;
        sheet.end()
    }
}

impl StateReader {
    /// [`StateReader::export`] into a file, which is replaced: what has the name is whole. A pipe or a device is written as it is.
    pub fn export_to(&self, file: &Path) -> Result<u64> {
        if is_same_file(self.path(), file) {
            return Err(
                Error::usage(format!("{} is the state store itself", file.display()))
                    .hint("name another file: an export replaces what has its name"),
            );
        }
        let failed = |error: std::io::Error| {
            Error::new(ErrorKind::Io, format!("{}: {error}", file.display())).because(error)
        };
        let there = std::fs::metadata(file).ok();
        if there.as_ref().is_some_and(|m| !m.is_file() && !m.is_dir()) {
            let out = File::options().write(true).open(file).map_err(failed)?;
            return self.export(&mut BufWriter::with_capacity(1 << 16, out));
        }
        // A link stays one.
        let place = there.and_then(|_| std::fs::canonicalize(file).ok());
        let place = place.as_deref().unwrap_or(file);
        let mut aside = place.as_os_str().to_owned();
        aside.push(format!(".{}.tmp", std::process::id()));
        let aside = Path::new(&aside);
        let write = || {
            let mut out = BufWriter::with_capacity(1 << 16, File::create(aside).map_err(failed)?);
            let rows = self.export(&mut out)?;
            out.get_ref().sync_all().map_err(failed)?;
            std::fs::rename(aside, place).map_err(failed)?;
            Ok(rows)
        };
        let result = write();
        if result.is_err() {
            let _ = std::fs::remove_file(aside);
        }
        result
    }
}

/// Two names of one file: through links too.
fn is_same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    if let (Ok(one), Ok(other)) = (std::fs::metadata(one), std::fs::metadata(other)) {
        use std::os::unix::fs::MetadataExt;
        return (one.dev(), one.ino()) == (other.dev(), other.ino());
    }
    match (std::fs::canonicalize(one), std::fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

struct Sheet<'a> {
    path: &'a Path,
    out: &'a mut dyn Write,
    table: &'static str,
    rows: u64,
}

impl Sheet<'_> {
    fn write(&mut self, text: std::fmt::Arguments<'_>) -> Result<()> {
        self.out.write_fmt(text).map_err(unwritten)
    }

    fn row(&mut self, row: &Row) -> Result<()> {
        match row {
            Row::Watermark(row) => self.put(
                "watermarks",
                &WatermarkRow {
                    table: Cow::Borrowed(&row.target),
                    value: Cow::Borrowed(row),
                },
            ),
            Row::Partition(row) => self.put(
                "partitions",
                &PartitionRow {
                    model_name: row.model_name.clone(),
                    partition_key: row.partition_key.clone(),
                    value: Cow::Borrowed(row),
                },
            ),
            Row::Counts(table, counts) => self.put(
                "check_history",
                &CountsRow {
                    table: Cow::Borrowed(table),
                    counts: Cow::Borrowed(counts),
                },
            ),
            Row::Quality(row) => self.put(
                "quality_history",
                &QualityRow {
                    model_name: row.model_name.clone(),
                    run_id: Cow::Borrowed(&row.run_id),
                    value: Cow::Borrowed(row),
                },
            ),
            Row::Run(run) => self.put(
                "run_history",
                &RunRow {
                    value: Cow::Borrowed(run),
                    models_executed: run
                        .models
                        .iter()
                        .map(|m| ModelRow {
                            model_name: m.model_name.clone(),
                            value: Cow::Borrowed(m),
                        })
                        .collect(),
                },
            ),
            Row::Graph(row) => self.put("dag_snapshots", row),
            Row::GraphModel(row) => self.put(
                "dag_models",
                &GraphModelRow {
                    name: row.name.clone(),
                    value: Cow::Borrowed(row),
                },
            ),
            Row::Note(row) => self.put(
                "notes",
                &NoteRow {
                    kind: Cow::Borrowed(&row.kind),
                    key: Cow::Borrowed(&row.key),
                    value: Cow::Borrowed(row),
                },
            ),
        }
    }

    fn put<T: Serialize>(&mut self, table: &'static str, row: &T) -> Result<()> {
        if self.table == table {
            self.write(format_args!(",\n"))?;
        } else {
            let close = if self.table.is_empty() { "" } else { "\n]" };
            self.write(format_args!("{close},\n\"{table}\":[\n"))?;
            self.table = table;
        }
        self.rows += 1;
        serde_json::to_writer(&mut *self.out, row).map_err(|e| match e.io_error_kind() {
            Some(_) => unwritten(e.into()),
            None => state_error(self.path, format!("a row of `{table}` is not JSON: {e}")),
        })
    }

    fn end(mut self) -> Result<u64> {
        let close = if self.table.is_empty() { "" } else { "\n]" };
        self.write(format_args!("{close}}}\n"))?;
        self.out.flush().map_err(unwritten)?;
        Ok(self.rows)
    }
}

/// Open a document for [`StateStore::import`].
pub fn open_export(file: &Path) -> Result<File> {
    File::open(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Error::new(ErrorKind::NotFound, format!("{} does not exist", file.display()))
                .hint("`rocky state export FILE` writes such a file")
        }
        _ => Error::new(ErrorKind::Io, format!("{}: {error}", file.display())).because(error),
    })
}

fn unwritten(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("the export cannot be written: {error}")).because(error)
}

impl StateStore {
    /// Take in a document of [`StateReader::export`], in one commit: all of it or, with an error, nothing. One of a newer schema version is
    /// refused, one of an older is taken. No run of this process may be under way.
    pub fn import(&self, from: impl Read, how: Import) -> Result<TakenIn> {
        let path = self.path();
        if how == Import::IntoEmpty && !self.reader().is_empty()? {
            return Err(state_error(path, "it is not empty, nothing was imported")
                .hint("give `--replace` (`over`: `replace`) to forget what is there, or `--merge` (`merge`) to keep the later of two"));
        }
        self.write(|transaction| {
            if how != Import::Merge {
                clear_all(path, transaction)?;
            }
            let failure = RefCell::new(None);
            let mut taken = TakenIn::default();
            let mut take = |row: Row| -> Result<()> {
                match (&row, how) {
                    // Of another machine.
                    (Row::Note(note), _) if note.kind.starts_with(LOCAL_KIND) => Ok(()),
                    (_, Import::Merge) => merge(path, transaction, row, &mut taken),
                    _ => put(path, transaction, row, &mut taken),
                }
            };
            let mut deserializer =
                serde_json::Deserializer::from_reader(std::io::BufReader::with_capacity(1 << 16, from));
            let document = Document {
                take: RefCell::new(&mut take),
                failure: &failure,
            };
            let read = deserializer
                .deserialize_map(document)
                .and_then(|()| deserializer.end());
            match (failure.into_inner(), read) {
                (Some(error), _) => Err(error),
                (None, Ok(())) => Ok(taken),
                (None, Err(error)) => Err(Error::new(
                    ErrorKind::State,
                    format!(
                        "the document is not a whole export of a state store: {error}; nothing was imported"
                    ),
                )
                .hint("export it again with `rocky state export`")),
            }
        })
    }
}

impl StateReader {
    /// Nothing is remembered (but of this machine).
    pub fn is_empty(&self) -> Result<bool> {
        let found = RefCell::new(false);
        let stop = || Error::new(ErrorKind::State, "stop");
        let looked = self.read(|transaction| {
            each_row(self.path(), transaction, |_| {
                found.replace(true);
                Err(stop())
            })
        });
        match (found.into_inner(), looked) {
            (true, _) => Ok(false),
            (false, looked) => looked.map(|()| true),
        }
    }
}

fn clear_all(path: &Path, transaction: &redb::WriteTransaction) -> Result<()> {
    use tables::clear;
    let local = copy::local_notes(path, transaction)?;
    each_table!(clear(path, transaction));
    copy::put_local_notes(path, transaction, &local)
}

/// The document as it is read: the rows go to `take` one by one.
struct Document<'a, 'f> {
    take: RefCell<&'a mut dyn FnMut(Row) -> Result<()>>,
    failure: &'f RefCell<Option<Error>>,
}

impl Document<'_, '_> {
    /// An error of ours on its way through serde, which only knows its own.
    fn fail<E: serde::de::Error>(&self, error: Error) -> E {
        let text = E::custom(&error.message);
        self.failure.replace(Some(error));
        text
    }

    fn version<E: serde::de::Error>(&self, version: u64) -> std::result::Result<(), E> {
        match u32::try_from(version) {
            Ok(OLDEST_VERSION..=SCHEMA_VERSION) => Ok(()),
            Ok(0..OLDEST_VERSION) => Err(self.fail(Error::new(
                ErrorKind::State,
                format!("the document is of schema version {version}, which no release exports"),
            ))),
            _ => Err(self.fail(
                Error::new(
                    ErrorKind::State,
                    format!(
                        "the document was written by a newer rocky (schema version {version}, this one knows {SCHEMA_VERSION}); \
                         nothing was imported"
                    ),
                )
                .hint("upgrade rocky"),
            )),
        }
    }
}

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an export of a state store")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        let (mut format, mut version) = (false, false);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "format" => {
                    format = map.next_value::<String>()? == FORMAT;
                    if !format {
                        return Err(A::Error::custom(format!("`format` is not `{FORMAT}`")));
                    }
                    continue;
                }
                "schema_version" => {
                    self.version(map.next_value()?)?;
                    version = true;
                    continue;
                }
                _ if !format || !version => {
                    return Err(A::Error::custom(
                        "it does not begin with `format` and `schema_version`",
                    ));
                }
                _ => {}
            }
            match key.as_str() {
                "watermarks" => self.rows(&mut map, |row: WatermarkRow<'static>| {
                    let mut value = row.value.into_owned();
                    value.target = row.table.into_owned();
                    Row::Watermark(value)
                })?,
                "partitions" => self.rows(&mut map, |row: PartitionRow<'static>| {
                    let mut value = row.value.into_owned();
                    (value.model_name, value.partition_key) = (row.model_name, row.partition_key);
                    Row::Partition(value)
                })?,
                "check_history" => self.rows(&mut map, |row: CountsRow<'static>| {
                    Row::Counts(row.table.into_owned(), row.counts.into_owned())
                })?,
                "quality_history" => self.rows(&mut map, |row: QualityRow<'static>| {
                    let mut value = row.value.into_owned();
                    (value.model_name, value.run_id) = (row.model_name, row.run_id.into_owned());
                    Row::Quality(value)
                })?,
                "run_history" => self.rows(&mut map, |row: RunRow<'static>| {
                    let mut run = row.value.into_owned();
                    run.models = row
                        .models_executed
                        .into_iter()
                        .map(|m| ModelExecution {
                            model_name: m.model_name,
                            ..m.value.into_owned()
                        })
                        .collect();
                    Row::Run(Box::new(run))
                })?,
                "dag_snapshots" => self.rows(&mut map, Row::Graph)?,
                "dag_models" => self.rows(&mut map, |row: GraphModelRow<'static>| {
                    let mut value = row.value.into_owned();
                    value.name = row.name;
                    Row::GraphModel(value)
                })?,
                "notes" => self.rows(&mut map, |row: NoteRow<'static>| {
                    let mut value = row.value.into_owned();
                    (value.kind, value.key) = (row.kind.into_owned(), row.key.into_owned());
                    Row::Note(value)
                })?,
                // A version that has more tables has another number.
                other => {
                    return Err(A::Error::custom(format!(
                        "`{}` is no table of a state store",
                        other.escape_debug()
                    )));
                }
            }
        }
        if !format || !version {
            return Err(A::Error::custom("it has no `format` and `schema_version`"));
        }
        Ok(())
    }
}

impl Document<'_, '_> {
    fn rows<'de, A: MapAccess<'de>, T: DeserializeOwned>(
        &self,
        map: &mut A,
        row: impl Fn(T) -> Row,
    ) -> std::result::Result<(), A::Error> {
        map.next_value_seed(Rows {
            document: self,
            row,
            of: PhantomData,
        })
    }
}

struct Rows<'r, 'a, 'f, T, F> {
    document: &'r Document<'a, 'f>,
    row: F,
    of: PhantomData<T>,
}

impl<'de, T: DeserializeOwned, F: Fn(T) -> Row> DeserializeSeed<'de> for Rows<'_, '_, '_, T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: DeserializeOwned, F: Fn(T) -> Row> Visitor<'de> for Rows<'_, '_, '_, T, F> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<(), A::Error> {
        while let Some(row) = list.next_element::<T>()? {
            let taken = (self.document.take.borrow_mut())((self.row)(row));
            taken.map_err(|error| self.document.fail(error))?;
        }
        Ok(())
    }
}
