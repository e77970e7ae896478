#!/usr/bin/env python3
"""Writes tests/data/*.tsv: what DuckDB itself says of types, operators, unification, casts and function calls.

Run by hand: pip install duckdb==1.5.5, then ./duckdb_oracle.py [name …]. `!` is an error of the binder.
An operand is a type (a column of it) or, after `=`, a literal.
"""
import itertools, pathlib, random, re, sys
import duckdb

assert duckdb.__version__ == "1.5.5", duckdb.__version__
con = duckdb.connect()
data = pathlib.Path(__file__).parent.parent / "tests" / "data"

TYPES = ["BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
         "UHUGEINT", "BIGNUM", "FLOAT", "DOUBLE", "DECIMAL(5,2)", "DECIMAL(18,3)", "DECIMAL(38,10)", "VARCHAR", "BLOB", "BIT", "DATE",
         "TIME", "TIME_NS", "TIME WITH TIME ZONE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS",
         "TIMESTAMP WITH TIME ZONE", "INTERVAL", "UUID", "JSON", "VARIANT", "GEOMETRY", "ENUM('a', 'b')", "ENUM('x', 'y')",
         "INTEGER[]", "VARCHAR[]", "INTEGER[3]", "DOUBLE[3]", "STRUCT(a INTEGER, b VARCHAR)", "STRUCT(b VARCHAR, c DATE)",
         "MAP(VARCHAR, INTEGER)", "UNION(num INTEGER, str VARCHAR)"]
LITERALS = ["NULL", "1", "-1", "200", "40000", "3000000000", "9223372036854775808", "1.5", "1e3", "'a'", "true"]
NESTED = ["BIGINT[]", "DECIMAL(5,2)[]", "DATE[]", "JSON[]", "INTEGER[][]", "STRUCT(a BIGINT, b VARCHAR)", "STRUCT(INTEGER, VARCHAR)",
          "MAP(VARCHAR, BIGINT)", "MAP(INTEGER, VARCHAR[])", "STRUCT(x INTEGER)[]", "VARCHAR[3]", "INTEGER[2]",
          "UNION(a DATE, b INTEGER, c VARCHAR)", "BOOLEAN[]", "STRUCT(a JSON)"]
ALL = TYPES + NESTED
OPERANDS = ALL + ["=" + l for l in LITERALS]
# A struct without names cannot be stored or written as a type.
UNNAMED = {"STRUCT(INTEGER, VARCHAR)": "row(cast(null as INTEGER), cast(null as VARCHAR))"}
con.execute("create table stored as select " + ", ".join(f"cast(null as {t}) c{i}" for i, t in enumerate(ALL) if t not in UNNAMED))
con.execute("create view t as select *, " + ", ".join(f"{UNNAMED[t]} c{i}" for i, t in enumerate(ALL) if t in UNNAMED) + " from stored")


def sql(operand):
    return operand[1:] if operand.startswith("=") else f"c{ALL.index(operand)}"


def describe(query):
    try:
        return con.execute("describe " + query).fetchone()[1]
    except duckdb.Error:
        return "!"


def typed(expression):
    return describe(f"select {expression} as x from t")


def write(name, lines):
    text = "".join(line + "\n" for line in lines)
    (data / name).write_text(text)
    print(name, len(lines), "lines", len(text), "bytes", file=sys.stderr)


def matrix(name, operations):
    lines = ["\t".join(["op", "left"] + OPERANDS)]
    for label, template in operations:
        for left in OPERANDS:
            cells = [typed(template.format(l=sql(left), r=sql(right))) for right in OPERANDS]
            lines.append("\t".join([label, left] + cells))
    write(name, lines)


def literals():
    texts = """1 0 2147483647 2147483648 -2147483648 -2147483649 9223372036854775807 9223372036854775808 -9223372036854775808
    -9223372036854775809 170141183460469231731687303715884105727 170141183460469231731687303715884105728
    340282366920938463463374607431768211455 340282366920938463463374607431768211456 1.5 1.50 0.5 .5 1. 00.5 -1.5 1e3 1.5e3 1_000
    1_000.5 12345678901234567890.123456789012345678 123456789012345678901.123456789012345678
    0.00000000000000000000000000000000000001 .00000000000000000000000000000000000001 0.0000000000000000000000000000000000001
    1.0000000000 0.0 123. 99999999999999999999999999999999999999 9.9999999999999999999999999999999999999 'a' true false NULL 1e400
    1e-3 -.5 00012 0.10""".split()
    write("literals.tsv", [f"{t}\t{typed(t)}" for t in texts])


