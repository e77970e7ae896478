//! `rocky state`.

use super::Context;
use crate::args::{StateArgs, StateCommand};
use crate::output;
use crate::render::{count, table, time};
use rocky_core::remote::RemoteStateInfo;
use rocky_core::verbs::state::{
    ImportOver, StateAction, StateAnswer, StateAudit, StateChange, StateRequest, StateResponse, WirePartition,
};
use rocky_core::{NoObserver, Result};
use std::io::{self, Write};

/// The document's name, also for errors.
pub fn name(args: &StateArgs) -> &'static str {
    action(args).command()
}

fn action(args: &StateArgs) -> StateAction {
    match &args.action {
        None => StateAction::Show,
        Some(StateCommand::Check) => StateAction::Check,
        Some(StateCommand::Repair { .. }) => StateAction::Repair,
        Some(StateCommand::Delete { .. }) => StateAction::Delete,
        Some(StateCommand::Set { .. }) => StateAction::Set,
        Some(StateCommand::Export { .. }) => StateAction::Export,
        Some(StateCommand::Import { .. }) => StateAction::Import,
        Some(StateCommand::Sweep) => StateAction::Sweep,
    }
}

pub fn run(context: &Context<'_>, args: &StateArgs) -> Result<u8> {
    let project = context.open(&Default::default())?;
    if let Some(StateCommand::Export { file: None }) = &args.action {
        let mut out = Pipe {
            out: std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock()),
            closed: false,
        };
        return match project.export_state(&mut out) {
            Err(error) if !out.closed => Err(error),
            _ => Ok(output::OK),
        };
    }
    let mut request = StateRequest {
        action: action(args),
        model: args.model.clone(),
        ..StateRequest::default()
    };
    match &args.action {
        Some(StateCommand::Repair { yes }) => request.apply = *yes,
        Some(StateCommand::Delete { watermark, partition }) => {
            request.watermark.clone_from(watermark);
            of_partition(&mut request, partition.as_deref());
        }
        Some(StateCommand::Set { watermark, partition }) => {
            request.watermark = watermark.as_ref().and_then(|w| w.first().cloned());
            of_partition(&mut request, partition.as_deref());
            request.value = watermark
                .as_ref()
                .or(partition.as_ref())
                .and_then(|words| words.last().cloned());
        }
        Some(StateCommand::Export { file }) => request.path.clone_from(file),
        Some(StateCommand::Import { file, replace, merge }) => {
            request.path = Some(file.clone());
            request.over = match (replace, merge) {
                (true, _) => ImportOver::Replace,
                (_, true) => ImportOver::Merge,
                _ => ImportOver::Nothing,
            };
        }
        None | Some(StateCommand::Check | StateCommand::Sweep) => {}
    }
    let answer = project.state(&request, &mut NoObserver, context.cancel)?;
    let code = match &answer {
        StateAnswer::Audit(audit) if request.action == StateAction::Check && !audit.ok => output::FAILED,
        _ => output::OK,
    };
    context.out.document(&answer, || text(&request, &answer));
    Ok(code)
}

/// Model and key, and maybe more.
fn of_partition(request: &mut StateRequest, words: Option<&[String]>) {
    if let Some([model, key, ..]) = words {
        request.model = Some(model.clone());
        request.partition = Some(key.clone());
    }
}

/// Standard output; a reader that has seen enough is no error.
struct Pipe<W> {
    out: W,
    closed: bool,
}

impl<W> Pipe<W> {
    fn see<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        self.closed |= matches!(&result, Err(error) if error.kind() == io::ErrorKind::BrokenPipe);
        result
    }
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let result = self.out.write(data);
        self.see(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.out.flush();
        self.see(result)
    }
}

fn text(request: &StateRequest, answer: &StateAnswer) -> String {
    match answer {
        StateAnswer::Show(state) => show(request, state),
        StateAnswer::Audit(found) => audit(request, found),
        StateAnswer::Change(change) => changed(change),
        StateAnswer::Sweep(sweep) => format!(
            "Forgot {}, {}, {}, {}.\n",
            count(sweep.runs, "run"),
            count(sweep.models, "model"),
            count(sweep.measurements, "measurement"),
            count(sweep.graphs, "graph")
        ),
        StateAnswer::Transfer(transfer) if request.action == StateAction::Export => {
            format!("{} written to {}.\n", count(transfer.rows, "row"), transfer.path)
        }
        StateAnswer::Transfer(transfer) => format!(
            "{} taken in from {}, {} left as they are.\n",
            count(transfer.rows, "row"),
            transfer.path,
            transfer.kept
        ),
    }
}

