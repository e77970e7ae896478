//! Lineage as text for people: the table of a model's columns, the tree of a column's trace.
//!
//! Control characters in names are shown as escapes, so that no name can speak to a terminal.

use super::{ColumnLineage, ColumnRef, LineageEdge, LineageResponse, ModelLineage, ProjectLineage};
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;

/// With colour for a terminal, or without.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Paint {
    /// Text alone.
    Plain,
    /// ANSI colours.
    Colour,
}

impl Paint {
    fn put(self, code: &str, text: &str) -> String {
        let shown = escape(text);
        match self {
            Paint::Plain => shown,
            Paint::Colour => format!("\x1b[{code}m{shown}\x1b[0m"),
        }
    }
    fn bold(self, text: &str) -> String {
        self.put("1", text)
    }
    fn dim(self, text: &str) -> String {
        self.put("2", text)
    }
    fn doubt(self, text: &str) -> String {
        self.put("33", text)
    }
}

fn escape(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    text.chars()
        .flat_map(|c| {
            let (raw, escaped) = if c.is_control() {
                (None, Some(c.escape_default()))
            } else {
                (Some(c), None)
            };
            raw.into_iter().chain(escaped.into_iter().flatten())
        })
        .collect()
}

/// The text of a document.
pub fn render(response: &LineageResponse, paint: Paint) -> String {
    match response {
        LineageResponse::Column(column) => of_column(column, paint),
        LineageResponse::Model(model) => of_model(model, paint),
        LineageResponse::Project(project) => of_project(project, paint),
        LineageResponse::Rendered(rendered) => rendered.rendered.clone(),
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        escape(&names.join(", "))
    }
}

fn of_model(model: &ModelLineage, paint: Paint) -> String {
    let mut text = format!(
        "Model: {}\nUpstream: {}\nDownstream: {}\n\n",
        paint.bold(&model.model),
        list(&model.upstream),
        list(&model.downstream)
    );
    let chars = |t: &str| escape(t).chars().count();
    let width = model.columns.iter().map(|c| chars(&c.name)).max().unwrap_or(0);
    let types = model.columns.iter().filter_map(|c| c.data_type.as_deref());
    let type_width = types.map(chars).max().unwrap_or(0).clamp(16, 28);
    let mut sources: BTreeMap<&str, Vec<&LineageEdge>> = BTreeMap::new();
    for edge in model.edges.iter().filter(|e| e.target.model == model.model) {
        sources.entry(&edge.target.column).or_default().push(edge);
    }
    for column in &model.columns {
        let name = format!("{:width$}", escape(&column.name));
        let ty = format!(
            "{:type_width$}",
            escape(column.data_type.as_deref().unwrap_or("?"))
        );
        let found = sources.get(column.name.as_str()).map_or(&[][..], |s| s);
        let mut lines: Vec<String> = found.iter().map(|e| source(e, paint)).collect();
        match &column.unproved_because {
            Some(because) if found.is_empty() => lines.push(format!("? {}", paint.doubt(because))),
            None if found.is_empty() => lines.push(paint.dim("no source column")),
            // The edges say their own doubts.
            Some(because) if found.iter().all(|e| e.proved) => {
                lines.push(format!("? {}", paint.doubt(because)));
            }
            _ => {}
        }
        let mut lines = lines.iter();
        let first = lines.next().map_or("", String::as_str);
        let _ = writeln!(text, "{}  {}  {first}", paint.bold(&name), paint.dim(&ty));
        for line in lines {
            let _ = writeln!(text, "{:width$}  {:type_width$}  {line}", "", "");
        }
    }
    if !model.columns_complete {
        let because = model.incomplete_because.as_deref().unwrap_or("not known");
        let _ = writeln!(text, "… and columns that are not known: {}", paint.doubt(because));
    }
    if !model.influences.is_empty() || model.rows_unproved_because.is_some() {
        text.push_str("\nRows decided by:\n");
        let mut seen = HashSet::new();
        for i in &model.influences {
            let of = if i.model == model.model {
                String::new()
            } else {
                format!(" of {}", escape(&i.model))
            };
            let line = format!(
                "  {}.{} ({}){of}\n",
                escape(&i.source.model),
                escape(&i.source.column),
                i.kind
            );
            if seen.insert(line.clone()) {
                text.push_str(&line);
            }
        }
        if let Some(because) = &model.rows_unproved_because {
            let _ = writeln!(text, "  ? {}", paint.doubt(because));
        }
    }
    text
}

fn source(edge: &LineageEdge, paint: Paint) -> String {
    let mut text = format!(
        "← {}.{} ({})",
        escape(&edge.source.model),
        escape(&edge.source.column),
        paint.dim(&edge.transform)
    );
    if edge.source.model == edge.target.model {
        text.push_str(&paint.dim(" its own target"));
    }
    if let Some(because) = &edge.unproved_because {
        let _ = write!(text, " ? {}", paint.doubt(because));
    }
    text
}

