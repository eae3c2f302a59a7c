//! Ticks and watches: what the server calls by itself.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::Expr;
use syn::ext::IdentExt;

use super::handlers::{call, call_awaited, event_name, needs_event};
use super::spans::{at, here, start};
use super::values::seconds;
use crate::model::{Flow, Interest, Role, Ticking};
use crate::plan::Plan;
use crate::resolve::Call;

/// `ticks`, which names each tick and its period, and `tick`, which runs one.
pub(crate) fn ticks(plan: &Plan<'_>) -> TokenStream {
    let event = quote_spanned!(here()=> __ws_runtime::ServerEvent<'_, Self::Store>);
    ticks_of(Ticking::Server, plan, &event, ["ticks", "tick"])
}

/// `room_ticks` and `room_tick`, the same for each room.
pub(super) fn room_ticks(plan: &Plan<'_>) -> TokenStream {
    let event = quote_spanned!(here()=> __ws_runtime::RoomEvent<'_, Self>);
    ticks_of(Ticking::Room, plan, &event, ["room_ticks", "room_tick"])
}

fn ticks_of(whose: Ticking, plan: &Plan<'_>, event: &TokenStream, methods: [&'static str; 2]) -> TokenStream {
    let [all, one] = methods.map(|name| Ident::new(name, here()));
    let ticks: Vec<(&Call<'_>, &Expr)> =
        plan.calls.iter().filter_map(|tick| Some((tick, period(tick, whose)?))).collect();
    if ticks.is_empty() {
        return TokenStream::new();
    }
    let additions = ticks.iter().enumerate().map(|(number, (tick, period))| {
        let (cfgs, name) = (tick.cfgs.attributes(), tick.handler.name.unraw().to_string());
        let period = seconds(period);
        quote_spanned!(here()=> #cfgs ticks.add(#number, #name, #period);)
    });
    let arms = ticks.iter().enumerate().map(|(number, (tick, _))| {
        let (cfgs, call) = (tick.cfgs.attributes(), call_awaited(tick, plan));
        quote_spanned!(here()=> #cfgs #number => { #call })
    });
    let is_awaited = ticks.iter().any(|(tick, _)| tick.handler.flow == Flow::Async || tick.locks_room());
    let outcome = quote_spanned! {here()=>
        match number {
            #(#arms)*
            _ => ::core::result::Result::Ok(()),
        }
    };
    let future = if is_awaited {
        quote_spanned!(here()=> async move { #outcome })
    } else {
        quote_spanned!(here()=> __ws_runtime::now(|| { #outcome }))
    };
    quote_spanned! {here()=>
        fn #all(ticks: &mut __ws_runtime::Ticks) {
            #(#additions)*
        }

        fn #one(
            number: ::core::primitive::usize,
            event: #event,
        ) -> impl ::core::future::Future<Output = __ws_runtime::Outcome> + ::core::marker::Send {
            #future
        }
    }
}

/// `watches`, which hands over each handle and its handler.
pub(crate) fn watches(plan: &Plan<'_>) -> TokenStream {
    let mut additions = TokenStream::new();
    for watch in &plan.calls {
        if let Role::Watch { interest, handle } = &watch.handler.role {
            additions.extend(add_watch(watch, *interest, handle, plan));
        }
    }
    if additions.is_empty() {
        return additions;
    }
    quote_spanned! {here()=>
        #[cfg(unix)]
        fn watches(watches: &mut __ws_runtime::Watches<Self>) {
            #additions
        }

        #[cfg(not(unix))]
        const WATCHES: () = ::core::compile_error!("`#[watch]` needs Unix: put `#[cfg(unix)]` on the handler");
    }
}

fn add_watch(watch: &Call<'_>, interest: Interest, handle: &Expr, plan: &Plan<'_>) -> TokenStream {
    let (cfgs, name) = (watch.cfgs.attributes(), watch.handler.name.unraw().to_string());
    let method = match (interest, watch.handler.flow) {
        (Interest::Readable, Flow::Plain) => "readable",
        (Interest::Writable, Flow::Plain) => "writable",
        (Interest::Readable, Flow::Async) => "readable_async",
        (Interest::Writable, Flow::Async) => "writable_async",
    };
    let method = Ident::new(method, at(start(handle)));
    let call = call(watch, plan);
    let event = event_name(needs_event(watch));
    let body = match watch.handler.flow {
        Flow::Plain => quote_spanned!(here()=> { #call }),
        Flow::Async => quote_spanned!(here()=> ::std::boxed::Box::pin(async move { #call })),
    };
    quote_spanned!(here()=> #cfgs watches.#method(#name, #handle, |#event| #body);)
}

/// The period of a tick of the server, or of rooms.
fn period<'s>(call: &Call<'s>, whose: Ticking) -> Option<&'s Expr> {
    match &call.handler.role {
        Role::Tick { period, of } if *of == whose => Some(period),
        Role::Tick { .. }
        | Role::On(_)
        | Role::Named(_)
        | Role::Guard
        | Role::RouteGuard
        | Role::Get(_)
        | Role::GetGuard
        | Role::Watch { .. }
        | Role::Timer(_) => None,
    }
}
