//! Dagster Pipes: what a run does, told to the orchestrator that started the process, message by message.
//!
//! The protocol is that of `dagster-pipes`: two variables of the environment hold, as base64 of zlib of JSON, the context and where
//! messages go; each message is a line of JSON. Of the context the checks are read that `dagster-rocky` has declared: each of them gets an
//! answer. Invariant: `opened` comes first, and `closed` last, whatever happens between: without an end of its own, the drop says
//! that the run ended unexpectedly. An asset is materialized once at most, because Dagster takes no second one in a step.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::read::ZlibDecoder;
use rocky_base::{Event, Observer, SmolStr, System};
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

/// The protocol's version.
const VERSION: &str = "0.1";
/// An environment's text cannot be longer than this.
const MAX_PARAMS: u64 = 16 << 20;

enum Channel {
    File(File),
    Stderr,
}

/// The channel of a run that Dagster started.
pub struct Pipes {
    channel: Channel,
    closed: bool,
    /// Dagster does not listen any more.
    broken: bool,
    /// Partitions that were computed, by model: Dagster takes one materialization of an asset in a step, and makes of it one for each
    /// partition that the step is about.
    partitions: HashMap<SmolStr, Vec<SmolStr>>,
    /// Checks that are declared and have no answer yet: the asset's key as it is sent, the check's name.
    owed: BTreeSet<(String, String)>,
    /// What became of an asset.
    made: HashMap<String, bool>,
}

impl Pipes {
    /// The channel that the environment names. `Ok(None)`: this process was not started by Dagster. `Err`: it was, and messages
    /// cannot be sent; why.
    pub fn open(system: &dyn System) -> Result<Option<Pipes>, String> {
        let set = |name: &str| system.env(name).filter(|v| !v.is_empty());
        let context = set("DAGSTER_PIPES_CONTEXT");
        let (Some(context), Some(messages)) = (context, set("DAGSTER_PIPES_MESSAGES")) else {
            return Ok(None);
        };
        let params = decode(&messages).ok_or("DAGSTER_PIPES_MESSAGES cannot be decoded")?;
        let text = |key: &str| params.get(key).and_then(Value::as_str);
        let channel = match (text("path"), text("stdio")) {
            (Some(path), _) => {
                let file = OpenOptions::new().append(true).create(true).open(path);
                Channel::File(file.map_err(|e| format!("{path}: {e}"))?)
            }
            (None, Some("stderr")) => Channel::Stderr,
            (None, Some(other)) => {
                return Err(format!(
                    "messages on {other} are not possible: the result is printed there"
                ));
            }
            (None, None) => {
                return Err("DAGSTER_PIPES_MESSAGES names neither a `path` nor `stdio`".to_owned());
            }
        };
        let mut pipes = Pipes {
            channel,
            closed: false,
            broken: false,
            partitions: HashMap::new(),
            owed: declared(system, &context),
            made: HashMap::new(),
        };
        pipes.send("opened", json!({ "extras": {} }));
        Ok(Some(pipes))
    }

    /// The last message. `failure`: why the run is not a success.
    pub fn close(mut self, failure: Option<&str>) {
        self.end(failure);
    }

    fn end(&mut self, failure: Option<&str>) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        for (asset_key, check_name) in std::mem::take(&mut self.owed) {
            let cause = match self.made.get(&asset_key) {
                Some(true) => "not_produced",
                Some(false) => "copy_failed",
                None => "not_reached",
            };
            let values = object(json!({ "rocky/not_evaluated_cause": cause, "status": "not_evaluated" }));
            self.send(
                "report_asset_check",
                json!({
                    "asset_key": asset_key,
                    "check_name": check_name,
                    "passed": false,
                    "severity": "WARN",
                    "metadata": metadata(values),
                }),
            );
        }
        let params = match failure {
            None => json!({}),
            Some(message) => {
                json!({ "exception": { "message": message, "stack": [], "name": "RockyRunFailed", "cause": null, "context": null } })
            }
        };
        self.send("closed", params);
    }

    /// A line. A channel that has gone away does not end a run.
    fn send(&mut self, method: &str, params: Value) {
        if self.broken {
            return;
        }
        let message = json!({ "__dagster_pipes_version": VERSION, "method": method, "params": params });
        let line = format!("{message}\n");
        // One write: other writers of the channel stand between lines.
        let written = match &mut self.channel {
            Channel::File(file) => file.write_all(line.as_bytes()).and_then(|()| file.flush()),
            Channel::Stderr => io::stderr().lock().write_all(line.as_bytes()),
        };
        self.broken = written.is_err();
    }

    fn log(&mut self, level: &str, message: &str) {
        self.send("log", json!({ "message": message, "level": level }));
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        self.end(Some("the run ended unexpectedly"));
    }
}

