//! Lineage as one self-contained page: `page/page.html`, `page.css` and `page.js` with the data of the project between them.
//!
//! The page asks for nothing from anywhere; its policy forbids it. Names reach it as JSON with `<` escaped, and it puts them on the
//! screen as text only. Numbers are packed as variable-length integers in base64, so that ten thousand models stay small.
//! The order of the stream is that of [`pack`]; `unpack` in `page.js` reads it.

use super::{LineageRequest, Scope, complete, influence_text, kind, transform_text};
use crate::verbs::compile::type_text;
use crate::wire::WireStrategy;
use rocky_base::{CancelToken, Result, SmolStr};
use rocky_project::{ColumnKey, Direction, Node, Snapshot};
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

const HTML: &str = include_str!("page/page.html");
const CSS: &str = include_str!("page/page.css");
const JS: &str = include_str!("page/page.js");

/// The page of the relations in scope.
pub(crate) fn render(
    snapshot: &Snapshot,
    request: &LineageRequest,
    scope: &Scope,
    cancel: &CancelToken,
) -> Result<String> {
    // `rocky.toml` without a path stands in the current folder.
    let config = std::path::absolute(snapshot.root.join("rocky.toml")).ok();
    let folder = config.as_deref().and_then(|c| c.parent()?.file_name());
    let folder = folder.map(|f| f.to_string_lossy().into_owned());
    let title = match scope {
        Scope::All => folder.unwrap_or_else(|| "project".to_owned()),
        Scope::Node(node) => snapshot.node_name(*node).to_string(),
        Scope::Column(node, _, column) => format!("{}.{column}", snapshot.node_name(*node)),
    };
    let data = data(snapshot, request, scope, &title, cancel)?.to_string();
    cancel.check()?;
    let data = script_safe(&data);
    let mut page = String::with_capacity(HTML.len() + CSS.len() + JS.len() + data.len() + title.len());
    // The template is cut at its marks and never searched again: no name can be taken for a mark.
    for part in HTML.split("<!--/") {
        match part.split_once("/-->") {
            None => page.push_str(part),
            Some((mark, rest)) => {
                match mark {
                    "title" => page.push_str(&html_escape(&title)),
                    "css" => page.push_str(CSS),
                    "js" => page.push_str(JS),
                    _ => page.push_str(&data),
                }
                page.push_str(rest);
            }
        }
    }
    Ok(page)
}

fn html_escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// JSON that cannot end the script element it stands in: `<` is only ever inside its strings.
fn script_safe(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// Texts, each once.
#[derive(Default)]
struct Texts {
    list: Vec<String>,
    numbers: FxHashMap<SmolStr, u32>,
}

impl Texts {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.list.len() as u32;
        self.numbers.insert(SmolStr::new(text), number);
        self.list.push(text.to_owned());
        number
    }
    /// One more than the number; 0 for nothing.
    fn maybe(&mut self, text: Option<&str>) -> u32 {
        text.map_or(0, |t| self.number(t) + 1)
    }
}

/// Integers of seven bits a byte, the last byte below 128.
#[derive(Default)]
struct Stream(Vec<u8>);

impl Stream {
    fn put(&mut self, mut number: u32) {
        while number >= 0x80 {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }
    /// The distance from the last one, small either way.
    fn near(&mut self, last: &mut u32, number: u32) {
        let distance = i64::from(number) - i64::from(*last);
        *last = number;
        self.put(((distance << 1) ^ (distance >> 63)) as u32);
    }
    fn base64(&self) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::with_capacity(self.0.len().div_ceil(3) * 4);
        for chunk in self.0.chunks(3) {
            let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for i in 0..4 {
                let digit = (bits >> (18 - 6 * i)) as usize & 63;
                match DIGITS.get(digit) {
                    Some(digit) if i <= chunk.len() => text.push(char::from(*digit)),
                    _ => text.push('='),
                }
            }
        }
        text
    }
}

