//! One model's text, expanded and parsed: everything that follows from the file alone (and from the macros and variables
//! it reads). Memoised by the hash of the text; a candidate is valid while every macro and variable it read is unchanged.

use crate::allow::{self, Allow};
use crate::hash::Hasher128;
use crate::packed::{Lazy, Packed};
use rocky_base::{Diagnostic, Dialect, FileId, Loc, SmolStr, Span, code};
use rocky_semantic::RelationRef;
use rocky_syntax::ast::{Ast, DatePlaceholder};
use rocky_syntax::expand::{self, MacroDef};
use rocky_syntax::origin::OriginMap;
use rocky_syntax::{dsl, parser};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock};

/// In what a model is written.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Language {
    /// SQL.
    Sql,
    /// The Rocky DSL.
    Rocky,
}

/// Macros by name, each with the hash of its definition (place included, since origins point at it).
#[derive(Debug, Default)]
pub struct MacroSet {
    /// The definitions.
    pub definitions: FxHashMap<SmolStr, MacroDef>,
    /// Their hashes.
    pub hashes: FxHashMap<SmolStr, u128>,
}

impl MacroSet {
    /// Add a definition; an earlier one of the same name is returned and stays.
    pub fn add(&mut self, definition: MacroDef) -> Result<(), Box<MacroDef>> {
        let name = definition.name.ident.text.clone();
        if let Some(old) = self.definitions.get(&name) {
            return Err(Box::new(old.clone()));
        }
        let mut hasher = Hasher128::new();
        hasher
            .str(&definition.body)
            .u32(definition.file.0)
            .u32(definition.body_span.start);
        definition.params.iter().for_each(|p| {
            hasher.str(&p.ident.text);
        });
        self.hashes.insert(name.clone(), hasher.finish());
        self.definitions.insert(name, definition);
        Ok(())
    }
}

/// What a text is parsed with.
#[derive(Copy, Clone)]
pub struct UnitEnv<'a> {
    /// The dialect.
    pub dialect: Dialect,
    /// The macros.
    pub macros: &'a MacroSet,
    /// Run variables.
    pub vars: &'a FxHashMap<SmolStr, SmolStr>,
}

/// A parsed text.
#[derive(Debug)]
pub struct Unit {
    head: UnitHead,
    body: Lazy<UnitBody>,
    order_sensitive: OnceLock<bool>,
}

/// What every compile looks at.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct UnitHead {
    key: u128,
    hash: u128,
    refs: Vec<RelationRef>,
    ref_locs: Vec<Loc>,
    diagnostics: Vec<Diagnostic>,
    allows: Vec<Allow>,
    broken: bool,
    has_query: bool,
    macros_read: Vec<(SmolStr, Option<u128>)>,
    vars_read: Vec<(SmolStr, Option<SmolStr>)>,
}

/// What is looked at when the model is analysed, planned or shown.
#[derive(Debug, Serialize, Deserialize)]
struct UnitBody {
    text: Arc<str>,
    origin: OriginMap,
    query: Option<Span>,
    with: WithPlace,
    placeholders: Vec<(DatePlaceholder, Span)>,
}

impl Default for UnitBody {
    fn default() -> UnitBody {
        UnitBody {
            text: Arc::from(""),
            origin: OriginMap::identity(FileId(0), 0),
            query: None,
            with: WithPlace::Absent(0),
            placeholders: Vec::new(),
        }
    }
}

/// The outermost WITH of a query.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum WithPlace {
    /// There is none: `WITH … ` goes to this byte.
    Absent(u32),
    /// There is one: CTEs go to this byte, before the first of its own.
    Present {
        /// After `WITH` or `WITH RECURSIVE`.
        first_cte: u32,
    },
}

impl Unit {
    /// The SQL after lowering and expansion.
    pub fn text(&self) -> &Arc<str> {
        &self.body.get().text
    }

    /// Where its bytes come from.
    pub fn origin(&self) -> &OriginMap {
        &self.body.get().origin
    }

    /// The query, without semicolon and comments around it; `None` when there is none.
    pub fn query(&self) -> Option<Span> {
        self.body.get().query
    }

