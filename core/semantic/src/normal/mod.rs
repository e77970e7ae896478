//! What a query computes, as hashes that do not depend on how it is written: one for each output column, one for its set of
//! rows, one for their order.
//!
//! The invariant ([`Relation`]): two relations with equal `rows` have the same rows, and a column of equal digest holds the
//! same value in each of them; so has any selection of such columns together. Comments, white space, the case of keywords and names, aliases of relations, parentheses,
//! and whether a subquery is written in place or as a CTE make no difference. What is not understood well enough is hashed
//! by its tokens and everything it can see: equal then still means the same, different may mean nothing.
//!
//! Names are looked up as `analyse::lookup` does; where a name could mean two things that cannot be told apart here, both go
//! into the hash. Nothing of this runs in a compile. Start at [`normal`].

mod expr;
mod from;
mod mix;
mod query;

pub use mix::{Digest, Mix};

use rocky_base::ident::IdentKind;
use rocky_base::{Dialect, Ident, SmolStr, Span};
use rocky_syntax::ast::{Ast, FromId, Name, WindowSpec};
use rocky_syntax::lexer::{self, Token, TokenKind};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A relation by its meaning.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Relation {
    /// Which rows it has, as a multiset of things that columns are functions of.
    pub rows: Digest,
    /// In which order they come, as far as something fixes it.
    pub order: Digest,
    /// The values of columns that are not listed, by their names.
    pub rest: Digest,
    /// Folded name and digest, in order.
    pub columns: Vec<(SmolStr, Digest)>,
    /// There are no other columns.
    pub complete: bool,
}

impl Relation {
    /// A digest of everything in it.
    pub fn all(&self) -> Digest {
        let mut mix = Mix::new("all");
        mix.dig(&self.rows)
            .dig(&self.order)
            .dig(&self.rest)
            .flag(self.complete);
        for (name, column) in &self.columns {
            mix.str(name).dig(column);
        }
        mix.done()
    }

    /// The digest of a column by its folded name.
    pub fn column(&self, key: &str) -> Option<&Digest> {
        self.columns.iter().find(|(k, _)| k == key).map(|(_, d)| d)
    }
}

/// A relation that the query reads.
#[derive(Clone, Debug)]
pub struct NormalInput {
    /// The FROM item that names it.
    pub from: FromId,
    /// What may stand before its columns, outermost first, the table last.
    pub qualifiers: Vec<SmolStr>,
    /// What it means.
    pub relation: Arc<Relation>,
}