/// base64 of zlib of JSON; also base64 of JSON, and JSON, as clients of the 1.x releases wrote it.
fn decode(text: &str) -> Option<Map<String, Value>> {
    let object = |bytes: &[u8]| match serde_json::from_slice(bytes) {
        Ok(Value::Object(map)) => Some(map),
        _ => None,
    };
    let Ok(bytes) = BASE64_STANDARD.decode(text.trim()) else {
        return object(text.as_bytes());
    };
    let mut unpacked = Vec::new();
    match ZlibDecoder::new(bytes.as_slice())
        .take(MAX_PARAMS)
        .read_to_end(&mut unpacked)
    {
        Ok(_) => object(&unpacked),
        Err(_) => object(&bytes),
    }
}

/// The context: it stands in the variable's `data`, or in the file that its `path` names.
fn context(system: &dyn System, params: &str) -> Value {
    let mut params = decode(params).unwrap_or_default();
    match (params.remove("data"), params.get("path").and_then(Value::as_str)) {
        (Some(data), _) => data,
        (None, Some(path)) => system
            .read(Path::new(path))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default(),
        (None, None) => Value::Object(params),
    }
}

/// The partitions that Dagster's step is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AskedPartition {
    /// One.
    One(String),
    /// Several that follow each other, both ends included.
    Range {
        /// The first.
        from: String,
        /// The last.
        to: String,
    },
}

/// The partitions that the step is about which Dagster started this process for; none when it is about none, or this process was not
/// started by Dagster.
pub fn partition(system: &dyn System) -> Option<AskedPartition> {
    let set = |name: &str| system.env(name).filter(|v| !v.is_empty());
    let (params, _) = set("DAGSTER_PIPES_CONTEXT").zip(set("DAGSTER_PIPES_MESSAGES"))?;
    let context = context(system, &params);
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let range = context.get("partition_key_range");
    let end = |key: &str| text(range.and_then(|r| r.get(key)));
    match (end("start"), end("end")) {
        (Some(from), Some(to)) if from != to => Some(AskedPartition::Range { from, to }),
        (from, _) => text(context.get("partition_key"))
            .or(from)
            .map(AskedPartition::One),
    }
}

/// The checks that the context's `rocky_declared_checks` names, by asset.
fn declared(system: &dyn System, params: &str) -> BTreeSet<(String, String)> {
    let context = context(system, params);
    let extras = context.get("extras").and_then(|e| e.get("rocky_declared_checks"));
    let assets = extras.and_then(Value::as_object).into_iter().flatten();
    let names = |(asset, names): (&String, &Value)| -> Vec<(String, String)> {
        let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
        names.map(|n| (asset.clone(), n.to_owned())).collect()
    };
    assets.flat_map(names).collect()
}

/// `a/b/c`; a slash inside of a part is escaped.
fn asset_key(parts: &[SmolStr]) -> String {
    let escaped: Vec<String> = parts.iter().map(|p| p.replace('/', "\\/")).collect();
    escaped.join("/")
}

/// Dagster's names have letters, digits and underscores only.
fn check_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.chars().map(plain).collect()
}

