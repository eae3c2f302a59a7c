//! The handlers of `#[get]`: what answers plain requests by their path.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;

use super::handlers::{call, event_name, future, needs_event};
use super::paths::{self, names_of};
use super::spans::here;
use crate::model::{PathText, Role};
use crate::plan::Plan;
use crate::resolve::Call;

/// `gets`, which adds each of them.
pub(super) fn gets(plan: &Plan<'_>) -> TokenStream {
    let gets: TokenStream = plan.calls.iter().filter_map(|get| Some(add(get, path(get)?, plan))).collect();
    if gets.is_empty() {
        return gets;
    }
    quote_spanned! {here()=>
        fn gets(gets: &mut __ws_runtime::Gets<Self>) {
            #gets
        }
    }
}

fn path<'s>(call: &Call<'s>) -> Option<&'s PathText> {
    match &call.handler.role {
        Role::Get(path) => Some(path),
        Role::On(_)
        | Role::Named(_)
        | Role::Guard
        | Role::RouteGuard
        | Role::GetGuard
        | Role::Tick { .. }
        | Role::Watch { .. }
        | Role::Timer(_) => None,
    }
}

fn add(get: &Call<'_>, path: &PathText, plan: &Plan<'_>) -> TokenStream {
    let PathText { text, .. } = path;
    let (cfgs, name) = (get.cfgs.attributes(), get.handler.name.unraw().to_string());
    // The place of the text, not of the macro.
    let (file, line) =
        (quote_spanned!(text.span()=> ::core::file!()), quote_spanned!(text.span()=> ::core::line!()));
    let place = quote_spanned!(here()=> __ws_runtime::Place::new(#text, #file, #line));
    let guards: Vec<&Call<'_>> = guards(get, plan).collect();
    let (names, gets) = (names_of(&path.pattern), Ident::new("gets", here()));
    let checked = std::iter::once(get).chain(guards.iter().copied());
    let checks: TokenStream =
        checked.map(|call| paths::names_fit(call, &names, plan, &gets, &place)).collect();
    let future = future(get, plan);
    let event = event_name(needs_event(get) || guards.iter().any(|guard| needs_event(guard)));
    let body = if guards.is_empty() {
        future
    } else {
        let guards = guards.into_iter().map(|guard| run_guard(guard, plan));
        quote_spanned!(here()=> async move { #(#guards)* { #future }.await })
    };
    quote_spanned! {here()=>
        #cfgs
        {
            #checks
            gets.add(#place, #name, |#event| ::std::boxed::Box::pin({ #body }));
        }
    }
}

/// The call of a guard. It returns from the block around it if the guard refuses. The locks that it takes are
/// released with its block.
fn run_guard(guard: &Call<'_>, plan: &Plan<'_>) -> TokenStream {
    let (cfgs, call) = (guard.cfgs.attributes(), call(guard, plan));
    let lend = needs_event(guard).then(|| quote_spanned!(here()=> let event = event.again();));
    quote_spanned! {here()=>
        #cfgs
        {
            let verdict = { #lend #call };
            __ws_runtime::pass(verdict)?;
        }
    }
}

/// The guard of a handler: several under different `#[cfg]` conditions.
pub(super) fn guards<'p, 's>(get: &'p Call<'s>, plan: &'p Plan<'s>) -> impl Iterator<Item = &'p Call<'s>> {
    let wanted = get.handler.limits.guard.as_ref().and_then(|path| path.segments.last());
    plan.calls.iter().filter(move |call| {
        matches!(call.handler.role, Role::GetGuard)
            && wanted.is_some_and(|wanted| wanted.ident == call.handler.name)
    })
}
