//! What comes before a handler: its `rate`, and its guard.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::Expr;

use super::by_name::by_name;
use super::handlers::{call, future, needs_event};
use super::named::{Way, nothing, way};
use super::spans::here;
use super::values;
use crate::cfgs::Cfgs;
use crate::events::Event;
use crate::model::{Flow, Role};
use crate::plan::Plan;
use crate::resolve::Call;

/// `RATES` and `rate`, which tell the `rate` of each handler that has one.
pub(crate) fn rates(plan: &Plan<'_>) -> TokenStream {
    let limited: Vec<(&Call<'_>, &Expr)> =
        plan.calls.iter().filter_map(|call| Some((call, call.handler.limits.rate.as_ref()?))).collect();
    if limited.is_empty() {
        return TokenStream::new();
    }
    let count = limited.len();
    let (mut arms, mut any) = (TokenStream::new(), TokenStream::new());
    for (number, (call, rate)) in limited.into_iter().enumerate() {
        let (cfgs, rate) = (call.cfgs.attributes(), values::rate(rate));
        let is_awaited = match &call.handler.role {
            Role::On(Event::Utf8 | Event::Binary) => {
                call.handler.flow == Flow::Async || call.handler.blocks()
            }
            Role::On(_)
            | Role::Named(_)
            | Role::Guard
            | Role::RouteGuard
            | Role::Get(_)
            | Role::GetGuard
            | Role::Tick { .. }
            | Role::Watch { .. }
            | Role::Timer(_) => way(call, plan) != Way::Now,
        };
        let value = quote_spanned! {here()=>
            ::core::option::Option::Some(__ws_runtime::Limit {
                number: #number,
                rate: #rate,
                is_awaited: #is_awaited,
            })
        };
        match &call.handler.role {
            Role::On(Event::Message) => {
                any.extend(quote_spanned!(here()=> #cfgs __ws_runtime::Limited::Named(_) => #value,));
            }
            Role::On(event) => {
                let payload = Ident::new(if *event == Event::Utf8 { "Utf8" } else { "Binary" }, here());
                arms.extend(quote_spanned!(here()=> #cfgs __ws_runtime::Limited::#payload => #value,));
            }
            Role::Named(name) => {
                arms.extend(quote_spanned!(here()=> #cfgs __ws_runtime::Limited::Named(#name) => #value,));
            }
            Role::Guard
            | Role::RouteGuard
            | Role::Get(_)
            | Role::GetGuard
            | Role::Tick { .. }
            | Role::Watch { .. }
            | Role::Timer(_) => {}
        }
    }
    // The `rate` of `#[on(message)]` is not that of names with a handler of their own.
    let others = plan.calls.iter().filter(|call| call.handler.limits.rate.is_none()).filter_map(|call| {
        match &call.handler.role {
            Role::Named(name) if !any.is_empty() => {
                let cfgs = call.cfgs.attributes();
                Some(quote_spanned!(here()=> #cfgs __ws_runtime::Limited::Named(#name) => ::core::option::Option::None,))
            }
            Role::Named(_) | Role::On(_) | Role::Guard | Role::RouteGuard | Role::Get(_) | Role::GetGuard | Role::Tick { .. } | Role::Watch { .. } | Role::Timer(_) => None,
        }
    });
    quote_spanned! {here()=>
        const RATES: ::core::primitive::usize = #count;

        #[allow(unreachable_patterns)]
        fn rate(
            limited: __ws_runtime::Limited<'_>,
        ) -> ::core::option::Option<__ws_runtime::Limit> {
            match limited {
                #arms
                #(#others)*
                #any
                _ => ::core::option::Option::None,
            }
        }
    }
}

/// The call of the guard of a handler that runs at once. It returns from the method around it if the guard refuses. The
/// locks that it takes are released with its block.
pub(crate) fn guard_now(handler: &Call<'_>, plan: &Plan<'_>) -> TokenStream {
    let calls: Vec<TokenStream> = guards(handler, plan)
        .map(|guard| {
            let (cfgs, call) = (guard.cfgs.attributes(), call(guard, plan));
            let lend = needs_event(guard).then(|| quote_spanned!(here()=> let event = event.guard();));
            quote_spanned! {here()=>
                #cfgs
                {
                    let passed = { #lend #call };
                    passed?;
                }
            }
        })
        .collect();
    if calls.is_empty() {
        return TokenStream::new();
    }
    // Only a guard that takes arguments changes it.
    quote_spanned!(here()=> #[allow(unused_mut)] let mut event = event; #(#calls)*)
}

/// Whether the guard of a handler is, or may be, an `async fn`, or waits for the lock on the room.
pub(crate) fn awaits_guard(handler: &Call<'_>, plan: &Plan<'_>) -> bool {
    guards(handler, plan).any(|guard| guard.handler.flow == Flow::Async || guard.locks_room())
}

/// `awaits_guard` and `guard`, which run the guards of handlers that do not run at once.
pub(crate) fn guards_later(plan: &Plan<'_>) -> TokenStream {
    if !plan.named_calls().any(|call| is_guarded_later(call, plan)) {
        return TokenStream::new();
    }
    let later = |handler: &Call<'_>| is_guarded_later(handler, plan);
    let awaits = |handler: &Call<'_>| {
        later(handler).then(|| any_of(&guards(handler, plan).map(|guard| &guard.cfgs).collect::<Vec<_>>()))
    };
    let awaits = by_name(plan, awaits, &quote_spanned!(here()=> false));
    // Of several guards under `#[cfg]` at most one exists, perhaps none.
    let first = |handler: &Call<'_>| {
        let calls = guards(handler, plan).map(|guard| {
            let (cfgs, future) = (guard.cfgs.attributes(), future(guard, plan));
            quote_spanned!(here()=> #cfgs { return ::std::boxed::Box::pin({ #future }); })
        });
        let (calls, nothing): (TokenStream, TokenStream) = (calls.collect(), nothing());
        quote_spanned!(here()=> #calls #[allow(unreachable_code)] { #nothing })
    };
    let calls = by_name(plan, |handler| later(handler).then(|| first(handler)), &nothing());
    quote_spanned! {here()=>
        fn awaits_guard(name: &::core::primitive::str) -> ::core::primitive::bool {
            match name {
                #awaits
            }
        }

        fn guard<'a>(
            event: __ws_runtime::RouteEvent<'a, Self, __ws_runtime::Envelope<'a>>,
        ) -> __ws_runtime::BoxFuture<'a, __ws_runtime::Outcome> {
            let name = event.name();
            #[allow(unused_variables)]
            let event = event.into_guard();
            #[allow(clippy::needless_return)]
            match name {
                #calls
            }
        }
    }
}

/// Whether one of these conditions holds.
fn any_of(cfgs: &[&Cfgs]) -> TokenStream {
    if cfgs.iter().any(|cfgs| cfgs.0.is_empty()) {
        return quote_spanned!(here()=> true);
    }
    let conditions = cfgs.iter().map(|cfgs| cfgs.condition());
    quote_spanned!(here()=> ::core::cfg!(any(#(#conditions),*)))
}

/// Whether a handler has a guard, and does not run at once.
fn is_guarded_later(handler: &Call<'_>, plan: &Plan<'_>) -> bool {
    way(handler, plan) != Way::Now && guards(handler, plan).next().is_some()
}

/// The guard of a handler: several under different `#[cfg]` conditions.
fn guards<'p, 's>(handler: &'p Call<'s>, plan: &'p Plan<'s>) -> impl Iterator<Item = &'p Call<'s>> {
    let wanted = handler.handler.limits.guard.as_ref().and_then(|path| path.segments.last());
    plan.calls.iter().filter(move |call| {
        matches!(call.handler.role, Role::Guard)
            && wanted.is_some_and(|wanted| wanted.ident == call.handler.name)
    })
}