    /// True when there is a query. Cheaper than [`Unit::query`].
    pub fn has_query(&self) -> bool {
        self.head.has_query
    }

    /// Where CTEs can be put in.
    pub fn with(&self) -> WithPlace {
        self.body.get().with
    }

    /// Date placeholders.
    pub fn placeholders(&self) -> &[(DatePlaceholder, Span)] {
        &self.body.get().placeholders
    }

    /// Relations it reads, in order of text.
    pub fn refs(&self) -> &[RelationRef] {
        &self.head.refs
    }

    /// Where each of [`Unit::refs`] stands in the user's file.
    pub fn ref_locs(&self) -> &[Loc] {
        &self.head.ref_locs
    }

    /// Findings, in the user's files.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.head.diagnostics
    }

    /// Suppressions, in the user's file.
    pub fn allows(&self) -> &[Allow] {
        &self.head.allows
    }

    /// The text could not be parsed whole: its columns are not to be trusted.
    pub fn broken(&self) -> bool {
        self.head.broken
    }

    /// Hash of what the tree depends on.
    pub fn hash(&self) -> u128 {
        self.head.hash
    }

    /// The [`unit_key`] of the text it was made from.
    pub fn key(&self) -> u128 {
        self.head.key
    }

    /// True while everything it read is as it was.
    pub fn is_current(&self, env: &UnitEnv<'_>) -> bool {
        let macros = &self.head.macros_read;
        macros
            .iter()
            .all(|(name, hash)| env.macros.hashes.get(name) == hash.as_ref())
            && self
                .head
                .vars_read
                .iter()
                .all(|(name, value)| env.vars.get(name) == value.as_ref())
    }

    /// True when values of the request are in its text, which must not be written to disk.
    pub fn holds_values(&self) -> bool {
        self.head.vars_read.iter().any(|(_, value)| value.is_some())
    }

    /// The order of what it reads may decide about its result. Looked for once: each edit of what it reads asks again.
    pub fn is_order_sensitive(&self, dialect: Dialect) -> bool {
        let find = || rocky_semantic::normal::is_order_sensitive(self.text(), dialect);
        *self.order_sensitive.get_or_init(find)
    }

    /// Parse the tree again (it is not kept: most models are never looked at twice).
    pub fn parse(&self, dialect: Dialect) -> Ast {
        parser::parse(self.text(), dialect).ast
    }

    /// The two parts as the cache file holds them; `None` when a value cannot be encoded.
    pub(crate) fn pack(&self) -> Option<(Vec<u8>, std::borrow::Cow<'_, [u8]>)> {
        let head = postcard::to_stdvec(&self.head).ok()?;
        Some((head, self.body.pack()?))
    }

    /// A unit from the cache file.
    pub(crate) fn unpack(head: &[u8], body: Packed) -> Option<Unit> {
        Some(Unit {
            head: postcard::from_bytes(head).ok()?,
            body: Lazy::packed(body),
            order_sensitive: OnceLock::new(),
        })
    }
}

/// The key of a text: its file, language and content. `content` is the hash of the file's text.
pub fn unit_key(file: FileId, language: Language, body_start: u32, content: u128, dialect: Dialect) -> u128 {
    let mut hasher = Hasher128::new();
    hasher
        .str(crate::BUILD)
        .u32(file.0)
        .u32(language as u32)
        .u32(body_start)
        .u32(dialect as u32)
        .u128(content);
    hasher.finish()
}

/// The unit of a model whose file could not be read: its own problem says it all.
pub fn unreadable(key: u128) -> Unit {
    Unit {
        head: UnitHead {
            key,
            broken: true,
            ..UnitHead::default()
        },
        body: Lazy::new(UnitBody::default()),
        order_sensitive: OnceLock::new(),
    }
}

