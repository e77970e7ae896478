//! Keywords: which words the grammar knows, and what each dialect lets them name.
//!
//! A word token carries its [`Kw`] and a set of [`WordClass`] bits, so that the parser never compares text. DuckDB's
//! classes are those of `duckdb_keywords()` in 1.5.5. For the other dialects only words that can never start an
//! expression are reserved: rejecting a query that the warehouse would take is worse than the opposite.

use rocky_base::Dialect;

/// Longest word that can be a keyword, in bytes.
const MAX_LEN: usize = 24;

macro_rules! keywords {
    ($($name:ident $text:literal,)*) => {
        /// A word of the grammar. `None` is any other word.
        #[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
        #[allow(missing_docs, reason = "the variants are the words")]
        #[repr(u16)]
        pub enum Kw { #[default] None, $($name,)* }
        static WORDS: &[(&str, Kw)] = &[$(($text, Kw::$name),)*];
        impl Kw {
            /// The word in upper case, as messages show it; empty for `None`.
            pub fn text(self) -> &'static str {
                match self { Kw::None => "", $(Kw::$name => $text,)* }
            }
        }
    };
}

keywords! {
    All "ALL", Alter "ALTER", And "AND", Anti "ANTI", Any "ANY", Array "ARRAY", As "AS", Asc "ASC", Asof "ASOF", At "AT",
    Before "BEFORE", Begin "BEGIN", Between "BETWEEN", Both "BOTH", By "BY", Call "CALL", Case "CASE", Cast "CAST", Changes "CHANGES",
    Cluster "CLUSTER", Collate "COLLATE", Collation "COLLATION", Columns "COLUMNS", Commit "COMMIT", Connect "CONNECT", Copy "COPY", Create "CREATE",
    Cross "CROSS", Cube "CUBE", Current "CURRENT", CurrentCatalog "CURRENT_CATALOG", CurrentDate "CURRENT_DATE",
    CurrentDatetime "CURRENT_DATETIME", CurrentRole "CURRENT_ROLE", CurrentSchema "CURRENT_SCHEMA",
    CurrentTime "CURRENT_TIME", CurrentTimestamp "CURRENT_TIMESTAMP", CurrentUser "CURRENT_USER", Date "DATE",
    Default "DEFAULT", Delete "DELETE", Desc "DESC", Describe "DESCRIBE", Distinct "DISTINCT", Distribute "DISTRIBUTE",
    Div "DIV", Double "DOUBLE", Drop "DROP", Else "ELSE", End "END", Escape "ESCAPE", Except "EXCEPT", Exclude "EXCLUDE",
    Execute "EXECUTE", Exists "EXISTS", Explain "EXPLAIN", Extract "EXTRACT", False "FALSE", Fetch "FETCH",
    Filter "FILTER", First "FIRST", Following "FOLLOWING", For "FOR", From "FROM", Full "FULL", Glob "GLOB",
    Grant "GRANT", Group "GROUP", Grouping "GROUPING", Groups "GROUPS", Having "HAVING", If "IF", Ignore "IGNORE",
    Ilike "ILIKE", In "IN", Include "INCLUDE", Inner "INNER", Insert "INSERT", Intersect "INTERSECT",
    Interval "INTERVAL", Into "INTO", Is "IS", Isnull "ISNULL", Join "JOIN", Key "KEY", Lambda "LAMBDA", Last "LAST",
    Lateral "LATERAL", Leading "LEADING", Left "LEFT", Like "LIKE", Limit "LIMIT", Localtime "LOCALTIME",
    Localtimestamp "LOCALTIMESTAMP", Map "MAP", Materialized "MATERIALIZED", Match "MATCH_RECOGNIZE", Merge "MERGE", Minus "MINUS", Name "NAME",
    Natural "NATURAL", Next "NEXT", No "NO", Not "NOT", Notnull "NOTNULL", Null "NULL", Nulls "NULLS", Of "OF",
    Offset "OFFSET", On "ON", Only "ONLY", Operator "OPERATOR", Or "OR", Order "ORDER", Ordinality "ORDINALITY",
    Others "OTHERS", Outer "OUTER", Over "OVER", Overlaps "OVERLAPS", Overlay "OVERLAY", Partition "PARTITION",
    Percent "PERCENT", Pivot "PIVOT", PivotWider "PIVOT_WIDER", PivotLonger "PIVOT_LONGER", Placing "PLACING",
    Position "POSITION", Positional "POSITIONAL", Preceding "PRECEDING", Precision "PRECISION", Qualify "QUALIFY",
    Range "RANGE", Recursive "RECURSIVE", Regexp "REGEXP", Rename "RENAME", Repeatable "REPEATABLE",
    Replace "REPLACE", Respect "RESPECT", Right "RIGHT", Rlike "RLIKE", Rollup "ROLLUP", Row "ROW", Rows "ROWS",
    SafeCast "SAFE_CAST", Sample "SAMPLE", Select "SELECT", Semi "SEMI", SessionUser "SESSION_USER", Set "SET", Sets "SETS",
    Show "SHOW", Similar "SIMILAR", Some "SOME", Sort "SORT", Start "START", Struct "STRUCT", Substring "SUBSTRING", Substr "SUBSTR",
    Summarize "SUMMARIZE", Symmetric "SYMMETRIC", SystemTime "SYSTEM_TIME", SystemVersion "SYSTEM_VERSION",
    Table "TABLE", Tablesample "TABLESAMPLE", Then "THEN", Ties "TIES", Time "TIME", Timestamp "TIMESTAMP", To "TO",
    Trailing "TRAILING", Trim "TRIM", True "TRUE", Truncate "TRUNCATE", TryCast "TRY_CAST", Unbounded "UNBOUNDED",
    Union "UNION", Unique "UNIQUE", Unknown "UNKNOWN", Unnest "UNNEST", Unpivot "UNPIVOT", Update "UPDATE", Use "USE",
    User "USER", Using "USING", Value "VALUE", Values "VALUES", Variadic "VARIADIC", Varying "VARYING",
    Version "VERSION", View "VIEW", When "WHEN", Where "WHERE", Window "WINDOW", With "WITH", Within "WITHIN",
    Without "WITHOUT", Xor "XOR", Zone "ZONE",
}

