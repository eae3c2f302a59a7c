//! The implementation of `Service`: what the loop calls.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;

use super::handlers::{future, needs_event};
use super::parts::{session_type, state_type};
use super::spans::{at, here, otherwise};
use super::{timed, values};
use crate::events::{Event, Output, Payload, Row, Surroundings};
use crate::model::Flow;
use crate::plan::{Plan, Store};
use crate::resolve::Call;

pub(crate) fn service(plan: &Plan<'_>) -> TokenStream {
    let (state, session) = (state_type(plan), session_type(plan));
    let store = Ident::new(
        match plan.store {
            Store::Plain => "Plain",
            Store::Guarded => "Guarded",
        },
        here(),
    );
    let place = plan.states.first().map_or_else(here, |state| at(state.name.span()));
    let store = quote_spanned!(place=> __ws_runtime::#store<#state>);
    let name = plan.scope.name.unraw().to_string();
    // The lock is held until the reply is made, which may borrow from the state.
    let quiet = (plan.store == Store::Guarded)
        .then(|| quote_spanned!(here()=> #[allow(clippy::significant_drop_tightening)]));
    let handlers = names(plan);
    let attribute = values::attribute(plan);
    let events = plan.calls.iter().filter_map(|call| method(call, plan));
    let fallback = fresh_session(plan);
    let ticks = timed::ticks(plan);
    let watches = timed::watches(plan);
    quote_spanned! {here()=>
        #[allow(dead_code)]
        struct __Service;

        #[automatically_derived]
        #quiet
        impl __ws_runtime::Service for __Service {
            type State = #state;
            type Store = #store;
            type Session = #session;

            const NAME: &'static ::core::primitive::str = #name;
            const HANDLERS: __ws_runtime::Handlers = #handlers;

            #attribute
            #(#events)*
            #fallback
            #ticks
            #watches
        }
    }
}

/// The names of the handlers, for the log, and which of them are awaited.
fn names(plan: &Plan<'_>) -> TokenStream {
    let named: Vec<TokenStream> = plan.calls.iter().filter_map(name).collect();
    if named.is_empty() {
        return quote_spanned!(here()=> __ws_runtime::Handlers::NONE);
    }
    let is_complete = Event::ALL.iter().all(|event| plan.calls_of(*event).any(|call| call.cfgs.0.is_empty()));
    let rest = (!is_complete).then(|| quote_spanned!(here()=> ..__ws_runtime::Handlers::NONE));
    quote_spanned!(here()=> __ws_runtime::Handlers { #(#named,)* #rest })
}

fn name(call: &Call<'_>) -> Option<TokenStream> {
    let event = Ident::new(call.handler.event()?.name(), here());
    let (cfgs, name) = (call.cfgs.attributes(), call.handler.name.unraw().to_string());
    let flow = Ident::new(if call.handler.flow == Flow::Async { "awaited" } else { "plain" }, here());
    Some(quote_spanned!(here()=> #cfgs #event: __ws_runtime::Call::#flow(#name)))
}

/// The method of one event; none for a tick or a watch.
fn method(call: &Call<'_>, plan: &Plan<'_>) -> Option<TokenStream> {
    let event = call.handler.event()?;
    let cfgs = call.cfgs.attributes();
    let head = head(event.row(), needs_event(call));
    let future = future(call, plan);
    Some(quote_spanned!(here()=> #cfgs #head { #future }))
}

/// The first line of a method; parameters that its body does not need have names that begin with `_`.
fn head(row: &Row, needs_event: bool) -> TokenStream {
    let name = Ident::new(row.name, here());
    let parameter =
        |name: &str| Ident::new(&if needs_event { name.to_owned() } else { format!("_{name}") }, here());
    let event = parameter("event");
    let surroundings = match row.surroundings {
        Surroundings::Opening => {
            quote_spanned!(here()=> __ws_runtime::ConnEvent<'a, Self, __ws_runtime::NotYet>)
        }
        Surroundings::Connection => quote_spanned!(here()=> __ws_runtime::ConnEvent<'a, Self>),
        Surroundings::Server => quote_spanned!(here()=> __ws_runtime::ServerEvent<'a, Self>),
    };
    let payload = match row.payload {
        Payload::Nothing | Payload::Handle { .. } => None,
        Payload::Value { name, type_name } | Payload::Message { name, type_name } => {
            let (name, type_name) = (parameter(name), Ident::new(type_name, here()));
            let lifetime =
                matches!(row.payload, Payload::Message { .. }).then(|| quote_spanned!(here()=> <'a>));
            Some(quote_spanned!(here()=> , #name: &'a __ws_runtime::#type_name #lifetime))
        }
    };
    let output = match row.output {
        Output::Outcome | Output::Reply => quote_spanned!(here()=> __ws_runtime::Outcome),
        Output::Admission => {
            quote_spanned!(here()=> ::core::result::Result<Self::Session, __ws_runtime::Reject>)
        }
        Output::Response => quote_spanned!(here()=> ::core::option::Option<__ws_runtime::Response>),
    };
    quote_spanned! {here()=>
        fn #name<'a>(#event: #surroundings #payload) -> impl ::core::future::Future<Output = #output> + ::core::marker::Send
    }
}

/// `handshake` where no handler makes the session: it begins as its `Default`.
fn fresh_session(plan: &Plan<'_>) -> Option<TokenStream> {
    let cfg = otherwise(plan.calls_of(Event::Handshake).map(|call| &call.cfgs))?;
    let head = head(Event::Handshake.row(), false);
    if plan.session_unclear {
        // Never run: there is an error already.
        return Some(quote_spanned!(here()=> #cfg #head { async { ::core::unimplemented!() } }));
    }
    let place = plan.sessions.first().map_or_else(here, |session| at(session.name.span()));
    let fresh = quote_spanned!(place=> __ws_runtime::FreshSession::fresh());
    Some(quote_spanned!(here()=> #cfg #head { async { ::core::result::Result::Ok(#fresh) } }))
}
