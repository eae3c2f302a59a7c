//! The implementation of `Service`: what the loop calls.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;

use super::handlers::{call, future, needs_event};
use super::parts::{is_guarded, session_type, state_type};
use super::places::{at, here, otherwise};
use super::{timed, values};
use crate::model::{Event, Flow, Handler, Server};

pub(crate) fn service(server: &Server) -> TokenStream {
    let guarded = is_guarded(server);
    let (state, session) = (state_type(server), session_type(server));
    let store = Ident::new(if guarded { "Guarded" } else { "Plain" }, here());
    let place = server.states.first().map_or_else(here, |state| at(state.name.span()));
    let store = quote_spanned!(place=> __ws_runtime::#store<#state>);
    let name = server.name.unraw().to_string();
    // The lock is held until the reply is made, which may borrow from the state.
    let quiet = guarded.then(|| quote_spanned!(here()=> #[allow(clippy::significant_drop_tightening)]));
    let attribute = values::attribute(server);
    let (of_route, of_server): (Vec<&Handler>, Vec<&Handler>) = server
        .handlers
        .iter()
        .filter(|handler| handler.event().is_some())
        .partition(|handler| is_route(handler));
    let write = |handlers: &[&Handler]| -> TokenStream {
        handlers.iter().filter_map(|handler| method(handler, server)).collect()
    };
    let (of_route, of_server) = (write(&of_route), write(&of_server));
    let fallback = fresh_session(server);
    let ticks = timed::ticks(server);
    let watches = timed::watches(server);
    quote_spanned! {here()=>
        #[allow(dead_code)]
        struct __Service;

        #[automatically_derived]
        #quiet
        impl __ws_runtime::Service for __Service {
            type State = #state;
            type Store = #store;
            type Route = __Route;

            const NAME: &'static ::core::primitive::str = #name;

            #attribute
            #of_server
            #ticks
            #watches
        }

        #[allow(dead_code)]
        struct __Route;

        #[automatically_derived]
        #quiet
        impl __ws_runtime::Route for __Route {
            type Server = __Service;
            type Session = #session;

            #of_route
            #fallback
        }
    }
}

fn is_route(handler: &Handler) -> bool {
    !matches!(handler.event(), Some(Event::Connect | Event::Request | Event::Shutdown))
}

/// The constant with a handler's name, for the log.
fn name(handler: &Handler, event: Event) -> TokenStream {
    let constant = Ident::new(&event.name().to_uppercase(), here());
    let name = handler.name.unraw().to_string();
    let cfgs = handler.cfgs.attributes();
    let text = quote_spanned!(here()=> &'static ::core::primitive::str);
    match event {
        Event::Request => quote_spanned! {here()=>
            #cfgs const #constant: ::core::option::Option<#text> = ::core::option::Option::Some(#name);
        },
        _ => quote_spanned!(here()=> #cfgs const #constant: #text = #name;),
    }
}

/// The constant and the methods of one event.
fn method(handler: &Handler, server: &Server) -> Option<TokenStream> {
    let event = handler.event()?;
    let cfgs = handler.cfgs.attributes();
    let name = name(handler, event);
    let argument = if needs_event(handler) { "event" } else { "_event" };
    if !matches!(event, Event::Utf8 | Event::Binary | Event::Pong) {
        let (head, future) = (head(event, argument), future(handler, server));
        return Some(quote_spanned!(here()=> #name #cfgs #head { #future }));
    }
    Some(match handler.flow {
        Flow::Plain => {
            let (head, call) = (head_at_once(event, argument), call(handler, server));
            quote_spanned!(here()=> #name #cfgs #head { __ws_runtime::done({ #call }) })
        }
        Flow::Async => {
            let at_once = head_at_once(event, "_event");
            let later = quote_spanned!(here()=> ::core::result::Result::Ok(__ws_runtime::Handled::Later));
            let (head, future) = (head(event, argument), future(handler, server));
            quote_spanned!(here()=> #name #cfgs #at_once { #later } #cfgs #head { #future })
        }
    })
}

/// The first line of the method that handles a message at once.
fn head_at_once(event: Event, argument: &str) -> TokenStream {
    let name = Ident::new(event.name(), here());
    let argument = Ident::new(argument, here());
    let brought = surroundings(event);
    quote_spanned! {here()=>
        fn #name<'a>(#argument: #brought) -> ::core::result::Result<__ws_runtime::Handled, __ws_runtime::Failure>
    }
}

/// What happened, and where.
fn surroundings(event: Event) -> TokenStream {
    match event {
        Event::Connect => quote_spanned!(here()=> __ws_runtime::OpeningEvent<'a, Self>),
        Event::Request => {
            quote_spanned!(here()=> __ws_runtime::OpeningEvent<'a, Self, __ws_runtime::Request>)
        }
        Event::Handshake => {
            quote_spanned!(here()=> __ws_runtime::OpeningEvent<'a, Self::Server, __ws_runtime::Handshake>)
        }
        Event::Ready => quote_spanned!(here()=> __ws_runtime::RouteEvent<'a, Self>),
        Event::Utf8 => quote_spanned!(here()=> __ws_runtime::RouteEvent<'a, Self, __ws_runtime::Utf8<'a>>),
        Event::Binary | Event::Pong => {
            quote_spanned!(here()=> __ws_runtime::RouteEvent<'a, Self, __ws_runtime::Binary<'a>>)
        }
        Event::Disconnect => quote_spanned!(here()=> __ws_runtime::RouteEvent<'a, Self, __ws_runtime::Close>),
        Event::Shutdown => quote_spanned!(here()=> __ws_runtime::ServerEvent<'a, Self::Store>),
    }
}

/// The first line of a method that may be awaited.
fn head(event: Event, argument: &str) -> TokenStream {
    let name = match event {
        Event::Utf8 | Event::Binary | Event::Pong => format!("{}_later", event.name()),
        _ => event.name().to_owned(),
    };
    let name = Ident::new(&name, here());
    let argument = Ident::new(argument, here());
    let surroundings = surroundings(event);
    let output = match event {
        Event::Handshake => {
            quote_spanned!(here()=> ::core::result::Result<Self::Session, __ws_runtime::Reject>)
        }
        Event::Request => {
            quote_spanned!(here()=> ::core::result::Result<__ws_runtime::Response, __ws_runtime::Reject>)
        }
        Event::Connect
        | Event::Ready
        | Event::Utf8
        | Event::Binary
        | Event::Pong
        | Event::Disconnect
        | Event::Shutdown => quote_spanned!(here()=> __ws_runtime::Outcome),
    };
    quote_spanned! {here()=>
        fn #name<'a>(#argument: #surroundings) -> impl ::core::future::Future<Output = #output> + ::core::marker::Send
    }
}

/// `handshake` where no handler makes the session: it begins as its `Default`.
fn fresh_session(server: &Server) -> Option<TokenStream> {
    let declared = server.handlers.iter().filter(|handler| handler.event() == Some(Event::Handshake));
    let cfg = otherwise(declared.map(|handler| &handler.cfgs))?;
    let head = head(Event::Handshake, "_event");
    if server.parts_unclear || server.abandoned.contains(&Event::Handshake) {
        // The handler that makes the session has a mistake of its own; never run.
        return Some(quote_spanned!(here()=> #cfg #head { async { ::core::unimplemented!() } }));
    }
    let place = server.sessions.first().map_or_else(here, |session| at(session.name.span()));
    let fresh = quote_spanned!(place=> __ws_runtime::FreshSession::fresh());
    Some(quote_spanned!(here()=> #cfg #head { async { ::core::result::Result::Ok(#fresh) } }))
}
