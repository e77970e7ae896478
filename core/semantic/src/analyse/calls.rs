//! Function calls: aggregates, windows, lambdas, and where each may stand.

use super::lineage::{Acc, Set, compose};
use super::lookup::Meaning;
use super::narrow::Outcome;
use super::parts;
use super::scope::Src;
use super::{Analyser, Ctx};
use crate::model::{InfluenceKind, Roles, Transform};
use crate::typing::{self, Argument, ArgumentValue, CallSite, Constant, FunctionKind, Operand, TypeError};
use rocky_base::{Diagnostic, Dialect, Loc, SmolStr, Span, code};
use rocky_syntax::ast::{
    BinaryOp, Call, ExprId, ExprKind, Frame, FrameUnit, Name, Over, WindowSpec, path_span,
};
use rocky_warehouse::Type;

/// What is known of a call besides its arguments.
struct Site<'a> {
    call: &'a Call,
    /// Lower case, without qualifier.
    name: SmolStr,
    kind: Option<FunctionKind>,
    windowed: bool,
}

/// What a value without a name is called as a field.
enum Implied {
    Name(SmolStr),
    /// Proved to have none.
    Nothing,
    Unclear,
}

impl Site<'_> {
    fn aggregates(&self) -> bool {
        self.kind == Some(FunctionKind::Aggregate)
    }

    /// Functions that make a field of this argument.
    fn names_fields(&self, first: bool) -> bool {
        match self.name.as_str() {
            "struct_pack" | "union_value" => true,
            "struct_insert" | "struct_update" => !first,
            _ => false,
        }
    }

    /// Window functions whose value is made of the window's keys alone.
    fn ranks(&self) -> bool {
        matches!(
            self.name.as_str(),
            "row_number" | "rank" | "dense_rank" | "rank_dense" | "percent_rank" | "cume_dist" | "ntile"
        )
    }
}

impl<'a> Analyser<'a> {
    /// A function call.
    pub(super) fn call(&mut self, id: ExprId, call: &'a Call, mode: &Transform, acc: &mut Acc) -> Operand {
        let Some(last) = call.name.last() else {
            return Operand::unknown();
        };
        let name = SmolStr::from(last.ident.text.to_lowercase());
        let span = self.ast.expr(id).span;
        let kind = typing::function_kind(self.dialect, &name);
        let site = Site {
            call,
            name,
            kind,
            windowed: call.over.is_some(),
        };
        let outer = self.ctx;
        let method = self.method_base(call);
        self.check_place(&site, span);
        if matches!(site.name.as_str(), "grouping" | "grouping_id") && self.dialect == Dialect::DuckDb {
            let uid = self.scope().map_or(0, |s| s.uid);
            self.groupings.push((uid, id));
        }
        if site.name == "unnest" && call.name.len() == 1 {
            self.check_unnest_place(span, site.windowed);
        }

        let step = if site.aggregates() {
            Transform::Aggregation(site.name.clone())
        } else {
            Transform::Expression
        };
        let inner = compose(mode, &step);
        self.ctx = Ctx {
            in_aggregate: outer.in_aggregate || (site.aggregates() && !site.windowed),
            in_window: outer.in_window || site.windowed,
            ..outer
        };
        let mut args: Vec<Argument> = Vec::with_capacity(call.args.len() + 1);
        let start = acc.len();
        if let Some(base) = method {
            args.push(value(self.column(id, base, &inner, acc)));
        }
        let fields = self.arguments(call, &site, &inner, acc, &mut args);
        if !fields.is_empty() {
            self.struct_parts.insert(id, fields.into());
        }
        if matches!(site.name.as_str(), "unnest" | "unlist" | "generate_subscripts") {
            // How many rows a row becomes.
            self.influence(&acc.since(start), InfluenceKind::Join);
        }
        let within = self.call_order(call, &site, &inner, acc);
        if let Some(filter) = call.filter {
            self.ctx = Ctx {
                in_aggregate: self.ctx.in_aggregate || !site.windowed,
                ..self.ctx
            };
            // It decides about this value alone, as a CASE inside the aggregate would: an edge and an influence.
            let mut own = Acc::default();
            let operand = self.expr(filter, &Transform::Direct, &mut own);
            self.check_condition(filter, &operand);
            let set = own.finish();
            self.influence(&set, InfluenceKind::Filter);
            acc.push_as(&set, &inner, Roles::CONDITION);
        }
        self.ctx = Ctx {
            in_window: outer.in_window || site.windowed,
            ..outer
        };
        let framed = call
            .over
            .as_ref()
            .is_some_and(|over| self.over(over, &site, &inner, acc));
        self.ctx = outer;

        let operand = self.call_type(&site, span, args, within, framed, &inner, acc);
        if operand.ty.is_unknown() && acc.cause.is_none() {
            let why = format!("the result type of `{}` is not known", site.name);
            acc.because(Some((span, SmolStr::from(why))));
        }
        operand
    }

