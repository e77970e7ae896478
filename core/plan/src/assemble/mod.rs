//! From a model's text to the query that is executed: references become physical names, ephemeral models become CTEs.
//!
//! Invariant: the user's text is kept byte for byte outside of the edited spans. Each reachable ephemeral model stands once in
//! a consumer, whatever the number of ways to it. [`rewrite`] finds the edits of one text, this file puts texts together.

mod rewrite;

use crate::bind::Sql;
use rewrite::{Piece, Put};
use rocky_base::ident::IdentKind;
use rocky_base::{Dialect, Ident, SmolStr};
use rocky_config::StrategyKind;
use rocky_project::{InputRelation, Model, Snapshot, WithPlace};
use rocky_warehouse::RelationName;
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// The model's query as it is executed: references rewritten, ephemeral models inlined, date placeholders as holes. Empty for a
/// model without query.
pub fn model_sql(snapshot: &Snapshot, model: u32) -> Sql {
    Assembler::new(snapshot).sql(model)
}

/// Other relations in the place of a model's inputs: for a model and what it reads, the name that is written instead.
pub type Redirect<'a> = dyn Fn(&Model, &InputRelation) -> Option<RelationName> + Sync + 'a;

/// The model's query with its inputs, and those of ephemeral models inlined into it, read from elsewhere. An ephemeral input
/// that is redirected is read, not inlined.
pub fn redirected_sql(snapshot: &Snapshot, model: u32, redirect: &Redirect<'_>) -> String {
    Assembler::redirected(snapshot, redirect).sql(model).text
}

/// True for a model that is inlined into its consumers.
pub(crate) fn is_ephemeral(model: &Model) -> bool {
    matches!(model.strategy.kind, StrategyKind::Ephemeral)
}

/// Assembles the models of one snapshot. Keeps what it found of ephemeral ones.
pub(crate) struct Assembler<'a> {
    snapshot: &'a Snapshot,
    ephemeral: FxHashMap<u32, Rc<Piece>>,
    redirect: Option<&'a Redirect<'a>>,
}

impl<'a> Assembler<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Assembler<'a> {
        Assembler {
            snapshot,
            ephemeral: FxHashMap::default(),
            redirect: None,
        }
    }

    /// With some inputs read from elsewhere.
    pub(crate) fn redirected(snapshot: &'a Snapshot, redirect: &'a Redirect<'a>) -> Assembler<'a> {
        Assembler {
            redirect: Some(redirect),
            ..Assembler::new(snapshot)
        }
    }

    /// See [`model_sql`].
    pub(crate) fn sql(&mut self, id: u32) -> Sql {
        let Some(model) = self.snapshot.models.get(id as usize) else {
            return Sql::default();
        };
        let Some(query) = model.unit.query() else {
            return Sql::default();
        };
        let piece = rewrite::piece(self.snapshot, model, self.redirect);
        let inlined = self.closure(&piece);
        if inlined.is_empty() {
            return piece.render(model.unit.text(), query, &Names::default(), None);
        }
        let names = self.names(&piece, &inlined);
        let mut with = Sql::default();
        let present = matches!(model.unit.with(), WithPlace::Present { .. });
        if !present {
            with.push("WITH ");
        }
        let begin = with.text.len();
        for ephemeral in &inlined {
            let (Some(inner), Some(piece)) = (
                self.snapshot.models.get(*ephemeral as usize),
                self.ephemeral.get(ephemeral),
            ) else {
                continue;
            };
            if with.text.len() > begin {
                with.push(",\n");
            }
            with.push(names.text(*ephemeral));
            with.push(" AS (\n");
            if let Some(query) = inner.unit.query() {
                with.append(&piece.render(inner.unit.text(), query, &names, None));
            }
            // The query may end with a line comment.
            with.push("\n)");
        }
        with.push(if present { ",\n" } else { "\n" });
        let insertion = match model.unit.with() {
            WithPlace::Absent(at) => (at, with),
            WithPlace::Present { first_cte } => (first_cte, with),
        };
        piece.render(model.unit.text(), query, &names, Some(insertion))
    }

    /// The ephemeral models that the piece reads, directly and through others, inputs first.
    fn closure(&mut self, piece: &Piece) -> Vec<u32> {
        let mut work: Vec<u32> = piece.ephemerals.clone();
        if work.is_empty() {
            return work;
        }
        let mut found = Vec::new();
        let mut seen: FxHashSet<u32> = work.iter().copied().collect();
        while let Some(id) = work.pop() {
            let Some(model) = self.snapshot.models.get(id as usize) else {
                continue;
            };
            let (snapshot, redirect) = (self.snapshot, self.redirect);
            let piece = self
                .ephemeral
                .entry(id)
                .or_insert_with(|| Rc::new(rewrite::piece(snapshot, model, redirect)));
            work.extend(piece.ephemerals.iter().copied().filter(|e| seen.insert(*e)));
            found.push(id);
        }
        found.sort_by_key(|id| self.snapshot.order.rank(*id));
        found
    }

    /// A name for each inlined model that no text uses for anything else.
    fn names(&self, consumer: &Piece, inlined: &[u32]) -> Names {
        let dialect = self.snapshot.dialect;
        // A name may be used as the alias of the one ephemeral model that could take it.
        let mut taken: FxHashMap<SmolStr, Option<u32>> = FxHashMap::default();
        let pieces = inlined
            .iter()
            .filter_map(|id| self.ephemeral.get(id))
            .map(|p| &**p);
        for (key, owner) in pieces.chain([consumer]).flat_map(|p| &p.names) {
            taken
                .entry(key.clone())
                .and_modify(|o| *o = o.filter(|o| Some(*o) == *owner))
                .or_insert(*owner);
        }
        let mut names = Names {
            dialect,
            by_model: FxHashMap::default(),
        };
        for id in inlined {
            let Some(model) = self.snapshot.models.get(*id as usize) else {
                continue;
            };
            let mut n = 1u32;
            let (key, text) = loop {
                let wanted = if n == 1 {
                    model.name.to_string()
                } else {
                    format!("{}_{n}", model.name)
                };
                let ident = Ident::from_config(dialect, &wanted);
                let key = ident.key(dialect, IdentKind::Relation);
                match taken.get(&key) {
                    Some(owner) if *owner != Some(*id) => n += 1,
                    _ => break (key, ident.print(dialect)),
                }
            };
            taken.insert(key.clone(), None);
            names.by_model.insert(*id, (key, text));
        }
        names
    }
}

