//! Overload resolution: the cheapest overload wins, templates are inferred from the arguments.

use super::unify::{self, Force};
use super::{Seen, cost};
use crate::catalogue::{Overload, Param};
use crate::typing::TypeError;
use rocky_warehouse::{Field, Type};
use std::sync::Arc;

/// The overload that a call means, with what was inferred.
pub(crate) struct Bound<'a> {
    pub(crate) overload: &'a Overload,
    /// Result by the signature alone; unknown where a bind function computes it.
    pub(crate) result: Type,
    bindings: Bindings,
}

type Bindings = Vec<(u8, Seen)>;

/// Pick the overload. An argument of unknown type fits everything; then a result is only given when all overloads that
/// remain agree (`overload` is the first of them).
pub(crate) fn resolve<'a>(overloads: &'a [Overload], args: &[Seen]) -> Result<Option<Bound<'a>>, TypeError> {
    if args.iter().any(Seen::is_unknown) {
        return resolve_partly(overloads, args);
    }
    let mut best: Option<(u32, &Overload)> = None;
    let mut tied = Vec::new();
    for overload in overloads {
        let Some(cost) = total_cost(overload, args) else {
            continue;
        };
        match best {
            Some((lowest, _)) if cost > lowest => {}
            Some((lowest, _)) if cost == lowest => tied.push(overload),
            _ => {
                best = Some((cost, overload));
                tied.clear();
            }
        }
    }
    let Some((_, overload)) = best else {
        return Err(no_match(overloads, args.len()));
    };
    if !tied.is_empty() {
        tied.insert(0, overload);
        return Err(TypeError::Ambiguous(forms(tied.into_iter())));
    }
    let bindings = infer(overload, args)?;
    let result = substitute(&overload.result, &bindings).unwrap_or_default();
    Ok(Some(Bound {
        overload,
        result,
        bindings,
    }))
}

fn resolve_partly<'a>(overloads: &'a [Overload], args: &[Seen]) -> Result<Option<Bound<'a>>, TypeError> {
    let mut left: Option<(&Overload, Type)> = None;
    let mut agree = true;
    for overload in overloads {
        if total_cost(overload, args).is_none() {
            continue;
        }
        let result = match &overload.result {
            Param::Exact(ty) => ty.clone(),
            _ => Type::Unknown,
        };
        match &left {
            None => left = Some((overload, result)),
            Some((_, first)) => agree &= *first == result,
        }
    }
    let Some((overload, result)) = left else {
        return Err(no_match(overloads, args.len()));
    };
    if !agree || result.is_unknown() {
        return Ok(None);
    }
    Ok(Some(Bound {
        overload,
        result,
        bindings: Vec::new(),
    }))
}

fn total_cost(overload: &Overload, args: &[Seen]) -> Option<u32> {
    let fixed = overload.params.len();
    if args.len() < fixed || (args.len() > fixed && overload.variadic.is_none()) {
        return None;
    }
    let mut total: u32 = 0;
    for (i, arg) in args.iter().enumerate() {
        if arg.is_unknown() {
            continue;
        }
        let param = overload.params.get(i).or(overload.variadic.as_ref())?;
        total = total.saturating_add(cost::to_param(arg, param)?);
    }
    Some(total)
}

/// The error when nothing fits.
pub(crate) fn no_match(overloads: &[Overload], count: usize) -> TypeError {
    let arity_fits = overloads
        .iter()
        .any(|o| o.params.len() == count || (o.variadic.is_some() && count >= o.params.len()));
    let text = forms(overloads.iter());
    if arity_fits {
        TypeError::ArgumentTypes(text)
    } else {
        TypeError::Arity(text)
    }
}

/// The accepted forms, for people.
pub(crate) fn forms<'a>(overloads: impl Iterator<Item = &'a Overload>) -> String {
    let all: Vec<String> = overloads.map(Overload::describe).collect();
    let shown = all
        .iter()
        .take(4)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" or ");
    if all.len() > 4 {
        format!("{shown} or {} others", all.len() - 4)
    } else {
        shown
    }
}