/// Values as Dagster takes them: numbers, texts, lists; it finds the type itself.
fn metadata(values: Map<String, Value>) -> Value {
    let raw = values
        .into_iter()
        .filter(|(_, v)| !v.is_null())
        .map(|(k, v)| (k, json!({ "raw_value": v, "type": "__infer__" })));
    Value::Object(raw.collect())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

impl Observer for Pipes {
    fn event(&mut self, event: &Event) {
        match event {
            Event::RunStarted {
                run_id,
                pipeline,
                models,
            } => {
                self.log(
                    "INFO",
                    &format!("rocky run {run_id} of pipeline {pipeline}: {models} to make"),
                );
            }
            Event::PartitionFinished {
                model,
                partition,
                batched_with,
                rows,
                error,
                done,
                total,
                ..
            } => {
                let name = match batched_with.last() {
                    Some(last) => format!("{partition}..{last}"),
                    None => partition.to_string(),
                };
                match error {
                    Some(error) => {
                        self.log(
                            "ERROR",
                            &format!("rocky {model} partition {name} failed: {error}"),
                        );
                    }
                    None => {
                        let rows = rows.map(|n| format!(", rows: {n}")).unwrap_or_default();
                        self.log(
                            "INFO",
                            &format!("rocky {model} partition {name} ({done} of {total}){rows}"),
                        );
                        let all = self.partitions.entry(model.clone()).or_default();
                        all.push(partition.clone());
                        all.extend(batched_with.iter().cloned());
                    }
                }
            }
            Event::ModelFinished {
                model,
                target,
                asset_key: parts,
                strategy,
                sql_hash,
                watermark,
                rows,
                duration_ms,
                ..
            } => {
                let asset_key = asset_key(parts);
                let again = self.made.insert(asset_key.clone(), true) == Some(true);
                let mut partitions = self.partitions.remove(model).unwrap_or_default();
                partitions.sort_unstable();
                let partition_key = match partitions.as_slice() {
                    [] => None,
                    [only] => Some(only.to_string()),
                    [first, .., last] => Some(format!("{first}..{last}")),
                };
                let values = object(json!({
                    "strategy": strategy,
                    "partition_key": partition_key,
                    "partition_keys": (partitions.len() > 1).then_some(&partitions),
                    "duration_ms": duration_ms,
                    "rows_copied": rows,
                    "target_table_full_name": target,
                    "sql_hash": sql_hash,
                    "watermark": watermark,
                }));
                if again {
                    self.log("INFO", &format!("rocky {model} is written once more: {target}"));
                    return;
                }
                self.send(
                    "report_asset_materialization",
                    json!({ "asset_key": asset_key, "metadata": metadata(values), "data_version": null }),
                );
            }
            Event::ModelFailed {
                model,
                error,
                asset_key: parts,
                ..
            } => {
                self.made.insert(asset_key(parts), false);
                self.log("ERROR", &format!("rocky {model} failed: {error}"));
            }
            Event::ModelRetried {
                model,
                attempt,
                reason,
                error,
                wait_ms,
                ..
            } => {
                let text = format!(
                    "rocky {model}: attempt {attempt} failed, again in {wait_ms} ms ({reason}): {error}"
                );
                self.log("WARNING", &text);
            }
            Event::ModelSkipped { model, reason } => {
                self.log("WARNING", &format!("rocky {model} skipped: {reason}"));
            }
            Event::CheckFinished {
                asset_key: parts,
                check,
                passed,
                severity,
                details,
                ..
            } => {
                let mut values: Map<String, Value> =
                    details.iter().map(|(k, v)| (k.to_string(), v.clone())).collect();
                values.insert("name".to_owned(), json!(check));
                values.insert("passed".to_owned(), json!(passed));
                let severity = if severity == "warning" { "WARN" } else { "ERROR" };
                let told = (asset_key(parts), check_name(check));
                self.owed.remove(&told);
                self.send(
                    "report_asset_check",
                    json!({
                        "asset_key": told.0,
                        "check_name": told.1,
                        "passed": passed,
                        "severity": severity,
                        "metadata": metadata(values),
                    }),
                );
            }
            Event::DriftDetected {
                table,
                action,
                reason,
                ..
            } => {
                self.log("WARNING", &format!("rocky drift on {table}: {action} ({reason})"));
            }
            Event::AnomalyDetected { table, description } => {
                self.log("WARNING", &format!("rocky anomaly in {table}: {description}"));
            }
            Event::BudgetBreached {
                budget,
                limit,
                actual,
            } => {
                self.log("WARNING", &format!("rocky budget {budget}: {actual} of {limit}"));
            }
            Event::Log { level, message } => {
                let level = if level == "warning" { "WARNING" } else { "INFO" };
                self.log(level, message);
            }
            Event::RunFinished {
                run_id,
                status,
                duration_ms,
            } => {
                self.log(
                    "INFO",
                    &format!("rocky run {run_id}: {status} in {duration_ms} ms"),
                );
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::ZlibEncoder;
    use rocky_base::system::MemorySystem;

    fn packed(json: &str) -> String {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(json.as_bytes()).unwrap();
        BASE64_STANDARD.encode(encoder.finish().unwrap())
    }

    fn environment(messages: &str) -> MemorySystem {
        let system = MemorySystem::new();
        system.set_env("DAGSTER_PIPES_CONTEXT", packed("{}"));
        system.set_env("DAGSTER_PIPES_MESSAGES", messages);
        system
    }

    fn lines(path: &std::path::Path) -> Vec<Value> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    #[test]
    fn every_encoding_of_the_parameters_opens_the_channel() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("messages");
        let json = json!({ "path": path }).to_string();
        for messages in [packed(&json), BASE64_STANDARD.encode(&json), json.clone()] {
            Pipes::open(&environment(&messages)).unwrap().unwrap().close(None);
        }
        let methods: Vec<String> = lines(&path).iter().map(|l| l["method"].to_string()).collect();
        assert_eq!(methods.join(" "), [r#""opened" "closed""#; 3].join(" "));
        assert!(Pipes::open(&MemorySystem::new()).unwrap().is_none());
        for broken in [
            "%%%",
            &packed("[]"),
            &packed("{}"),
            &packed(r#"{"stdio": "stdout"}"#),
        ] {
            assert!(Pipes::open(&environment(broken)).is_err(), "{broken}");
        }
    }

    #[test]
    fn every_declared_check_gets_an_answer_wherever_the_context_stands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("messages");
        let extras = json!({ "extras": { "rocky_declared_checks": { "a/b": ["x", "y"], "a/c": ["x"] } } });
        let file = folder.path().join("context");
        for context in [json!({ "data": extras }), json!({ "path": file }), extras.clone()] {
            let _ = std::fs::remove_file(&path);
            let system = environment(&json!({ "path": path }).to_string());
            system.set_env("DAGSTER_PIPES_CONTEXT", packed(&context.to_string()));
            system.write(&file, extras.to_string());
            let mut pipes = Pipes::open(&system).unwrap().unwrap();
            pipes.event(&Event::CheckFinished {
                table: "b".to_owned(),
                asset_key: vec!["a".into(), "b".into()],
                check: "x".into(),
                passed: true,
                severity: "error".into(),
                details: Default::default(),
            });
            pipes.close(None);
            let told: Vec<String> = lines(&path)
                .iter()
                .filter(|l| l["method"] == "report_asset_check")
                .map(|l| {
                    let p = &l["params"];
                    let cause = &p["metadata"]["rocky/not_evaluated_cause"]["raw_value"];
                    format!("{} {} {} {}", p["asset_key"], p["check_name"], p["passed"], cause)
                })
                .collect();
            assert_eq!(
                told,
                [
                    r#""a/b" "x" true null"#,
                    r#""a/b" "y" false "not_reached""#,
                    r#""a/c" "x" false "not_reached""#
                ]
            );
        }
    }

    #[test]
    fn the_partitions_of_the_step_are_read_from_the_context() {
        let asked = |context: Value| {
            let system = environment("{}");
            system.set_env("DAGSTER_PIPES_CONTEXT", packed(&context.to_string()));
            partition(&system)
        };
        let range = |from: &str, to: &str| json!({ "start": from, "end": to });
        let one = Some(AskedPartition::One("2026-04-01".to_owned()));
        let day = "2026-04-01";
        assert_eq!(
            asked(json!({ "data": { "partition_key": day, "partition_key_range": range(day, day) } })),
            one
        );
        assert_eq!(asked(json!({ "data": { "partition_key": day } })), one);
        let several = AskedPartition::Range {
            from: day.to_owned(),
            to: "2026-04-03".to_owned(),
        };
        assert_eq!(
            asked(json!({ "partition_key": null, "partition_key_range": range(day, "2026-04-03") })),
            Some(several)
        );
        assert_eq!(
            asked(json!({ "partition_key": null, "partition_key_range": null })),
            None
        );
        assert_eq!(partition(&MemorySystem::new()), None);
    }

    #[test]
    fn a_panic_closes_the_channel_with_an_exception() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("messages");
        let system = environment(&packed(&json!({ "path": path }).to_string()));
        let result = std::panic::catch_unwind(|| {
            let _pipes = Pipes::open(&system).unwrap().unwrap();
            panic!("on purpose");
        });
        assert!(result.is_err());
        let last = lines(&path).pop().unwrap();
        assert_eq!(last["method"], "closed");
        assert_eq!(
            last["params"]["exception"]["message"],
            "the run ended unexpectedly"
        );
    }

    #[test]
    fn slashes_in_a_key_are_not_its_separators() {
        assert_eq!(asset_key(&["a/b".into(), "c".into()]), "a\\/b/c");
    }
}
