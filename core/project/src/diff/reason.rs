//! Why a column or the rows of a model are not proved to be the same.

use rocky_base::SmolStr;
use rocky_semantic::InfluenceKind;

/// A reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reason {
    /// The column's own expression changed.
    Expression,
    /// The model's own clauses that decide about its rows changed; empty when the difference lies in a CTE or subquery.
    Clauses(Vec<&'static str>),
    /// The strategy changed: what earlier runs left is combined in another way.
    Strategy,
    /// A column it is computed from.
    Column {
        /// Model or source.
        relation: SmolStr,
        /// The column there.
        column: SmolStr,
    },
    /// A column that decides about the rows.
    Influence {
        /// Model or source.
        relation: SmolStr,
        /// The column there.
        column: SmolStr,
        /// How it decides.
        kind: InfluenceKind,
    },
    /// The rows of a relation that is read.
    Rows {
        /// Model or source.
        relation: SmolStr,
    },
    /// The rows of the column's own model may differ: the model says why.
    ModelRows,
    /// It could not be proved that nothing changed.
    Unproved,
}

impl Reason {
    /// The difference begins here.
    pub fn is_own(&self) -> bool {
        matches!(self, Reason::Expression | Reason::Clauses(_) | Reason::Strategy)
    }

    /// The relation, and the column of it, that the reason points at.
    pub fn place(&self) -> Option<(SmolStr, Option<SmolStr>)> {
        match self {
            Reason::Column { relation, column } | Reason::Influence { relation, column, .. } => {
                Some((relation.clone(), Some(column.clone())))
            }
            Reason::Rows { relation } => Some((relation.clone(), None)),
            Reason::Expression
            | Reason::Clauses(_)
            | Reason::Strategy
            | Reason::ModelRows
            | Reason::Unproved => None,
        }
    }

    /// As documents spell its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Reason::Expression => "expression",
            Reason::Clauses(_) => "clauses",
            Reason::Strategy => "strategy",
            Reason::Column { .. } => "column",
            Reason::Influence { .. } => "influence",
            Reason::Rows { .. } => "rows",
            Reason::ModelRows => "model_rows",
            Reason::Unproved => "unproved",
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::Expression => f.write_str("its expression changed"),
            Reason::Clauses(clauses) if clauses.is_empty() => f.write_str("a CTE or subquery changed"),
            Reason::Clauses(clauses) => write!(f, "{} changed", clauses.join(", ")),
            Reason::Strategy => f.write_str("the strategy changed"),
            Reason::Column { relation, column } => write!(f, "computed from {relation}.{column}"),
            Reason::Influence {
                relation,
                column,
                kind,
            } => {
                let how = match kind {
                    InfluenceKind::Filter => "filtered by",
                    InfluenceKind::Join => "joined by",
                    InfluenceKind::Group => "grouped by",
                    InfluenceKind::Order => "ordered by",
                    InfluenceKind::Window => "windowed by",
                };
                write!(f, "{how} {relation}.{column}")
            }
            Reason::Rows { relation } => write!(f, "reads the rows of {relation}"),
            Reason::ModelRows => f.write_str("the rows may differ"),
            Reason::Unproved => f.write_str("not proved to be the same"),
        }
    }
}
