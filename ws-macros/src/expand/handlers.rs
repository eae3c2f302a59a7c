//! How a handler is called: its context, its arguments, and what becomes of its value.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::arguments::arguments;
use super::parts::{is_guarded, session_type};
use super::spans::{at, heart, here};
use crate::model::{Event, Flow, Handler, Role, Server};
use crate::parse::output_type;

/// The call of a handler, up to what the runtime wants of it; where that is awaited.
pub(crate) fn call(handler: &Handler, server: &Server) -> TokenStream {
    let (before, called) = (prepare(handler, server), invoke(handler));
    let value = Ident::new("value", output_place(handler));
    let end = finish(handler, server);
    let wait = (handler.flow == Flow::Async).then(|| quote_spanned!(at(handler.name.span())=> .await));
    quote_spanned!(here()=> #before let #value = #called #wait; #end)
}

/// The same as a future. It holds no more than it must, neither the event nor a session that was made: what cannot be
/// sent or shared is then told once, at its type.
pub(crate) fn future(handler: &Handler, server: &Server) -> TokenStream {
    let (before, called) = (prepare(handler, server), invoke(handler));
    let value = Ident::new("value", output_place(handler));
    let end = finish(handler, server);
    match handler.flow {
        Flow::Plain if handler.event() == Some(Event::Handshake) => {
            quote_spanned!(here()=> async move { #before let #value = #called; #end })
        }
        Flow::Plain => quote_spanned!(here()=> #before let #value = #called; ::core::future::ready(#end)),
        Flow::Async => quote_spanned! {here()=>
            #before
            let called = #called;
            async move { let #value = called.await; #end }
        },
    }
}

fn prepare(handler: &Handler, server: &Server) -> TokenStream {
    let conn = replies(&handler.role).then(|| quote_spanned!(here()=> let conn = event.conn();));
    let context = (!handler.arguments.is_empty()).then(|| context(handler.flow, is_guarded(server)));
    quote_spanned!(here()=> #conn #context)
}

/// Whether the call needs the event at all.
pub(crate) fn needs_event(handler: &Handler) -> bool {
    !handler.arguments.is_empty() || replies(&handler.role)
}

/// Whether it needs what comes beside the event.
pub(crate) fn needs_own(handler: &Handler) -> bool {
    let answers = matches!(handler.event(), Some(Event::Utf8 | Event::Binary | Event::Pong));
    answers || !handler.arguments.is_empty()
}

fn context(flow: Flow, guarded: bool) -> TokenStream {
    match (flow, guarded) {
        (Flow::Plain | Flow::Async, false) => quote_spanned!(here()=> let mut context = event.shared();),
        (Flow::Async, true) => quote_spanned!(here()=> let mut context = event.withheld();),
        (Flow::Plain, true) => quote_spanned! {here()=>
            let mut hold = __ws_runtime::Hold::open();
            let mut context = event.locked(&mut hold);
        },
    }
}

/// The value of a `fn`, the future of an `async fn`.
fn invoke(handler: &Handler) -> TokenStream {
    let name = &handler.name;
    let place = at(name.span());
    // The call itself stands where the user's code does: an argument in it can only then be pointed at.
    let mut lent = Group::new(Delimiter::Parenthesis, arguments(handler));
    lent.set_span(name.span());
    match handler.flow {
        Flow::Plain => quote!(#name #lent),
        Flow::Async => {
            let mut future = Group::new(Delimiter::Parenthesis, quote!(#name #lent));
            future.set_span(place);
            quote_spanned!(place=> __ws_runtime::handler_must_be_send #future)
        }
    }
}

/// What becomes of the handler's value, which stands where its type does.
fn finish(handler: &Handler, server: &Server) -> TokenStream {
    let place = output_place(handler);
    let value = Ident::new("value", place);
    let place = at(place);
    match handler.role {
        Role::On(Event::Ready) => quote_spanned!(place=> __ws_runtime::reply(conn, #value)),
        Role::On(Event::Utf8 | Event::Binary | Event::Pong) => {
            quote_spanned!(place=> __ws_runtime::reply_to(conn, message, #value))
        }
        Role::On(Event::Handshake) => {
            let session = session_type(server);
            quote_spanned!(place=> __ws_runtime::IntoAdmission::<#session>::into_admission(#value))
        }
        Role::On(Event::Request) => {
            let response = quote_spanned!(place=> __ws_runtime::IntoResponse::into_response(#value));
            quote_spanned!(here()=> ::core::option::Option::Some(#response))
        }
        Role::On(Event::Connect | Event::Disconnect | Event::Shutdown)
        | Role::Tick { .. }
        | Role::Watch { .. } => {
            quote_spanned!(place=> __ws_runtime::IntoOutcome::into_outcome(#value))
        }
    }
}

/// Whether the value of the handler goes to the peer.
fn replies(role: &Role) -> bool {
    match role {
        Role::On(Event::Ready | Event::Utf8 | Event::Binary | Event::Pong) => true,
        Role::On(
            Event::Connect | Event::Handshake | Event::Disconnect | Event::Request | Event::Shutdown,
        )
        | Role::Tick { .. }
        | Role::Watch { .. } => false,
    }
}

fn output_place(handler: &Handler) -> Span {
    output_type(&handler.output).map_or_else(|| handler.name.span(), heart)
}
