//! Rows of declarative tests: `[[tests]]` of a model and `[[checks.assertions]]` of a pipeline.

use super::{BOOL, COUNT, SEVERITY, STR, STRS, rows};
use crate::schema::{Key, Schema, Shape, Tagged, UINT, key, no_synonym};

const COLUMN: Key = key("column", STR);
const SEVERITY_KEY: Key = key("severity", SEVERITY);
const FILTER: Key = key("filter", STR);

macro_rules! test_types {
    ($($(#[$meta:meta])* $model:ident $assertion:ident $name:literal [$($row:expr),*];)*) => {
        $(
            static $model: Schema = rows(&[key("name", STR), SEVERITY_KEY, FILTER, $($row),*]);
            static $assertion: Schema = rows(&[
                key("table", STR).required(), key("name", STR), SEVERITY_KEY, FILTER, $($row),*
            ]);
        )*
        /// `[[tests]]` of a model.
        pub(crate) static TESTS: Tagged = Tagged {
            tag: "type",
            what: "test type",
            default: None,
            variants: &[$(($name, &$model)),*],
            synonym: no_synonym,
        };
        /// `[[checks.assertions]]`: a test and the table it is about.
        pub(crate) static ASSERTIONS: Tagged = Tagged {
            tag: "type",
            what: "assertion type",
            default: None,
            variants: &[$(($name, &$assertion)),*],
            synonym: no_synonym,
        };
    };
}

// A bound is a number, or its text where precision matters.
const BOUND: Shape = Shape::Either(&[
    Shape::Float {
        min: std::ops::Bound::Unbounded,
        max: std::ops::Bound::Unbounded,
    },
    STR,
]);

test_types! {
    NOT_NULL A_NOT_NULL "not_null" [COLUMN.required()];
    UNIQUE A_UNIQUE "unique" [COLUMN.required()];
    ACCEPTED_VALUES A_ACCEPTED_VALUES "accepted_values" [COLUMN.required(), key("values", Shape::SomeStrs).required()];
    RELATIONSHIPS A_RELATIONSHIPS "relationships"
        [COLUMN.required(), key("to_table", STR).required(), key("to_column", STR).required()];
    EXPRESSION A_EXPRESSION "expression" [COLUMN, key("expression", STR).required()];
    ROW_COUNT_RANGE A_ROW_COUNT_RANGE "row_count_range" [COLUMN, key("min", UINT), key("max", UINT)];
    IN_RANGE A_IN_RANGE "in_range" [COLUMN.required(), key("min", BOUND), key("max", BOUND)];
    REGEX_MATCH A_REGEX_MATCH "regex_match" [COLUMN.required(), key("pattern", STR).required()];
    AGGREGATE A_AGGREGATE "aggregate" [
        COLUMN,
        key("op", Shape::OneOf(&["sum", "count", "avg", "min", "max"])).required(),
        key("cmp", Shape::OneOf(&["lt", "lte", "gt", "gte", "eq", "ne", "<", "<=", ">", ">=", "=", "==", "!=", "<>"])).required(),
        key("value", BOUND).required()
    ];
    COMPOSITE A_COMPOSITE "composite" [
        COLUMN,
        key("kind", Shape::OneOf(&["unique"])).required(),
        key("columns", Shape::SomeStrs).required()
    ];
    UNIQUE_EXPR A_UNIQUE_EXPR "unique_expr" [COLUMN, key("key_expr", STR).required()];
    NOT_IN_FUTURE A_NOT_IN_FUTURE "not_in_future" [COLUMN.required()];
    OLDER_THAN A_OLDER_THAN "older_than_n_days" [COLUMN.required(), key("days", COUNT).required()];
}

/// `[[test]]`: a unit test with given rows and expected ones.
pub(crate) static UNIT_TEST: Schema = rows(&[
    key("name", STR).required(),
    key("description", STR),
    key("partition", STR),
    key("given", Shape::Tables(&GIVEN)),
    key("expect", Shape::Table(&EXPECT)).required(),
]);
static GIVEN: Schema = rows(&[key("ref", STR).required(), ROWS, CSV, FILE]);
static EXPECT: Schema = rows(&[ROWS, CSV, FILE, key("ordered", BOOL), key("columns", STRS)]);
const ROWS: Key = key("rows", Shape::ListOf(&Shape::Map(&Shape::Any)));
const CSV: Key = key("csv", STR);
const FILE: Key = key("file", STR);

/// `[[use_test]]`: a test defined in `test_definitions.toml`.
pub(crate) static USE_TEST: Schema = rows(&[key("name", STR).required(), COLUMN, SEVERITY_KEY, FILTER]);