    /// `lambda x: …`.
    fn is_python_lambda(&self, id: ExprId) -> bool {
        let written = self.text(self.ast.expr(id).span);
        written.get(..6).is_some_and(|w| w.eq_ignore_ascii_case("lambda"))
    }

    /// `column.function(…)` of DuckDB: the path of the column.
    fn method_base(&self, call: &'a Call) -> Option<&'a [Name]> {
        let (_, base) = call.name.split_last()?;
        let column = self.dialect == Dialect::DuckDb
            && !base.is_empty()
            && matches!(
                self.lookup(base),
                Meaning::Column { .. } | Meaning::Alias { .. } | Meaning::Lambda { .. }
            );
        column.then_some(base)
    }

    /// A bare word that names a part of a date, and no column.
    fn is_bare_part(&self, path: &[Name]) -> bool {
        self.dialect == Dialect::DuckDb
            && matches!(path, [one] if !one.ident.quoted && typing::is_date_part(&one.ident.text))
            && matches!(self.lookup(path), Meaning::Nothing)
    }

    /// E100 with quotes as the repair; of an unknown function it is enough that it is unknown.
    fn report_bare_part(&mut self, site: &Site<'_>, path: &[Name]) {
        let [part] = path else { return };
        if site.kind.is_none() {
            return;
        }
        let word = &part.ident.text;
        let message = format!(
            "column `{word}` not found: `{}` takes a part of a date as text",
            site.name
        );
        let edit = rocky_base::Edit {
            loc: Loc::text(part.span),
            text: format!("'{word}'"),
        };
        let finding = Diagnostic::new(code::E100, Loc::text(part.span), message);
        self.report(finding.fix(format!("write `'{word}'`"), vec![edit]));
    }

    /// E208 where the call may not stand.
    fn check_place(&mut self, site: &Site<'_>, span: Span) {
        if site.windowed {
            if self.dialect == Dialect::DuckDb && site.kind == Some(FunctionKind::Scalar) {
                let message = format!(
                    "`{}` is no aggregate or window function: it takes no OVER",
                    site.name
                );
                self.report(Diagnostic::new(code::E208, Loc::text(span), message));
            }
            self.check_window_place(span);
            return;
        }
        let call = site.call;
        if (call.distinct || call.filter.is_some() || !call.order_by.is_empty())
            && site.kind.is_some()
            && !typing::may_aggregate(self.dialect, &site.name)
        {
            let message = format!(
                "`{}` is no aggregate: it takes no DISTINCT, ORDER BY or FILTER",
                site.name
            );
            self.report(Diagnostic::new(code::E208, Loc::text(span), message));
            return;
        }
        match site.kind {
            Some(FunctionKind::Aggregate) => {
                self.check_aggregate_place(span, &format!("the aggregate `{}`", site.name))
            }
            Some(FunctionKind::Window) if site.call.name.len() == 1 => {
                let message = format!("`{}` needs an OVER clause", site.name);
                self.report(Diagnostic::new(code::E208, Loc::text(span), message).help("add OVER (…)"));
            }
            _ => {}
        }
    }

    /// A bare word that is a part of a date, or may be one since there is no such column.
    fn is_part(&self, site: &Site<'_>, argument: usize, path: &[Name]) -> bool {
        let [word] = path else { return false };
        self.dialect != Dialect::DuckDb
            && !word.ident.quoted
            && (parts::is_part_of(self.dialect, &site.name, argument, &word.ident.text)
                || (site.kind.is_none()
                    && parts::is_part(&word.ident.text)
                    && matches!(self.lookup(path), Meaning::Nothing)))
    }

    fn arguments(
        &mut self,
        call: &'a Call,
        site: &Site<'_>,
        inner: &Transform,
        acc: &mut Acc,
        args: &mut Vec<Argument>,
    ) -> Vec<(SmolStr, Src)> {
        let mut fields = Vec::new();
        let ast = self.ast;
        let condition = match call.args.as_slice() {
            [condition, _, _] if matches!(site.name.as_str(), "if" | "iff") => Some(condition.value),
            _ => None,
        };
        for (i, arg) in call.args.iter().enumerate() {
            let outcome = if i == 1 { Outcome::True } else { Outcome::NotTrue };
            let assumed = condition.filter(|_| i > 0).map(|condition| {
                let facts = self.facts(condition, outcome);
                self.assume(&facts)
            });
            let name = arg.name.as_ref().map(|n| n.ident.text.clone());
            let first = args.is_empty();
            match &ast.expr(arg.value).kind {
                ExprKind::Star(star) => {
                    let plain = self.dialect == Dialect::DuckDb && self.text(star.span) == "*";
                    if plain
                        && site.kind == Some(FunctionKind::Aggregate)
                        && (site.name != "count" || call.distinct)
                    {
                        let message = match call.distinct {
                            true => format!("`{}(DISTINCT *)` is not possible", site.name),
                            false => format!("`{}` takes no `*`", site.name),
                        };
                        let finding = Diagnostic::new(code::E200, Loc::text(star.span), message);
                        self.report(finding.help("name a column"));
                        // Nothing more is to be said of this call.
                        args.push(value(Operand::unknown()));
                        continue;
                    }
                    if site.name != "count" {
                        for found in self.star(star).cols {
                            self.star_value(&found, star.span, inner, acc);
                        }
                    }
                    args.push(Argument {
                        name,
                        value: ArgumentValue::Star,
                    });
                }
                // JSON's arrow between two names looks like a lambda.
                ExprKind::Lambda { params, body }
                    if params.len() == 1
                        && !self.is_python_lambda(arg.value)
                        && !typing::takes_lambda(self.dialect, &site.name) =>
                {
                    let left = self.column(arg.value, params, inner, acc);
                    let right = self.expr(*body, inner, acc);
                    let typed = typing::binary(self.dialect, &BinaryOp::Arrow, &left, &right);
                    let operand =
                        typed.map_or_else(|_| Operand::unknown(), |t| Operand::of(t.ty, t.nullable));
                    args.push(Argument {
                        name,
                        value: ArgumentValue::Value(operand),
                    });
                }
                ExprKind::Column(path) if self.is_part(site, i, path) => args.push(Argument {
                    name,
                    value: ArgumentValue::Value(Operand::unknown()),
                }),
                // `datediff(day, a, b)`: elsewhere a part of a date is a bare word.
                ExprKind::Column(path) if self.is_bare_part(path) => {
                    self.report_bare_part(site, path);
                    args.push(Argument {
                        name,
                        value: ArgumentValue::Value(Operand::unknown()),
                    });
                }
                ExprKind::Lambda { params, .. } => {
                    args.push(Argument {
                        name,
                        value: ArgumentValue::Lambda(params.len()),
                    });
                }
                ExprKind::Columns {
                    selector,
                    unpack: true,
                } => {
                    let span = ast.expr(arg.value).span;
                    for found in self.selected(*selector).cols {
                        let operand = self.star_value(&found, span, inner, acc);
                        let named = matches!(
                            site.name.as_str(),
                            "struct_pack" | "struct_insert" | "struct_update"
                        );
                        args.push(Argument {
                            name: named.then(|| found.name.clone()),
                            value: ArgumentValue::Value(operand),
                        });
                    }
                }
                _ => {
                    let start = acc.len();
                    let value = self.expr(arg.value, inner, acc);
                    let mut operand = self.folded(arg.value, value);
                    if i == 0 && condition.is_some() {
                        acc.decides_from(start, Roles::CONDITION);
                    }
                    let mut name = name;
                    if name.is_none() && site.names_fields(first) {
                        match self.implied_name(arg.value, &operand) {
                            Implied::Name(implied) => name = Some(implied),
                            Implied::Nothing => {}
                            Implied::Unclear => operand = Operand::unknown(),
                        }
                    }
                    if site.name == "struct_pack"
                        && let Some(name) = &name
                    {
                        let set = acc.since(start);
                        fields.push((name.clone(), self.src_of(arg.value, set)));
                    }
                    args.push(Argument {
                        name,
                        value: ArgumentValue::Value(operand),
                    });
                }
            }
            if let Some(assumed) = assumed {
                self.forget(assumed);
            }
        }
        fields
    }

    /// ORDER BY inside the brackets decides about the order; WITHIN GROUP names the aggregated value.
    fn call_order(
        &mut self,
        call: &'a Call,
        site: &Site<'_>,
        inner: &Transform,
        acc: &mut Acc,
    ) -> Vec<Operand> {
        let is_value =
            call.within_group && !matches!(site.name.as_str(), "listagg" | "string_agg" | "array_agg");
        let mut values = Vec::new();
        for item in &call.order_by {
            if is_value {
                values.push(self.expr(item.expr, inner, acc));
            } else {
                let set = self.sources_of(item.expr);
                self.influence(&set, InfluenceKind::Order);
            }
        }
        values
    }

    /// OVER. Returns whether it has a frame.
    fn over(&mut self, over: &'a Over, site: &Site<'_>, inner: &Transform, acc: &mut Acc) -> bool {
        let mut spec: &'a WindowSpec = match over {
            Over::Spec(spec) => spec,
            Over::Named(name) => match self.named_window(name) {
                Some(spec) => spec,
                None => return false,
            },
        };
        let mut framed = false;
        let (mut ranges, mut n_keys) = (None, 0);
        // A window may extend another, which may extend another; a definition that names itself ends the walk.
        for _ in 0..64 {
            framed |= spec.frame.is_some();
            if let Some(frame) = &spec.frame
                && frame.unit == FrameUnit::Range
                && frame.distances().next().is_some()
            {
                ranges = Some(frame.span);
            }
            n_keys += spec.order_by.len();
            let keys = spec
                .partition_by
                .iter()
                .copied()
                .chain(spec.order_by.iter().map(|o| o.expr));
            let sets: Vec<Set> = keys.map(|key| self.sources_of(key)).collect();
            for set in &sets {
                self.influence(set, InfluenceKind::Window);
                if site.ranks() {
                    acc.push_as(set, inner, Roles::WINDOW);
                }
            }
            for bound in spec.frame.iter().flat_map(Frame::distances) {
                let distance = self.value(bound);
                if let [key] = spec.order_by.as_slice() {
                    self.check_range(spec, key, bound, &distance);
                }
            }
            let Some(base) = &spec.base else { break };
            let Some(next) = self.named_window(base) else {
                break;
            };
            self.check_extension(spec, next, &base.ident.text, base.span);
            spec = next;
        }
        if let Some(span) = ranges
            && n_keys != 1
        {
            let message = match n_keys {
                0 => "a RANGE frame with a distance needs an ORDER BY".to_owned(),
                n => format!("a RANGE frame with a distance needs one key in ORDER BY, not {n}"),
            };
            self.report(
                Diagnostic::new(code::E230, Loc::text(span), message)
                    .help("order by one number, date or timestamp, or count rows with ROWS"),
            );
        }
        framed
    }