def types():
    texts = [*ALL, "INT", "int4", "text", "string", "bpchar", "int8", "numeric", "long", "VARCHAR(10)", "FLOAT(10)", "FLOAT(30)",
             "FLOAT(60)", "DECIMAL(5)", "DECIMAL", "DECIMAL(39,2)", "DECIMAL(3,5)", "DECIMAL(0)", "decimal()", "DECIMAL(5,2,1)", "REAL",
             "DOUBLE PRECISION", "TIMESTAMP(0)", "TIMESTAMP(3)", "TIMESTAMP(6)", "TIMESTAMP(9)", "TIMESTAMP(10)",
             "TIMESTAMP WITHOUT TIME ZONE", "TIME WITHOUT TIME ZONE", "CHARACTER VARYING(10)", "CHAR VARYING", "NATIONAL CHARACTER(3)",
             "NCHAR", "BIT(3)", "INTERVAL DAY", "INTERVAL YEAR TO MONTH", "SETOF INT", '"INTEGER"', '"integer"[]', "INT ARRAY",
             "INT ARRAY[4]", "INT[0]", "INT[100000]", "INT[100001]", "GEOMETRY('OGC:CRS84')", "TYPE", "json", "JSON(3)", "BLOB(3)",
             "INT(3)", "TEXT(3)", "DATE(3)", "mood", "oid", "DEC(4,1)", "DATETIME", "TIMESTAMP_US", "INT64", "uint8", "signed", "integral",
             "logical", "nvarchar(3)", "bytea", "varbinary", "bitstring", "varint", "float4", "float8", "int1", "short", "guid", "char",
             "char(3)", "TIMETZ", "TIMESTAMPTZ", "MAP(int)", "STRUCT()", "MONEY", "text[][3]", "hugeint[ 3 ]", "row(a int)",
             'struct("select" int, "A b" int, year int, "ä" int, "a""b" int, Abc int)', "struct(a int[], b struct(c map(int, varchar)))",
             "union(a int, b union(c int))", "enum('a', 'b''c')", "map(struct(a int), int[])", "int128", "uint128", "int16", "int2",
             "uint16", "uint32", "uint64", "binary", "timestamp_s", "timestamp_ms", "timestamp_ns", "time_ns"]
    write("types.tsv", [f"{t}\t{typed(f'cast(null as {t})')}" for t in texts if t not in UNNAMED])


def operators():
    matrix("operators.tsv", [(op, f"{{l}} {op} {{r}}") for op in ["+", "-", "*", "/", "//", "%", "||", "&", "<<", "**", "->", "->>"]])
    lines = []
    for op in ["-", "+", "~", "not ", "@"]:
        lines += [f"{op.strip()}\t{o}\t{typed(f'{op}({sql(o)})')}" for o in OPERANDS]
    write("unary.tsv", lines)


def compare():
    matrix("compare.tsv", [("=", "{l} = {r}"), ("<", "{l} < {r}"), ("between", "{l} between {r} and {r}"), ("in", "{l} in ({r})")])


def unify():
    lines = ["\t".join(["op", "left"] + OPERANDS)]
    for label, template in [("case", "case when true then {l} else {r} end"), ("coalesce", "coalesce({l}, {r})"), ("list", "[{l}, {r}]"),
                            ("greatest", "greatest({l}, {r})")]:
        for left in OPERANDS:
            cells = [typed(template.format(l=sql(left), r=sql(right))) for right in OPERANDS]
            lines.append("\t".join([label, left] + cells))
    for left in OPERANDS:
        cells = [describe(f"select {sql(left)} as x from t union all select {sql(right)} from t") for right in OPERANDS]
        lines.append("\t".join(["union", left] + cells))
    for left in OPERANDS:
        cells = [describe(f"select x from t, lateral (values ({sql(left)}), ({sql(right)})) v(x)") for right in OPERANDS]
        lines.append("\t".join(["values", left] + cells))
    write("unify.tsv", lines)


def casts():
    """o: the binder takes it and NULL survives; r: only the run fails; !: the binder refuses."""
    lines = ["\t".join(["from"] + ALL)]
    for left in ALL:
        cells = []
        for right in ALL:
            if right in UNNAMED:
                cells.append("?")
                continue
            try:
                con.execute(f"select cast({sql(left)} as {right}) from t").fetchall()
                cells.append("o")
            except duckdb.Error as error:
                cells.append("r" if describe(f"select cast({sql(left)} as {right}) from t") != "!" else "!")
        lines.append("\t".join([left] + cells))
    write("cast.tsv", lines)