fn show(request: &StateRequest, state: &StateResponse) -> String {
    if let (Some(model), Some(partitions)) = (&request.model, &state.model_partitions) {
        if partitions.is_empty() {
            return format!(
                "No partitions of {model} stored; `rocky state` lists the models that have some.\n"
            );
        }
        return table(
            &["PARTITION", "STATUS", "ROWS", "RUN", "SINCE", "REASON"],
            partitions.iter().map(|p| {
                vec![
                    p.partition_key.clone(),
                    p.status.clone(),
                    p.row_count.map(|r| r.to_string()).unwrap_or_default(),
                    p.run_id.clone(),
                    time(&p.computed_at),
                    p.error.clone().unwrap_or_default(),
                ]
            }),
        );
    }
    let mut text = if state.watermarks.is_empty() {
        "No watermarks stored.\n".to_owned()
    } else {
        table(
            &["TABLE", "LAST VALUE", "UPDATED"],
            state
                .watermarks
                .iter()
                .map(|w| vec![w.table.clone(), w.last_value.clone(), time(&w.updated_at)]),
        )
    };
    if !state.partitions.is_empty() {
        text.push('\n');
        text.push_str(&table(
            &["MODEL", "COMPUTED", "FAILED", "IN PROGRESS", "FIRST", "LAST"],
            state.partitions.iter().map(|p| {
                vec![
                    p.model.clone(),
                    p.computed.to_string(),
                    p.failed.to_string(),
                    p.in_progress.to_string(),
                    p.first.clone(),
                    p.last.clone(),
                ]
            }),
        ));
    }
    text.push_str(&state.remote.as_deref().map(remote_text).unwrap_or_default());
    text
}

fn audit(request: &StateRequest, audit: &StateAudit) -> String {
    let mut text = String::new();
    for finding in &audit.findings {
        text.push_str(&format!("{}: {}\n", finding.kind, finding.message));
        if request.action == StateAction::Repair {
            let done = if audit.applied { "done" } else { "would" };
            text.push_str(&format!("  {done}: {}\n", finding.repair));
        }
    }
    if let Some(why) = &audit.not_compared {
        text.push_str(&format!("not compared with the project: {why}\n"));
    }
    let rows: u64 = audit.tables.values().sum();
    let found = audit.findings.len() as u64;
    text.push_str(&match (found, audit.applied, request.action) {
        (0, _, _) => format!("{} checked, nothing wrong.\n", count(rows, "row")),
        (n, true, _) => format!("{} put right.\n", count(n, "finding")),
        (n, false, StateAction::Repair) => {
            format!("{}; `rocky state repair --yes` does it.\n", count(n, "finding"))
        }
        (n, false, _) => format!(
            "{}; `rocky state repair` says what can be done.\n",
            count(n, "finding")
        ),
    });
    text
}

fn changed(change: &StateChange) -> String {
    let none = || "nothing".to_owned();
    if let Some(watermark) = &change.watermark {
        let value = |w: &Option<rocky_core::verbs::state::Watermark>| {
            w.as_ref().map_or_else(none, |w| w.raw_value.clone())
        };
        return format!(
            "watermark of {}: {} → {}\n",
            watermark.table,
            value(&watermark.before),
            value(&watermark.after)
        );
    }
    let Some(partition) = &change.partition else {
        return String::new();
    };
    let status = |p: &Option<WirePartition>| p.as_ref().map_or_else(none, |p| p.status.clone());
    let of = partition.before.as_ref().or(partition.after.as_ref());
    format!(
        "partition {} of {}: {} → {}\n",
        of.map_or("", |p| p.partition_key.as_str()),
        of.map_or("", |p| p.model_name.as_str()),
        status(&partition.before),
        status(&partition.after)
    )
}

/// Where the state is shared, and how this machine's file stands to it.
fn remote_text(remote: &RemoteStateInfo) -> String {
    let synced = match (&remote.synced_at, remote.generation) {
        (Some(at), Some(generation)) => format!("same as here at {} (upload {generation})", time(at)),
        _ => "never synchronised with this file".to_owned(),
    };
    let mut text = format!("\nremote state: {}, {synced}\n", remote.location);
    if remote.unsynced {
        text.push_str("this file may hold more; the next run uploads it\n");
    }
    if let Some(error) = &remote.last_error {
        text.push_str(&format!("the last upload failed: {error}\n"));
    }
    text
}
