//! How a handler is called: its context, its arguments, and what becomes of its value.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::arguments::arguments;
use super::parts::session_type;
use super::spans::{at, heart, here};
use crate::events::{Output, Payload};
use crate::model::{Flow, Handler};
use crate::plan::{Plan, Store};
use crate::resolve::Call;
use crate::syntax::output_type;

/// The call of a handler, up to what the runtime wants of it; where that is awaited.
pub(crate) fn call(call: &Call<'_>, plan: &Plan<'_>) -> TokenStream {
    let handler = call.handler;
    let (before, called) = (prepare(call, plan), invoke(call));
    let value = Ident::new("value", output_place(handler));
    let end = finish(handler, plan);
    let wait = (handler.flow == Flow::Async).then(|| quote_spanned!(at(handler.name.span())=> .await));
    quote_spanned!(here()=> #before let #value = #called #wait; #end)
}

/// The same as a future. It holds no more than it must, neither the event nor a session that was made: what cannot be
/// sent or shared is then told once, at its type.
pub(crate) fn future(call: &Call<'_>, plan: &Plan<'_>) -> TokenStream {
    let handler = call.handler;
    let (before, called) = (prepare(call, plan), invoke(call));
    let value = Ident::new("value", output_place(handler));
    let end = finish(handler, plan);
    match handler.flow {
        Flow::Plain if handler.row().output == Output::Admission => {
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

fn prepare(call: &Call<'_>, plan: &Plan<'_>) -> TokenStream {
    let conn = replies(call.handler).then(|| quote_spanned!(here()=> let conn = event.conn();));
    let context = (!call.arguments.is_empty()).then(|| context(call.handler.flow, plan.store));
    quote_spanned!(here()=> #conn #context)
}

/// Whether the call needs the event and its payload: arguments are made of them, and a reply may share the payload.
pub(crate) fn needs_event(call: &Call<'_>) -> bool {
    !call.arguments.is_empty() || replies(call.handler)
}

fn context(flow: Flow, store: Store) -> TokenStream {
    match (flow, store) {
        (Flow::Plain | Flow::Async, Store::Plain) => {
            quote_spanned!(here()=> let mut context = event.shared();)
        }
        (Flow::Async, Store::Guarded) => quote_spanned!(here()=> let mut context = event.withheld();),
        (Flow::Plain, Store::Guarded) => quote_spanned! {here()=>
            let mut hold = __ws_runtime::Hold::open();
            let mut context = event.locked(&mut hold);
        },
    }
}

/// The value of a `fn`, the future of an `async fn`.
fn invoke(call: &Call<'_>) -> TokenStream {
    let handler = call.handler;
    let name = &handler.name;
    let place = at(name.span());
    // The call itself stands where the user's code does: an argument in it can only then be pointed at.
    let mut lent = Group::new(Delimiter::Parenthesis, arguments(call));
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
fn finish(handler: &Handler, plan: &Plan<'_>) -> TokenStream {
    let place = output_place(handler);
    let value = Ident::new("value", place);
    let place = at(place);
    let row = handler.row();
    match (row.output, row.payload) {
        // What a large reply borrows from the message is shared.
        (Output::Reply, Payload::Message { name, .. }) => {
            let message = Ident::new(name, place);
            quote_spanned!(place=> __ws_runtime::reply_to(conn, #message, #value))
        }
        (Output::Reply, Payload::Nothing | Payload::Value { .. } | Payload::Handle { .. }) => {
            quote_spanned!(place=> __ws_runtime::reply(conn, #value))
        }
        (Output::Admission, _) => {
            let session = session_type(plan);
            quote_spanned!(place=> __ws_runtime::IntoAdmission::<#session>::into_admission(#value))
        }
        (Output::Response, _) => {
            let response = quote_spanned!(place=> __ws_runtime::IntoResponse::into_response(#value));
            quote_spanned!(here()=> ::core::option::Option::Some(#response))
        }
        (Output::Outcome, _) => quote_spanned!(place=> __ws_runtime::IntoOutcome::into_outcome(#value)),
    }
}

/// Whether the value of the handler goes to the peer as a message.
fn replies(handler: &Handler) -> bool {
    handler.row().output == Output::Reply
}

fn output_place(handler: &Handler) -> Span {
    output_type(&handler.output).map_or_else(|| handler.name.span(), heart)
}
