//! Sets of source columns, and how transforms combine along a path.
//!
//! A transform says what happens to a value between a source column and an output column. Along a path the transforms
//! of the steps combine by this order: an aggregation is never forgotten (the one nearest to the source is named), else a
//! computation wins, else TRY_CAST, else CAST, else the value is the same (`Direct`). Sets are shared: a column
//! that only passes through subqueries costs a reference count, however deep they are.

use crate::model::{Roles, SourceColumn, Transform};
use rocky_base::{SmolStr, Span};
use std::rc::Rc;

/// Sorted by relation, column, transform, one entry for each. `None` is the empty set.
pub(super) type Set = Option<Rc<[SourceColumn]>>;

/// Why a type is not known, and where.
pub(super) type Cause = Option<(Span, SmolStr)>;

/// Transform of a path whose outer step is `outer` and whose inner part, nearer to the source, is `inner`.
pub(super) fn compose(outer: &Transform, inner: &Transform) -> Transform {
    use Transform::{Aggregation, Cast, Direct, Expression, TryCast};
    match (outer, inner) {
        (_, Aggregation(_)) | (Direct, _) => inner.clone(),
        (Aggregation(_), _) | (_, Direct) => outer.clone(),
        (Expression, _) | (_, Expression) => Expression,
        (TryCast, _) | (_, TryCast) => TryCast,
        (Cast, Cast) => Cast,
    }
}

/// Collects the sources of one value while its expression is walked.
#[derive(Default)]
pub(super) struct Acc {
    parts: Vec<(Rc<[SourceColumn]>, Transform, Roles)>,
    /// The first reason for a type not being known.
    pub(super) cause: Cause,
}

impl Acc {
    /// A set that reaches the value through `mode`.
    pub(super) fn push(&mut self, set: &Set, mode: &Transform) {
        self.push_as(set, mode, Roles::VALUE);
    }

    /// A set that decides about the value as `roles` say.
    pub(super) fn push_as(&mut self, set: &Set, mode: &Transform, roles: Roles) {
        if let Some(set) = set {
            self.parts.push((Rc::clone(set), mode.clone(), roles));
        }
    }

    /// A single column.
    pub(super) fn push_one(&mut self, source: SourceColumn, mode: &Transform) {
        self.parts.push((Rc::from([source]), mode.clone(), Roles::VALUE));
    }

    /// Everything another collector has, through `mode`.
    pub(super) fn absorb(&mut self, other: Acc, mode: &Transform) {
        self.because(other.cause);
        self.parts.extend(
            other
                .parts
                .into_iter()
                .map(|(set, inner, roles)| (set, compose(mode, &inner), roles)),
        );
    }

    /// How many parts there are.
    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    /// The set of what came after the first `n` parts.
    pub(super) fn since(&self, n: usize) -> Set {
        let parts = self.parts.get(n..).unwrap_or_default().to_vec();
        Acc { parts, cause: None }.finish()
    }

    /// What came after the first `n` parts only decides about the value.
    pub(super) fn decides_from(&mut self, n: usize, roles: Roles) {
        for part in self.parts.iter_mut().skip(n) {
            part.2 = roles.over(part.2);
        }
    }

    /// Note a reason unless there is one.
    pub(super) fn because(&mut self, cause: Cause) {
        if self.cause.is_none() {
            self.cause = cause;
        }
    }

    /// The set.
    pub(super) fn finish(&self) -> Set {
        match self.parts.as_slice() {
            [] => None,
            [(set, Transform::Direct, Roles::VALUE)] => Some(Rc::clone(set)),
            parts => {
                let all = parts.iter().flat_map(|(set, mode, roles)| {
                    set.iter().map(|s| SourceColumn {
                        transform: compose(mode, &s.transform),
                        roles: roles.over(s.roles),
                        ..s.clone()
                    })
                });
                set_of(all.collect())
            }
        }
    }
}

/// Sort and drop duplicates.
pub(super) fn set_of(mut sources: Vec<SourceColumn>) -> Set {
    if sources.is_empty() {
        return None;
    }
    sources.sort_unstable();
    sources.dedup_by(|b, a| {
        let same = a.relation == b.relation && a.column == b.column && a.transform == b.transform;
        if same {
            a.roles = a.roles.and(b.roles);
        }
        same
    });
    Some(Rc::from(sources))
}

/// The union of sets, unchanged elements.
pub(super) fn union<'a>(sets: impl IntoIterator<Item = &'a Set>) -> Set {
    let mut acc = Acc::default();
    for set in sets {
        acc.push(set, &Transform::Direct);
    }
    acc.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aggregation_survives_every_later_step() {
        let sum = Transform::Aggregation("sum".into());
        for outer in [
            Transform::Direct,
            Transform::Cast,
            Transform::Expression,
            Transform::Aggregation("max".into()),
        ] {
            assert_eq!(compose(&outer, &sum), sum);
        }
        assert_eq!(compose(&sum, &Transform::Expression), sum);
    }

    #[test]
    fn a_cast_of_a_computed_value_stays_computed() {
        assert_eq!(
            compose(&Transform::Cast, &Transform::Expression),
            Transform::Expression
        );
        assert_eq!(compose(&Transform::Cast, &Transform::TryCast), Transform::TryCast);
        assert_eq!(compose(&Transform::Cast, &Transform::Direct), Transform::Cast);
    }
}
