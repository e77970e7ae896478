//! Makes a failing query small: tokens and bracketed groups are taken away as long as the same thing goes wrong.

/// A token or a space-free group in brackets.
#[derive(Clone, Debug)]
enum Node {
    Token(String),
    Group(String, Vec<Node>, String),
}

fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    while let Some(&c) = chars.get(i) {
        let start = i;
        if c.is_whitespace() {
            i += 1;
            continue;
        }
        let prefix = c.is_alphabetic() && chars.get(i + 1) == Some(&'\'');
        if c == '\'' || c == '"' || prefix {
            let c = if prefix { '\'' } else { c };
            i += 1 + usize::from(prefix);
            while i < chars.len() {
                if chars[i] == c {
                    if chars.get(i + 1) == Some(&c) {
                        i += 1;
                    } else {
                        break;
                    }
                }
                i += 1;
            }
            i += 1;
        } else if c.is_alphanumeric() || c == '_' || c == '$' {
            while chars
                .get(i)
                .is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
            {
                i += 1;
            }
            // `E'…'` and decimals are one.
            if chars.get(i) == Some(&'.') && c.is_ascii_digit() {
                i += 1;
                while chars.get(i).is_some_and(char::is_ascii_digit) {
                    i += 1;
                }
            }
        } else if "()[]{},".contains(c) {
            i += 1;
        } else {
            while chars
                .get(i)
                .is_some_and(|c| !c.is_alphanumeric() && !c.is_whitespace() && !"()[]{},'\"_$".contains(*c))
            {
                i += 1;
            }
        }
        out.push(chars[start..i.min(chars.len())].iter().collect());
    }
    out
}

fn group(tokens: &mut std::vec::IntoIter<String>, close: Option<&str>) -> (Vec<Node>, String) {
    let mut out = Vec::new();
    while let Some(token) = tokens.next() {
        if close == Some(token.as_str()) {
            return (out, token);
        }
        let closing = match token.as_str() {
            "(" => ")",
            "[" => "]",
            "{" => "}",
            _ => {
                out.push(Node::Token(token));
                continue;
            }
        };
        let (inner, end) = group(tokens, Some(closing));
        out.push(Node::Group(token, inner, end));
    }
    (out, String::new())
}

fn print(nodes: &[Node], out: &mut String) {
    for (i, node) in nodes.iter().enumerate() {
        match node {
            Node::Token(token) => {
                let tight = token == ","
                    || token == "."
                    || out.ends_with('.')
                    || token.starts_with("::")
                    || out.ends_with("::");
                if i > 0 && !tight {
                    out.push(' ');
                }
                out.push_str(token);
            }
            Node::Group(open, inner, close) => {
                let called = i
                    .checked_sub(1)
                    .and_then(|i| nodes.get(i))
                    .is_some_and(|n| matches!(n, Node::Token(t) if !keyword(t)));
                if i > 0 && !called && !out.ends_with("::") {
                    out.push(' ');
                }
                out.push_str(open);
                print(inner, out);
                out.push_str(close);
            }
        }
    }
}

fn keyword(text: &str) -> bool {
    text.len() > 1 && text.chars().all(|c| c.is_ascii_uppercase())
        || !text.starts_with(|c: char| c.is_alphabetic() || c == '"')
}

fn printed(nodes: &[Node]) -> String {
    let mut out = String::new();
    print(nodes, &mut out);
    out
}

/// The list of nodes at a path of group indexes.
fn at<'n>(root: &'n mut Vec<Node>, path: &[usize]) -> Option<&'n mut Vec<Node>> {
    let mut list = root;
    for index in path {
        match list.get_mut(*index) {
            Some(Node::Group(_, inner, _)) => list = inner,
            _ => return None,
        }
    }
    Some(list)
}

fn paths(nodes: &[Node], prefix: &mut Vec<usize>, out: &mut Vec<Vec<usize>>) {
    out.push(prefix.clone());
    for (i, node) in nodes.iter().enumerate() {
        if let Node::Group(_, inner, _) = node {
            prefix.push(i);
            paths(inner, prefix, out);
            prefix.pop();
        }
    }
}

/// A smaller text for which `same` still holds.
pub fn shrink(text: &str, mut same: impl FnMut(&str) -> bool) -> String {
    let (mut best, _) = group(&mut tokens(text).into_iter(), None);
    if !same(&printed(&best)) {
        return text.to_owned();
    }
    let mut budget = 6_000;
    let mut progress = true;
    while progress && budget > 0 {
        progress = false;
        let mut all = Vec::new();
        paths(&best, &mut Vec::new(), &mut all);
        'paths: for path in all {
            // A group by its content, one of its parts, or a plain value.
            if let Some((last, parent)) = path.split_last() {
                let mut candidates: Vec<Vec<Node>> = Vec::new();
                if let Some(inner) = at(&mut best, &path) {
                    let parts: Vec<&[Node]> =
                        inner.split(|n| matches!(n, Node::Token(t) if t == ",")).collect();
                    candidates.extend(parts.iter().map(|p| p.to_vec()));
                    candidates.push(vec![Node::Token("NULL".into())]);
                    candidates.push(vec![Node::Token("1".into())]);
                }
                for candidate in candidates {
                    for from in [last.saturating_sub(1), *last] {
                        let mut next = best.clone();
                        let Some(list) = at(&mut next, parent) else {
                            continue;
                        };
                        if from + 1 == *last && !matches!(list.get(from), Some(Node::Token(t)) if t != ",") {
                            continue;
                        }
                        list.splice(from..=*last, candidate.clone());
                        budget -= 1;
                        let text = printed(&next);
                        if text.len() < printed(&best).len() && same(&text) {
                            best = next;
                            progress = true;
                            break 'paths;
                        }
                    }
                }
            }
            let Some(len) = at(&mut best, &path).map(|l| l.len()) else {
                continue;
            };
            let mut width = len;
            while width > 0 && budget > 0 {
                let mut start = 0;
                while let Some(len) = at(&mut best, &path).map(|l| l.len()) {
                    if start + width > len || budget <= 0 {
                        break;
                    }
                    let mut next = best.clone();
                    if let Some(list) = at(&mut next, &path) {
                        list.drain(start..start + width);
                    }
                    budget -= 1;
                    let text = printed(&next);
                    if same(&text) {
                        best = next;
                        progress = true;
                    } else {
                        start += 1;
                    }
                }
                width = if width > 8 { width / 2 } else { width - 1 };
            }
            if progress {
                break 'paths;
            }
        }
    }
    printed(&best)
}
