//! Checks of `Path` arguments: the number of parameters when the server is compiled, the names of fields when it is bound.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::Type;
use syn::ext::IdentExt;
use ws_spec::path::Pattern;

use super::arguments::without_lifetimes;
use super::gets;
use super::spans::{heart, here};
use crate::diagnostics::list;
use crate::events::Payload;
use crate::model::{Argument, Role};
use crate::plan::Plan;
use crate::resolve::{Asks, Call};
use crate::syntax::mentions;

/// A constant for each `Path` of the module's handlers that does not compile if the path has another number of parameters.
pub(super) fn counts(plan: &Plan<'_>) -> TokenStream {
    let mut counts = TokenStream::new();
    // A wrong path has been reported, and its parameters are unknown.
    let is_wrong = plan.scope.route.as_ref().is_some_and(|route| route.is_wrong);
    for call in &plan.calls {
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
            | Role::Timer(_) if is_wrong => {}
            Role::On(_)
            | Role::Named(_)
            | Role::Guard
            | Role::RouteGuard
            | Role::Tick { .. }
            | Role::Watch { .. }
            | Role::Timer(_) => counts.extend(count_each(call, Place::of_route(plan).as_ref(), plan)),
        }
    }
    counts
}

/// In the implementation of `Route`: what tells the runtime whether the fields of structs are parameters.
pub(super) fn names(plan: &Plan<'_>) -> TokenStream {
    let Some(path) = Place::of_route(plan) else { return TokenStream::new() };
    let place = quote_spanned!(here()=> <Self as __ws_runtime::Route>::place());
    let checks = Ident::new("checks", here());
    let all: TokenStream =
        plan.calls.iter().map(|call| names_fit(call, &path.names, plan, &checks, &place)).collect();
    if all.is_empty() {
        return all;
    }
    quote_spanned! {here()=>
        fn check_paths(checks: &mut __ws_runtime::PathChecks<'_>) {
            #all
        }
    }
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
        let route = plan.scope.route.as_ref()?;
        Some(Self { text: route.full_path.clone(), names: plan.parameters() })
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
    let may_be = matches!(asks, Asks::Plain | Asks::UnknownValue) && !matches!(ty, Type::Reference(_));
    may_be && (mentions(ty, "Path") || plan.scope.aliases.iter().any(is_alias))
}