/// A query in normal form.
#[derive(Clone, Debug, Default)]
pub struct Normal {
    /// Its result. Names of unnamed columns are made up; callers that know them match by position when `complete`.
    pub relation: Relation,
    /// Clauses of the outermost SELECT with what each contributes to the rows: to say where a difference lies.
    pub clauses: Vec<(&'static str, u128)>,
}

/// The normal form of a query.
pub fn normal(ast: &Ast, text: &str, dialect: Dialect, inputs: &[NormalInput]) -> Normal {
    let mut normaliser = Normaliser {
        ast,
        text,
        dialect,
        inputs: inputs.iter().map(|i| (i.from, i)).collect(),
        tokens: Vec::new(),
        lexed: false,
        scopes: Vec::new(),
        ctes: FxHashMap::default(),
        lambdas: Vec::new(),
        windows: Vec::new(),
        aliases: AliasMode::Never,
        opaque: false,
        outer_reads: 0,
    };
    let Some(root) = ast.root else {
        return Normal::default();
    };
    let out = normaliser.query(root);
    Normal {
        relation: (*out.relation).clone(),
        clauses: out.clauses,
    }
}

/// A query's result while its parents are under way.
struct Out {
    relation: Arc<Relation>,
    clauses: Vec<(&'static str, u128)>,
}

/// A relation bound in a FROM clause.
struct Bound {
    /// Folded alias or last part of the name; empty without.
    alias: SmolStr,
    qualifiers: Vec<SmolStr>,
    relation: Arc<Relation>,
    /// Position in the FROM clause.
    instance: usize,
    by_name: FxHashMap<SmolStr, Vec<u32>>,
}

/// One level of names.
#[derive(Default)]
struct Scope {
    bound: Vec<Bound>,
    instances: usize,
    /// It has one relation, and references need not say which.
    single: bool,
    /// Columns merged by USING or NATURAL.
    merged: Vec<(SmolStr, Digest)>,
    /// Aliases of the select list.
    items: FxHashMap<SmolStr, Digest>,
    /// Relations from here on are looked up first (the join whose ON is read).
    visible_from: usize,
    /// Queries inside FROM do not see these relations.
    barrier: bool,
    /// An aggregate was seen.
    aggregate: bool,
    /// Functions that may be aggregates, and aggregates of inner queries that may belong here.
    doubtful: Vec<SmolStr>,
    /// The order of the rows that come from FROM.
    order: Digest,
}

/// Whether aliases of the select list may be meant.
#[derive(Copy, Clone, PartialEq, Eq)]
enum AliasMode {
    Never,
    After,
    Before,
}

struct Normaliser<'a> {
    ast: &'a Ast,
    text: &'a str,
    dialect: Dialect,
    inputs: FxHashMap<FromId, &'a NormalInput>,
    tokens: Vec<Token>,
    lexed: bool,
    scopes: Vec<Scope>,
    /// CTEs in sight by folded name; the last one counts.
    ctes: FxHashMap<SmolStr, Vec<Arc<Relation>>>,
    lambdas: Vec<SmolStr>,
    /// WINDOW definitions, innermost SELECT last.
    windows: Vec<FxHashMap<SmolStr, &'a WindowSpec>>,
    aliases: AliasMode,
    /// The SELECT under way has something that is not understood.
    opaque: bool,
    /// References to outer scopes so far.
    outer_reads: usize,
}

fn deeper<T>(f: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(192 * 1024, 4 * 1024 * 1024, f)
}

/// Functions whose value is not fixed by their arguments, in all dialects; sorted.
const VOLATILE: &[&str] = &[
    "current_date",
    "current_datetime",
    "current_localtime",
    "current_localtimestamp",
    "current_time",
    "current_timestamp",
    "gen_random_uuid",
    "generate_uuid",
    "get_current_time",
    "get_current_timestamp",
    "getdate",
    "localtime",
    "localtimestamp",
    "nextval",
    "now",
    "rand",
    "randn",
    "random",
    "randstr",
    "seq1",
    "seq2",
    "seq4",
    "seq8",
    "shuffle",
    "sysdate",
    "systimestamp",
    "today",
    "transaction_timestamp",
    "txid_current",
    "uniform",
    "unix_timestamp",
    "uuid",
    "uuid_string",
    "uuidv4",
    "uuidv7",
];

fn is_volatile(name: &str) -> bool {
    VOLATILE.binary_search(&name).is_ok()
}

/// Whether a text's result may depend on the order in which its inputs give their rows. Looks at tokens alone; in doubt it may.
pub fn is_order_sensitive(text: &str, dialect: Dialect) -> bool {
    let tokens = lexer::lex(text, dialect).tokens;
    tokens.iter().enumerate().any(|(i, token)| {
        if token.kind != TokenKind::Word && token.kind != TokenKind::QuotedIdent {
            return false;
        }
        let word = token
            .span
            .slice(text)
            .trim_matches(['"', '`'])
            .to_ascii_lowercase();
        let next = tokens.get(i + 1);
        match word.as_str() {
            "limit" | "fetch" | "offset" | "over" | "qualify" | "sample" | "tablesample" | "pivot"
            | "recursive" | "positional" | "asof" => true,
            "distinct" => next.is_some_and(|n| n.span.slice(text).eq_ignore_ascii_case("on")),
            _ if next.is_some_and(|n| n.kind == TokenKind::LParen) => {
                match crate::typing::function_kind(dialect, &word) {
                    Some(crate::typing::FunctionKind::Scalar) => false,
                    Some(_) => !expr::is_unordered(&word),
                    None => token.kw == lexer::Kw::None,
                }
            }
            _ => false,
        }
    })
}

impl<'a> Normaliser<'a> {
    fn column_key(&self, ident: &Ident) -> SmolStr {
        ident.key(self.dialect, IdentKind::Column)
    }

    fn relation_key(&self, ident: &Ident) -> SmolStr {
        ident.key(self.dialect, IdentKind::Relation)
    }

    fn slice(&self, span: Span) -> &'a str {
        span.slice(self.text)
    }

    /// The tokens of a span into a digest, without comments and white space.
    fn words(&mut self, span: Span, mix: &mut Mix) {
        if !self.lexed {
            self.tokens = lexer::lex(self.text, self.dialect).tokens;
            self.lexed = true;
        }
        let from = self.tokens.partition_point(|t| t.span.start < span.start);
        for token in self.tokens.get(from..).unwrap_or(&[]) {
            if token.span.end > span.end || token.kind == TokenKind::Eof {
                break;
            }
            let word = token.span.slice(self.text);
            mix.str(word);
            if token.kind == TokenKind::Word {
                let lower = word.to_ascii_lowercase();
                if is_volatile(&lower) {
                    mix.volatile(lower);
                }
            }
        }
    }