/// The relations that the page shows, sources first: readers of the stream meet a relation before those that read it more often.
fn nodes(snapshot: &Snapshot, request: &LineageRequest, scope: &Scope) -> Vec<Node> {
    let mut nodes: Vec<Node> = match scope {
        Scope::All => {
            let sources = (0..snapshot.sources.len() as u32).map(Node::Source);
            sources
                .chain((0..snapshot.models.len() as u32).map(Node::Model))
                .collect()
        }
        Scope::Node(node) | Scope::Column(node, ..) => {
            let depth = request.depth.unwrap_or(u32::MAX);
            let mut found = vec![*node];
            let both = request.upstream == request.downstream;
            if request.upstream || both {
                found.extend(snapshot.neighbours(*node, Direction::Upstream, depth));
            }
            if request.downstream || both {
                found.extend(snapshot.neighbours(*node, Direction::Downstream, depth));
            }
            found
        }
    };
    nodes.sort_unstable_by_key(|n| match n {
        Node::Source(s) => (0, *s),
        Node::Model(m) => (1, *m),
    });
    nodes.dedup();
    nodes
}

/// Columns of the page: for each relation its known ones, then those that are read and not listed.
struct Columns {
    /// Place among the relations of the page.
    place: FxHashMap<Node, u32>,
    starts: Vec<u32>,
    extra: Vec<Vec<SmolStr>>,
    extra_numbers: FxHashMap<(u32, SmolStr), u32>,
}

impl Columns {
    fn new(snapshot: &Snapshot, nodes: &[Node], cancel: &CancelToken) -> Result<Columns> {
        let place: FxHashMap<Node, u32> = nodes.iter().enumerate().map(|(i, n)| (*n, i as u32)).collect();
        let mut extra: Vec<Vec<SmolStr>> = vec![Vec::new(); nodes.len()];
        let mut extra_numbers = FxHashMap::default();
        for (at, node) in nodes.iter().enumerate() {
            if at % 256 == 0 {
                cancel.check()?;
            }
            let Node::Model(model) = node else { continue };
            let Some(analysis) = snapshot.analysis_of(*model) else {
                continue;
            };
            let values = analysis.columns.iter().flat_map(|c| &c.sources);
            let values = values.map(|s| (s.relation, &s.column));
            for (relation, column) in
                values.chain(analysis.influences.iter().map(|i| (i.relation, &i.column)))
            {
                let Some(source) = snapshot.node_of(*model, relation) else {
                    continue;
                };
                let (Some(at), ColumnKey::Named(key)) =
                    (place.get(&source), snapshot.column_key(source, column))
                else {
                    continue;
                };
                if let Some(list) = extra.get_mut(*at as usize) {
                    extra_numbers.entry((*at, key)).or_insert_with(|| {
                        list.push(column.clone());
                        list.len() as u32 - 1
                    });
                }
            }
        }
        let mut starts = vec![0];
        let mut sum = 0;
        for (node, extra) in nodes.iter().zip(&extra) {
            sum += snapshot.n_columns(*node) + extra.len() as u32;
            starts.push(sum);
        }
        Ok(Columns {
            place,
            starts,
            extra,
            extra_numbers,
        })
    }

    /// The number of a column on the page.
    fn number(&self, snapshot: &Snapshot, node: Node, key: &ColumnKey) -> Option<u32> {
        let at = *self.place.get(&node)?;
        let index = match key {
            ColumnKey::Known(index) => *index,
            ColumnKey::Named(name) => {
                snapshot.n_columns(node) + self.extra_numbers.get(&(at, name.clone())).copied()?
            }
        };
        Some(self.starts.get(at as usize)? + index)
    }
}

fn data(
    snapshot: &Snapshot,
    request: &LineageRequest,
    scope: &Scope,
    title: &str,
    cancel: &CancelToken,
) -> Result<Value> {
    let nodes = nodes(snapshot, request, scope);
    let columns = Columns::new(snapshot, &nodes, cancel)?;
    let mut texts = Texts::default();
    let stream = pack(snapshot, &nodes, &columns, &mut texts, cancel)?;
    cancel.check()?;
    let start = match scope {
        Scope::All => Value::Null,
        Scope::Node(node) => json!([columns.place.get(node), Value::Null]),
        Scope::Column(node, key, _) => {
            json!([columns.place.get(node), columns.number(snapshot, *node, key)])
        }
    };
    Ok(json!({
        "format": 1,
        "title": title,
        "version": crate::VERSION,
        "dialect": snapshot.dialect.as_str(),
        "start": start,
        "nodes": nodes.len(),
        "columns": columns.starts.last(),
        "texts": texts.list,
        "stream": stream.base64(),
    }))
}