/// Lower, expand and parse a model's text. `body_start` is where the query begins in the file (after front matter).
pub fn make(
    key: u128,
    file: FileId,
    language: Language,
    text: &Arc<str>,
    body_start: u32,
    env: &UnitEnv<'_>,
) -> (Unit, Ast) {
    let mut diagnostics = Vec::new();
    let mut broken = false;
    let (sql, origin) = match language {
        Language::Sql if body_start == 0 => (text.clone(), OriginMap::identity(file, 0)),
        Language::Sql => (
            Arc::from(text.get(body_start as usize..).unwrap_or("")),
            OriginMap::identity(file, body_start),
        ),
        Language::Rocky => {
            let lowered = dsl::lower(file, text, env.dialect);
            broken |= !lowered.complete || lowered.diagnostics.iter().any(Diagnostic::is_error);
            diagnostics.extend(lowered.diagnostics);
            (Arc::from(lowered.sql), lowered.origin)
        }
    };
    let var = |name: &str| env.vars.get(name).cloned();
    let expand_env = expand::Env {
        dialect: env.dialect,
        macros: &env.macros.definitions,
        var: &var,
    };
    let expanded = expand::expand(&sql, &origin, &expand_env);
    broken |= expanded.diagnostics.iter().any(Diagnostic::is_error);
    diagnostics.extend(expanded.diagnostics);
    let parsed = parser::parse(&expanded.text, env.dialect);
    if !broken {
        diagnostics.extend(
            parsed
                .diagnostics
                .iter()
                .cloned()
                .map(|d| locate(d, &expanded.origin)),
        );
    }
    // After a lowering or expansion error the parser's findings would be consequences, except for SQL that stands by itself.
    else if language == Language::Sql {
        let place = |d: &Diagnostic| d.primary.as_ref().map(|p| p.loc);
        let said: Vec<_> = diagnostics.iter().filter_map(place).collect();
        diagnostics.extend(
            (parsed
                .diagnostics
                .iter()
                .cloned()
                .map(|d| locate(d, &expanded.origin)))
            .filter(|d| place(d).is_none_or(|loc| !said.contains(&loc))),
        );
    }
    broken |= parsed
        .diagnostics
        .iter()
        .any(|d| d.is_error() && d.code != code::E410);
    let refs = rocky_semantic::references(&parsed.ast, env.dialect);
    let root = parsed.ast.root.map(|r| parsed.ast.query(r));
    let query = root.map(|q| q.span);
    let with = match root {
        Some(q) => match &q.with {
            Some(with) => WithPlace::Present {
                first_cte: with.ctes.first().map_or(with.span.end, |c| c.span.start),
            },
            None => WithPlace::Absent(q.span.start),
        },
        None => WithPlace::Absent(0),
    };
    let mut hasher = Hasher128::new();
    hasher
        .str(crate::BUILD)
        .u32(env.dialect as u32)
        .str(&expanded.text);
    let macros_read = expanded
        .macros_read
        .into_iter()
        .map(|(name, _)| {
            let hash = env.macros.hashes.get(&name).copied();
            (name, hash)
        })
        .collect();
    let ref_locs = refs.iter().map(|r| expanded.origin.locate(r.span)).collect();
    let allows = allow::find(file, language, text, body_start, env.dialect, &mut diagnostics);
    let unit = Unit {
        head: UnitHead {
            key,
            hash: hasher.finish(),
            refs,
            ref_locs,
            diagnostics,
            allows,
            broken,
            has_query: query.is_some(),
            macros_read,
            vars_read: expanded.vars_read,
        },
        body: Lazy::new(UnitBody {
            text: expanded.text,
            origin: expanded.origin,
            query,
            with,
            placeholders: expanded.placeholders,
        }),
        order_sensitive: OnceLock::new(),
    };
    (unit, parsed.ast)
}

/// Move a finding from the expanded text to the file the user wrote; a place inside a macro's body is pointed at the call,
/// with a note at the definition.
pub fn locate(diagnostic: Diagnostic, origin: &OriginMap) -> Diagnostic {
    let definition = diagnostic
        .primary
        .as_ref()
        .filter(|label| label.loc.file == FileId::TEXT)
        .and_then(|label| origin.definition(label.loc.span));
    let mut located = diagnostic.map_locs(
        |loc| {
            if loc.file == FileId::TEXT {
                origin.locate(loc.span)
            } else {
                loc
            }
        },
        |loc| {
            if loc.file == FileId::TEXT {
                origin.locate_exact(loc.span)
            } else {
                Some(loc)
            }
        },
    );
    if let Some(definition) = definition {
        located = located.note(definition, "in the body of this macro");
    }
    located
}