/// What a word may name, per dialect.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct WordClass(u8);

impl WordClass {
    /// No class: an ordinary name.
    pub const NONE: WordClass = WordClass(0);
    const DUCK_KEYWORD: u8 = 1;
    const DUCK_TYPE_FUNCTION: u8 = 2;
    const DUCK_RESERVED: u8 = 4;
    const DATABRICKS: u8 = 8;
    const SNOWFLAKE: u8 = 16;
    const BIGQUERY: u8 = 32;

    /// The word cannot be a column, a table or an alias without quotes.
    pub fn is_reserved(self, dialect: Dialect) -> bool {
        let mask = match dialect {
            Dialect::DuckDb => Self::DUCK_RESERVED | Self::DUCK_TYPE_FUNCTION,
            Dialect::Databricks => Self::DATABRICKS,
            Dialect::Snowflake => Self::SNOWFLAKE,
            Dialect::BigQuery => Self::BIGQUERY,
        };
        self.0 & mask != 0
    }

    /// The word is a DuckDB keyword of any class: such a word needs AS to be the alias of a column.
    pub fn is_duckdb_keyword(self) -> bool {
        self.0 & Self::DUCK_KEYWORD != 0
    }
}

#[rustfmt::skip]
static DUCK_UNRESERVED: &str = "abort absolute access action add admin after aggregate also alter always assertion assignment attach attribute \
    backward before begin cache call called cascade cascaded catalog centuries century chain characteristics checkpoint class close cluster comment \
    comments commit committed compression configuration conflict connection constraints content continue conversion copy cost csv cube current cursor \
    cycle data database day days deallocate decade decades declare defaults deferred definer delete delimiter delimiters depends detach dictionary \
    disable discard document domain double drop each enable encoding encrypted enum error escape event exclude excluding exclusive execute explain \
    export export_state extension extensions external family filter first following force forward function functions global grant granted groups \
    handler header hold hour hours identity if ignore immediate immutable implicit import include including increment index indexes inherit inherits \
    inline input insensitive insert install instead invoker isolation json key label language large last leakproof level listen load local location \
    lock locked logged macro mapping match matched materialized maxvalue merge method microsecond microseconds millennia millennium millisecond \
    milliseconds minute minutes minvalue mode month months move name names new next no nothing notify nowait nulls object of off oids old operator \
    option options ordinality others over overriding owned owner parallel parser partial partition partitioned passing password percent persistent \
    plans policy pragma preceding prepare prepared preserve prior privileges procedural procedure program publication quarter quarters quote range \
    read reassign recheck recursive ref referencing refresh reindex relative release rename repeatable replace replica reset respect restart restrict \
    returns revoke role rollback rollup rows rule sample savepoint schema schemas scope scroll search second seconds secret security sequence \
    sequences serializable server session set sets share simple skip snapshot sorted source sql stable standalone start statement statistics stdin \
    stdout storage stored strict strip subscription sysid system tables tablespace target temp template temporary text ties transaction transform \
    trigger truncate trusted type types unbounded uncommitted unencrypted unknown unlisten unlogged until update use user vacuum valid validate \
    validator value variable varying version view views virtual volatile week weeks whitespace within without work wrapper write xml year years yes \
    zone between bigint bit boolean char character coalesce dec decimal exists extract float grouping grouping_id inout int integer interval national \
    nchar none nullif numeric out overlay position precision real row setof smallint substring time timestamp treat trim values varchar xmlattributes \
    xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable columns generated map struct try_cast";
