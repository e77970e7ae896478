//! The patterns that select columns by name: LIKE, GLOB, and the part of regular expressions that people use for that:
//! literals, `.`, classes, groups, alternation, `* + ?`, `{n,m}`, anchors. Anything else is not guessed at.

/// SQL LIKE without escape.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    wild(
        &pattern.chars().collect::<Vec<_>>(),
        &text.chars().collect::<Vec<_>>(),
        '%',
        '_',
    )
}

/// Shell-like GLOB without classes.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    wild(
        &pattern.chars().collect::<Vec<_>>(),
        &text.chars().collect::<Vec<_>>(),
        '*',
        '?',
    )
}

/// Greedy match with one point of return.
fn wild(pattern: &[char], text: &[char], many: char, one: char) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(c) if *c == many => {
                back = Some((p, t));
                p += 1;
            }
            Some(c) if *c == one || Some(c) == text.get(t) => {
                p += 1;
                t += 1;
            }
            _ => match back {
                Some((star, from)) => {
                    p = star + 1;
                    t = from + 1;
                    back = Some((star, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or(&[]).iter().all(|c| *c == many)
}

/// What a pattern's groups matched; group 0 is all of it.
pub(super) type Match = Vec<Option<String>>;

enum Node {
    Char(char),
    Any,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    Start,
    End,
    Group {
        capture: Option<usize>,
        alternatives: Vec<Vec<Node>>,
    },
    Repeat {
        node: Box<Node>,
        min: u32,
        max: u32,
    },
}

/// A pattern.
pub(super) struct Regex {
    root: Node,
    groups: usize,
}

/// Steps after which a match is given up as "no": patterns over column names are small, and nobody should wait for one.
const BUDGET: u32 = 100_000;

/// Read a pattern; `None` for what is not supported.
pub(super) fn regex(pattern: &str) -> Option<Regex> {
    let chars: Vec<char> = pattern.chars().collect();
    if chars.len() > 500 {
        return None;
    }
    let mut parser = Parser {
        chars: &chars,
        at: 0,
        groups: 0,
        depth: 0,
    };
    let alternatives = parser.alternatives()?;
    if parser.at != chars.len() {
        return None;
    }
    Some(Regex {
        root: Node::Group {
            capture: None,
            alternatives,
        },
        groups: parser.groups,
    })
}

impl Regex {
    /// The first match anywhere in the text.
    pub(super) fn find(&self, text: &str) -> Option<Match> {
        let chars: Vec<char> = text.chars().collect();
        let mut budget = BUDGET;
        for start in 0..=chars.len() {
            let mut state = State {
                text: &chars,
                groups: vec![None; self.groups + 1],
                budget: &mut budget,
            };
            let mut end = None;
            if run(&[Step::Node(&self.root)], start, &mut state, &mut end)
                && let Some(end) = end
            {
                let mut groups: Match = state
                    .groups
                    .iter()
                    .map(|g| g.map(|(a, b)| chars.get(a..b).unwrap_or(&[]).iter().collect()))
                    .collect();
                if let Some(whole) = groups.first_mut() {
                    *whole = Some(chars.get(start..end).unwrap_or(&[]).iter().collect());
                }
                return Some(groups);
            }
        }
        None
    }
}

struct State<'t> {
    text: &'t [char],
    groups: Vec<Option<(usize, usize)>>,
    budget: &'t mut u32,
}

/// What is still to be matched, last first.
#[derive(Clone, Copy)]
enum Step<'n> {
    Node(&'n Node),
    Close {
        group: usize,
        start: usize,
    },
    Again {
        node: &'n Node,
        done: u32,
        min: u32,
        max: u32,
        from: usize,
    },
}

fn run(steps: &[Step<'_>], at: usize, state: &mut State<'_>, end: &mut Option<usize>) -> bool {
    super::deeper(|| run_inner(steps, at, state, end))
}

fn run_inner(steps: &[Step<'_>], at: usize, state: &mut State<'_>, end: &mut Option<usize>) -> bool {
    if *state.budget == 0 {
        return false;
    }
    *state.budget -= 1;
    let Some((step, rest)) = steps.split_last() else {
        *end = Some(at);
        return true;
    };
    let follow = |state: &mut State<'_>, end: &mut Option<usize>, more: &[Step<'_>], at: usize| {
        let mut next: Vec<Step<'_>> = rest.to_vec();
        next.extend_from_slice(more);
        run(&next, at, state, end)
    };
    match *step {
        Step::Close { group, start } => {
            let before = state.groups.get(group).copied().flatten();
            if let Some(slot) = state.groups.get_mut(group) {
                *slot = Some((start, at));
            }
            if run(rest, at, state, end) {
                return true;
            }
            if let Some(slot) = state.groups.get_mut(group) {
                *slot = before;
            }
            false
        }
        Step::Again {
            node,
            done,
            min,
            max,
            from,
        } => {
            let stuck = done > 0 && from == at;
            if done < max && !stuck {
                let again = Step::Again {
                    node,
                    done: done + 1,
                    min,
                    max,
                    from: at,
                };
                if follow(state, end, &[again, Step::Node(node)], at) {
                    return true;
                }
            }
            (done >= min || stuck) && run(rest, at, state, end)
        }
        Step::Node(node) => match node {
            Node::Start => at == 0 && run(rest, at, state, end),
            Node::End => at == state.text.len() && run(rest, at, state, end),
            Node::Repeat { node, min, max } => {
                let again = Step::Again {
                    node,
                    done: 0,
                    min: *min,
                    max: *max,
                    from: at,
                };
                follow(state, end, &[again], at)
            }
            Node::Group {
                capture,
                alternatives,
            } => alternatives.iter().any(|sequence| {
                let mut more = Vec::with_capacity(sequence.len() + 1);
                if let Some(group) = capture {
                    more.push(Step::Close {
                        group: *group,
                        start: at,
                    });
                }
                more.extend(sequence.iter().rev().map(Step::Node));
                follow(state, end, &more, at)
            }),
            Node::Char(_) | Node::Any | Node::Class { .. } => {
                state.text.get(at).is_some_and(|c| single(node, *c)) && run(rest, at + 1, state, end)
            }
        },
    }
}

fn single(node: &Node, c: char) -> bool {
    match node {
        Node::Char(wanted) => *wanted == c,
        Node::Any => c != '\n',
        Node::Class { negated, ranges } => ranges.iter().any(|(a, b)| (*a..=*b).contains(&c)) != *negated,
        _ => false,
    }
}

struct Parser<'c> {
    chars: &'c [char],
    at: usize,
    groups: usize,
    depth: u32,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, c: char) -> bool {
        let hit = self.peek() == Some(c);
        self.at += usize::from(hit);
        hit
    }

    fn alternatives(&mut self) -> Option<Vec<Vec<Node>>> {
        self.depth += 1;
        if self.depth > 50 {
            return None;
        }
        let mut out = vec![self.sequence()?];
        while self.take('|') {
            out.push(self.sequence()?);
        }
        self.depth -= 1;
        Some(out)
    }

    fn sequence(&mut self) -> Option<Vec<Node>> {
        let mut out = Vec::new();
        while let Some(c) = self.peek() {
            if c == '|' || c == ')' {
                break;
            }
            self.at += 1;
            let node = match c {
                '.' => Node::Any,
                '^' => Node::Start,
                '$' => Node::End,
                '(' => {
                    let capture = if self.take('?') {
                        if !self.take(':') {
                            return None;
                        }
                        None
                    } else {
                        self.groups += 1;
                        Some(self.groups)
                    };
                    let alternatives = self.alternatives()?;
                    if !self.take(')') {
                        return None;
                    }
                    Node::Group {
                        capture,
                        alternatives,
                    }
                }
                '[' => self.class()?,
                '\\' => self.escape()?,
                '*' | '+' | '?' | '{' => return None,
                c => Node::Char(c),
            };
            out.push(self.repeat(node)?);
        }
        Some(out)
    }

    fn repeat(&mut self, node: Node) -> Option<Node> {
        let (min, max) = match self.peek() {
            Some('*') => (0, u32::MAX),
            Some('+') => (1, u32::MAX),
            Some('?') => (0, 1),
            Some('{') => {
                self.at += 1;
                let min = self.number()?;
                let max = if self.take(',') {
                    if self.peek() == Some('}') {
                        u32::MAX
                    } else {
                        self.number()?
                    }
                } else {
                    min
                };
                if self.peek() != Some('}') {
                    return None;
                }
                (min, max)
            }
            _ => return Some(node),
        };
        self.at += 1;
        // Lazy and stacked quantifiers are not supported.
        if matches!(self.peek(), Some('*' | '+' | '?' | '{')) {
            return None;
        }
        Some(Node::Repeat {
            node: Box::new(node),
            min,
            max,
        })
    }

    fn number(&mut self) -> Option<u32> {
        let mut n: Option<u32> = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            n = Some(n.unwrap_or(0).saturating_mul(10).saturating_add(digit).min(1000));
            self.at += 1;
        }
        n
    }

    fn escape(&mut self) -> Option<Node> {
        let c = self.peek()?;
        self.at += 1;
        let class = |negated, ranges| Some(Node::Class { negated, ranges });
        match c {
            'd' => class(false, vec![('0', '9')]),
            'D' => class(true, vec![('0', '9')]),
            'w' => class(false, vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')]),
            'W' => class(true, vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')]),
            's' => class(false, vec![(' ', ' '), ('\t', '\r')]),
            'S' => class(true, vec![(' ', ' '), ('\t', '\r')]),
            c if c.is_alphanumeric() => None,
            c => Some(Node::Char(c)),
        }
    }

    fn class(&mut self) -> Option<Node> {
        let negated = self.take('^');
        let mut ranges = Vec::new();
        loop {
            let mut c = self.peek()?;
            self.at += 1;
            if c == ']' && !ranges.is_empty() {
                return Some(Node::Class { negated, ranges });
            }
            if c == '[' {
                return None;
            }
            if c == '\\' {
                match self.escape()? {
                    Node::Char(literal) => c = literal,
                    Node::Class {
                        negated: false,
                        ranges: more,
                    } => {
                        ranges.extend(more);
                        continue;
                    }
                    _ => return None,
                }
            }
            let mut to = c;
            if self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|n| *n != ']') {
                self.at += 1;
                to = self.peek()?;
                self.at += 1;
            }
            ranges.push((c, to));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(pattern: &str, text: &str) -> bool {
        regex(pattern).unwrap().find(text).is_some()
    }

    #[test]
    fn patterns_over_names() {
        assert!(hit("a|b", "xb"));
        assert!(hit("^(id|.*_id)$", "order_id"));
        assert!(!hit("^(id|.*_id)$", "order_ids"));
        assert!(hit("^[a-c]\\d{2,3}$", "b123"));
        assert!(!hit("^[^a-c]$", "b"));
        assert!(regex("(?=x)").is_none());
        assert_eq!(
            regex("(.)_(.*)").unwrap().find("a_bc").unwrap()[2].as_deref(),
            Some("bc")
        );
        // A pattern that backtracks forever is given up.
        assert!(!hit("(a*)*b", &"a".repeat(60)));
    }

    #[test]
    fn like_and_glob() {
        assert!(like("a%_c", "abbc"));
        assert!(!like("a%d", "abc"));
        assert!(glob("*_id", "order_id"));
    }
}