    /// Everything that the scopes in sight hold.
    fn sight(&self, mix: &mut Mix) {
        for scope in &self.scopes {
            mix.str("scope");
            for bound in &scope.bound {
                mix.str(&bound.alias)
                    .num(bound.instance)
                    .dig(&bound.relation.all());
            }
            for (key, merged) in &scope.merged {
                mix.str(key).dig(merged);
            }
            let mut items: Vec<(&SmolStr, &Digest)> = scope.items.iter().collect();
            items.sort_by_key(|(key, _)| *key);
            for (key, item) in items {
                mix.str(key).dig(item);
            }
        }
    }

    /// A part of the text that is not understood: its tokens, and all it can see.
    fn unknown(&mut self, span: Span) -> Digest {
        let mut mix = Mix::new("opaque");
        self.words(span, &mut mix);
        let mut inputs: Vec<(&FromId, &&NormalInput)> = self
            .inputs
            .iter()
            .filter(|(id, _)| {
                let at = self.ast.from(**id).span;
                at.start >= span.start && at.end <= span.end
            })
            .collect();
        inputs.sort_by_key(|(id, _)| self.ast.from(**id).span.start);
        for (_, input) in inputs {
            mix.dig(&input.relation.all());
        }
        let mut ctes: Vec<(&SmolStr, &Arc<Relation>)> = self
            .ctes
            .iter()
            .filter_map(|(k, v)| Some((k, v.last()?)))
            .collect();
        ctes.sort_by_key(|(key, _)| *key);
        for (key, cte) in ctes {
            mix.str(key).dig(&cte.all());
        }
        self.sight(&mut mix);
        self.lambdas.iter().for_each(|l| {
            mix.str(l);
        });
        mix.done()
    }

    /// A relation of which only a digest is known.
    fn unknown_relation(&mut self, span: Span) -> Arc<Relation> {
        let digest = self.unknown(span);
        Arc::new(Relation {
            rows: digest.clone(),
            order: digest.clone(),
            rest: digest,
            columns: Vec::new(),
            complete: false,
        })
    }

    /// What a reference to a column of a bound relation means from the innermost scope.
    fn reference(&mut self, scope: usize, instance: usize, digest: &Digest) -> Digest {
        if scope + 1 < self.scopes.len() {
            self.outer_reads += 1;
            return Mix::new("outer").num(scope).num(instance).dig(digest).done();
        }
        if self.scopes.get(scope).is_some_and(|s| s.single) {
            return digest.clone();
        }
        Mix::new("col").num(instance).dig(digest).done()
    }

    /// The value of a dotted name.
    fn name(&mut self, path: &[Name]) -> Digest {
        let Some(first) = path.first() else {
            return Mix::new("nothing").done();
        };
        let first_key = self.column_key(&first.ident);
        if let Some(level) = self.lambdas.iter().rposition(|l| *l == first_key) {
            let value = Mix::new("lambda").num(level).done();
            return self.fields(value, path.get(1..).unwrap_or(&[]));
        }
        let keys: Vec<SmolStr> = path.iter().map(|n| self.relation_key(&n.ident)).collect();
        let mut maybe: Vec<Digest> = Vec::new();
        let mut found: Option<Digest> = None;
        let innermost = self.scopes.len();
        for level in (0..innermost).rev() {
            let inside = level + 1 == innermost;
            let visible = inside || !self.scopes.get(level).is_some_and(|s| s.barrier);
            let mode = if inside { self.aliases } else { AliasMode::Never };
            let alias = self
                .scopes
                .get(level)
                .and_then(|s| s.items.get(&first_key).cloned());
            if mode == AliasMode::Before
                && path.len() == 1
                && let Some(alias) = &alias
            {
                found = Some(alias.clone());
                break;
            }
            if visible {
                found = self
                    .qualified(level, path, &keys, &mut maybe)
                    .or_else(|| self.unqualified(level, path, &first_key, &mut maybe));
                if found.is_some() {
                    break;
                }
            }
            if mode == AliasMode::After
                && let Some(alias) = alias
            {
                found = Some(self.fields(alias, path.get(1..).unwrap_or(&[])));
                break;
            }
            if path.len() == 1 && visible {
                let row = self.scopes.get(level).and_then(|s| {
                    let bound = s.bound.iter().find(|b| keys.first() == Some(&b.alias))?;
                    Some((bound.instance, bound.relation.all()))
                });
                if let Some((instance, all)) = row {
                    let whole = Mix::new("row").dig(&all).done();
                    found = Some(self.reference(level, instance, &whole));
                    break;
                }
            }
        }
        match (found, maybe.is_empty()) {
            (Some(found), true) => found,
            (found, false) => {
                let mut mix = Mix::new("maybe");
                path.iter().for_each(|n| {
                    mix.str(&self.column_key(&n.ident));
                });
                mix.digs(&maybe).digs(&found);
                self.niladic(path, &mut mix);
                mix.done()
            }
            (None, true) => {
                let mut mix = Mix::new("unresolved");
                if self.niladic(path, &mut mix) {
                    return mix.str(&first.ident.text.to_ascii_lowercase()).done();
                }
                path.iter().for_each(|n| {
                    mix.str(&n.ident.text);
                });
                self.sight(&mut mix);
                self.outer_reads += 1;
                mix.done()
            }
        }
    }

