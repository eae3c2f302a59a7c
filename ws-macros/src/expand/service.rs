//! The implementation of `Service`: what the loop calls.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;

use super::handlers::{call, needs_event};
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
    let head =
        head(event, if needs_event(handler) { "event" } else { "_event" }, handler.arguments.is_empty());
    let call = call(handler, server);
    Some(quote_spanned!(here()=> #cfgs #head { #call }))
}

/// The first line of a method.
fn head(event: Event, argument: &str, own_unused: bool) -> TokenStream {
    let name = Ident::new(event.name(), here());
    let argument = Ident::new(argument, here());
    let own = |name: &str| Ident::new(&if own_unused { format!("_{name}") } else { name.to_owned() }, here());
    match event {
        Event::Connect => quote_spanned! {here()=>
            async fn #name(#argument: __ws_runtime::ConnEvent<'_, Self, __ws_runtime::NotYet>) -> __ws_runtime::Outcome
        },
        Event::Ready => quote_spanned! {here()=>
            async fn #name(#argument: __ws_runtime::ConnEvent<'_, Self>) -> __ws_runtime::Outcome
        },
        Event::Shutdown => quote_spanned! {here()=>
            async fn #name(#argument: __ws_runtime::ServerEvent<'_, Self>) -> __ws_runtime::Outcome
        },
        Event::Utf8 | Event::Binary | Event::Pong => {
            let content = match event {
                Event::Utf8 => "Utf8",
                Event::Binary => "Binary",
                _ => "Pong",
            };
            let (message, content) = (own("message"), Ident::new(content, here()));
            quote_spanned! {here()=>
                async fn #name<'a>(
                    #argument: __ws_runtime::ConnEvent<'a, Self>,
                    #message: &'a __ws_runtime::#content<'a>,
                ) -> __ws_runtime::Outcome
            }
        }
        Event::Disconnect => {
            let close = own("close");
            quote_spanned! {here()=>
                async fn #name<'a>(#argument: __ws_runtime::ConnEvent<'a, Self>, #close: &'a __ws_runtime::Close) -> __ws_runtime::Outcome
            }
        }
        Event::Handshake => {
            let handshake = own("handshake");
            quote_spanned! {here()=>
                async fn #name<'a>(
                    #argument: __ws_runtime::ConnEvent<'a, Self, __ws_runtime::NotYet>,
                    #handshake: &'a __ws_runtime::Handshake,
                ) -> ::core::result::Result<Self::Session, __ws_runtime::Reject>
            }
        }
        Event::Request => {
            let request = own("request");
            quote_spanned! {here()=>
                async fn #name<'a>(
                    #argument: __ws_runtime::ConnEvent<'a, Self, __ws_runtime::NotYet>,
                    #request: &'a __ws_runtime::Request,
                ) -> ::core::option::Option<__ws_runtime::Response>
            }
        }
    }
}

/// `handshake` where no handler makes the session: it begins as its `Default`.
fn fresh_session(server: &Server) -> Option<TokenStream> {
    let declared = server.handlers.iter().filter(|handler| handler.event() == Some(Event::Handshake));
    let cfg = otherwise(declared.map(|handler| &handler.cfgs))?;
    let head = head(Event::Handshake, "_event", true);
    if server.parts_unclear || server.abandoned.contains(&Event::Handshake) {
        // The handler that makes the session has a mistake of its own; never run.
        return Some(quote_spanned!(here()=> #cfg #head { ::core::unimplemented!() }));
    }
    let place = server.sessions.first().map_or_else(here, |session| at(session.name.span()));
    let fresh = quote_spanned!(place=> __ws_runtime::FreshSession::fresh());
    Some(quote_spanned!(here()=> #cfg #head { ::core::result::Result::Ok(#fresh) }))
}