# Calls whose arguments mean something to the function.
SAMPLES = """
date_part('year', DATE) date_part('epoch', TIMESTAMP) date_part('julian', DATE) date_part(VARCHAR, DATE) date_part(['year','month'], DATE)
date_part(['year','epoch'], TIMESTAMP) date_part('hour', TIME) date_part('year', INTERVAL) date_part('year', VARCHAR) date_part('year', '2020-01-01')
date_part('epoch', TIMESTAMP_NS) date_part('timezone', TIMESTAMP WITH TIME ZONE) date_part('epoch', TIME WITH TIME ZONE)
date_trunc('month', DATE) date_trunc('month', TIMESTAMP) date_trunc('month', TIMESTAMP WITH TIME ZONE) date_trunc('hour', DATE)
date_trunc('day', '2020-01-01') date_trunc(VARCHAR, DATE) date_trunc('month', INTERVAL) date_trunc('month', TIMESTAMP_NS)
date_diff('day', DATE, DATE) date_diff('day', DATE, TIMESTAMP) date_diff('day', DATE, '2020-01-01') datediff('day', TIMESTAMP, TIMESTAMP WITH TIME ZONE)
date_sub('day', DATE, DATE) date_add(DATE, INTERVAL) date_add(TIMESTAMP, INTERVAL) date_add(DATE, 1) strptime(VARCHAR, '%Y') strptime('2020', '%Y')
strptime(VARCHAR, '%Y %z') strptime(VARCHAR, ['%Y', '%d']) strptime(VARCHAR, VARCHAR) try_strptime(VARCHAR, '%Y %z') try_strptime(VARCHAR, '%Y')
strptime(VARCHAR, '%Y %n') strftime(DATE, '%Y') strftime(TIMESTAMP, '%Y') strftime('%Y', DATE) strftime(DATE, VARCHAR)
round(DECIMAL(5,2), 1) round(DECIMAL(5,2), 0) round(DECIMAL(5,2), -1) round(DECIMAL(5,2), 5) round(DECIMAL(5,2), INTEGER) round(DOUBLE, 2)
round(INTEGER, 1) trunc(DECIMAL(5,2), 1) trunc(DECIMAL(5,2), -3) trunc(DOUBLE, 1) round(DECIMAL(5,2), NULL)
substring(VARCHAR, 1, 2) substr(VARCHAR, 1) left(VARCHAR, 2) right(VARCHAR, 2) repeat(VARCHAR, 2) lpad(VARCHAR, 3, ' ') rpad(VARCHAR, 3, ' ')
split_part(VARCHAR, ',', 1) string_split(VARCHAR, ',') regexp_extract(VARCHAR, 'a') regexp_extract(VARCHAR, 'a', 1) regexp_extract(VARCHAR, 'a', ['x'])
regexp_extract(VARCHAR, '(a)(b)', ['x', 'y']) regexp_extract_all(VARCHAR, 'a') regexp_replace(VARCHAR, 'a', 'b') regexp_replace(VARCHAR, 'a', 'b', 'g')
regexp_matches(VARCHAR, 'a') concat(VARCHAR, INTEGER) concat(INTEGER[], INTEGER[]) concat(VARCHAR, NULL) concat_ws(',', VARCHAR, INTEGER)
concat(BLOB, BLOB) concat(INTEGER, INTEGER) concat(INTEGER[], BIGINT[]) concat(INTEGER[], VARCHAR[]) concat(INTEGER[], NULL) concat(INTEGER[])
format('{}', INTEGER) printf('%d', INTEGER) json_extract(JSON, '$.a') json_extract(JSON, ['a', 'b']) json_extract(VARCHAR, '$.a') json_extract(JSON, 0)
json_extract_string(JSON, '$.a') json_extract(JSON, '$.a[*]') json_extract_string(JSON, '$.*') json_extract(JSON, VARCHAR) json_value(JSON, '$.a')
json_exists(JSON, '$.a[*]') json_type(JSON, '$.a') json_array_length(JSON) json_array_length(JSON, '$.a') json_keys(JSON) json_type(JSON)
json_transform(JSON, '{"a": "INTEGER"}') json_transform(JSON, '["INTEGER"]') from_json(JSON, '{"a": "VARCHAR", "b": ["DATE"]}') json_transform(JSON, VARCHAR)
json_object('a', INTEGER) json_array(INTEGER, VARCHAR) to_json(INTEGER) json_group_array(INTEGER) json_group_object(VARCHAR, INTEGER) json(VARCHAR)
json_group_structure(JSON) json_structure(JSON) json_merge_patch(JSON, JSON) json_contains(JSON, '1') json_valid(VARCHAR) json_quote(INTEGER)
list_value() list_value(INTEGER, BIGINT) list_value(1, 2.5) list_value(NULL) list_value('a', NULL) list_extract(INTEGER[], 1) list_extract(VARCHAR, 1)
list_extract(INTEGER[3], 1) array_extract(STRUCT(a INTEGER, b VARCHAR), 'a') array_extract(STRUCT(INTEGER, VARCHAR), 1) list_element(VARCHAR[], 1)
struct_extract(STRUCT(a INTEGER, b VARCHAR), 'b') struct_extract(STRUCT(INTEGER, VARCHAR), 2) struct_extract(STRUCT(a INTEGER, b VARCHAR), 'zz')
struct_extract_at(STRUCT(a INTEGER, b VARCHAR), 1) struct_extract(STRUCT(a INTEGER, b VARCHAR), 1) struct_keys(STRUCT(a INTEGER, b VARCHAR)) struct_values(STRUCT(a INTEGER, b VARCHAR))
array_slice(INTEGER[], 1, 2) array_slice(VARCHAR, 1, 2) list_slice(INTEGER[], 1, 2, 1) array_slice(INTEGER[3], 1, 2) array_slice(BLOB, 1, 2) array_slice(BIT, 1, 2)
list_contains(INTEGER[], 1) list_contains(INTEGER[], BIGINT) list_contains(INTEGER[], VARCHAR) list_contains(INTEGER[], 'a') list_position(VARCHAR[], 'a')
contains(VARCHAR, 'a') contains(INTEGER[], 1) contains(MAP(VARCHAR, INTEGER), 'a') contains(STRUCT(INTEGER, VARCHAR), 1) list_concat(INTEGER[], BIGINT[])
list_concat(INTEGER[], NULL) list_concat() list_concat(INTEGER[]) list_concat(INTEGER[], VARCHAR[]) list_append(INTEGER[], 1) list_append(INTEGER[], BIGINT) list_prepend(1, INTEGER[])
list_append(INTEGER[], 'a') array_push_back(INTEGER[], 1) list_reverse(INTEGER[]) list_sort(INTEGER[]) list_sort(INTEGER[3]) list_sort(INTEGER[], 'DESC') list_sort(INTEGER[], 'DESC', 'NULLS LAST')
list_reverse_sort(INTEGER[]) list_distinct(INTEGER[]) list_unique(INTEGER[]) list_resize(INTEGER[], 3) list_resize(INTEGER[], 3, 0) list_resize(INTEGER[], 3, 'a')
list_aggregate(INTEGER[], 'sum') list_aggregate(INTEGER[], 'avg') list_aggregate(VARCHAR[], 'string_agg', ',') list_aggregate(INTEGER[], 'histogram') list_sum(INTEGER[])
list_sum(DECIMAL(5,2)[]) list_avg(INTEGER[]) list_min(VARCHAR[]) list_max(DATE[]) list_count(VARCHAR[]) list_median(INTEGER[]) list_mode(VARCHAR[]) list_first(DATE[]) list_last(DATE[])
list_any_value(DATE[]) list_string_agg(VARCHAR[]) list_histogram(VARCHAR[]) list_bool_and(BOOLEAN[]) list_product(INTEGER[]) list_approx_count_distinct(INTEGER[]) list_entropy(INTEGER[])
list_stddev_pop(INTEGER[]) list_sum(VARCHAR[]) list_aggregate(INTEGER[], VARCHAR) list_aggregate(INTEGER[], 'nope') list_bit_and(INTEGER[]) list_mad(INTEGER[]) list_kurtosis(INTEGER[])
list_zip(INTEGER[], VARCHAR[]) list_zip(INTEGER[], VARCHAR[], true) list_select(INTEGER[], [1, 2]) list_where(INTEGER[], [true]) flatten(INTEGER[][]) flatten(INTEGER[]) list_intersect(INTEGER[], BIGINT[])
list_has_any(INTEGER[], INTEGER[]) list_has_all(VARCHAR[], ['a']) list_grade_up(INTEGER[]) array_to_string(INTEGER[], ',') array_length(INTEGER[]) array_length(INTEGER[], 1) len(INTEGER[]) len(VARCHAR)
range(3) range(1, 10, 2) generate_series(1, 3) range(TIMESTAMP, TIMESTAMP, INTERVAL) generate_series(DATE, DATE, INTERVAL) range(DATE, DATE, INTERVAL) range(INTEGER) generate_series(TIMESTAMP WITH TIME ZONE, TIMESTAMP WITH TIME ZONE, INTERVAL)
array_value(1, 2) array_value(INTEGER, DOUBLE) array_value('a') array_value() array_cross_product(DOUBLE[3], DOUBLE[3]) array_distance(DOUBLE[3], DOUBLE[3]) array_inner_product(INTEGER[3], INTEGER[3])
map() map([1], ['a']) map(VARCHAR[], INTEGER[]) map_keys(MAP(VARCHAR, INTEGER)) map_values(MAP(VARCHAR, INTEGER)) map_entries(MAP(VARCHAR, INTEGER)) map_extract(MAP(VARCHAR, INTEGER), 'a')
map_extract_value(MAP(VARCHAR, INTEGER), 'a') element_at(MAP(VARCHAR, INTEGER), 'a') cardinality(MAP(VARCHAR, INTEGER)) map_contains(MAP(VARCHAR, INTEGER), 'a') map_concat(MAP(VARCHAR, INTEGER), MAP(VARCHAR, BIGINT))
map_concat(MAP(VARCHAR, INTEGER), MAP(VARCHAR, INTEGER)) map_from_entries(STRUCT(x INTEGER)[]) map_contains_value(MAP(VARCHAR, INTEGER), 1) map_extract(MAP(VARCHAR, INTEGER), 1)
row(INTEGER, VARCHAR) row() row(NULL) struct_pack(INTEGER) struct_concat(STRUCT(a INTEGER, b VARCHAR), STRUCT(x INTEGER)) struct_concat(STRUCT(INTEGER, VARCHAR), STRUCT(INTEGER, VARCHAR)) union_tag(UNION(num INTEGER, str VARCHAR))
union_extract(UNION(num INTEGER, str VARCHAR), 'str') union_extract(UNION(num INTEGER, str VARCHAR), 'x') enum_first(ENUM('a', 'b')) enum_range(ENUM('a', 'b')) enum_code(ENUM('a', 'b')) enum_range_boundary(ENUM('a', 'b'), ENUM('a', 'b'))
coalesce(INTEGER, BIGINT) ifnull(INTEGER, 'a') nullif(INTEGER, 1) nullif(VARCHAR, 'a') nullif(1, 2) nullif(NULL, 1) nullif('a', 'b') greatest(INTEGER, DOUBLE) least(DATE, TIMESTAMP) greatest('a', 'b') least(1, 2) greatest(VARCHAR) if(BOOLEAN, 1, 2.5) if(BOOLEAN, 1, 'a')
if(BOOLEAN, INTEGER, NULL) greatest(NULL, NULL) greatest(1, NULL) least(VARCHAR, DATE) least('2020-01-01', DATE) greatest(ENUM('a', 'b'), 'a') typeof(INTEGER) hash(INTEGER, VARCHAR) error('x') constant_or_null(INTEGER, VARCHAR) getvariable('x') current_setting('threads')
current_setting('TimeZone') current_setting('nope') current_date() current_timestamp() now() today() random() uuid() pi() version() current_schema() current_database() get_current_time() current_localtime() current_localtimestamp() txid_current() setseed(0.5)
make_date(2020, 1, 1) make_date(INTEGER, INTEGER, INTEGER) make_date(INTEGER) make_date(BIGINT) make_time(1, 2, 3.5) make_timestamp(2020, 1, 1, 1, 1, 1.5) make_timestamp(BIGINT) make_timestamptz(2020, 1, 1, 1, 1, 1.5) to_timestamp(INTEGER) to_timestamp(DOUBLE)
epoch_ms(BIGINT) epoch_ms(TIMESTAMP) epoch(TIMESTAMP) epoch_ns(DATE) to_days(INTEGER) to_hours(INTEGER) to_seconds(1.5) to_months(1) age(TIMESTAMP) age(DATE) age(TIMESTAMP, TIMESTAMP) age(DATE, DATE) last_day(DATE) last_day('2020-01-01') monthname(DATE) dayname(TIMESTAMP)
time_bucket(INTERVAL, DATE) time_bucket(INTERVAL, TIMESTAMP) time_bucket('1 day', DATE) time_bucket(INTERVAL, TIMESTAMP, TIMESTAMP) time_bucket('1 month', TIMESTAMP WITH TIME ZONE, 'UTC') timezone('UTC', TIMESTAMP) timezone('UTC', TIMESTAMP WITH TIME ZONE) timezone('UTC', DATE)
year(DATE) year('2020-01-01') month(TIMESTAMP) day(TIMESTAMP_S) hour(TIMESTAMP_NS) week(DATE) year(INTERVAL) yearweek(DATE) isodow(DATE) dayofweek(TIMESTAMP WITH TIME ZONE) era(DATE) julian(DATE) hour(TIME) second(DATE) year(VARCHAR)
unnest(INTEGER[]) unnest(INTEGER[3]) unnest(VARCHAR[]) unnest(NULL) unnest(INTEGER[][]) unnest(INTEGER) unnest(STRUCT(x INTEGER)[]) unnest([1, 2])
count(INTEGER) count() sum(INTEGER) sum(1) sum(1.5) sum('a') sum(NULL) avg(NULL) avg(1) avg('1') min(1) min('a') max(NULL) min(INTEGER, 3) max(VARCHAR, 2) first(1) any_value('a') arg_max(INTEGER, VARCHAR) arg_max(VARCHAR, INTEGER) arg_max(DATE, DATE, 3) arg_min(DECIMAL(5,2), DOUBLE)
arg_max(STRUCT(x INTEGER)[], INTEGER) arg_max(UUID, DATE) arg_max(1, 2) arg_max('a', 1) max_by(TINYINT, INTEGER) arg_max(INTEGER, DECIMAL(5,2)) arg_max(INTEGER, BOOLEAN) arg_max(INTEGER, NULL) arg_max(NULL, 1) arg_max(ENUM('a', 'b'), 1) arg_max(INTEGER, VARCHAR, 2) arg_max_null(INTEGER, INTEGER)
quantile_cont(INTEGER, 0.5) quantile_cont(DECIMAL(5,2), 0.5) quantile_cont(DATE, 0.5) quantile_cont(TIMESTAMP, 0.5) quantile_cont(INTEGER, [0.25, 0.75]) quantile_cont(DECIMAL(5,2), [0.5]) quantile_disc(INTEGER, 0.5) quantile_disc(VARCHAR, 0.5) quantile_disc(INTEGER, [0.25, 0.75]) quantile_cont(TINYINT, 0.5)
quantile_cont(VARCHAR, 0.5) quantile_cont(DOUBLE, 0.5) quantile(INTEGER, 0.5) quantile(VARCHAR, 0.1) quantile_cont(HUGEINT, 0.5) quantile_cont(FLOAT, 0.5) quantile_cont(TIMESTAMP WITH TIME ZONE, 0.5) quantile_cont(TIME, 0.5) quantile_cont(DATE, [0.5]) quantile_cont(INTERVAL, 0.5) quantile_cont(1, 0.5) quantile_disc(DECIMAL(5,2), 0.5)
median(INTEGER) median(DECIMAL(5,2)) median(DATE) median(VARCHAR) median(TIMESTAMP) median(FLOAT) median(BIGINT) median(1.5) mode(INTEGER) mode(VARCHAR) mode('a') mad(INTEGER) mad(DECIMAL(5,2)) mad(DATE) approx_quantile(INTEGER, 0.5) approx_quantile(DECIMAL(5,2), 0.5) approx_quantile(DATE, 0.5) approx_quantile(DOUBLE, [0.5])
reservoir_quantile(INTEGER, 0.5) reservoir_quantile(DECIMAL(5,2), 0.5, 10) approx_count_distinct(VARCHAR) approx_top_k(INTEGER, 3) approx_top_k(VARCHAR, 3) histogram(INTEGER) histogram(VARCHAR) histogram(DATE) histogram(DECIMAL(5,2)) histogram(INTEGER, [1, 2]) histogram(INTEGER[]) histogram_exact(INTEGER, [1, 2])
string_agg(VARCHAR, ',') string_agg(INTEGER, ',') string_agg(VARCHAR) group_concat(VARCHAR) listagg(VARCHAR, ',') list(INTEGER) list(1) list('a') list(NULL) array_agg(VARCHAR) array_agg(STRUCT(x INTEGER)[]) bool_and(BOOLEAN) bool_or(INTEGER) bit_and(INTEGER) bit_or(UTINYINT) bitstring_agg(INTEGER, 1, 10) bitstring_agg(INTEGER)
entropy(INTEGER) corr(INTEGER, DOUBLE) stddev(INTEGER) var_pop(DECIMAL(5,2)) skewness(INTEGER) kurtosis(1) product(INTEGER) fsum(INTEGER) favg(INTEGER) geomean(INTEGER) regr_count(INTEGER, INTEGER) regr_slope(INTEGER, 1) sum_no_overflow(INTEGER) count_if(BOOLEAN) count_if(INTEGER) sum(BOOLEAN) sum(UBIGINT) sum(FLOAT) sum(INTERVAL) sum(UHUGEINT)
avg(DECIMAL(5,2)) avg(INTERVAL) avg(DATE) avg(TIMESTAMP) avg(TIME) avg(UINTEGER) avg(UHUGEINT) avg(BOOLEAN) weighted_avg(INTEGER, INTEGER) wavg(DECIMAL(5,2), INTEGER) first(DECIMAL(5,2)) last(INTEGER[]) arbitrary(ENUM('a', 'b')) equi_width_bins(0, 10, 2, true) equi_width_bins(0.0, 10.0, 2, true) equi_width_bins(DATE, DATE, 2, true)
pg_typeof(INTEGER) col_description(1, 2) pg_size_pretty(BIGINT) array_pop_back(INTEGER[]) array_pop_front(VARCHAR[]) fdiv(INTEGER, INTEGER) fmod(INTEGER, INTEGER) fmod(DECIMAL(5,2), INTEGER) round_even(DECIMAL(5,2), 1) round_even(DOUBLE, 1) roundbankers(INTEGER, 1) days_in_month(DATE) ago(INTERVAL) ago('1 day') md5(VARCHAR) md5_number(VARCHAR)
md5_number_lower(VARCHAR) current_user() user() regexp_split_to_table(VARCHAR, ',') generate_subscripts(INTEGER[], 1) gcd(INTEGER, INTEGER) lcm(BIGINT, 1) greatest_common_divisor(HUGEINT, 1) abs(INTEGER) abs(-1) abs(DECIMAL(5,2)) abs(UINTEGER) sign(INTEGER) sign(DECIMAL(5,2)) ceil(INTEGER) floor(DECIMAL(5,2)) ceil(1.5) sqrt(INTEGER) power(INTEGER, 2) log(2) log(2, 8) exp(1) mod(INTEGER, 2)
mod(DECIMAL(5,2), 2) divide(INTEGER, 2) add(INTEGER, BIGINT) subtract(DATE, DATE) multiply(DECIMAL(5,2), DECIMAL(5,2)) add(DATE, 1) bit_count(INTEGER) get_bit(BIT, 1) set_bit(BIT, 1, 0) bitstring(VARCHAR, 3) xor(INTEGER, INTEGER) isnan(FLOAT) isfinite(DATE) factorial(5) chr(65) ascii('a') unicode(VARCHAR) upper(INTEGER) upper(NULL) upper('a') lower(ENUM('a', 'b')) length(INTEGER)
trim(VARCHAR) trim(VARCHAR, 'x') ltrim(JSON) replace(VARCHAR, 'a', 'b') translate(VARCHAR, 'a', 'b') reverse(VARCHAR) starts_with(VARCHAR, 'a') strpos(VARCHAR, 'a') instr(VARCHAR, 'a') position('a', VARCHAR) levenshtein(VARCHAR, 'a') jaccard(VARCHAR, 'a') to_base64(BLOB) from_base64(VARCHAR) encode(VARCHAR) decode(BLOB) hex(INTEGER) hex(VARCHAR) unhex(VARCHAR) to_hex(-1) bin(5) sha256(VARCHAR)
url_encode(VARCHAR) parse_path(VARCHAR) parse_filename(VARCHAR, true) bar(1, 0, 10) format_bytes(INTEGER) formatReadableSize(BIGINT) nextval('s') try_cast(VARCHAR) nope(INTEGER) array_grade_up(INTEGER[]) list_cosine_similarity(DOUBLE[3], DOUBLE[3]) array_sort(INTEGER[]) array_distinct(INTEGER[3]) strip_accents(VARCHAR) nfc_normalize(VARCHAR) bit_length(VARCHAR) octet_length(BLOB) strlen(VARCHAR) length(BIT)
uuid_extract_version(UUID) uuid_extract_timestamp(UUID) variant_typeof(VARIANT) struct_insert(STRUCT(a INTEGER, b VARCHAR)) remap_struct(STRUCT(x INTEGER)[], NULL) switch(MAP(VARCHAR, INTEGER)) cast_to_type(INTEGER, VARCHAR) can_cast_implicitly(INTEGER, BIGINT) is_histogram_other_bin(INTEGER) in_search_path('a', 'b') get_type(INTEGER) make_type('INTEGER') alias(INTEGER) vector_type(INTEGER) stats(INTEGER)
""".strip()