    /// Marks a function that is called without brackets.
    fn niladic(&self, path: &[Name], mix: &mut Mix) -> bool {
        let [name] = path else { return false };
        let lower = name.ident.text.to_ascii_lowercase();
        let volatile = !name.ident.quoted && is_volatile(&lower);
        if volatile {
            mix.volatile(lower);
        }
        volatile
    }

    fn qualified(
        &mut self,
        level: usize,
        path: &[Name],
        keys: &[SmolStr],
        maybe: &mut Vec<Digest>,
    ) -> Option<Digest> {
        for n in (1..path.len().min(4)).rev() {
            let (Some((alias, before)), Some(name)) =
                (keys.get(..n).and_then(<[_]>::split_last), path.get(n))
            else {
                continue;
            };
            let key = self.column_key(&name.ident);
            let scope = self.scopes.get(level)?;
            let mut hits: Vec<(usize, Digest)> = Vec::new();
            let mut open: Vec<(usize, Digest)> = Vec::new();
            for bound in &scope.bound {
                if bound.alias != *alias || !bound.qualifiers.ends_with(before) {
                    continue;
                }
                match bound.by_name.get(&key) {
                    Some(list) => hits.extend(list.iter().filter_map(|i| {
                        let (_, digest) = bound.relation.columns.get(*i as usize)?;
                        Some((bound.instance, digest.clone()))
                    })),
                    None if !bound.relation.complete => {
                        open.push((bound.instance, bound.relation.rest.clone()))
                    }
                    None => {}
                }
            }
            for (instance, rest) in open {
                let value = Mix::new("unlisted").str(&key).dig(&rest).done();
                let value = self.reference(level, instance, &value);
                maybe.push(self.fields(value, path.get(n + 1..).unwrap_or(&[])));
            }
            if hits.is_empty() {
                continue;
            }
            let value = self.one_of(level, &hits);
            return Some(self.fields(value, path.get(n + 1..).unwrap_or(&[])));
        }
        None
    }

    fn one_of(&mut self, level: usize, hits: &[(usize, Digest)]) -> Digest {
        if let [(instance, digest)] = hits {
            return self.reference(level, *instance, digest);
        }
        let mut mix = Mix::new("ambiguous");
        for (instance, digest) in hits {
            let value = self.reference(level, *instance, digest);
            mix.dig(&value);
        }
        mix.done()
    }

    fn unqualified(
        &mut self,
        level: usize,
        path: &[Name],
        key: &SmolStr,
        maybe: &mut Vec<Digest>,
    ) -> Option<Digest> {
        let scope = self.scopes.get(level)?;
        let fields = path.get(1..).unwrap_or(&[]);
        if let Some((_, merged)) = scope.merged.iter().find(|(k, _)| k == key) {
            let merged = merged.clone();
            // Merged columns are made of references of their own scope.
            let value = if level + 1 < self.scopes.len() {
                self.outer_reads += 1;
                Mix::new("outer").num(level).str("merged").dig(&merged).done()
            } else {
                merged
            };
            return Some(self.fields(value, fields));
        }
        let from = scope.visible_from.min(scope.bound.len());
        for range in [from..scope.bound.len(), 0..from] {
            let scope = self.scopes.get(level)?;
            let mut hits: Vec<(usize, Digest)> = Vec::new();
            let mut open: Vec<(usize, Digest)> = Vec::new();
            for bound in scope.bound.get(range).into_iter().flatten() {
                match bound.by_name.get(key) {
                    Some(list) => hits.extend(list.iter().filter_map(|i| {
                        let (_, digest) = bound.relation.columns.get(*i as usize)?;
                        Some((bound.instance, digest.clone()))
                    })),
                    None if !bound.relation.complete => {
                        open.push((bound.instance, bound.relation.rest.clone()))
                    }
                    None => {}
                }
            }
            if !hits.is_empty() {
                let value = self.one_of(level, &hits);
                return Some(self.fields(value, fields));
            }
            for (instance, rest) in open {
                let value = Mix::new("unlisted").str(key).dig(&rest).done();
                let value = self.reference(level, instance, &value);
                maybe.push(self.fields(value, fields));
            }
        }
        None
    }

    /// `.a.b` after a value.
    fn fields(&self, base: Digest, names: &[Name]) -> Digest {
        names.iter().fold(base, |base, name| {
            Mix::new("field")
                .dig(&base)
                .str(&self.column_key(&name.ident))
                .done()
        })
    }
}