/// For each relation: name, kind, strategy, file, pipeline, schema, what it is for, layer, tags, doubt about its columns, number of
/// columns; for each column: name, type, doubt, whether listed. Then for each relation: the relations it reads; for each of its
/// columns the value edges; the influences on its rows.
fn pack(
    snapshot: &Snapshot,
    nodes: &[Node],
    columns: &Columns,
    texts: &mut Texts,
    cancel: &CancelToken,
) -> Result<Stream> {
    let mut stream = Stream::default();
    for (at, node) in nodes.iter().enumerate() {
        if at % 256 == 0 {
            cancel.check()?;
        }
        head(snapshot, *node, texts, &mut stream);
        let extra = columns.extra.get(at).map_or(&[][..], |e| e);
        let known = snapshot.n_columns(*node);
        stream.put(known + extra.len() as u32);
        for index in 0..known {
            let name = snapshot.column_name(*node, &ColumnKey::Known(index));
            stream.put(texts.number(&name));
            let ty = match node {
                Node::Model(m) => snapshot
                    .analysis_of(*m)
                    .and_then(|a| a.columns.get(index as usize))
                    .map(|c| &c.ty),
                Node::Source(s) => snapshot
                    .sources
                    .get(*s as usize)
                    .and_then(|s| s.columns()?.get(index as usize))
                    .map(|c| &c.ty),
            };
            let ty = ty.filter(|t| !t.is_unknown());
            stream.put(texts.maybe(ty.map(|t| type_text(t, snapshot.dialect)).as_deref()));
            let doubt = match node {
                Node::Model(m) => snapshot.column_doubt(*m, index).map(|d| d.to_string()),
                Node::Source(_) => None,
            };
            stream.put(texts.maybe(doubt.as_deref()));
            stream.put(1);
        }
        for name in extra {
            stream.put(texts.number(name));
            stream.put(0);
            stream.put(0);
            stream.put(0);
        }
    }
    let (mut last_node, mut last_column) = (0, 0);
    for (at, node) in nodes.iter().enumerate() {
        if at % 256 == 0 {
            cancel.check()?;
        }
        let Node::Model(model) = node else { continue };
        edges(
            snapshot,
            *model,
            columns,
            texts,
            &mut stream,
            (&mut last_node, &mut last_column),
        );
    }
    Ok(stream)
}

fn head(snapshot: &Snapshot, node: Node, texts: &mut Texts, stream: &mut Stream) {
    stream.put(texts.number(&snapshot.node_name(node)));
    stream.put(texts.number(kind(snapshot, node)));
    let model = match node {
        Node::Model(m) => snapshot.models.get(m as usize),
        Node::Source(_) => None,
    };
    let strategy = model.and_then(|m| {
        let value = serde_json::to_value(WireStrategy::of(&m.strategy.kind)).ok()?;
        Some(value.get("type")?.as_str()?.to_owned())
    });
    stream.put(texts.maybe(strategy.as_deref()));
    let file = model.and_then(|m| snapshot.files.get(m.file));
    stream.put(texts.maybe(file.map(|f| f.path.as_str())));
    stream.put(texts.maybe(model.and_then(|m| m.pipeline.as_deref())));
    let schema = match node {
        Node::Model(_) => model.map(|m| m.target_parts[1].clone()),
        Node::Source(s) => snapshot
            .sources
            .get(s as usize)
            .and_then(|s| s.name.schema.as_ref())
            .map(|s| s.text.clone()),
    };
    stream.put(texts.maybe(schema.as_deref().filter(|s| !s.is_empty())));
    let intent = model.and_then(|m| m.config.intent.as_ref());
    stream.put(texts.maybe(intent.map(|i| i.value.as_str())));
    // Sources stand left of everything: the page moves them to their first reader.
    let layer = match node {
        Node::Model(m) => snapshot.order.layer.get(m as usize).copied().unwrap_or(0) + 1,
        Node::Source(_) => 0,
    };
    stream.put(layer);
    let tags = model.map(|m| &m.config.tags);
    stream.put(tags.map_or(0, |t| t.len()) as u32);
    for (key, value) in tags.into_iter().flatten() {
        let tag = if value.is_empty() || value == "true" {
            key.to_string()
        } else {
            format!("{key}: {value}")
        };
        stream.put(texts.number(&tag));
    }
    let doubt = match node {
        Node::Model(m) => snapshot.columns_doubt(m).map(|d| d.to_string()),
        Node::Source(_) => (!complete(snapshot, node)).then(|| "its columns are not known".to_owned()),
    };
    stream.put(texts.maybe(doubt.as_deref()));
}