fn of_column(column: &ColumnLineage, paint: Paint) -> String {
    let root = ColumnRef {
        model: column.model.clone(),
        column: column.column.clone(),
    };
    let ways: &[&str] = match column.direction.as_str() {
        "both" => &["upstream", "downstream"],
        "downstream" => &["downstream"],
        _ => &["upstream"],
    };
    // With both ways the edges upstream come first: they are those from which the column is reached backwards.
    let mut text = String::new();
    for way in ways {
        let name = format!("{}.{}", column.model, column.column);
        let _ = writeln!(text, "{} ({way})", paint.bold(&name));
        tree(column, &root, *way == "upstream", paint, &mut text);
    }
    // The edges say their own doubts.
    let said: HashSet<&String> = column
        .trace
        .iter()
        .filter_map(|e| e.unproved_because.as_ref())
        .collect();
    for because in column.unproved_because.iter().filter(|b| !said.contains(b)) {
        let _ = writeln!(text, "? {}", paint.doubt(because));
    }
    if column.truncated {
        text.push_str("… and more beyond this depth\n");
    }
    if !column.influences.is_empty() {
        let upstream_only = column.direction == "upstream";
        text.push_str(if upstream_only {
            "\nRows decided by:\n"
        } else {
            "\nDecides about rows, or rows are decided by:\n"
        });
        let mut seen = HashSet::new();
        for i in &column.influences {
            let of = if upstream_only && i.model == column.model {
                String::new()
            } else {
                format!(" of {}", escape(&i.model))
            };
            let line = format!(
                "  {}.{} ({}){of}\n",
                escape(&i.source.model),
                escape(&i.source.column),
                i.kind
            );
            if seen.insert(line.clone()) {
                text.push_str(&line);
            }
        }
    }
    text
}

/// A line of the tree that is still to be printed.
struct Line<'a> {
    node: &'a ColumnRef,
    edge: &'a LineageEdge,
    prefix: String,
    last: bool,
}

type Next<'a> = BTreeMap<&'a ColumnRef, Vec<(&'a ColumnRef, &'a LineageEdge)>>;

fn open<'a>(next: &Next<'a>, of: &ColumnRef, prefix: &str, stack: &mut Vec<Line<'a>>) {
    let list = next.get(of).map_or(&[][..], |l| l);
    for (i, (node, edge)) in list.iter().enumerate().rev() {
        stack.push(Line {
            node,
            edge,
            prefix: prefix.to_owned(),
            last: i + 1 == list.len(),
        });
    }
}

/// How far lines are indented at most: a chain of thousands of models would be a triangle of millions of spaces.
const DEEPEST: usize = 40;

fn tree(column: &ColumnLineage, root: &ColumnRef, upstream: bool, paint: Paint, text: &mut String) {
    let mut next: Next<'_> = BTreeMap::new();
    let mut listed: HashSet<(&ColumnRef, &ColumnRef, &str)> = HashSet::new();
    for edge in &column.trace {
        let (from, to) = if upstream {
            (&edge.target, &edge.source)
        } else {
            (&edge.source, &edge.target)
        };
        if listed.insert((from, to, edge.transform.as_str())) {
            next.entry(from).or_default().push((to, edge));
        }
    }
    if !next.contains_key(root) {
        text.push_str(if upstream {
            "└─ no source column\n"
        } else {
            "└─ nothing is computed from it\n"
        });
        return;
    }
    // Depth first with an explicit stack; a column that was shown is not opened again.
    let mut opened: HashSet<&ColumnRef> = HashSet::new();
    let mut stack: Vec<Line<'_>> = Vec::new();
    open(&next, root, "", &mut stack);
    while let Some(line) = stack.pop() {
        let again = line.node == root || next.contains_key(line.node) && !opened.insert(line.node);
        let (branch, pad) = if line.last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        let _ = write!(
            text,
            "{}{}.{} ({})",
            paint.dim(&format!("{}{branch}", line.prefix)),
            escape(&line.node.model),
            escape(&line.node.column),
            paint.dim(&line.edge.transform)
        );
        if let Some(because) = &line.edge.unproved_because {
            let _ = write!(text, " ? {}", paint.doubt(because));
        }
        text.push_str(if again { " …\n" } else { "\n" });
        if !again {
            let deep = line.prefix.chars().count() >= DEEPEST * 3;
            let prefix = if deep { line.prefix } else { line.prefix + pad };
            open(&next, line.node, &prefix, &mut stack);
        }
    }
}

fn of_project(project: &ProjectLineage, paint: Paint) -> String {
    let sources = project.nodes.iter().filter(|n| n.source_id.is_some()).count();
    let unproved = project
        .models
        .iter()
        .flat_map(|m| &m.columns)
        .filter(|c| !c.proved)
        .count();
    let mut text = format!(
        "{} models, {sources} sources, {} edges, {unproved} columns whose sources are not all proved\n\n",
        project.models.len() - sources,
        project.edges.len()
    );
    for (model, node) in project.models.iter().zip(&project.nodes) {
        if node.source_id.is_some() {
            continue;
        }
        let mark = if model.columns_complete { "" } else { " …" };
        let _ = writeln!(
            text,
            "{} ({} columns{mark}) ← {}",
            paint.bold(&model.model),
            model.columns.len(),
            list(&model.upstream)
        );
    }
    text
}