#[rustfmt::skip]
static DUCK_TYPE_FUNCTION: &str = "anti asof at authorization binary by collation concurrently cross freeze full glob ilike inner is isnull join left \
    like natural notnull outer overlaps positional right semi similar tablesample unpack verbose";
#[rustfmt::skip]
static DUCK_RESERVED: &str = "all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default \
    deferrable desc describe distinct do else end except false fetch for foreign from group having in initially intersect into lambda lateral leading \
    limit not null offset on only or order pivot pivot_longer pivot_wider placing primary qualify references returning select show some summarize \
    symmetric table then to trailing true union unique unpivot using variadic when where window with";
#[rustfmt::skip]
static COMMON_RESERVED: &str = "all and as between by case cross distinct else end except false from full group having in inner intersect into is \
    join left like natural not null on or order qualify right select then true union using when where with";
#[rustfmt::skip]
static SNOWFLAKE_RESERVED: &str = "any cast check column connect create current current_date current_time current_timestamp current_user drop exists \
    following for grant ilike lateral localtime localtimestamp minus of regexp revoke rlike row rows sample set some start table \
    tablesample to trigger try_cast unique values whenever window";
#[rustfmt::skip]
static BIGQUERY_RESERVED: &str = "any array asc assert_rows_modified at cast collate contains create cube current default define desc enum escape \
    exclude exists extract fetch following for grouping groups hash if ignore interval lateral limit lookup merge new no nulls of outer over \
    partition preceding proto range recursive respect rollup rows set some struct tablesample to treat unbounded unnest window within";
#[rustfmt::skip]
static DATABRICKS_RESERVED: &str = "lateral minus anti semi limit";

/// A word that is a keyword or belongs to a class, in upper or lower case.
#[derive(Copy, Clone)]
struct Entry {
    text: &'static str,
    kw: Kw,
    class: u8,
}

const MAX_ENTRIES: usize = 768;
/// A power of two, about four times the words.
const SLOTS: usize = 2048;

/// An open hash table over all words, made by the compiler: looking a word up takes one probe as a rule.
struct Table {
    // Index of an entry, plus one.
    slots: [u16; SLOTS],
    entries: [Entry; MAX_ENTRIES],
    len: usize,
}

