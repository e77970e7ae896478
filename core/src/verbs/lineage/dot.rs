//! Lineage as a Graphviz graph: a cluster for each relation, a node for each column, value edges solid, influences dashed.
//!
//! Every name is quoted and escaped, so that none can break the file.

use super::{ColumnRef, LineageInfluence, LineageResponse};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            '\n' => quoted.push_str("\\n"),
            // A NUL ends Graphviz's input; other control characters have no picture.
            c if c.is_control() => quoted.push('\u{fffd}'),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The graph of a document.
pub fn render(response: &LineageResponse) -> String {
    let none: &[LineageInfluence] = &[];
    let (title, edges, influences) = match response {
        LineageResponse::Column(column) => {
            let title = format!("{}.{}", column.model, column.column);
            (title, &column.trace[..], none)
        }
        LineageResponse::Model(model) => (model.model.clone(), &model.edges[..], &model.influences[..]),
        LineageResponse::Project(project) => ("lineage".to_owned(), &project.edges[..], none),
        LineageResponse::Rendered(rendered) => return rendered.rendered.clone(),
    };
    let node = |r: &ColumnRef| quote(&format!("{}.{}", r.model, r.column));
    // The rows of a model are a node of its cluster: influences point at it.
    let rows = |model: &str| quote(&format!("{model} (rows)"));
    let mut text = format!(
        "digraph {} {{\n  rankdir=LR;\n  node [shape=box];\n",
        quote(&title)
    );
    let mut models: BTreeMap<&str, (Vec<&ColumnRef>, bool)> = BTreeMap::new();
    let mut seen: BTreeSet<&ColumnRef> = BTreeSet::new();
    let ends = edges.iter().flat_map(|e| [&e.source, &e.target]);
    for column in ends.chain(influences.iter().map(|i| &i.source)) {
        let (columns, _) = models.entry(&column.model).or_default();
        if seen.insert(column) {
            columns.push(column);
        }
    }
    for influence in influences {
        models.entry(&influence.model).or_default().1 = true;
    }
    for (index, (model, (columns, with_rows))) in models.iter().enumerate() {
        let _ = writeln!(text, "  subgraph cluster_{index} {{\n    label={};", quote(model));
        for column in columns {
            let _ = writeln!(text, "    {} [label={}];", node(column), quote(&column.column));
        }
        if *with_rows {
            let _ = writeln!(text, "    {} [label=\"rows\", shape=ellipse];", rows(model));
        }
        text.push_str("  }\n");
    }
    for edge in edges {
        let doubt = if edge.proved {
            ""
        } else {
            ", color=\"gray50\", fontcolor=\"gray50\""
        };
        let mut label = edge.transform.clone();
        if !edge.proved {
            label.push_str(" ?");
        }
        let _ = writeln!(
            text,
            "  {} -> {} [label={}{doubt}];",
            node(&edge.source),
            node(&edge.target),
            quote(&label)
        );
    }
    let mut drawn = BTreeSet::new();
    for influence in influences {
        let line = format!(
            "  {} -> {} [label={}, style=dashed];",
            node(&influence.source),
            rows(&influence.model),
            quote(&influence.kind)
        );
        if drawn.insert(line.clone()) {
            let _ = writeln!(text, "{line}");
        }
    }
    text.push_str("}\n");
    text
}
