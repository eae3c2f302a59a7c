//! The implementations of `Service` and `Route`: what the runtime calls.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;

use super::handlers::{self, event_name, future, needs_event};
use super::parts::{self, session_type};
use super::spans::{at, here, otherwise};
use super::{alone, gets, limits, named, paths, rooms, routes, timed, timers, values};
use crate::events::{Event, Output, Payload, Row, Surroundings};
use crate::model::Flow;
use crate::plan::Plan;
use crate::resolve::Call;

/// What the runtime calls: that of the server in its own module, and that of a route in each module which serves
/// connections, or has routes within.
pub(crate) fn service(plan: &Plan<'_>, plans: &[Plan<'_>]) -> TokenStream {
    let server = plan.scope.route.is_none().then(|| of_server(plan, plans));
    let route = (!plan.has_routes()).then(|| of_route(plan, plans));
    quote::quote!(#server #route)
}

/// A lock is held until the reply is made, which may borrow from the state.
fn quiet(plan: &Plan<'_>) -> Option<TokenStream> {
    plan.has_locks().then(|| quote_spanned!(here()=> #[allow(clippy::significant_drop_tightening)]))
}

fn of_server(plan: &Plan<'_>, plans: &[Plan<'_>]) -> TokenStream {
    let name = plan.scope.name.unraw().to_string();
    let quiet = quiet(plan);
    let store = parts::store(plan);
    let attribute = values::attribute(&plan.server.settings.options, None, plan);
    // The server's own handlers: with routes, also the one that makes the identity.
    let is_of_server = |call: &&Call<'_>| {
        let row = call.handler.row();
        !row.is_of_route() || plan.has_routes() && row.output == Output::Admission
    };
    let events = plan.calls.iter().filter(is_of_server).map(|call| event(call, plan));
    let routes = if plan.has_routes() {
        routes::within(plan, plans)
    } else {
        quote_spanned!(here()=> routes.every_path(__Route);)
    };
    let keys = named::keys(plan);
    let gets = gets::gets(plan);
    let ticks = timed::ticks(plan);
    let watches = timed::watches(plan);
    let timed_states = timers::of_states(plan);
    let place = at(plan.scope.name.span());
    let visibility = alone::visibility(plan, place);
    let head = quote_spanned!(place=> #visibility struct __Service;);
    let name_for_routes = alone::server(plan);
    quote_spanned! {here()=>
        #[allow(dead_code)]
        #head
        #name_for_routes

        #[automatically_derived]
        #quiet
        impl __ws_runtime::Service for __Service {
            #store

            const NAME: &'static ::core::primitive::str = #name;
            const KEYS: &'static __ws_runtime::Keys = #keys;

            fn routes(routes: &mut __ws_runtime::Routes<Self>) {
                #routes
            }

            #attribute
            #gets
            #(#events)*
            #ticks
            #watches
            #timed_states
        }
    }
}

fn of_route(plan: &Plan<'_>, plans: &[Plan<'_>]) -> TokenStream {
    let session = session_type(plan);
    let quiet = quiet(plan);
    let server = routes::server(plan);
    let place = routes::place(plan);
    let names = paths::names(plan);
    let attribute = routes::attribute(plan);
    let is_of_route = |call: &&Call<'_>| call.handler.row().is_of_route();
    let events = plan.calls.iter().filter(is_of_route).map(|call| event(call, plan));
    let named = named::named(plan);
    let rates = limits::rates(plan);
    let timers = timers::of_session(plan);
    let fallback = fresh_session(plan);
    let rooms = rooms::rooms(plan);
    let adds = routes::adds(plan, plans);
    // Of a route that no server lists, the compiler warns once, and not of each handler.
    let unlisted = plan.server.stands_alone().then(|| quote_spanned!(here()=> #[allow(dead_code)]));
    quote_spanned! {here()=>
        #[allow(dead_code)]
        struct __Route;

        #[automatically_derived]
        #quiet
        #unlisted
        impl __ws_runtime::Route for __Route {
            type Server = #server;
            type Session = #session;
            #rooms

            #place
            #names
            #attribute
            #(#events)*
            #named
            #timers
            #rates
            #fallback
        }

        #adds
    }
}

/// What one event is for the runtime: the handler's name, and the methods that call it. Nothing for a named message,
/// a tick or a watch.
fn event(call: &Call<'_>, plan: &Plan<'_>) -> Option<TokenStream> {
    let event = call.handler.event().filter(|event| event.row().output != Output::Data)?;
    let (row, cfgs) = (event.row(), call.cfgs.attributes());
    let name = name(call, event);
    let methods = match (row.payload, call.handler.flow) {
        (Payload::Message(_), Flow::Plain) if call.handler.blocks() => blocking(row, call, plan),
        (Payload::Message(_), Flow::Plain) => {
            let (at_once, now) = (message_head(row, needs_event(call), plan), handlers::call(call, plan));
            let later = call.locks_room().then(|| {
                let (head, future) = (head(row, call, plan), future(call, plan));
                quote_spanned!(here()=> #cfgs #head { #future })
            });
            let runs = handlers::runs(call);
            quote_spanned!(here()=> #cfgs #at_once { #runs __ws_runtime::done({ #now }) } #later)
        }
        (Payload::Message(_), Flow::Async) => {
            let at_once = message_head(row, false, plan);
            let (head, future) = (head(row, call, plan), future(call, plan));
            quote_spanned! {here()=>
                #cfgs
                #at_once { ::core::result::Result::Ok(__ws_runtime::Handled::Later) }

                #cfgs
                #head { #future }
            }
        }
        (Payload::Nothing | Payload::Kept(_) | Payload::Handle | Payload::Key, _) => {
            let (head, future) = (head(row, call, plan), future(call, plan));
            quote_spanned!(here()=> #cfgs #head { #future })
        }
    };
    Some(quote_spanned!(here()=> #cfgs #name #methods))
}

/// The methods of a `blocking` handler, and the constant that says that it is one.
fn blocking(row: &Row, call: &Call<'_>, plan: &Plan<'_>) -> TokenStream {
    let cfgs = call.cfgs.attributes();
    let (at_once, event) = (message_head(row, false, plan), parameter(row, needs_event(call), plan));
    let constant = Ident::new(&format!("{}_BLOCKS", row.name.to_uppercase()), here());
    let (method, now) = (Ident::new(&format!("{}_blocking", row.name), here()), handlers::call(call, plan));
    quote_spanned! {here()=>
        #cfgs
        #at_once { ::core::result::Result::Ok(__ws_runtime::Handled::Later) }

        #cfgs
        const #constant: ::core::primitive::bool = true;

        #cfgs
        fn #method<'a>(#event) -> __ws_runtime::Outcome { #now }
    }
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
fn message_head(row: &Row, needs_event: bool, plan: &Plan<'_>) -> TokenStream {
    let (name, event) = (Ident::new(row.name, here()), parameter(row, needs_event, plan));
    quote_spanned! {here()=>
        fn #name<'a>(#event) -> ::core::result::Result<__ws_runtime::Handled, __ws_runtime::Failure>
    }
}

/// The signature of a method whose handler may be awaited.
fn head(row: &Row, call: &Call<'_>, plan: &Plan<'_>) -> TokenStream {
    let state = (call.handler.event() == Some(Event::Empty)).then(|| rooms::state(call));
    head_with(row, needs_event(call), state, plan)
}

fn head_with(row: &Row, needs_event: bool, state: Option<TokenStream>, plan: &Plan<'_>) -> TokenStream {
    let state = state.into_iter();
    let name = match row.payload {
        Payload::Message(_) => format!("{}_later", row.name),
        Payload::Nothing | Payload::Kept(_) | Payload::Handle | Payload::Key => row.name.to_owned(),
    };
    let (name, event) = (Ident::new(&name, here()), parameter(row, needs_event, plan));
    let output = match row.output {
        Output::Outcome | Output::Reply | Output::Data | Output::Verdict => {
            quote_spanned!(here()=> __ws_runtime::Outcome)
        }
        Output::Admission => {
            let session = if plan.has_routes() {
                quote_spanned!(here()=> ())
            } else {
                quote_spanned!(here()=> Self::Session)
            };
            quote_spanned!(here()=> ::core::result::Result<__ws_runtime::Admission<#session>, __ws_runtime::Reject>)
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
pub(super) fn parameter(row: &Row, needs_event: bool, plan: &Plan<'_>) -> TokenStream {
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
        Surroundings::Admission if plan.has_routes() => {
            quote_spanned!(here()=> __ws_runtime::OpeningEvent<'a, Self #payload>)
        }
        Surroundings::Admission | Surroundings::Arrival => {
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
    let head = head_with(Event::Handshake.row(), false, None, plan);
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
