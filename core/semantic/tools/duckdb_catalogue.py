#!/usr/bin/env python3
"""Writes src/catalogue/duckdb.tsv from the engine's own duckdb_functions().

Run by hand: pip install duckdb==1.5.5 duckdb-extensions duckdb-extension-tpch, then ./duckdb_catalogue.py.
One line per name and kind, sorted by name: name TAB kind TAB flags TAB body.

kind   s scalar, a aggregate, w only with OVER, m macro, t table function, p table macro
flags  V volatile, W constant within a query, - neither
body   s, a, w   overloads separated by ';': parameter,parameter,*variadic>result
       m         parameters:definition separated by ';', the definition as a prefix expression
       t, p      overloads separated by ';', then '|' and the columns as a STRUCT, where they do not depend on the arguments
       =name     the same body as that name (of the same kind)
"""
import json, pathlib, re, sys
import duckdb
from duckdb_extensions import import_extension

assert duckdb.__version__ == "1.5.5", duckdb.__version__
import_extension("tpch")
con = duckdb.connect()
con.execute("load tpch")
out = pathlib.Path(__file__).parent.parent / "src" / "catalogue" / "duckdb.tsv"

WINDOW = {"row_number", "rank", "rank_dense", "dense_rank", "ntile", "lag", "lead", "first_value", "last_value",
          "nth_value", "cume_dist", "percent_rank", "fill"}
# Table functions that need an argument, but whose columns do not depend on it.
CALLS = {"json_each": "json_each('{}')", "json_tree": "json_tree('{}')", "glob": "glob('x')", "read_text": "read_text('%s')" % __file__,
         "read_blob": "read_blob('%s')" % __file__, "pragma_table_info": "pragma_table_info('t')", "pragma_show": "pragma_show('t')",
         "pragma_storage_info": "pragma_storage_info('t')"}
con.execute("create table t(i int)")
FLAGS = {"VOLATILE": "V", "CONSISTENT_WITHIN_QUERY": "W"}


def sexpr(node):
    kind = node["class"]
    call = lambda name, *args: "(" + " ".join([name, *args]) + ")"
    if kind == "COLUMN_REF":
        return "$" + node["column_names"][-1].lower()
    if kind == "CONSTANT":
        value = node["value"]
        if value["is_null"]:
            return "null"
        v = value.get("value", {"children": []})
        if v == {"children": []}:  # an absent bound of a slice
            return "_"
        return "'" + v.replace("'", "''") + "'" if isinstance(v, str) else str(v).lower()
    if kind == "FUNCTION":
        return call(node["function_name"], *map(sexpr, node["children"]))
    if kind == "CAST":
        return call("cast", type_name(node["cast_type"]), sexpr(node["child"]))
    if kind == "CASE":
        parts = [sexpr(c["then_expr"]) for c in node["case_checks"]] + [sexpr(node["else_expr"])]
        return call("case", *parts)
    if kind == "COMPARISON":
        return call("compare", sexpr(node["left"]), sexpr(node["right"]))
    if kind == "CONJUNCTION":
        return "true"
    if kind == "OPERATOR":
        t = node["type"]
        children = list(map(sexpr, node["children"]))
        if t in ("OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_NOT"):
            return "true"
        name = {"ARRAY_EXTRACT": "index", "ARRAY_SLICE": "slice", "OPERATOR_COALESCE": "coalesce", "ARROW": "->"}[t]
        return call(name, *children)
    if kind == "LAMBDA":  # the JSON arrow, not yet told apart
        return call("->", sexpr(node["lhs"]), sexpr(node["expr"]))
    if kind == "SUBQUERY":
        return "?"
    raise ValueError(node)


def type_name(node):
    info = node["type_info"]
    if node["id"] == "LIST":
        return type_name(info["child_type"]) + "[]"
    return info["name"].upper() if node["id"] == "UNBOUND" else node["id"]


def macro(definition):
    tree = json.loads(con.execute("select json_serialize_sql(?)", ["select " + definition]).fetchone()[0])
    if tree["error"]:
        raise ValueError(tree)
    return sexpr(tree["statements"][0]["node"]["select_list"][0])


def signature(types, varargs, result):
    parts = list(types) + (["*" + varargs] if varargs else [])
    return ",".join(parts) + ">" + (result or "?")


lines = {}
flags = {}
rows = con.execute(
    "select lower(function_name), function_type, parameter_types, varargs, return_type, parameters, macro_definition, stability"
    " from duckdb_functions() where function_type <> 'pragma' order by all").fetchall()
for name, kind, types, varargs, result, params, definition, stability in rows:
    if name.startswith("__internal") or not name.isascii():
        continue
    if kind in ("scalar", "aggregate"):
        code = "s" if kind == "scalar" else "w" if name in WINDOW else "a"
        item = signature(types, varargs, result)
    elif kind == "macro":
        code, item = "m", ",".join(p.lower() for p in params) + ":" + macro(definition)
    else:
        code = "t" if kind == "table" else "p"
        item = ",".join(t for p, t in zip(params, types) if kind == "table" and re.fullmatch(r"col\d+", p))
        if item == "" and kind == "table" and varargs:
            item = "*" + varargs
    lines.setdefault((name, code), [])
    if item not in lines[(name, code)]:
        lines[(name, code)].append(item)
    flags[(name, code)] = FLAGS.get(stability, "-")

text = []
seen = {}
for (name, code), items in sorted(lines.items()):
    body = ";".join(items)
    if code in "tp":
        columns = ""
        call = CALLS.get(name, f"{name}()")
        if name in CALLS or "" in items and name not in ("repeat_row", "seq_scan", "checkpoint", "force_checkpoint", "dbgen") and not name.startswith("enable_"):
            try:
                described = con.execute(f"describe from {call}").fetchall()
                fields = ", ".join('"' + d[0].replace('"', '""') + '" ' + d[1] for d in described)
                columns = f"STRUCT({fields})"
            except duckdb.Error as error:
                print(f"{name}: {error}"[:100], file=sys.stderr)
        body += "|" + columns
    elif (code, body) in seen and len(body) > 12:
        body = "=" + seen[code, body]
    else:
        seen[code, body] = name
    assert "\t" not in body and "\n" not in body, (name, body)
    text.append(f"{name}\t{code}\t{flags[(name, code)]}\t{body}\n")
out.write_text("".join(text))
print(f"{out}: {len(text)} lines, {sum(map(len, text))} bytes", file=sys.stderr)
