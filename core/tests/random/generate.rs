//! Random queries: FROM, the clauses of SELECT, set operations, CTEs, pivots. Start at [`Gen::root`].
//!
//! The generator knows what is in sight and roughly of which type, so that most of what it writes is accepted; it does not
//! know DuckDB's rules, and what is refused is a test as well.

use super::functions::Function;
use super::rng::Rng;
use super::schema::{Table, quote};
use rocky_warehouse::Type;

/// A column in sight: how it is written, and its type as far as known.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub ty: Type,
}

/// A relation in sight.
#[derive(Clone, Debug)]
pub struct Rel {
    pub alias: String,
    pub cols: Vec<Column>,
}

/// One level of names.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    pub rels: Vec<Rel>,
}

pub struct Gen<'a> {
    pub rng: Rng,
    pub functions: &'a [Function],
    tables: &'a [Table],
    pub scopes: Vec<Scope>,
    ctes: Vec<Rel>,
    pub lambdas: Vec<Column>,
    /// Window functions may stand here.
    pub windows: bool,
    /// How many more nodes may be made.
    pub budget: i32,
    count: u32,
    last_type: Type,
}

/// A query and the columns it has, as far as known.
struct Made {
    text: String,
    cols: Vec<Column>,
}

impl<'a> Gen<'a> {
    pub fn new(seed: u64, tables: &'a [Table], functions: &'a [Function]) -> Gen<'a> {
        Gen {
            rng: Rng::new(seed),
            functions,
            tables,
            scopes: Vec::new(),
            ctes: Vec::new(),
            lambdas: Vec::new(),
            windows: false,
            budget: 0,
            count: 0,
            last_type: Type::Unknown,
        }
    }

    /// A whole query.
    pub fn root(&mut self) -> String {
        self.budget = 15 + self.rng.below(45) as i32;
        let depth = 1 + self.rng.below(3);
        self.query(depth, None).text
    }

    pub fn fresh(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}{}", self.count)
    }

    /// A column in sight whose type is right, as it may be written; `None` when there is none.
    pub fn column(&mut self, mut fits: impl FnMut(&Type) -> bool) -> Option<String> {
        let mut found: Vec<(usize, usize, usize)> = Vec::new();
        for (s, scope) in self.scopes.iter().enumerate().rev() {
            for (r, rel) in scope.rels.iter().enumerate() {
                for (c, col) in rel.cols.iter().enumerate() {
                    if fits(&col.ty) {
                        found.push((s, r, c));
                    }
                }
            }
            // Outer columns now and then.
            if !found.is_empty() && self.rng.chance(85) {
                break;
            }
        }
        if found.is_empty() {
            return None;
        }
        let (s, r, c) = *self.rng.pick(&found);
        let rel = &self.scopes[s].rels[r];
        let col = &rel.cols[c];
        self.last_type = col.ty.clone();
        if rel.alias.is_empty() {
            return Some(col.name.clone());
        }
        let same = |scope: &Scope| {
            scope
                .rels
                .iter()
                .flat_map(|r| &r.cols)
                .filter(|o| o.name == col.name)
                .count()
        };
        let unique = same(&self.scopes[s]) == 1 && self.scopes[s + 1..].iter().all(|scope| same(scope) == 0);
        let qualified = format!("{}.{}", rel.alias, col.name);
        let bare = col.name.clone();
        Some(if unique && self.rng.chance(50) {
            bare
        } else {
            qualified
        })
    }

    pub fn type_of_last_column(&self) -> Type {
        self.last_type.clone()
    }

    /// A query with these types of columns, or with any.
    fn query(&mut self, depth: usize, want: Option<&[Type]>) -> Made {
        let windows = std::mem::take(&mut self.windows);
        let n_ctes = self.ctes.len();
        let mut with = String::new();
        if depth > 0 && self.rng.chance(18) {
            with = self.with(depth - 1);
        }
        let mut made = match self.rng.below(20) {
            0 | 1 if depth > 0 => self.set_operation(depth - 1, want),
            2 if want.is_none() && depth > 0 && self.rng.chance(50) => match self.pivoted() {
                Some((text, cols)) => Made { text, cols },
                None => self.pivot(),
            },
            2 if want.is_none() && depth > 0 => self.pivot(),
            3 if want.is_none() => self.plain(),
            4 if want.is_none() && depth > 0 => {
                let (text, cols) = self.wide_query(depth - 1);
                Made { text, cols }
            }
            _ => self.select(depth, want),
        };
        made.text = with + &made.text;
        self.ctes.truncate(n_ctes);
        self.windows = windows;
        made
    }

    fn with(&mut self, depth: usize) -> String {
        let mut parts = Vec::new();
        let mut recursive = false;
        for _ in 0..1 + self.rng.below(2) {
            let name = self.fresh("c");
            if self.rng.chance(20) && self.rng.chance(50) {
                recursive = true;
                let (text, cols) = self.rare_recursion(&name);
                parts.push(text);
                self.ctes.push(Rel { alias: name, cols });
                continue;
            }
            if self.rng.chance(20) {
                recursive = true;
                let ty = self.near_type();
                let scopes = std::mem::take(&mut self.scopes);
                let (seed, step) = (self.expr(&ty, depth.min(1)), self.literal(&ty));
                let ty_sql = super::expression::sql(&ty);
                self.scopes = scopes;
                let all = if self.rng.chance(80) { "ALL " } else { "" };
                parts.push(format!(
                    "{name}(n, x) AS (SELECT 1, ({seed})::{ty_sql} UNION {all}SELECT n + 1, coalesce(x, {step}) FROM {name} WHERE n < 4)"
                ));
                self.ctes.push(Rel {
                    alias: name,
                    cols: vec![column("n", Type::Int32), column("x", ty)],
                });
                continue;
            }
            let scopes = std::mem::take(&mut self.scopes);
            let mut made = self.query(depth, None);
            self.scopes = scopes;
            let mut names = String::new();
            if self.rng.chance(20) && !made.cols.is_empty() {
                for col in &mut made.cols {
                    col.name = self.fresh("k");
                }
                let list: Vec<&str> = made.cols.iter().map(|c| c.name.as_str()).collect();
                names = format!("({})", list.join(", "));
            }
            let how = self
                .rng
                .word(&["AS", "AS", "AS", "AS MATERIALIZED", "AS NOT MATERIALIZED"]);
            parts.push(format!("{name}{names} {how} ({})", made.text));
            self.ctes.push(Rel {
                alias: name,
                cols: made.cols,
            });
        }
        format!(
            "WITH {}{} ",
            if recursive { "RECURSIVE " } else { "" },
            parts.join(", ")
        )
    }

    fn set_operation(&mut self, depth: usize, want: Option<&[Type]>) -> Made {
        let types: Vec<Type> = match want {
            Some(types) => types.to_vec(),
            None => (0..1 + self.rng.below(3)).map(|_| self.near_type()).collect(),
        };
        let left = self.select(depth, Some(&types));
        let mut text = wrap_if_ordered(&left.text);
        let mut cols = left.cols;
        for _ in 0..1 + self.rng.below(2) {
            let op = self.rng.word(&[
                "UNION ALL",
                "UNION ALL",
                "UNION",
                "EXCEPT",
                "INTERSECT",
                "EXCEPT ALL",
                "INTERSECT ALL",
            ]);
            if op.starts_with("UNION") && want.is_none() && self.rng.chance(25) {
                // The same names in another order, some missing, some new.
                let mut right_types = types.clone();
                if self.rng.chance(40) {
                    right_types.push(self.any_type());
                }
                let right = self.select(depth, Some(&right_types));
                let mut picks: Vec<String> = Vec::new();
                for (i, col) in right.cols.iter().enumerate() {
                    match cols.get(i) {
                        Some(left) => picks.push(format!("{} AS {}", col.name, left.name)),
                        None => {
                            picks.push(col.name.clone());
                            cols.push(col.clone());
                        }
                    }
                }
                self.rng.shuffle(&mut picks);
                text = format!(
                    "{text} {op} BY NAME (SELECT {} FROM ({}) by_name)",
                    picks.join(", "),
                    right.text
                );
                break;
            }
            let types: Vec<Type> = cols.iter().map(|c| c.ty.clone()).collect();
            if self.rng.chance(12) {
                let nulls: Vec<String> = types
                    .iter()
                    .map(|t| {
                        if self.rng.chance(70) {
                            "NULL".to_owned()
                        } else {
                            self.literal(t)
                        }
                    })
                    .collect();
                text = match self.rng.below(3) {
                    0 => format!("SELECT {} {op} {text}", nulls.join(", ")),
                    1 => format!("{text} {op} VALUES ({})", nulls.join(", ")),
                    _ => format!("{text} {op} SELECT {}", nulls.join(", ")),
                };
                if text.starts_with("SELECT NULL") {
                    // The names are those of the first.
                    cols.clear();
                    break;
                }
                continue;
            }
            let right = self.select(depth, Some(&types));
            text = format!("{text} {op} {}", wrap_if_ordered(&right.text));
        }
        if self.rng.chance(20) {
            text.push_str(" ORDER BY 1");
            if self.rng.chance(50) {
                text.push_str(" LIMIT 5");
            }
        }
        Made { text, cols }
    }

    /// `TABLE t`, `FROM t`, `VALUES`.
    fn plain(&mut self) -> Made {
        if self.rng.chance(50) {
            let types: Vec<Type> = (0..1 + self.rng.below(3)).map(|_| self.near_type()).collect();
            let rows: Vec<String> = (0..1 + self.rng.below(2))
                .map(|_| {
                    let cells: Vec<String> = types.iter().map(|t| self.expr(t, 1)).collect();
                    format!("({})", cells.join(", "))
                })
                .collect();
            let cols = types
                .into_iter()
                .enumerate()
                .map(|(i, ty)| column(&format!("col{i}"), ty))
                .collect();
            return Made {
                text: format!("VALUES {}", rows.join(", ")),
                cols,
            };
        }
        let (text, cols) = self.base();
        let text = match self.rng.below(2) {
            0 => format!("FROM {text}"),
            _ => format!("TABLE {text}"),
        };
        Made { text, cols }
    }

    /// A table or CTE.
    pub fn base(&mut self) -> (String, Vec<Column>) {
        if !self.ctes.is_empty() && self.rng.chance(60) {
            let cte = self.rng.pick(&self.ctes).clone();
            return (cte.alias, cte.cols);
        }
        let tables = self.tables;
        let table = self.rng.pick(tables);
        let cols = table
            .columns
            .iter()
            .map(|c| column(&quote(&c.name), c.ty.clone()))
            .collect();
        (table.sql.clone(), cols)
    }

    fn pivot(&mut self) -> Made {
        let (source, cols) = self.base();
        let numeric: Vec<&Column> = cols.iter().filter(|c| c.ty.is_numeric()).collect();
        if numeric.len() < 2 {
            return self.select(1, None);
        }
        let on = (*self.rng.pick(&numeric)).clone();
        let value = (*self.rng.pick(&numeric)).clone();
        let key = self.rng.pick(&cols).clone();
        let aggregate = self.rng.word(&["sum", "max", "count", "avg", "first"]);
        let text = match self.rng.below(6) {
            0 => format!(
                "PIVOT {source} ON {} IN (1, 2) USING {aggregate}({}) GROUP BY {}",
                on.name, value.name, key.name
            ),
            1 => format!(
                "PIVOT {source} ON {} IN (1, 2) USING {aggregate}({}) AS z, count(*) AS n",
                on.name, value.name
            ),
            2 => format!(
                "SELECT * FROM {source} PIVOT ({aggregate}({}) FOR {} IN (1, 2 AS two) GROUP BY {})",
                value.name, on.name, key.name
            ),
            3 => format!(
                "UNPIVOT {source} ON {}, {} INTO NAME what VALUE much",
                on.name, value.name
            ),
            4 => format!(
                "SELECT * FROM {source} UNPIVOT{} (much FOR what IN ({}, {} AS other))",
                if self.rng.chance(50) { " INCLUDE NULLS" } else { "" },
                on.name,
                value.name
            ),
            _ => format!(
                "UNPIVOT (SELECT {}, {} FROM {source}) ON COLUMNS(*) INTO NAME what VALUE much",
                on.name, value.name
            ),
        };
        Made {
            text,
            cols: Vec::new(),
        }
    }

    /// A subquery of one column, for IN and ARRAY.
    pub fn one_column(&mut self, ty: &Type) -> String {
        self.subquery(std::slice::from_ref(ty))
    }

    /// A subquery of several.
    pub fn columns(&mut self, types: &[Type]) -> String {
        self.subquery(types)
    }

    fn subquery(&mut self, types: &[Type]) -> String {
        let lambdas = std::mem::take(&mut self.lambdas);
        let made = self.select(usize::from(self.budget > 0), Some(types));
        self.lambdas = lambdas;
        made.text
    }

    pub fn scalar_subquery(&mut self, ty: &Type) -> String {
        let text = self.subquery(std::slice::from_ref(ty));
        let limits = [
            " LIMIT 5",
            " LIMIT 3 OFFSET 1",
            " LIMIT 50%",
            " FETCH FIRST 2 ROWS ONLY",
        ];
        let bare = limits.iter().find_map(|l| text.strip_suffix(l)).unwrap_or(&text);
        format!("({bare} LIMIT 1)")
    }

    pub fn exists(&mut self) -> String {
        self.subquery(&[Type::Int32])
    }

    fn select(&mut self, depth: usize, want: Option<&[Type]>) -> Made {
        let windows = std::mem::take(&mut self.windows);
        self.scopes.push(Scope::default());
        let from = self.from(depth);
        let filter = if self.rng.chance(35) {
            let condition = self.condition(depth);
            let columns = self.rng.chance(4) && !from.is_empty();
            format!(
                " WHERE {condition}{}",
                if columns {
                    " AND COLUMNS(*) IS NOT NULL"
                } else {
                    ""
                }
            )
        } else {
            String::new()
        };
        let types: Vec<Type> = match want {
            Some(types) => types.to_vec(),
            None => (0..1 + self.rng.below(4)).map(|_| self.near_type()).collect(),
        };
        let made = if self.rng.chance(28) {
            self.grouped(depth, &types, &from, &filter)
        } else {
            self.ungrouped(depth, &types, &from, &filter, want.is_none())
        };
        self.scopes.pop();
        self.windows = windows;
        made
    }

    fn ungrouped(&mut self, depth: usize, types: &[Type], from: &str, filter: &str, free: bool) -> Made {
        let mut items = Vec::new();
        let mut cols = Vec::new();
        let named = |g: &mut Self, prefix: &str| g.fresh(prefix);
        let with_windows = self.rng.chance(20);
        if free && self.rng.chance(22) && self.names_are_distinct() && !from.is_empty() {
            self.star(depth, &mut items, &mut cols);
        } else {
            for ty in types {
                self.windows = with_windows;
                let expr = self.expr(ty, depth);
                self.windows = false;
                let plain = [
                    "ROLLUP",
                    "CUBE",
                    "SETS",
                    "WITH",
                    "UNION",
                    "EXCEPT",
                    "INTERSECT",
                    "PIVOT",
                    "EXCLUDE",
                    "SAMPLE",
                    "SUMMARIZE",
                    "GROUP BY (",
                ];
                let plain = !expr.contains("SELECT") || !plain.iter().any(|w| expr.contains(w));
                let unnamed = plain
                    && free
                    && self.rng.chance(15)
                    && types.len() < 3
                    && cols.iter().all(|c: &Column| !c.name.is_empty());
                if unnamed && types.len() == 1 {
                    items.push(expr);
                    cols.push(column("", ty.clone()));
                    continue;
                }
                let name = named(self, "v");
                match self.rng.below(6) {
                    0 if !expr.contains(' ') => items.push(format!("{expr} {name}")),
                    1 if !with_windows => items.push(format!("{name}: {expr}")),
                    _ => items.push(format!("{expr} AS {name}")),
                }
                cols.push(column(&name, ty.clone()));
            }
            // An alias of the list used in it.
            if free && self.rng.chance(8) && cols.iter().all(|c| !c.name.is_empty()) {
                let (name, of) = (named(self, "v"), self.rng.pick(&cols).clone());
                items.push(format!("{} IS NULL AS {name}", of.name));
                cols.push(column(&name, Type::Boolean));
            }
        }
        cols.retain(|c| !c.name.is_empty());
        let mut tail = String::new();
        if self.rng.chance(5) && !from.is_empty() && !cols.is_empty() && free {
            let (name, key) = (self.fresh("v"), self.any(0));
            items.push(format!("count(*) OVER win AS {name}"));
            cols.push(column(&name, Type::Int64));
            let more = self.rng.chance(40);
            if more {
                let (name, of) = (self.fresh("v"), self.near_type());
                let call = self.rare_window_call(&of, 0);
                let frame = self
                    .rng
                    .word(&["", " ROWS 2 PRECEDING", " RANGE UNBOUNDED PRECEDING"]);
                items.push(format!(
                    "{call} OVER (base ORDER BY {}{frame}) AS {name}",
                    self.any(0)
                ));
            }
            tail.push_str(&format!(
                " WINDOW win AS (PARTITION BY {key} ORDER BY {}){}",
                self.any(0),
                if more {
                    format!(", base AS (PARTITION BY {})", self.any(0))
                } else {
                    String::new()
                }
            ));
        }
        if self.rng.chance(3) && !from.is_empty() {
            self.windows = true;
            let condition = self.condition(2);
            tail.push_str(&format!(
                " QUALIFY {condition} AND rank() OVER (ORDER BY {}) < 9",
                self.any(0)
            ));
            self.windows = false;
        } else if self.rng.chance(8) && !from.is_empty() {
            self.windows = true;
            let key = self.any(1);
            tail.push_str(&format!(
                " QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {}) <= 2",
                self.any(1)
            ));
            self.windows = false;
        }
        let distinct = match self.rng.below(14) {
            0 => "DISTINCT ".to_owned(),
            1 if !from.is_empty() => format!("DISTINCT ON ({}) ", self.any(1)),
            _ => String::new(),
        };
        if self.rng.chance(15) && !cols.is_empty() {
            let by = match self.rng.below(4) {
                0 => "1".to_owned(),
                1 => "ALL".to_owned(),
                2 => self.rng.pick(&cols).name.clone(),
                _ if distinct.is_empty() && !from.is_empty() => self.any(1),
                _ => "1".to_owned(),
            };
            let how = self
                .rng
                .word(&["", " DESC", " ASC NULLS FIRST", " DESC NULLS LAST"]);
            tail.push_str(&format!(" ORDER BY {by}{how}"));
            if self.rng.chance(50) {
                let limits = [
                    " LIMIT 5",
                    " LIMIT 5",
                    " LIMIT 3 OFFSET 1",
                    " LIMIT 50%",
                    " FETCH FIRST 2 ROWS ONLY",
                ];
                tail.push_str(self.rng.word(&limits));
            }
        } else if self.rng.chance(3) && !from.is_empty() {
            tail.push_str(self.rng.word(&[
                " USING SAMPLE 100%",
                " USING SAMPLE reservoir(50 ROWS) REPEATABLE (3)",
                " LIMIT (SELECT 3)",
                " LIMIT 2 + 1 OFFSET 1",
            ]));
        }
        if cols.is_empty() && items.is_empty() {
            items.push("1".into());
        }
        let list = items.join(", ");
        let text = match from {
            "" => format!("SELECT {distinct}{list}{filter}{tail}"),
            from if self.rng.chance(6) => format!("FROM {from} SELECT {distinct}{list}{filter}{tail}"),
            from => format!("SELECT {distinct}{list} FROM {from}{filter}{tail}"),
        };
        Made { text, cols }
    }

    fn names_are_distinct(&self) -> bool {
        let mut names: Vec<String> = self
            .scopes
            .last()
            .into_iter()
            .flat_map(|s| &s.rels)
            .flat_map(|r| r.cols.iter().map(|c| c.name.to_lowercase()))
            .collect();
        let n = names.len();
        names.sort();
        names.dedup();
        n == names.len() && n > 0
    }

    fn star(&mut self, depth: usize, items: &mut Vec<String>, cols: &mut Vec<Column>) {
        let rels = self.scopes.last().map_or_else(Vec::new, |s| s.rels.clone());
        let all: Vec<Column> = rels.iter().flat_map(|r| r.cols.clone()).collect();
        let one = self.rng.pick(&all).clone();
        if self.rng.chance(30) {
            let (item, more) = self.rare_star(&rels, &all, &one);
            items.push(item);
            cols.extend(more);
            return;
        }
        match self.rng.below(14) {
            0 => {
                items.push(format!("* EXCLUDE ({})", one.name));
                cols.extend(all.into_iter().filter(|c| c.name != one.name));
                if cols.is_empty() {
                    items.push("1 AS one".into());
                }
            }
            1 => {
                let expr = self.expr(&one.ty, depth);
                items.push(format!("* REPLACE ({expr} AS {})", one.name));
                cols.extend(all);
            }
            2 => {
                let name = self.fresh("n");
                items.push(format!("* RENAME ({} AS {name})", one.name));
                cols.extend(all.into_iter().map(|c| {
                    if c.name == one.name {
                        column(&name, c.ty)
                    } else {
                        c
                    }
                }));
            }
            3 => {
                let rel = self.rng.pick(&rels).clone();
                items.push(format!("{}.*", rel.alias));
                cols.extend(rel.cols);
            }
            4 => items.push("COLUMNS(c -> c LIKE '%')".into()),
            5 => items.push("COLUMNS('.*') IS NULL".into()),
            6 => items.push("COLUMNS(* EXCLUDE (".to_owned() + &one.name + "))"),
            7 => items.push("* LIKE '%i%', 1 AS one".into()),
            8 => items.push("max(COLUMNS(*))".into()),
            9 => items.push("coalesce(*COLUMNS('.*')) AS whole, 1 AS one".into()),
            10 => match all.iter().find(|c| matches!(c.ty, Type::Struct(_))) {
                Some(found) => items.push(format!("{}.*", found.name)),
                None => items.push(format!("unnest([{}, {}]) AS piece", one.name, one.name)),
            },
            11 => match all
                .iter()
                .find(|c| matches!(c.ty, Type::List(_) | Type::Struct(_)))
            {
                Some(found) => items.push(format!("unnest({})", found.name)),
                None => items.push("#1".into()),
            },
            _ => {
                items.push("*".into());
                cols.extend(all);
            }
        }
    }

    fn grouped(&mut self, depth: usize, types: &[Type], from: &str, filter: &str) -> Made {
        let n_keys = if from.is_empty() { 0 } else { self.rng.below(3) };
        let mut keys: Vec<Column> = Vec::new();
        for _ in 0..n_keys {
            let ty = self.near_type();
            let text = self.expr(&ty, depth.min(1));
            if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
                && text != "NULL"
                && !text.contains("SELECT")
            {
                keys.push(Column { name: text, ty });
            }
        }
        let mut items = Vec::new();
        let mut cols = Vec::new();
        let all = self.rng.chance(15);
        let with_windows = self.rng.chance(10);
        for ty in types {
            let key: Vec<&Column> = keys.iter().filter(|k| k.ty == *ty).collect();
            let expr = match self.rng.below(5) {
                _ if !keys.is_empty() && !all && self.rng.chance(4) => {
                    format!("grouping({})", self.rng.pick(&keys).name)
                }
                _ if !all && self.rng.chance(4) => self.over_groups(&keys, ty),
                0 | 1 if !key.is_empty() => self.rng.pick(&key).name.clone(),
                2 if !keys.is_empty() && !all => self.over_keys(&keys, ty, depth, with_windows),
                _ => self.aggregate(ty, depth),
            };
            let name = self.fresh("g");
            items.push(format!("{expr} AS {name}"));
            cols.push(column(&name, ty.clone()));
        }
        let group = if all {
            " GROUP BY ALL".to_owned()
        } else if keys.is_empty() {
            if self.rng.chance(5) {
                " GROUP BY ()".into()
            } else {
                String::new()
            }
        } else {
            let names: Vec<&str> = keys.iter().map(|k| k.name.as_str()).collect();
            let list = names.join(", ");
            match self.rng.below(12) {
                9 => format!(" GROUP BY ROLLUP ({list}), CUBE ({})", names[0]),
                10 => format!(" GROUP BY {}, GROUPING SETS (({list}), ())", names[0]),
                11 if !keys.is_empty() => {
                    format!(" GROUP BY GROUPING SETS (({list}), ROLLUP ({}))", names[0])
                }
                0 => format!(" GROUP BY ROLLUP ({list})"),
                1 => format!(" GROUP BY CUBE ({list})"),
                2 => format!(" GROUP BY GROUPING SETS (({list}), ({}), ())", names[0]),
                3 => format!(" GROUP BY ({list})"),
                4 => match items
                    .iter()
                    .position(|i| keys.iter().any(|k| i.starts_with(&format!("{} AS ", k.name))))
                {
                    // By number, and by the alias.
                    Some(at) if keys.len() == 1 => {
                        let alias = items[at].rsplit(' ').next().unwrap_or_default().to_owned();
                        if self.rng.chance(50) {
                            format!(" GROUP BY {}", at + 1)
                        } else {
                            format!(" GROUP BY {alias}")
                        }
                    }
                    _ => format!(" GROUP BY {list}"),
                },
                _ => format!(" GROUP BY {list}"),
            }
        };
        let mut tail = String::new();
        if self.rng.chance(18) && !all {
            let having = match self.rng.below(3) {
                0 => "count(*) > 1".to_owned(),
                1 => format!("{} IS NOT NULL", self.aggregate(&Type::Int32, 1)),
                _ => format!("{} > 0", self.aggregate(&Type::Int64, 1)),
            };
            tail.push_str(&format!(" HAVING {having}"));
        }
        let text = if from.is_empty() {
            format!("SELECT {}{filter}{tail}", items.join(", "))
        } else {
            format!("SELECT {} FROM {from}{filter}{group}{tail}", items.join(", "))
        };
        Made { text, cols }
    }

    /// An expression over group keys.
    fn over_keys(&mut self, keys: &[Column], ty: &Type, depth: usize, windows: bool) -> String {
        let rows = self.scopes.pop();
        self.scopes.push(Scope {
            rels: vec![Rel {
                alias: String::new(),
                cols: keys.to_vec(),
            }],
        });
        let budget = std::mem::replace(&mut self.budget, 3);
        self.windows = windows;
        let out = self.expr(ty, depth.min(1));
        self.windows = false;
        self.budget = budget;
        self.scopes.pop();
        self.scopes.extend(rows);
        out
    }

    /// An aggregate of about that type.
    pub fn aggregate(&mut self, ty: &Type, depth: usize) -> String {
        let windows = std::mem::take(&mut self.windows);
        let d = depth.min(2).saturating_sub(1);
        let mut filter = String::new();
        if self.rng.chance(14) {
            filter = format!(" FILTER (WHERE {})", self.condition(d.min(1)));
        }
        let core = self.aggregate_core(ty, d);
        self.windows = windows;
        // What has one already, and what takes an element of the aggregate's list.
        if core.ends_with([']', 'v']) || core.contains(" FILTER ") {
            return core;
        }
        if self.rng.chance(10) && ty.is_numeric() {
            return format!("{core}{filter} + 1");
        }
        format!("{core}{filter}")
    }

    fn aggregate_core(&mut self, ty: &Type, d: usize) -> String {
        let distinct = if self.rng.chance(10) { "DISTINCT " } else { "" };
        if self.rng.chance(18)
            && let Some(call) = self.catalogue_call(ty, true, d)
        {
            return call;
        }
        if self.rng.chance(12) {
            return self.rare_aggregate(ty, d);
        }
        let generic = self.rng.chance(40);
        match ty {
            ty if ty.is_numeric() && !generic => match self.rng.below(11) {
                0 | 1 => {
                    let of = self.number_type();
                    format!("sum({distinct}{})", self.expr(&of, d))
                }
                2 => {
                    let of = self.number_type();
                    format!("avg({})", self.expr(&of, d))
                }
                3 => "count(*)".into(),
                4 => "count()".into(),
                5 => format!("count({distinct}{})", self.any(d)),
                6 => format!("median({})", self.expr(ty, d)),
                7 => format!("quantile_cont({}, 0.5)", self.expr(ty, d)),
                8 => format!("stddev({})", self.expr(ty, d)),
                9 => format!("count_if({})", self.condition(d)),
                _ => format!("product({})", self.expr(&Type::Float64, d)),
            },
            Type::Boolean if !generic => format!(
                "{}({})",
                self.rng.word(&["bool_and", "bool_or"]),
                self.condition(d)
            ),
            Type::String { .. } if !generic => {
                let order = if self.rng.chance(40) {
                    format!(" ORDER BY {}", self.any(0))
                } else {
                    String::new()
                };
                format!("string_agg({}, ','{order})", self.expr(ty, d))
            }
            Type::List(element) if !generic => {
                let element = (**element).clone();
                let order = if self.rng.chance(30) {
                    format!(" ORDER BY {} DESC", self.any(0))
                } else {
                    String::new()
                };
                let name = self.rng.word(&["list", "array_agg"]);
                format!("{name}({}{order})", self.expr(&element, d))
            }
            Type::Map(_) if !generic => format!("histogram({})", self.expr(&Type::STRING, d)),
            _ => match self.rng.below(8) {
                0 => format!("arg_max({}, {})", self.expr(ty, d), self.any(0)),
                1 => format!("first({} ORDER BY {})", self.expr(ty, d), self.any(0)),
                2 => format!("any_value({})", self.expr(ty, d)),
                3 => format!("last({})", self.expr(ty, d)),
                4 => format!("mode({})", self.expr(ty, d)),
                5 => format!("max({distinct}{})", self.expr(ty, d)),
                6 => format!("coalesce(max({}), {})", self.expr(ty, d), self.literal(ty)),
                _ => format!("min({})", self.expr(ty, d)),
            },
        }
    }

    /// A window function of about that type.
    pub fn window(&mut self, ty: &Type, depth: usize) -> String {
        self.windows = false;
        let d = depth.min(1);
        let core = match self.rng.below(8) {
            0 if ty.is_numeric() => self
                .rng
                .word(&[
                    "row_number()",
                    "rank()",
                    "dense_rank()",
                    "percent_rank()",
                    "cume_dist()",
                    "ntile(3)",
                ])
                .to_string(),
            1 => format!("lag({}, 1, {})", self.expr(ty, d), self.literal(ty)),
            2 => format!("lead({})", self.expr(ty, d)),
            3 => format!("first_value({})", self.expr(ty, d)),
            4 => format!("last_value({} IGNORE NULLS)", self.expr(ty, d)),
            5 => format!("nth_value({}, 2)", self.expr(ty, d)),
            6 => self.rare_window_call(ty, d),
            _ => self.aggregate_core(ty, d),
        };
        if self.rng.chance(15) {
            let frame = self.rare_frame(d);
            self.windows = true;
            return format!("{core} OVER ({frame})");
        }
        let partition = if self.rng.chance(45) {
            format!("PARTITION BY {}", self.any(d))
        } else {
            String::new()
        };
        let order = if self.rng.chance(60) {
            format!("ORDER BY {}", self.any(d))
        } else {
            String::new()
        };
        let frame = if !order.is_empty() && self.rng.chance(25) {
            self.rng.word(&[
                "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW",
                "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
                "ROWS 2 PRECEDING",
                "ROWS BETWEEN 2 FOLLOWING AND 3 FOLLOWING",
                "GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW",
                "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE TIES",
            ])
        } else {
            ""
        };
        self.windows = true;
        let parts: Vec<&str> = [partition.as_str(), order.as_str(), frame]
            .into_iter()
            .filter(|p| !p.is_empty())
            .collect();
        format!("{core} OVER ({})", parts.join(" "))
    }

    /// FROM, into the innermost scope.
    fn from(&mut self, depth: usize) -> String {
        let n = match self.rng.below(20) {
            0 | 1 => 0,
            2..=11 => 1,
            12..=17 => 2,
            _ => 3,
        };
        if n == 0 {
            return String::new();
        }
        let mut text = String::new();
        for i in 0..n {
            let (item, rel) = self.item_of_from(depth, i > 0);
            if i == 0 {
                text = item;
                self.bind(rel);
                continue;
            }
            text = self.join(text, item, rel);
        }
        text
    }

    fn bind(&mut self, rel: Rel) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.rels.push(rel);
        }
    }

    fn join(&mut self, left: String, item: String, rel: Rel) -> String {
        let lefts: Vec<Column> = self
            .scopes
            .last()
            .into_iter()
            .flat_map(|s| &s.rels)
            .flat_map(|r| r.cols.clone())
            .collect();
        let shared: Vec<String> = rel
            .cols
            .iter()
            .filter(|c| {
                lefts
                    .iter()
                    .filter(|l| l.name == c.name && l.ty.is_numeric() == c.ty.is_numeric())
                    .count()
                    == 1
            })
            .map(|c| c.name.clone())
            .collect();
        let kind = self.rng.word(&[
            "JOIN",
            "JOIN",
            "INNER JOIN",
            "LEFT JOIN",
            "LEFT OUTER JOIN",
            "RIGHT JOIN",
            "FULL JOIN",
        ]);
        match self.rng.below(16) {
            0 | 1 => {
                self.bind(rel);
                format!("{left}, {item}")
            }
            2 => {
                self.bind(rel);
                format!("{left} CROSS JOIN {item}")
            }
            3 => {
                self.bind(rel);
                format!("{left} POSITIONAL JOIN {item}")
            }
            4 | 5 if !shared.is_empty() => {
                let name = self.rng.pick(&shared).clone();
                self.bind(rel);
                let kind = *self.rng.pick(&[kind, kind, "SEMI JOIN", "ANTI JOIN"]);
                if kind.starts_with(['S', 'A'])
                    && let Some(scope) = self.scopes.last_mut()
                {
                    scope.rels.pop();
                }
                format!("{left} {kind} {item} USING ({name})")
            }
            5 | 6 if shared.len() > 1 => {
                let (a, b) = (self.rng.pick(&shared).clone(), self.rng.pick(&shared).clone());
                self.bind(rel);
                match self.rng.below(3) {
                    _ if a == b => format!("{left} {kind} {item} USING ({a})"),
                    0 => format!(
                        "{left} ASOF {} {item} USING ({a}, {b})",
                        self.rng.word(&["JOIN", "LEFT JOIN"])
                    ),
                    _ => format!("{left} {kind} {item} USING ({a}, {b})"),
                }
            }
            6 if !shared.is_empty() => {
                self.bind(rel);
                format!("{left} NATURAL {kind} {item}")
            }
            7 => {
                self.bind(rel);
                let on = self.join_condition();
                if let Some(scope) = self.scopes.last_mut() {
                    scope.rels.pop();
                }
                format!(
                    "{left} {} {item} ON {on}",
                    self.rng.word(&["SEMI JOIN", "ANTI JOIN"])
                )
            }
            8 => {
                let numeric = |cols: &[Column]| -> Vec<String> {
                    let cols = cols.iter().filter(|c| c.ty.is_numeric() || c.ty.is_temporal());
                    cols.map(|c| c.name.clone()).collect()
                };
                let right = numeric(&rel.cols);
                let of_right = self.rng.pick_of(&right).map(|c| format!("{}.{c}", rel.alias));
                let of_left = self.expr(&Type::Int32, 0);
                self.bind(rel);
                let on = self.join_condition();
                let (a, b) = (of_left, of_right.unwrap_or_else(|| "1".into()));
                format!(
                    "{left} ASOF {} {item} ON {on} AND {a} >= {b}",
                    self.rng.word(&["JOIN", "LEFT JOIN"])
                )
            }
            _ => {
                self.bind(rel);
                let on = self.join_condition();
                format!("{left} {kind} {item} ON {on}")
            }
        }
    }

    /// Mostly an equality between the last relation and one before.
    fn join_condition(&mut self) -> String {
        let rels = self.scopes.last().map_or_else(Vec::new, |s| s.rels.clone());
        let Some((last, before)) = rels.split_last() else {
            return "true".into();
        };
        let mut pairs = Vec::new();
        for rel in before {
            for l in &rel.cols {
                for r in &last.cols {
                    if l.ty == r.ty || (l.ty.is_numeric() && r.ty.is_numeric()) {
                        pairs.push((
                            format!("{}.{}", rel.alias, l.name),
                            format!("{}.{}", last.alias, r.name),
                        ));
                    }
                }
            }
        }
        if pairs.is_empty() || self.rng.chance(8) {
            return self.condition(1);
        }
        let (l, r) = self.rng.pick(&pairs).clone();
        let op = if self.rng.chance(80) {
            "="
        } else {
            self.rng.word(&["<", ">=", "IS NOT DISTINCT FROM", "<>"])
        };
        let one = format!("{l} {op} {r}");
        if self.rng.chance(20) {
            format!("{one} AND {}", self.condition(1))
        } else {
            one
        }
    }

    /// A FROM item and what it brings in sight.
    fn item_of_from(&mut self, depth: usize, lateral: bool) -> (String, Rel) {
        if self.rng.chance(18)
            && let Some(found) = self.rare_from(depth, lateral)
        {
            return found;
        }
        let alias = self.fresh("r");
        let list = self.column_of_list();
        match self.rng.below(24) {
            0..=4 if depth > 0 && self.budget > 0 => {
                // A subquery in FROM sees what stands before it.
                let sees = lateral && self.rng.chance(30);
                let own = if sees { None } else { self.scopes.pop() };
                let mut made = self.query(depth - 1, None);
                self.scopes.extend(own);
                let mut names = String::new();
                if self.rng.chance(15) && !made.cols.is_empty() {
                    for col in &mut made.cols {
                        col.name = self.fresh("k");
                    }
                    let list: Vec<&str> = made.cols.iter().map(|c| c.name.as_str()).collect();
                    names = format!("({})", list.join(", "));
                }
                let word = if sees && self.rng.chance(70) {
                    "LATERAL "
                } else {
                    ""
                };
                let rel = Rel {
                    alias: alias.clone(),
                    cols: made.cols,
                };
                (format!("{word}({}) AS {alias}{names}", made.text), rel)
            }
            5 => {
                let types: Vec<Type> = (0..1 + self.rng.below(2)).map(|_| self.near_type()).collect();
                let rows: Vec<String> = (0..1 + self.rng.below(2))
                    .map(|_| {
                        format!(
                            "({})",
                            types
                                .iter()
                                .map(|t| self.literal(t))
                                .collect::<Vec<_>>()
                                .join(", ")
                        )
                    })
                    .collect();
                let cols: Vec<Column> = types
                    .into_iter()
                    .map(|ty| Column {
                        name: self.fresh("k"),
                        ty,
                    })
                    .collect();
                let names: Vec<&str> = cols.iter().map(|c| c.name.as_str()).collect();
                (
                    format!("(VALUES {}) AS {alias}({})", rows.join(", "), names.join(", ")),
                    Rel { alias, cols },
                )
            }
            6 => {
                let name = self.rng.word(&["range", "generate_series"]);
                let k = self.fresh("k");
                (
                    format!("{name}({}) AS {alias}({k})", 1 + self.rng.below(4)),
                    Rel {
                        cols: vec![column(&k, Type::Int64)],
                        alias,
                    },
                )
            }
            7 if lateral && list.is_some() => {
                let (text, element) = list.unwrap();
                let k = self.fresh("k");
                (
                    format!("unnest({text}) AS {alias}({k})"),
                    Rel {
                        cols: vec![column(&k, element)],
                        alias,
                    },
                )
            }
            _ => {
                let (text, cols) = self.base();
                let free = !text.starts_with('"')
                    && self.rng.chance(25)
                    && self.scopes.iter().flat_map(|s| &s.rels).all(|r| r.alias != text);
                if free {
                    return (text.clone(), Rel { alias: text, cols });
                }
                let word = if self.rng.chance(60) { "AS " } else { "" };
                (format!("{text} {word}{alias}"), Rel { alias, cols })
            }
        }
    }

    fn column_of_list(&mut self) -> Option<(String, Type)> {
        let text = self.column(|t| matches!(t, Type::List(_)))?;
        match self.type_of_last_column() {
            Type::List(element) => Some((text, (*element).clone())),
            _ => None,
        }
    }
}

fn column(name: &str, ty: Type) -> Column {
    Column {
        name: name.to_owned(),
        ty,
    }
}

fn has_tail(text: &str) -> bool {
    text.contains(" ORDER BY ") || text.contains(" LIMIT ")
}

/// An operand of a set operation with its own ORDER BY needs brackets.
fn wrap_if_ordered(text: &str) -> String {
    if has_tail(text) {
        format!("({text})")
    } else {
        text.to_owned()
    }
}
