//! The implementation of `Service`: what the loop calls.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;

use super::handlers::{future, needs_event, needs_own};
use super::parts::{is_guarded, session_type, state_type};
use super::spans::{at, here, otherwise};
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
    let handlers = names(server);
    let attribute = values::attribute(server);
    let events = server.handlers.iter().filter_map(|handler| method(handler, server));
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
fn names(server: &Server) -> TokenStream {
    let named: Vec<TokenStream> = server.handlers.iter().filter_map(name).collect();
    if named.is_empty() {
        return quote_spanned!(here()=> __ws_runtime::Handlers::NONE);
    }
    let is_complete = Event::ALL.into_iter().all(|event| {
        server.handlers.iter().any(|handler| handler.cfgs.0.is_empty() && handler.event() == Some(event))
    });
    let rest = (!is_complete).then(|| quote_spanned!(here()=> ..__ws_runtime::Handlers::NONE));
    quote_spanned!(here()=> __ws_runtime::Handlers { #(#named,)* #rest })
}

fn name(handler: &Handler) -> Option<TokenStream> {
    let event = Ident::new(handler.event()?.name(), here());
    let (cfgs, name) = (handler.cfgs.attributes(), handler.name.unraw().to_string());
    let flow = Ident::new(if handler.flow == Flow::Async { "awaited" } else { "plain" }, here());
    Some(quote_spanned!(here()=> #cfgs #event: __ws_runtime::Call::#flow(#name)))
}

/// The method of one event.
fn method(handler: &Handler, server: &Server) -> Option<TokenStream> {
    let event = handler.event()?;
    let cfgs = handler.cfgs.attributes();
    let head = head(event, if needs_event(handler) { "event" } else { "_event" }, !needs_own(handler));
    let future = future(handler, server);
    Some(quote_spanned!(here()=> #cfgs #head { #future }))
}

/// The first line of a method.
fn head(event: Event, argument: &str, own_unused: bool) -> TokenStream {
    let name = Ident::new(event.name(), here());
    let argument = Ident::new(argument, here());
    let surroundings = match event {
        Event::Connect | Event::Handshake | Event::Request => {
            quote_spanned!(here()=> __ws_runtime::ConnEvent<'a, Self, __ws_runtime::NotYet>)
        }
        Event::Ready | Event::Utf8 | Event::Binary | Event::Pong | Event::Disconnect => {
            quote_spanned!(here()=> __ws_runtime::ConnEvent<'a, Self>)
        }
        Event::Shutdown => quote_spanned!(here()=> __ws_runtime::ServerEvent<'a, Self>),
    };
    let own = match event {
        Event::Connect | Event::Ready | Event::Shutdown => None,
        Event::Handshake => Some(("handshake", quote_spanned!(here()=> __ws_runtime::Handshake))),
        Event::Utf8 => Some(("message", quote_spanned!(here()=> __ws_runtime::Utf8<'a>))),
        Event::Binary => Some(("message", quote_spanned!(here()=> __ws_runtime::Binary<'a>))),
        Event::Pong => Some(("message", quote_spanned!(here()=> __ws_runtime::Pong<'a>))),
        Event::Disconnect => Some(("close", quote_spanned!(here()=> __ws_runtime::Close))),
        Event::Request => Some(("request", quote_spanned!(here()=> __ws_runtime::Request))),
    };
    let own = own.map(|(own, ty)| {
        let own = Ident::new(&if own_unused { format!("_{own}") } else { own.to_owned() }, here());
        quote_spanned!(here()=> , #own: &'a #ty)
    });
    let output = match event {
        Event::Handshake => {
            quote_spanned!(here()=> ::core::result::Result<Self::Session, __ws_runtime::Reject>)
        }
        Event::Request => quote_spanned!(here()=> ::core::option::Option<__ws_runtime::Response>),
        Event::Connect
        | Event::Ready
        | Event::Utf8
        | Event::Binary
        | Event::Pong
        | Event::Disconnect
        | Event::Shutdown => quote_spanned!(here()=> __ws_runtime::Outcome),
    };
    quote_spanned! {here()=>
        fn #name<'a>(#argument: #surroundings #own) -> impl ::core::future::Future<Output = #output> + ::core::marker::Send
    }
}

/// `handshake` where no handler makes the session: it begins as its `Default`.
fn fresh_session(server: &Server) -> Option<TokenStream> {
    let declared = server.handlers.iter().filter(|handler| handler.event() == Some(Event::Handshake));
    let cfg = otherwise(declared.map(|handler| &handler.cfgs))?;
    let head = head(Event::Handshake, "_event", true);
    if server.parts_unclear || server.abandoned.contains(&Event::Handshake) {
        // The handler that makes the session has a mistake of its own; never run.
        return Some(quote_spanned!(here()=> #cfg #head { async { ::core::unimplemented!() } }));
    }
    let place = server.sessions.first().map_or_else(here, |session| at(session.name.span()));
    let fresh = quote_spanned!(place=> __ws_runtime::FreshSession::fresh());
    Some(quote_spanned!(here()=> #cfg #head { async { ::core::result::Result::Ok(#fresh) } }))
}