impl Bound<'_> {
    /// The type an argument is cast to; unknown where the bind function decides.
    pub(crate) fn argument(&self, index: usize) -> Type {
        let param = self
            .overload
            .params
            .get(index)
            .or(self.overload.variadic.as_ref());
        param
            .and_then(|p| substitute(p, &self.bindings))
            .unwrap_or_default()
    }
}

fn infer(overload: &Overload, args: &[Seen]) -> Result<Bindings, TypeError> {
    let mut bindings = Vec::new();
    for (i, arg) in args.iter().enumerate() {
        let Some(param) = overload.params.get(i).or(overload.variadic.as_ref()) else {
            break;
        };
        if !infer_from(param, arg, &mut bindings) {
            return Err(TypeError::ArgumentTypes(overload.describe()));
        }
    }
    Ok(bindings)
}

fn infer_from(param: &Param, arg: &Seen, bindings: &mut Bindings) -> bool {
    if *arg == Seen::Type(Type::Null) {
        bind_null(param, bindings);
        return true;
    }
    if let Param::Template(letter) = param {
        let Some(at) = bindings.iter().position(|(l, _)| l == letter) else {
            bindings.push((*letter, arg.clone()));
            return true;
        };
        let Some((_, bound)) = bindings.get_mut(at) else {
            return true;
        };
        if bound == arg {
            return true;
        }
        let Some(met) = unify::pair(bound, arg, Force::No) else {
            return false;
        };
        if *bound != Seen::Type(met.clone()) {
            *bound = Seen::Type(met);
        }
        return true;
    }
    let Seen::Type(ty) = arg else { return true };
    let inner = |t: &Type| Seen::Type(t.clone());
    match (param, ty) {
        (Param::List(p) | Param::Array(p, _), Type::List(t) | Type::Array(t, _)) => {
            infer_from(p, &inner(t), bindings)
        }
        (Param::Map(p), Type::Map(t)) => {
            infer_from(&p.0, &inner(&t.0), bindings) && infer_from(&p.1, &inner(&t.1), bindings)
        }
        (Param::Fields(fields), Type::Struct(types)) => fields
            .iter()
            .zip(types.iter())
            .all(|((_, p), t)| infer_from(p, &inner(&t.ty), bindings)),
        _ => true,
    }
}

/// A NULL binds the letters that nothing has bound yet.
fn bind_null(param: &Param, bindings: &mut Bindings) {
    match param {
        Param::Template(letter) if !bindings.iter().any(|(l, _)| l == letter) => {
            bindings.push((*letter, Seen::Type(Type::Null)));
        }
        Param::List(p) | Param::Array(p, _) => bind_null(p, bindings),
        Param::Map(kv) => {
            bind_null(&kv.0, bindings);
            bind_null(&kv.1, bindings);
        }
        Param::Fields(fields) => fields.iter().for_each(|(_, p)| bind_null(p, bindings)),
        _ => {}
    }
}

fn substitute(param: &Param, bindings: &Bindings) -> Option<Type> {
    Some(match param {
        Param::Exact(ty) => ty.clone(),
        Param::Template(letter) => bindings.iter().find(|(l, _)| l == letter)?.1.settle(),
        Param::List(p) => Type::list(substitute(p, bindings)?),
        Param::Array(p, Some(n)) => Type::Array(Arc::new(substitute(p, bindings)?), *n),
        Param::Map(kv) => Type::map(substitute(&kv.0, bindings)?, substitute(&kv.1, bindings)?),
        Param::Fields(fields) => {
            let mut list = Vec::with_capacity(fields.len());
            for (name, p) in fields {
                list.push(Field {
                    name: (*name).into(),
                    ty: substitute(p, bindings)?,
                });
            }
            Type::Struct(list.into())
        }
        _ => return None,
    })
}
