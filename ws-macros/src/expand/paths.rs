//! Checks of `Path` arguments: the number of parameters when the server is compiled, the names of fields when it is
//! bound.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::{GenericArgument, PathArguments, Type};
use ws_spec::path::Pattern;

use super::arguments::without_lifetimes;
use super::spans::{heart, here};
use super::{gets, routes};
use crate::diagnostics::list;
use crate::events::Payload;
use crate::model::{Argument, Role};
use crate::plan::Plan;
use crate::resolve::{Asks, Call};
use crate::syntax::{mentions, peel, single_name};

/// A constant for each `Path` of the module's handlers that does not compile if the path has another number of
/// parameters.
pub(super) fn counts(plan: &Plan<'_>, plans: &[Plan<'_>]) -> TokenStream {
    let mut counts = TokenStream::new();
    for Guard { call, path, of } in guards_of_inner(plan, plans) {
        let count = count_each(call, Some(&path), plan);
        if !count.is_empty() {
            let conditions = conditions(of, plans);
            counts.extend(quote_spanned!(here()=> #conditions const _: () = { #count };));
        }
    }
    let of_route = Place::of_route(plan);
    if plan.scope.route.is_some() && of_route.is_none() {
        // The path is wrong, which was reported.
        return counts;
    }
    for call in plan.calls.iter().filter(|call| call.handler.above == 0) {
        match &call.handler.role {
            // Its path is that of the handler, of which it may have several.
            Role::GetGuard => {}
            Role::Get(path) => {
                let path = Place { text: path.text.value(), names: names_of(&path.pattern) };
                for call in std::iter::once(call).chain(gets::guards(call, plan)) {
                    counts.extend(count_each(call, Some(&path), plan));
                }
            }
            Role::On(_)
            | Role::Named(_)
            | Role::Guard
            | Role::RouteGuard
            | Role::Tick { .. }
            | Role::Watch { .. }
            | Role::Timer(_) => counts.extend(count_each(call, of_route.as_ref(), plan)),
        }
    }
    counts
}

/// In the implementation of `Route`: what tells the runtime whether the fields of structs are parameters.
pub(super) fn names(plan: &Plan<'_>) -> TokenStream {
    let Some(path) = Place::of_route(plan) else { return TokenStream::new() };
    let place = quote_spanned!(here()=> <Self as __ws_runtime::Route>::place());
    let checks = Ident::new("checks", here());
    let own = plan.calls.iter().filter(|call| call.handler.above == 0);
    let all: TokenStream = own.map(|call| names_fit(call, &path.names, plan, &checks, &place)).collect();
    if all.is_empty() {
        return all;
    }
    quote_spanned! {here()=>
        fn check_paths(checks: &mut __ws_runtime::PathChecks<'_>) {
            #all
        }
    }
}

/// The same for the guards of inner routes that stand in this module: statements where `routes` is known.
pub(super) fn names_of_guards(plan: &Plan<'_>, plans: &[Plan<'_>]) -> TokenStream {
    let adds = Ident::new("routes", here());
    guards_of_inner(plan, plans)
        .map(|Guard { call, path, of }| {
            let place = of.scope.route.as_ref().map(routes::place_of).unwrap_or_default();
            let checks = names_fit(call, &path.names, plan, &adds, &place);
            let conditions = (!checks.is_empty()).then(|| conditions(of, plans));
            quote_spanned!(here()=> #conditions #checks)
        })
        .collect()
}

/// The guard of an inner route that stands in a module around it. There, and not in the route, its types have their
/// names.
struct Guard<'p, 's> {
    call: &'p Call<'s>,
    /// That of the route.
    path: Place,
    of: &'p Plan<'s>,
}

fn guards_of_inner<'p, 's>(plan: &'p Plan<'s>, plans: &'p [Plan<'s>]) -> impl Iterator<Item = Guard<'p, 's>> {
    let all = plans.iter().flat_map(|of| of.calls.iter().map(move |call| (of, call)));
    all.filter(move |(of, call)| {
        call.handler.above > 0
            && above(of, call.handler.above, plans).is_some_and(|found| std::ptr::eq(found.scope, plan.scope))
    })
    .filter_map(|(of, call)| Some(Guard { call, path: Place::of_route(of)?, of }))
}

/// The module so many levels up.
fn above<'p, 's>(plan: &'p Plan<'s>, levels: usize, plans: &'p [Plan<'s>]) -> Option<&'p Plan<'s>> {
    let mut found = plan;
    for _ in 0..levels {
        let outer = found.scope.route.as_ref()?.outer;
        found = plans.get(outer.map_or(0, |number| number + 1))?;
    }
    Some(found)
}

/// The conditions of a route, and those of the routes around it.
fn conditions(plan: &Plan<'_>, plans: &[Plan<'_>]) -> TokenStream {
    let routes = (0..plan.depth()).filter_map(|levels| above(plan, levels, plans)?.scope.route.as_ref());
    routes.map(|route| route.cfgs.attributes()).collect()
}

