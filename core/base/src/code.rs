//! The registry of diagnostic codes: number and default severity, nothing else. Codes are permanent; a retired or
//! not yet raised one stays reserved. The words stand where a diagnostic is raised; the long explanation of each code
//! is its section of `docs/diagnostics.md`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How bad it is. The order is from worst to mildest.
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Severity {
    /// The project cannot run.
    Error,
    /// It runs, but probably not as meant.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// The wire spelling: `Error`, `Warning`, `Info`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
            Severity::Info => "Info",
        }
    }
}

/// A row of the registry.
#[derive(Debug)]
pub struct CodeInfo {
    /// `E001`.
    pub id: &'static str,
    /// Severity unless the configuration says otherwise.
    pub severity: Severity,
}

/// A registered code. Compared by identity of the row.
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(u16);

impl Code {
    /// `E001`.
    pub fn id(self) -> &'static str {
        self.info().id
    }

    /// The default severity.
    pub fn severity(self) -> Severity {
        self.info().severity
    }

    /// The registry row.
    pub fn info(self) -> &'static CodeInfo {
        // A `Code` is only made by this module, from an index of the table.
        &REGISTRY[self.0 as usize]
    }

    /// Look up a code by its text, in any letter case.
    pub fn parse(id: &str) -> Option<Code> {
        REGISTRY
            .iter()
            .position(|c| c.id.eq_ignore_ascii_case(id))
            .map(|i| Code(i as u16))
    }

    /// Every registered code.
    pub fn all() -> impl Iterator<Item = Code> {
        (0..REGISTRY.len() as u16).map(Code)
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Code, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        Code::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("unknown diagnostic code `{text}`")))
    }
}

macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident $severity:ident;)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[repr(u16)]
        enum Index { $($name,)* }
        static REGISTRY: &[CodeInfo] = &[$(CodeInfo { id: stringify!($name), severity: Severity::$severity },)*];
        $($(#[$meta])* pub const $name: Code = Code(Index::$name as u16);)*
    };
}