static TABLE: Table = Table::build();

/// Four letters and the length. The case bit is set in all, so that both cases agree. Callers give two bytes at least.
const fn hash(word: &[u8]) -> usize {
    let len = word.len();
    let first = (word[0] | 0x20) as u32;
    let second = (word[1] | 0x20) as u32;
    let middle = (word[len / 2] | 0x20) as u32;
    let last = (word[len - 1] | 0x20) as u32;
    let letters = first | second << 8 | middle << 16 | last << 24;
    let mixed = letters.wrapping_mul(0x9E37_79B1) ^ (len as u32).wrapping_mul(0x85EB_CA6B);
    (mixed >> 21) as usize
}

const fn same_word(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] | 0x20 != b[at] | 0x20 {
            return false;
        }
        at += 1;
    }
    true
}

impl Table {
    const fn build() -> Table {
        let mut table = Table {
            slots: [0; SLOTS],
            entries: [Entry {
                text: "",
                kw: Kw::None,
                class: 0,
            }; MAX_ENTRIES],
            len: 0,
        };
        let mut at = 0;
        while at < WORDS.len() {
            table.add(WORDS[at].0, WORDS[at].1, 0);
            at += 1;
        }
        let all = WordClass::DATABRICKS | WordClass::SNOWFLAKE | WordClass::BIGQUERY;
        let type_function = WordClass::DUCK_KEYWORD | WordClass::DUCK_TYPE_FUNCTION;
        table.add_list(DUCK_UNRESERVED, WordClass::DUCK_KEYWORD);
        table.add_list(DUCK_TYPE_FUNCTION, type_function);
        table.add_list(DUCK_RESERVED, WordClass::DUCK_KEYWORD | WordClass::DUCK_RESERVED);
        table.add_list(COMMON_RESERVED, all);
        table.add_list(SNOWFLAKE_RESERVED, WordClass::SNOWFLAKE);
        table.add_list(BIGQUERY_RESERVED, WordClass::BIGQUERY);
        table.add_list(DATABRICKS_RESERVED, WordClass::DATABRICKS);
        table
    }

    const fn add_list(&mut self, list: &'static str, class: u8) {
        let mut rest = list;
        while !rest.is_empty() {
            let bytes = rest.as_bytes();
            let mut end = 0;
            while end < bytes.len() && bytes[end] != b' ' {
                end += 1;
            }
            let (word, behind) = rest.split_at(end);
            if !word.is_empty() {
                self.add(word, Kw::None, class);
            }
            rest = if behind.is_empty() {
                behind
            } else {
                behind.split_at(1).1
            };
        }
    }

    const fn add(&mut self, text: &'static str, kw: Kw, class: u8) {
        let word = text.as_bytes();
        assert!(word.len() >= 2 && word.len() <= MAX_LEN, "length of a keyword");
        let mut slot = hash(word);
        while self.slots[slot] != 0 {
            let index = self.slots[slot] as usize - 1;
            if same_word(self.entries[index].text.as_bytes(), word) {
                self.entries[index].class |= class;
                return;
            }
            slot = (slot + 1) % SLOTS;
        }
        self.entries[self.len] = Entry { text, kw, class };
        self.len += 1;
        self.slots[slot] = self.len as u16;
    }
}

/// The keyword and classes of a word, in any letter case.
pub fn classify(word: &str) -> (Kw, WordClass) {
    let bytes = word.as_bytes();
    if bytes.len() > MAX_LEN || bytes.len() < 2 {
        return (Kw::None, WordClass::NONE);
    }
    let mut slot = hash(bytes);
    // An index of zero wraps round and names no entry: the word is not there.
    while let Some(entry) = TABLE.entries.get((TABLE.slots[slot] as usize).wrapping_sub(1)) {
        if entry.text.eq_ignore_ascii_case(word) {
            return (entry.kw, WordClass(entry.class));
        }
        slot = (slot + 1) % SLOTS;
    }
    (Kw::None, WordClass::NONE)
}