/// The names of the CTEs that stand for ephemeral models in one consumer.
#[derive(Default)]
struct Names {
    dialect: Dialect,
    by_model: FxHashMap<u32, (SmolStr, String)>,
}

impl Names {
    fn text(&self, model: u32) -> &str {
        self.by_model.get(&model).map_or("", |(_, text)| text)
    }

    fn is(&self, model: u32, alias: &Ident) -> bool {
        let key = alias.key(self.dialect, IdentKind::Relation);
        self.by_model.get(&model).is_some_and(|(k, _)| *k == key)
    }
}

impl Piece {
    /// The text under `query` with all edits, and one more insertion.
    fn render(
        &self,
        text: &str,
        query: rocky_base::Span,
        names: &Names,
        insertion: Option<(u32, Sql)>,
    ) -> Sql {
        let mut out = Sql::from(String::with_capacity(query.len() as usize + 64));
        let mut at = query.start;
        let copy = |out: &mut Sql, from: u32, to: u32| {
            out.push(text.get(from as usize..to as usize).unwrap_or(""));
        };
        let mut insertion = insertion;
        for edit in &self.edits {
            if edit.span.start < at || edit.span.end > query.end {
                continue;
            }
            if let Some((place, with)) = insertion.take_if(|(place, _)| *place <= edit.span.start) {
                copy(&mut out, at, place);
                out.append(&with);
                at = place;
            }
            copy(&mut out, at, edit.span.start);
            match &edit.put {
                Put::Text(text) => out.push(text),
                Put::Hole(parameter) => out.hole(*parameter),
                Put::Cte(model) => out.push(names.text(*model)),
                Put::AliasOfCte {
                    model,
                    alias,
                    written,
                } => {
                    if !names.is(*model, alias) {
                        out.push(" AS ");
                        out.push(written);
                    }
                }
            }
            at = edit.span.end;
        }
        if let Some((place, with)) = insertion {
            copy(&mut out, at, place);
            out.append(&with);
            at = place;
        }
        copy(&mut out, at, query.end);
        out
    }
}

/// The model behind an input, when it is one.
pub(crate) fn input_model(input: &InputRelation) -> Option<u32> {
    match input {
        InputRelation::Model(id) => Some(*id),
        InputRelation::Own | InputRelation::Source(_) => None,
    }
}