codes! {
    // Numbers of the 1.0 and 1.71 releases, meanings of their compile codes.
    /// Comparison or join of incompatible types.
    E001 Error;
    /// Contract: a required column is missing.
    E010 Error;
    /// Contract: type mismatch.
    E011 Error;
    /// Contract: column may be NULL.
    E012 Error;
    /// Contract: a protected column is missing.
    E013 Error;
    /// time_interval: time column not in the output.
    E020 Error;
    /// time_interval: time column is not temporal.
    E021 Error;
    /// time_interval: time column may be NULL.
    E022 Error;
    /// time_interval: time column is not a plain identifier.
    E023 Error;
    /// time_interval: no date placeholder is used.
    E024 Error;
    /// time_interval: hourly granularity on a DATE column.
    E025 Error;
    /// time_interval: first_partition is not canonical.
    E026 Error;
    /// `@var` without value or default.
    E028 Error;
    /// Lakehouse format options exclude each other.
    E035 Error;
    /// Two models with one target.
    E036 Error;
    /// Comparison or join that coerces implicitly.
    W001 Warning;
    /// `SELECT *` over a model whose columns are not known.
    W002 Warning;
    /// time_interval: only one of the two placeholders.
    W003 Warning;
    /// Merge key not in the output.
    W006 Warning;
    /// Contract column not in the output and not required.
    W010 Warning;
    /// Contract for an unknown model.
    W011 Warning;
    /// Some columns have no known type.
    I002 Info;
    /// Declared dependencies miss inferred ones.
    D011 Warning;
    /// Construct that the target dialect does not have.
    P001 Error;
    // E100–E199: names.
    /// Unknown column.
    E100 Error;
    /// Unknown relation that is proved not to exist.
    E101 Error;
    /// Ambiguous column.
    E102 Error;
    /// Duplicate output column name.
    E103 Error;
    /// Unknown function.
    E104 Error;
    /// Duplicate model name.
    E105 Error;
    /// Dependency cycle.
    E106 Error;
    /// `depends_on` names an unknown model.
    E107 Error;
    /// A model that is not incremental reads its own target.
    E108 Error;
    /// Duplicate alias of a relation or CTE in one scope.
    E109 Error;
    /// Unknown macro.
    E110 Error;
    /// Wrong number of macro arguments.
    E111 Error;
    /// Unknown table alias as qualifier.
    E112 Error;
    /// Macro expansion nested too deeply or recursive.
    E113 Error;
    /// Macro definition is malformed.
    E114 Error;
    // W100–W199: names.
    /// A relation nothing is known about: no model, no declared source, not in the catalogue snapshot.
    W101 Warning;
    /// Catalogue not attached; the default database is used.
    W102 Warning;
    /// CTE that nothing reads.
    W103 Warning;
    /// A file source whose columns are not known.
    W104 Warning;
    /// Join without a condition that links its sides.
    W105 Warning;
    /// Outer join that WHERE makes an inner one.
    W106 Warning;
    /// Derived column of the DSL that nothing uses.
    W107 Warning;
    /// ORDER BY that has no effect.
    W108 Warning;
    /// DISTINCT over rows that GROUP BY already made distinct.
    W109 Warning;
    /// LIMIT without ORDER BY.
    W110 Warning;
    /// Grouping key given twice.
    W111 Warning;
    /// Ranking or positional window function without ORDER BY.
    W112 Warning;
    // I100–I119: worth knowing of a query.
    /// `<>` that drops rows with NULL.
    I100 Info;
    /// HAVING that could be WHERE.
    I101 Info;
    /// LIKE without a wildcard.
    I102 Info;
    /// Merge key that may be NULL.
    I103 Info;
    /// UNION where UNION ALL gives the same rows.
    I104 Info;
    // E200–E299: types.
    /// Wrong number of arguments, or no overload takes these types.
    E200 Error;
    /// Set operation with different numbers of columns.
    E201 Error;
    /// Types that cannot be unified (set operation, CASE, COALESCE, VALUES).
    E202 Error;
    /// Operator that does not take these types.
    E203 Error;
    /// Column alias list with the wrong number of names.
    E204 Error;
    /// Subquery with the wrong number of columns.
    E205 Error;
    /// Unknown type name.
    E206 Error;
    /// Column neither grouped nor aggregated.
    E207 Error;
    /// Aggregate or window function where none may stand.
    E208 Error;
    /// USING or NATURAL column missing on one side.
    E209 Error;
    /// Row-value or list-length mismatch.
    E210 Error;
    /// A function's argument is not what it needs beyond its type: a constant, a named value.
    E230 Error;
    /// A file that is read as a source cannot be read so.
    E231 Error;
    // W200–W229: values.
    /// Comparison with NULL.
    W200 Warning;
    /// NOT IN over a subquery that may give NULL.
    W201 Warning;
    /// Integer division whose fraction is asked for.
    W202 Warning;
    /// Division by zero.
    W203 Warning;
    /// CASE branch that an earlier one hides.
    W204 Warning;
    /// Condition that is the same for every row.
    W205 Warning;
    /// A value compared with itself.
    W206 Warning;
    /// BETWEEN with its bounds the wrong way round.
    W207 Warning;
    /// A model that adds to its target depends on when it runs.
    W208 Warning;
    /// Constant that cannot be cast.
    W209 Warning;
    /// Cast that no value survives.
    W210 Warning;
    // E300–E399: plan and strategy.
    /// The adapter cannot do this strategy.
    E300 Error;
    /// Strategy column not in the output.
    E301 Error;
    /// Strategy needs a key that is not given.
    E302 Error;
    /// Target name cannot be used.
    E303 Error;
    /// Date placeholder outside a time_interval model.
    E304 Error;
    /// Contract: a column that is new may be NULL.
    E310 Error;
    // W300–W399.
    /// Contract: a column is wider than its neutral type says.
    W310 Warning;
    /// Contract: a column is listed twice in a rule.
    W311 Warning;
    /// Contract: a rule that has nothing to hold on to.
    W312 Warning;
    /// Contract: an allowed type change that loses values.
    W313 Warning;
    // E400–E499: files and configuration.
    /// Syntax error in SQL.
    E400 Error;
    /// Syntax error in the DSL.
    E401 Error;
    /// Syntax error in TOML.
    E402 Error;
    /// Unknown key.
    E403 Error;
    /// Wrong type or value of a key.
    E404 Error;
    /// Missing key.
    E405 Error;
    /// A known key that has no effect yet.
    E406 Error;
    /// Environment variable without value or default.
    E407 Error;
    /// File cannot be read.
    E408 Error;
    /// File is not UTF-8.
    E409 Error;
    /// More than one statement in a model.
    E410 Error;
    /// A model that is not a query.
    E411 Error;
    /// Nested too deeply.
    E412 Error;
    /// Empty model.
    E413 Error;
    /// Model without configuration (no sidecar, front matter or defaults).
    E414 Error;
    /// Two configurations for one model (sidecar and front matter).
    E415 Error;
    /// Reference to something undeclared in the configuration (adapter, pipeline).
    E416 Error;
    /// Value out of range or not allowed here.
    E417 Error;
    /// File name that cannot be a model name.
    E418 Error;
    /// File too large.
    E419 Error;
    /// Fewer columns are proven than wanted.
    E420 Error;
    /// `schema.lock` holds both sides of a merge.
    E421 Error;
    /// `--locked`: a source that is read is not in `schema.lock`.
    E422 Error;
    /// `schema.lock` is of another version.
    E423 Error;
    /// `schema.lock` lists a relation twice.
    E424 Error;
    // W400–W499.
    /// Unknown key, softened by `[compat] unknown_keys = "warn"`.
    W403 Warning;
    /// Known key without effect, softened.
    W406 Warning;
    /// Deprecated key.
    W407 Warning;
    /// Orphan file: sidecar or contract without a model.
    W408 Warning;
    /// A locked database could not be asked for source schemas.
    W409 Warning;
    /// A suppression that suppresses nothing.
    W410 Warning;
    /// A suppression that cannot be read.
    W411 Warning;
    /// A suppression of what cannot be suppressed.
    W412 Warning;
    /// `schema.lock` differs from a declaration, or from the warehouse as it is now.
    W420 Warning;
    /// Columns in `schema.lock` were changed by hand.
    W421 Warning;
}
