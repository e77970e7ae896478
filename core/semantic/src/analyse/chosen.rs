//! Whether the lambda of `COLUMNS(c -> …)` chooses a column name: the condition is computed for the name, as far as its
//! functions are known here. What is not known chooses nothing, and the columns are then not known either.

use super::{Analyser, deeper, pattern};
use rocky_syntax::ast::{BinaryOp, Call, ExprId, ExprKind, LikeKind, Literal, UnaryOp};

/// The value of a part of the condition.
#[derive(Clone, PartialEq, PartialOrd)]
enum Value {
    Text(String),
    Number(i64),
    Truth(bool),
}

/// A lambda's parameter and the name it stands for.
struct Given<'g> {
    param: &'g str,
    name: &'g str,
}

impl Analyser<'_> {
    /// The condition for one name; `None` when it cannot be told.
    pub(super) fn chooses(&self, param: &str, body: ExprId, name: &str) -> Option<bool> {
        self.truth(&Given { param, name }, body)
    }

    fn truth(&self, given: &Given<'_>, id: ExprId) -> Option<bool> {
        match self.computed(given, id)? {
            Value::Truth(truth) => Some(truth),
            _ => None,
        }
    }

    fn words(&self, given: &Given<'_>, id: ExprId) -> Option<String> {
        match self.computed(given, id)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn number(&self, given: &Given<'_>, id: ExprId) -> Option<i64> {
        match self.computed(given, id)? {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    fn computed(&self, given: &Given<'_>, id: ExprId) -> Option<Value> {
        deeper(|| self.computed_inner(given, id))
    }

    fn computed_inner(&self, given: &Given<'_>, id: ExprId) -> Option<Value> {
        let ast = self.ast;
        Some(match &ast.expr(ast.unparen(id)).kind {
            ExprKind::Column(path) => match path.as_slice() {
                [one] if self.column_key(&one.ident) == given.param => Value::Text(given.name.to_owned()),
                _ => return None,
            },
            ExprKind::Literal(Literal::String(text)) => Value::Text(text.to_string()),
            ExprKind::Literal(Literal::Number(text)) => Value::Number(text.parse().ok()?),
            ExprKind::Literal(Literal::Bool(truth)) => Value::Truth(*truth),
            ExprKind::Unary {
                op: UnaryOp::Not,
                operand,
            } => Value::Truth(!self.truth(given, *operand)?),
            ExprKind::Unary {
                op: UnaryOp::Minus,
                operand,
            } => Value::Number(self.number(given, *operand)?.checked_neg()?),
            ExprKind::Binary { left, op, right, .. } => {
                return self.combined(given, *left, op, *right);
            }
            ExprKind::Like {
                expr,
                negated,
                kind,
                pattern: wanted,
                escape,
            } => {
                let text = self.words(given, *expr)?;
                let escape = match escape {
                    Some(escape) => Some(self.words(given, *escape)?),
                    None => None,
                };
                let hit = match (&escape, kind) {
                    (None, _) => self.name_matches(*kind, *wanted, None, &text)?,
                    (Some(escape), LikeKind::Like) => {
                        let wanted = self.words(given, *wanted)?;
                        let regex = escaped(&wanted, escape.chars().next()?);
                        pattern::regex(&regex)?.find(&text).is_some()
                    }
                    _ => return None,
                };
                Value::Truth(hit != *negated)
            }
            ExprKind::InList { expr, negated, list } => {
                let value = self.computed(given, *expr)?;
                let values: Option<Vec<Value>> = list.iter().map(|e| self.computed(given, *e)).collect();
                Value::Truth(values?.contains(&value) != *negated)
            }
            ExprKind::InExpr { expr, negated, list } => {
                let value = self.computed(given, *expr)?;
                let ExprKind::Array(list) = &ast.expr(ast.unparen(*list)).kind else {
                    return None;
                };
                let values: Option<Vec<Value>> = list.iter().map(|e| self.computed(given, *e)).collect();
                Value::Truth(values?.contains(&value) != *negated)
            }
            ExprKind::Between {
                expr,
                negated,
                symmetric: false,
                low,
                high,
            } => {
                let value = self.computed(given, *expr)?;
                let inside = value >= self.computed(given, *low)? && value <= self.computed(given, *high)?;
                Value::Truth(inside != *negated)
            }
            ExprKind::Index { base, index } => {
                let text = self.words(given, *base)?;
                let at = usize::try_from(self.number(given, *index)?.checked_sub(1)?).ok()?;
                Value::Text(text.chars().skip(at).take(1).collect())
            }
            ExprKind::Function(call) => return self.called(given, call),
            _ => return None,
        })
    }

    fn combined(&self, given: &Given<'_>, left: ExprId, op: &BinaryOp, right: ExprId) -> Option<Value> {
        if matches!(op, BinaryOp::And | BinaryOp::Or) {
            let (l, r) = (self.truth(given, left)?, self.truth(given, right)?);
            return Some(Value::Truth(if *op == BinaryOp::And { l && r } else { l || r }));
        }
        let (l, r) = (self.computed(given, left)?, self.computed(given, right)?);
        let same_kind = std::mem::discriminant(&l) == std::mem::discriminant(&r);
        let truth = match op {
            BinaryOp::Eq if same_kind => l == r,
            BinaryOp::NotEq if same_kind => l != r,
            BinaryOp::Lt if same_kind => l < r,
            BinaryOp::LtEq if same_kind => l <= r,
            BinaryOp::Gt if same_kind => l > r,
            BinaryOp::GtEq if same_kind => l >= r,
            BinaryOp::Concat => match (l, r) {
                (Value::Text(a), Value::Text(b)) => return Some(Value::Text(a + &b)),
                _ => return None,
            },
            BinaryOp::Other(op) => match (op.as_str(), l, r) {
                ("^@", Value::Text(a), Value::Text(b)) => a.starts_with(&b),
                ("~", Value::Text(a), Value::Text(b)) => whole_match(&a, &b)?,
                ("!~", Value::Text(a), Value::Text(b)) => !whole_match(&a, &b)?,
                _ => return None,
            },
            _ => return None,
        };
        Some(Value::Truth(truth))
    }

    fn called(&self, given: &Given<'_>, call: &Call) -> Option<Value> {
        if call.over.is_some() || call.name.len() != 1 || call.args.iter().any(|a| a.name.is_some()) {
            return None;
        }
        let function = call.name.last()?.ident.text.to_ascii_lowercase();
        let args: Option<Vec<Value>> = call.args.iter().map(|a| self.computed(given, a.value)).collect();
        let take = |n: &i64| usize::try_from(*n).ok();
        Some(match (function.as_str(), args?.as_slice()) {
            ("upper" | "ucase", [Value::Text(a)]) => Value::Text(a.to_uppercase()),
            ("lower" | "lcase", [Value::Text(a)]) => Value::Text(a.to_lowercase()),
            ("length" | "len", [Value::Text(a)]) => Value::Number(a.chars().count() as i64),
            ("reverse", [Value::Text(a)]) if a.is_ascii() => Value::Text(a.chars().rev().collect()),
            ("replace", [Value::Text(a), Value::Text(b), Value::Text(c)]) if !b.is_empty() => {
                Value::Text(a.replace(b.as_str(), c))
            }
            ("left", [Value::Text(a), Value::Number(n)]) => Value::Text(a.chars().take(take(n)?).collect()),
            ("right", [Value::Text(a), Value::Number(n)]) => {
                let skip = a.chars().count().saturating_sub(take(n)?);
                Value::Text(a.chars().skip(skip).collect())
            }
            ("starts_with" | "prefix", [Value::Text(a), Value::Text(b)]) => {
                Value::Truth(a.starts_with(b.as_str()))
            }
            ("ends_with" | "suffix", [Value::Text(a), Value::Text(b)]) => {
                Value::Truth(a.ends_with(b.as_str()))
            }
            ("contains", [Value::Text(a), Value::Text(b)]) => Value::Truth(a.contains(b.as_str())),
            ("regexp_matches", [Value::Text(a), Value::Text(b)]) => {
                Value::Truth(pattern::regex(b)?.find(a).is_some())
            }
            ("regexp_full_match", [Value::Text(a), Value::Text(b)]) => Value::Truth(whole_match(a, b)?),
            _ => return None,
        })
    }
}

fn whole_match(text: &str, wanted: &str) -> Option<bool> {
    Some(pattern::regex(&format!("^(?:{wanted})$"))?.find(text).is_some())
}

/// LIKE with an escape character as a regular expression.
fn escaped(wanted: &str, escape: char) -> String {
    let mut out = String::from("^(?s:");
    let mut chars = wanted.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c == escape => out.extend(chars.next().map(|c| regex::escape(&c.to_string()))),
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            c => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    out.push_str(")$");
    out
}
