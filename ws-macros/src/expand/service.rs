//! The implementations of `Service` and `Route`: what the runtime calls.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;

use super::handlers::{self, event_name, future, needs_event};
use super::parts::{self, session_type};
use super::spans::{at, here, otherwise};
use super::{limits, named, rooms, timed, timers, values};
use crate::events::{Event, Output, Payload, Row, Surroundings};
use crate::model::Flow;
use crate::plan::Plan;
use crate::resolve::Call;

pub(crate) fn service(plan: &Plan<'_>) -> TokenStream {
    let session = session_type(plan);
    let name = plan.scope.name.unraw().to_string();
    // A lock is held until the reply is made, which may borrow from the state.
    let quiet =
        plan.has_locks().then(|| quote_spanned!(here()=> #[allow(clippy::significant_drop_tightening)]));
    let store = parts::store(plan);
    let attribute = values::attribute(plan);
    let (of_route, of_server): (Vec<&Call<'_>>, Vec<&Call<'_>>) =
        plan.calls.iter().partition(|call| call.handler.row().is_of_route());
    let of_route = of_route.into_iter().map(|call| event(call, plan));
    let named = named::named(plan);
    let rates = limits::rates(plan);
    let of_server = of_server.into_iter().map(|call| event(call, plan));
    let fallback = fresh_session(plan);
    let ticks = timed::ticks(plan);
    let watches = timed::watches(plan);
    let timers = timers::of_session(plan);
    let timed_states = timers::of_states(plan);
    let rooms = rooms::rooms(plan);
    quote_spanned! {here()=>
        #[allow(dead_code)]
        struct __Service;

        #[automatically_derived]
        #quiet
        impl __ws_runtime::Service for __Service {
            #store
            type Route = __Route;

            const NAME: &'static ::core::primitive::str = #name;

            #attribute
            #(#of_server)*
            #ticks
            #watches
            #timed_states
        }

        #[allow(dead_code)]
        struct __Route;

        #[automatically_derived]
        #quiet
        impl __ws_runtime::Route for __Route {
            type Server = __Service;
            type Session = #session;
            #rooms

            #(#of_route)*
            #named
            #timers
            #rates
            #fallback
        }
    }
}

/// What one event is for the runtime: the handler's name, and the methods that call it. Nothing for a named message, a tick
/// or a watch.
fn event(call: &Call<'_>, plan: &Plan<'_>) -> Option<TokenStream> {
    let event = call.handler.event().filter(|event| event.row().output != Output::Data)?;
    let (row, cfgs) = (event.row(), call.cfgs.attributes());
    let name = name(call, event);
    let methods = match (row.payload, call.handler.flow) {
        (Payload::Message(_), Flow::Plain) => {
            let (at_once, now) = (message_head(row, needs_event(call)), handlers::call(call, plan));
            let later = call.locks_room().then(|| {
                let (head, future) = (head(row, call), future(call, plan));
                quote_spanned!(here()=> #cfgs #head { #future })
            });
            quote_spanned!(here()=> #cfgs #at_once { __ws_runtime::done({ #now }) } #later)
        }
        (Payload::Message(_), Flow::Async) => {
            let at_once = message_head(row, false);
            let (head, future) = (head(row, call), future(call, plan));
            quote_spanned! {here()=>
                #cfgs
                #at_once { ::core::result::Result::Ok(__ws_runtime::Handled::Later) }

                #cfgs
                #head { #future }
            }
        }
        (Payload::Nothing | Payload::Kept(_) | Payload::Handle | Payload::Key, _) => {
            let (head, future) = (head(row, call), future(call, plan));
            quote_spanned!(here()=> #cfgs #head { #future })
        }
    };
    Some(quote_spanned!(here()=> #cfgs #name #methods))
}

/// The constant with the handler's name, for the log.
fn name(call: &Call<'_>, event: Event) -> TokenStream {
    let constant = Ident::new(&event.name().to_uppercase(), here());
    let name = call.handler.name.unraw().to_string();
    let text = quote_spanned!(here()=> &'static ::core::primitive::str);
    match event.row().output {
        // Without one, plain requests are not answered.
        Output::Response => quote_spanned! {here()=>
            const #constant: ::core::option::Option<#text> = ::core::option::Option::Some(#name);
        },
        Output::Outcome
        | Output::Reply
        | Output::Admission
        | Output::Room
        | Output::Data
        | Output::Verdict => {
            quote_spanned!(here()=> const #constant: #text = #name;)
        }
    }
}

/// The signature of the method that runs a plain handler, or returns that the handler must be awaited.
fn message_head(row: &Row, needs_event: bool) -> TokenStream {
    let (name, event) = (Ident::new(row.name, here()), parameter(row, needs_event));
    quote_spanned! {here()=>
        fn #name<'a>(#event) -> ::core::result::Result<__ws_runtime::Handled, __ws_runtime::Failure>
    }
}

/// The signature of a method whose handler may be awaited.
fn head(row: &Row, call: &Call<'_>) -> TokenStream {
    let state = (call.handler.event() == Some(Event::Empty)).then(|| rooms::state(call));
    head_with(row, needs_event(call), state)
}

fn head_with(row: &Row, needs_event: bool, state: Option<TokenStream>) -> TokenStream {
    let state = state.into_iter();
    let name = match row.payload {
        Payload::Message(_) => format!("{}_later", row.name),
        Payload::Nothing | Payload::Kept(_) | Payload::Handle | Payload::Key => row.name.to_owned(),
    };
    let (name, event) = (Ident::new(&name, here()), parameter(row, needs_event));
    let output = match row.output {
        Output::Outcome | Output::Reply | Output::Data | Output::Verdict => {
            quote_spanned!(here()=> __ws_runtime::Outcome)
        }
        Output::Admission => {
            quote_spanned!(here()=> ::core::result::Result<__ws_runtime::Admission<Self::Session>, __ws_runtime::Reject>)
        }
        Output::Room => {
            quote_spanned!(here()=> ::core::result::Result<Self::Room, __ws_runtime::Reject>)
        }
        Output::Response => {
            quote_spanned!(here()=> ::core::result::Result<__ws_runtime::Response, __ws_runtime::Reject>)
        }
    };
    quote_spanned! {here()=>
        fn #name<'a>(#event #(, #state)*) -> impl ::core::future::Future<Output = #output> + ::core::marker::Send
    }
}

/// The type of a method's argument: the event with its payload.
fn parameter(row: &Row, needs_event: bool) -> TokenStream {
    let name = event_name(needs_event);
    let payload = match row.payload {
        Payload::Nothing | Payload::Handle | Payload::Key => None,
        Payload::Kept(name) => {
            let name = Ident::new(name, here());
            Some(quote_spanned!(here()=> , __ws_runtime::#name))
        }
        Payload::Message(name) => {
            let name = Ident::new(name, here());
            Some(quote_spanned!(here()=> , __ws_runtime::#name<'a>))
        }
    };
    let ty = match row.surroundings {
        Surroundings::Opening => quote_spanned!(here()=> __ws_runtime::OpeningEvent<'a, Self #payload>),
        Surroundings::Admission => {
            quote_spanned!(here()=> __ws_runtime::OpeningEvent<'a, Self::Server #payload>)
        }
        Surroundings::Connection => quote_spanned!(here()=> __ws_runtime::RouteEvent<'a, Self #payload>),
        Surroundings::Server => quote_spanned!(here()=> __ws_runtime::ServerEvent<'a, Self::Store>),
        Surroundings::Room => quote_spanned!(here()=> __ws_runtime::RoomEvent<'a, Self>),
    };
    quote_spanned!(here()=> #name: #ty)
}

/// `handshake` where no handler makes the session: it begins as its `Default`.
fn fresh_session(plan: &Plan<'_>) -> Option<TokenStream> {
    let cfg = otherwise(plan.calls_of(Event::Handshake).map(|call| &call.cfgs))?;
    let head = head_with(Event::Handshake.row(), false, None);
    if plan.session_unclear {
        // Never run: there is an error already.
        return Some(quote_spanned!(here()=> #cfg #head { async { ::core::unimplemented!() } }));
    }
    let place = plan.sessions.first().map_or_else(here, |session| at(session.name.span()));
    let fresh = quote_spanned!(place=> __ws_runtime::FreshSession::fresh());
    Some(
        quote_spanned!(here()=> #cfg #head { async { ::core::result::Result::Ok(__ws_runtime::Admission::anonymous(#fresh)) } }),
    )
}
