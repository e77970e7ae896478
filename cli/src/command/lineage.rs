//! `rocky lineage`.

use super::{Context, vars};
use crate::args::Sources;
use crate::output;
use crate::progress::Progress;
use rocky_core::Result;
use rocky_core::verbs::lineage::{
    ColumnLineage, ColumnRef, LineageEdge, LineageRequest, LineageResponse, ModelLineage,
};
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;

pub fn run(context: &Context<'_>, mut request: LineageRequest, dot: bool, sources: &Sources) -> Result<u8> {
    let project = context.open(sources)?;
    request.vars = vars(sources)?;
    let mut progress = Progress::new();
    let response = project.lineage(&request, &mut progress, context.cancel)?;
    progress.finish();
    if dot {
        output::print(&graph(&response));
        return Ok(output::OK);
    }
    context.out.document(&response, || match &response {
        LineageResponse::Column(column) => column_text(column),
        LineageResponse::Model(model) => model_text(model),
    });
    Ok(output::OK)
}

/// Graphviz, with every name quoted and escaped.
fn graph(response: &LineageResponse) -> String {
    let (title, edges) = match response {
        LineageResponse::Column(column) => (format!("{}.{}", column.model, column.column), &column.trace),
        LineageResponse::Model(model) => (model.model.clone(), &model.edges),
    };
    let quote = |text: &str| {
        format!(
            "\"{}\"",
            text.replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n")
        )
    };
    let node = |r: &ColumnRef| quote(&format!("{}.{}", r.model, r.column));
    let mut text = format!(
        "digraph {} {{\n  rankdir=LR;\n  node [shape=box];\n",
        quote(&title)
    );
    let mut models: BTreeMap<&str, Vec<&ColumnRef>> = BTreeMap::new();
    for column in edges.iter().flat_map(|e| [&e.source, &e.target]) {
        let columns = models.entry(&column.model).or_default();
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    for (index, (model, columns)) in models.iter().enumerate() {
        let _ = writeln!(text, "  subgraph cluster_{index} {{\n    label={};", quote(model));
        for column in columns {
            let _ = writeln!(text, "    {} [label={}];", node(column), quote(&column.column));
        }
        text.push_str("  }\n");
    }
    for edge in edges {
        let _ = writeln!(
            text,
            "  {} -> {} [label={}];",
            node(&edge.source),
            node(&edge.target),
            quote(&edge.transform)
        );
    }
    text.push_str("}\n");
    text
}

fn model_text(model: &ModelLineage) -> String {
    let list = |names: &[String]| {
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    };
    let mut text = format!(
        "Model: {}\nUpstream: {}\nDownstream: {}\n\n",
        model.model,
        list(&model.upstream),
        list(&model.downstream)
    );
    let width = model
        .columns
        .iter()
        .map(|c| c.name.chars().count())
        .max()
        .unwrap_or(0);
    for column in &model.columns {
        let mut sources = model
            .edges
            .iter()
            .filter(|e| e.target.model == model.model && e.target.column == column.name);
        let ty = column.data_type.as_deref().unwrap_or("?");
        let first = sources
            .next()
            .map_or_else(|| "no source column".to_owned(), source);
        let _ = writeln!(text, "{:width$}  {ty:<16}  {first}", column.name);
        for edge in sources {
            let _ = writeln!(text, "{:width$}  {:<16}  {}", "", "", source(edge));
        }
    }
    if !model.columns_complete {
        text.push_str("… and columns that are not known\n");
    }
    if !model.influences.is_empty() {
        text.push_str("\nRows decided by:\n");
        let mut lines: Vec<String> = model
            .influences
            .iter()
            .map(|i| format!("  {}.{} ({})\n", i.source.model, i.source.column, i.kind))
            .collect();
        lines.dedup();
        lines.iter().for_each(|l| text.push_str(l));
    }
    text
}

fn source(edge: &LineageEdge) -> String {
    format!(
        "← {}.{} ({})",
        edge.source.model, edge.source.column, edge.transform
    )
}

fn column_text(column: &ColumnLineage) -> String {
    let upstream = column.direction == "upstream";
    let root = ColumnRef {
        model: column.model.clone(),
        column: column.column.clone(),
    };
    let mut next: BTreeMap<&ColumnRef, Vec<(&ColumnRef, &str)>> = BTreeMap::new();
    for edge in &column.trace {
        let (from, to) = if upstream {
            (&edge.target, &edge.source)
        } else {
            (&edge.source, &edge.target)
        };
        let list = next.entry(from).or_default();
        if !list.contains(&(to, edge.transform.as_str())) {
            list.push((to, &edge.transform));
        }
    }
    let mut text = format!("{}.{} ({})\n", column.model, column.column, column.direction);
    if column.trace.is_empty() {
        text.push_str(if upstream {
            "└─ no source column\n"
        } else {
            "└─ nothing is computed from it\n"
        });
    }
    // Depth first with an explicit stack; a column that was shown is not opened again.
    let mut opened: HashSet<&ColumnRef> = HashSet::new();
    let mut stack: Vec<Line<'_>> = Vec::new();
    open(&next, &root, "", &mut stack);
    while let Some(line) = stack.pop() {
        let again = next.contains_key(line.node) && !opened.insert(line.node);
        let (branch, pad) = if line.last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        let more = if again { " …" } else { "" };
        let (prefix, node) = (&line.prefix, line.node);
        let _ = writeln!(
            text,
            "{prefix}{branch}{}.{} ({}){more}",
            node.model, node.column, line.transform
        );
        if !again {
            open(&next, node, &format!("{prefix}{pad}"), &mut stack);
        }
    }
    text
}

/// A line of the tree that is still to be printed.
struct Line<'a> {
    node: &'a ColumnRef,
    transform: &'a str,
    prefix: String,
    last: bool,
}

fn open<'a>(
    next: &BTreeMap<&'a ColumnRef, Vec<(&'a ColumnRef, &'a str)>>,
    of: &ColumnRef,
    prefix: &str,
    stack: &mut Vec<Line<'a>>,
) {
    let Some(list) = next.get(of) else { return };
    for (i, (node, transform)) in list.iter().enumerate().rev() {
        stack.push(Line {
            node,
            transform,
            prefix: prefix.to_owned(),
            last: i + 1 == list.len(),
        });
    }
}