/// The statements that add what is wrong with the `Path`s of a handler to `checks`.
pub(super) fn names_fit(
    call: &Call<'_>,
    names: &[String],
    plan: &Plan<'_>,
    checks: &Ident,
    place: &TokenStream,
) -> TokenStream {
    let (handler, of_call) = (call.handler.name.unraw().to_string(), call.cfgs.attributes());
    arguments(call, plan)
        .filter(|argument| !is_counted(&argument.ty))
        .map(|argument| {
            let (ty, of_argument) = (without_lifetimes(&argument.ty), argument.cfgs.attributes());
            quote_spanned! {here()=>
                #of_call
                #of_argument
                {
                    #[allow(unused_imports)]
                    use __ws_runtime::PathProblems as _;
                    #checks.check(#place, #handler, __ws_runtime::PathProbe::<#ty>::problem(&[#(#names),*]));
                }
            }
        })
        .collect()
}

/// The names of the parameters of a path.
pub(super) fn names_of(pattern: &Pattern) -> Vec<String> {
    pattern.parameters().map(|parameter| parameter.name.clone()).collect()
}

/// The path that handlers are for.
struct Place {
    text: String,
    names: Vec<String>,
}

impl Place {
    fn of_route(plan: &Plan<'_>) -> Option<Self> {
        let route = plan.scope.route.as_ref().filter(|route| !route.is_wrong)?;
        let pattern = Pattern::parse(&route.full_path).ok()?;
        Some(Self { text: route.full_path.clone(), names: names_of(&pattern) })
    }

    /// What it has, up to the number that a `Path` takes.
    fn sentence(&self) -> String {
        let has = match self.names.as_slice() {
            [] => "no parameters".to_owned(),
            [only] => format!("1 parameter, `{only}`"),
            several => format!("{} parameters, {}", several.len(), list(several.iter().map(String::as_str))),
        };
        format!("the path `{}` has {has}: this `Path` takes ", self.text)
    }
}

fn count_each(call: &Call<'_>, path: Option<&Place>, plan: &Plan<'_>) -> TokenStream {
    let count = path.map_or(0, |path| path.names.len());
    let sentence = path.map_or_else(
        || {
            "there is no path with parameters here, which `#[route]` and `#[get]` have: this `Path` takes "
                .to_owned()
        },
        Place::sentence,
    );
    let of_call = call.cfgs.attributes();
    arguments(call, plan)
        .map(|argument| {
            let (ty, of_argument) = (without_lifetimes(&argument.ty), argument.cfgs.attributes());
            let check = quote_spanned! {heart(&argument.ty)=>
                __ws_runtime::check_path(__ws_runtime::PathProbe::<#ty>::COUNT, #count, #sentence)
            };
            quote_spanned! {here()=>
                #of_call
                #of_argument
                const _: () = {
                    #[allow(unused_imports)]
                    use __ws_runtime::Uncounted as _;
                    #check;
                };
            }
        })
        .collect()
}

/// The arguments that are, or may be, a `Path`, where there is a request.
fn arguments<'c>(call: &'c Call<'_>, plan: &'c Plan<'_>) -> impl Iterator<Item = &'c Argument> {
    let has_request = matches!(call.handler.row().payload, Payload::Kept("Handshake" | "Request"));
    let all = call.arguments.iter().filter(move |_| has_request);
    all.filter(|(argument, asks)| is_path(&argument.ty, *asks, plan)).map(|(argument, _)| *argument)
}

fn is_path(ty: &Type, asks: Asks, plan: &Plan<'_>) -> bool {
    let is_alias =
        |(name, target): &(Ident, Type)| mentions(ty, &name.to_string()) && mentions(target, "Path");
    match asks {
        Asks::Plain => {
            let may_be = mentions(ty, "Path") || plan.scope.aliases.iter().any(is_alias);
            may_be && !matches!(ty, Type::Reference(_))
        }
        // An alias from elsewhere.
        Asks::UnknownValue => true,
        Asks::State(..)
        | Asks::Room(_)
        | Asks::Session(_)
        | Asks::Phase(_)
        | Asks::Identity(_)
        | Asks::UnknownReference => false,
    }
}

/// Whether it is certain that a `Path` has no fields: those of a tuple and of a type of Rust's are only counted.
fn is_counted(ty: &Type) -> bool {
    let Type::Path(path) = peel(ty) else { return false };
    let Some(last) = path.path.segments.last().filter(|last| last.ident == "Path") else { return false };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return false };
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) => match peel(inner) {
            Type::Tuple(_) | Type::Reference(_) => true,
            inner => single_name(inner).is_some_and(|name| COUNTED.iter().any(|counted| name == counted)),
        },
        _ => false,
    }
}

const COUNTED: [&str; 14] = [
    "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize", "bool", "String",
];