def split(text, separator):
    parts, depth, quote, start = [], 0, False, 0
    for i, c in enumerate(text):
        if c == "'":
            quote = not quote
        elif not quote:
            depth += c in "([{"
            depth -= c in ")]}"
            if depth == 0 and text.startswith(separator, i):
                parts.append(text[start:i])
                start = i + len(separator)
    return [p.strip() for p in parts + [text[start:]] if p.strip()]


WINDOW = {"row_number", "rank", "rank_dense", "dense_rank", "ntile", "lag", "lead", "first_value", "last_value", "nth_value", "cume_dist",
          "percent_rank", "fill"}


def call(name, args):
    over = " over ()" if name in WINDOW else ""
    return typed(f"{name}({', '.join(sql(a) for a in args)}){over}")


def functions():
    rng = random.Random(15)
    rows = {}
    # Calls are separated by blanks outside brackets.
    for item in split(SAMPLES.replace("\n", " "), " "):
        name, inner = item.split("(", 1)
        args = [a if a in ALL else "=" + a for a in split(inner[:-1], ",")]
        rows[name, tuple(args)] = None
    catalogue = con.execute("""select lower(function_name), list(distinct len(parameter_types)), bool_or(varargs is not null), min(function_type),
        string_agg(parameter_types::varchar || coalesce(varargs, '') || coalesce(return_type, ''), ';' order by parameter_types::varchar)
        from duckdb_functions() where function_type in ('scalar', 'aggregate')
        and not starts_with(function_name, '__') and not starts_with(function_name, 'icu_collate') and regexp_matches(function_name, '^[a-z]')
        group by 1 order by 1""").fetchall()
    skip = {"error", "write_log", "nextval", "currval", "sleep_ms"}
    pool = [t for t in OPERANDS if t not in NESTED] + ["INTEGER[][]", "DECIMAL(5,2)[]", "JSON[]"]
    seen = set()
    for name, arities, variadic, kind, shape in catalogue:
        if name in skip:
            continue
        full = (kind, shape) not in seen or shape.count("ANY") > 0
        seen.add((kind, shape))
        for arity in sorted(set(arities) | ({1, 2} if variadic or name in WINDOW else set())):
            if arity == 0:
                combos = [()]
            elif arity == 1:
                combos = [(o,) for o in (pool if full else rng.sample(pool, 6))]
            else:
                count = (60 if arity == 2 else 40) if full else 8
                combos = [tuple(rng.choice(pool) for _ in range(arity)) for _ in range(count)]
                # Arguments near what the function wants, so that not all are errors.
                wanted = [p for p in con.execute("select parameter_types from duckdb_functions() where lower(function_name) = ? and len(parameter_types) = ?",
                                                 [name, arity]).fetchall()]
                for (params,) in wanted[:30] if full else wanted[:3]:
                    known = [p if p in ALL else {"DECIMAL": "DECIMAL(5,2)", "ANY[]": "INTEGER[]", "T[]": "VARCHAR[]", "T": "=1", "ANY": "INTEGER",
                             "STRUCT": "STRUCT(a INTEGER, b VARCHAR)", "MAP(K, V)": "MAP(VARCHAR, INTEGER)", "K": "=\'a\'", "V": "=1"}.get(p) for p in params]
                    if None not in known:
                        combos.append(tuple(known))
                        for _ in range(3):
                            changed = list(known)
                            changed[rng.randrange(arity)] = rng.choice(pool)
                            combos.append(tuple(changed))
            for args in combos:
                rows[name, args] = None
    lines = [f"{name}\t{';'.join(args)}\t{call(name, args)}" for name, args in sorted(rows)]
    write("functions.tsv", lines)


def main():
    known = {f.__name__: f for f in (literals, types, operators, compare, unify, casts, functions)}
    for name in sys.argv[1:] or known:
        known[name]()


main()