fn edges(
    snapshot: &Snapshot,
    model: u32,
    columns: &Columns,
    texts: &mut Texts,
    stream: &mut Stream,
    (last_node, last_column): (&mut u32, &mut u32),
) {
    let Some(owner) = snapshot.models.get(model as usize) else {
        return;
    };
    let line = |loc: rocky_base::Loc| {
        let file = snapshot.files.get(loc.file).filter(|_| loc.file == owner.file);
        file.map_or(0, |f| f.lines().line(loc.span.start) + 1)
    };
    // Declared dependencies are inputs too, though no column comes of them.
    let inputs = (0..owner.inputs.len() as u32).filter_map(|i| snapshot.node_of(model, i));
    let mut inputs: Vec<u32> = inputs
        .chain(owner.depends_on.iter().map(|m| Node::Model(*m)))
        .filter_map(|n| columns.place.get(&n).copied())
        .collect();
    inputs.sort_unstable();
    inputs.dedup();
    stream.put(inputs.len() as u32);
    for input in inputs {
        stream.near(last_node, input);
    }
    let analysis = snapshot.analysis_of(model);
    for column in analysis.map_or(&[][..], |a| &a.columns) {
        let found: Vec<_> = column
            .sources
            .iter()
            .filter_map(|s| {
                let node = snapshot.node_of(model, s.relation)?;
                let key = snapshot.column_key(node, &s.column);
                Some((columns.number(snapshot, node, &key)?, s))
            })
            .collect();
        stream.put(found.len() as u32);
        for (number, source) in found {
            stream.near(last_column, number);
            stream.put(texts.number(&transform_text(&source.transform)));
            stream.put(line(owner.unit.origin().locate(source.span)));
        }
    }
    let influences: Vec<_> = analysis
        .map_or(&[][..], |a| &a.influences)
        .iter()
        .filter_map(|i| {
            let node = snapshot.node_of(model, i.relation)?;
            let key = snapshot.column_key(node, &i.column);
            Some((columns.number(snapshot, node, &key)?, i))
        })
        .collect();
    stream.put(influences.len() as u32);
    for (number, influence) in influences {
        stream.near(last_column, number);
        stream.put(texts.number(influence_text(influence.kind)));
        stream.put(line(owner.unit.origin().locate(influence.span)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg=="),
            (b"\xff\xfe\xfd", "//79"),
        ] {
            assert_eq!(Stream(bytes.to_vec()).base64(), text);
        }
    }

    #[test]
    fn nothing_in_the_data_can_end_its_element() {
        let json = json!({ "name": "</script><!--<script>" }).to_string();
        let safe = script_safe(&json);
        assert!(!safe.contains('<'));
        let back: Value = serde_json::from_str(&safe).unwrap_or_default();
        assert_eq!(back["name"], "</script><!--<script>");
    }

    #[test]
    fn the_template_has_each_mark_once() {
        for mark in ["<!--/title/-->", "<!--/css/-->", "<!--/data/-->", "<!--/js/-->"] {
            assert_eq!(HTML.matches(mark).count(), 1, "{mark}");
        }
        // They stand inside elements that end at these words.
        assert!(!CSS.contains("</") && !JS.contains("</script") && !JS.contains("<!--"));
    }
}