    fn named_window(&mut self, name: &Name) -> Option<&'a WindowSpec> {
        let key = self.relation_key(&name.ident);
        let uid = self.scope().map_or(0, |s| s.uid);
        let found = self.windows.get(&(uid, key)).copied();
        if found.is_none() {
            let message = format!("window `{}` is not defined", name.ident.text);
            self.report(Diagnostic::new(code::E112, Loc::text(name.span), message));
        }
        found
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one call, evaluated by its caller"
    )]
    fn call_type(
        &mut self,
        site: &Site<'a>,
        span: Span,
        mut args: Vec<Argument>,
        within: Vec<Operand>,
        framed: bool,
        inner: &Transform,
        acc: &mut Acc,
    ) -> Operand {
        let call = site.call;
        if matches!(site.name.as_str(), "grouping" | "grouping_id") && site.kind.is_none() {
            return Operand::of(Type::Int64, false);
        }
        if site.name == "unnest"
            && self.dialect == Dialect::DuckDb
            && let Some(Argument {
                value: ArgumentValue::Value(operand),
                ..
            }) = args.first()
        {
            return match &operand.ty {
                Type::List(element) | Type::Array(element, _) => Operand::of((**element).clone(), true),
                Type::Null => Operand::of(Type::Null, true),
                Type::Unknown | Type::Struct(_) | Type::Other(_) | Type::Variant => Operand::unknown(),
                ty => {
                    let message = format!(
                        "`unnest` takes a list or a struct, not {}",
                        ty.print(self.dialect)
                    );
                    let mut finding = Diagnostic::new(code::E200, Loc::text(span), message);
                    finding.help = match ty {
                        Type::Json => Some("cast it first: `unnest(x::JSON[])`".into()),
                        Type::Map(_) => Some("write `unnest(map_entries(x))`".into()),
                        Type::String { .. } => Some("split it first: `unnest(string_split(x, ','))`".into()),
                        _ => None,
                    };
                    self.report(finding);
                    Operand::unknown()
                }
            };
        }
        let bare = ["current_time", "current_timestamp", "localtime", "localtimestamp"];
        if self.dialect == Dialect::DuckDb
            && call.name.len() == 1
            && args.is_empty()
            && bare.contains(&site.name.as_str())
            && call.brackets
        {
            let written = last_name(call);
            let message = format!("`{written}` is written without brackets");
            let edit = rocky_base::Edit {
                loc: Loc::text(span),
                text: written.to_owned(),
            };
            let finding = Diagnostic::new(code::E104, Loc::text(span), message);
            self.report(finding.fix(format!("write `{written}`"), vec![edit]));
            return Operand::unknown();
        }
        let mut name = last_name(call);
        let ordered = matches!(site.name.as_str(), "percentile_cont" | "percentile_disc" | "mode");
        if self.dialect == Dialect::DuckDb
            && call.within_group != ordered
            && call.name.len() == 1
            && site.name != "mode"
        {
            if call.within_group {
                let message = format!("`{}` takes no WITHIN GROUP", site.name);
                let finding = Diagnostic::new(code::E208, Loc::text(span), message);
                self.report(
                    finding.help("write ORDER BY inside the brackets: `string_agg(x, ',' ORDER BY y)`"),
                );
            } else {
                let message = format!("function `{name}` does not exist without WITHIN GROUP");
                let other = if site.name == "percentile_cont" {
                    "quantile_cont"
                } else {
                    "quantile_disc"
                };
                let finding = Diagnostic::new(code::E104, Loc::text(path_span(&call.name)), message);
                self.report(finding.help(format!(
                    "write `{name}(0.5) WITHIN GROUP (ORDER BY x)` or `{other}(x, 0.5)`"
                )));
            }
            return Operand::unknown();
        }
        if !within.is_empty() {
            if self.dialect != Dialect::DuckDb {
                return Operand::unknown();
            }
            name = match site.name.as_str() {
                "percentile_cont" => "quantile_cont",
                "percentile_disc" => "quantile_disc",
                _ => name,
            };
            args.splice(0..0, within.into_iter().map(value));
        }
        let qualified = call.name.len() > 1 && args.len() == call.args.len() && !self.builtin_schema(call);
        if qualified {
            return Operand::unknown();
        }
        let keyed = self.scope().is_some_and(|s| s.keyed);
        let empty_group_possible = if site.windowed {
            framed
        } else {
            site.aggregates() && !keyed
        };
        let asked = CallSite {
            name,
            args: &args,
            windowed: site.windowed,
            empty_group_possible,
            filtered: call.filter.is_some(),
            columns: self.bare_columns(call) << args.len().saturating_sub(call.args.len()).min(63),
        };
        let ast = self.ast;
        let offset = args.len() - call.args.len().min(args.len());
        let mut typed_lambdas = Vec::new();
        let result = typing::call(self.dialect, &asked, &mut |index, types| {
            let arg = index.checked_sub(offset).and_then(|i| call.args.get(i));
            match arg.map(|a| &ast.expr(a.value).kind) {
                Some(ExprKind::Lambda { params, body }) => {
                    typed_lambdas.push(index);
                    self.lambda(params, types, *body, inner, acc)
                }
                _ => Operand::unknown(),
            }
        });
        for (i, arg) in call.args.iter().enumerate() {
            if let ExprKind::Lambda { params, body } = &ast.expr(arg.value).kind
                && matches!(
                    args.get(i + offset).map(|a| &a.value),
                    Some(ArgumentValue::Lambda(_))
                )
                && !typed_lambdas.contains(&(i + offset))
            {
                self.lambda(params, &[], *body, inner, acc);
            }
        }
        match result {
            Ok(typed) => {
                let list = matches!(site.name.as_str(), "list_value" | "list_pack");
                let element = |a: &Argument| match &a.value {
                    ArgumentValue::Value(operand) => operand.clone(),
                    _ => Operand::unknown(),
                };
                let elements: Vec<Operand> = if list {
                    args.iter().map(element).collect()
                } else {
                    Vec::new()
                };
                Operand {
                    constant: typing::strings(elements.iter()),
                    ..Operand::of(typed.ty, typed.nullable)
                }
            }
            Err(error) => {
                let unknown = |a: &Argument| matches!(&a.value, ArgumentValue::Value(o) if o.is_doubtful());
                let null = |a: &Argument| matches!(&a.value, ArgumentValue::Value(o) if o.constant == Some(Constant::Perhaps));
                // With an argument of unknown type a wrong type is not proved, with one that may be a constant NULL nothing
                // but the number of arguments.
                if args.iter().any(unknown)
                    && matches!(error, TypeError::ArgumentTypes(_) | TypeError::Ambiguous(_))
                    || args.iter().any(null) && matches!(error, TypeError::Refused(_))
                {
                    return Operand::unknown();
                }
                if matches!(error, TypeError::UnknownFunction(_)) && self.input.types.has_function(name) {
                    let reason = format!("`{name}` was made with CREATE MACRO");
                    acc.because(Some((span, reason.into())));
                    return Operand::unknown();
                }
                let types: Vec<String> = args.iter().map(|a| self.argument_text(a)).collect();
                self.report_call(name, path_span(&call.name), span, &error, &types);
                acc.because(Some((span, "the call is wrong".into())));
                Operand::unknown()
            }
        }
    }

    /// Bit `i` for each argument that is a column of a relation and nothing else.
    fn bare_columns(&self, call: &Call) -> u64 {
        let mut bits = 0;
        for (index, arg) in call.args.iter().enumerate().take(64) {
            if let ExprKind::Column(path) = &self.ast.expr(self.ast.unparen(arg.value)).kind
                && matches!(self.lookup(path), Meaning::Column { .. })
            {
                bits |= 1 << index;
            }
        }
        bits
    }

    /// The name that DuckDB gives to a field without one: that of the column.
    fn implied_name(&self, id: ExprId, operand: &Operand) -> Implied {
        let expr = self.ast.expr(self.ast.unparen(id));
        match &expr.kind {
            ExprKind::Column(path) => match self.lookup(path) {
                Meaning::Column { found, fields } if fields == path.len() => {
                    match self.scopes.get(found.scope as usize).and_then(|s| s.col(found)) {
                        Some(col) => Implied::Name(col.name.clone()),
                        None => Implied::Unclear,
                    }
                }
                Meaning::Column { .. } => Implied::Nothing,
                _ => Implied::Unclear,
            },
            ExprKind::Literal(_) | ExprKind::Binary { .. } | ExprKind::Function(_)
                if !operand.ty.has_unknown() =>
            {
                Implied::Nothing
            }
            _ => Implied::Unclear,
        }
    }

    /// A table function that does not take its arguments. With one of unknown type a wrong type is not proved.
    pub(super) fn report_table_call(
        &mut self,
        call: &'a Call,
        span: Span,
        error: &TypeError,
        args: &[Argument],
    ) {
        let unknown = |a: &Argument| matches!(&a.value, ArgumentValue::Value(o) if o.ty.has_unknown());
        if args.iter().any(unknown) && matches!(error, TypeError::ArgumentTypes(_) | TypeError::Ambiguous(_))
        {
            return;
        }
        if matches!(error, TypeError::UnknownFunction(_)) && self.input.types.has_function(last_name(call)) {
            return;
        }
        let given = args.iter().filter(|a| a.name.is_none());
        let types: Vec<String> = given.map(|a| self.argument_text(a)).collect();
        self.report_call(last_name(call), path_span(&call.name), span, error, &types);
    }

    fn argument_text(&self, arg: &Argument) -> String {
        match &arg.value {
            ArgumentValue::Value(operand) => operand.ty.print(self.dialect),
            ArgumentValue::Star => "*".to_owned(),
            ArgumentValue::Lambda(_) => "lambda".to_owned(),
        }
    }

    /// A qualifier under which the engine keeps its own functions.
    fn builtin_schema(&self, call: &Call) -> bool {
        let builtin = [
            "main",
            "system",
            "pg_catalog",
            "safe",
            "builtin",
            "net",
            "keys",
            "hll_count",
        ];
        call.name.split_last().is_some_and(|(_, before)| {
            self.dialect == Dialect::DuckDb
                && before
                    .iter()
                    .all(|n| builtin.iter().any(|b| n.ident.text.eq_ignore_ascii_case(b)))
        })
    }
}

fn value(operand: Operand) -> Argument {
    Argument {
        name: None,
        value: ArgumentValue::Value(operand),
    }
}

fn last_name(call: &Call) -> &str {
    call.name.last().map_or("", |n| n.ident.text.as_str())
}
