//! How a handler is called: its context, its arguments, and what becomes of its value.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::arguments::{Arguments, arguments};
use super::parts::session_type;
use super::spans::{at, heart, here};
use crate::events::Output;
use crate::model::{Flow, Handler};
use crate::plan::Plan;
use crate::resolve::{Asks, Call};
use crate::syntax::output_type;

/// The call of a handler, and the conversion of its value for the runtime. If an argument is refused, the code returns
/// that from the function, closure or block around it.
pub(crate) fn call(call: &Call<'_>, plan: &Plan<'_>) -> TokenStream {
    let (peer, Invocation { prepared, called }) = (peer(call), invoke(call, plan));
    let (value, end) = (value(call.handler), finish(call.handler, plan));
    let name = call.handler.name.span();
    let wait = (call.handler.flow == Flow::Async).then(|| quote_spanned!(at(name)=> .await));
    quote_spanned!(here()=> #peer #prepared let #value = #called #wait; #end)
}

/// The same as a future. It holds as little as possible, neither the event nor a session that was made. So if a type is
/// not `Send` or `Sync`, there is one error, at that type.
pub(crate) fn future(handler: &Call<'_>, plan: &Plan<'_>) -> TokenStream {
    match handler.handler.flow {
        Flow::Plain => {
            let call = call(handler, plan);
            if handler.handler.row().output == Output::Admission {
                quote_spanned!(here()=> async move { #call })
            } else {
                quote_spanned!(here()=> __ws_runtime::now(|| { #call }))
            }
        }
        Flow::Async => {
            let (peer, Invocation { prepared, called }) = (peer(handler), invoke(handler, plan));
            let (value, end) = (value(handler.handler), finish(handler.handler, plan));
            quote_spanned! {here()=>
                #peer
                let called = __ws_runtime::begin(|| { #prepared ::core::result::Result::Ok(#called) });
                async move { let #value = called?.await; #end }
            }
        }
    }
}

/// Whether the call needs the event: arguments are made of it, and a reply goes to its peer.
pub(crate) fn needs_event(call: &Call<'_>) -> bool {
    !call.arguments.is_empty() || replies(call.handler)
}

/// The receiver of the value.
fn peer(call: &Call<'_>) -> Option<TokenStream> {
    replies(call.handler).then(|| quote_spanned!(here()=> let peer = event.peer();))
}

/// Whether the value of the handler goes to the peer as a message.
fn replies(handler: &Handler) -> bool {
    handler.row().output == Output::Reply
}

struct Invocation {
    /// Makes the context and the arguments.
    prepared: TokenStream,
    /// The value of a `fn`, the future of an `async fn`.
    called: TokenStream,
}

fn invoke(call: &Call<'_>, plan: &Plan<'_>) -> Invocation {
    let handler = call.handler;
    let name = &handler.name;
    let place = at(name.span());
    let context = (!call.arguments.is_empty()).then(|| context(call));
    let Arguments { made, names } = arguments(call, plan);
    // The call itself stands where the user's code does: an argument in it can only then be pointed at.
    let mut lent = Group::new(Delimiter::Parenthesis, names);
    lent.set_span(name.span());
    let called = match handler.flow {
        Flow::Plain => quote!(#name #lent),
        Flow::Async => {
            let mut future = Group::new(Delimiter::Parenthesis, quote!(#name #lent));
            future.set_span(place);
            quote_spanned!(place=> __ws_runtime::handler_must_be_send #future)
        }
    };
    Invocation { prepared: quote_spanned!(here()=> #context #made), called }
}

fn context(call: &Call<'_>) -> TokenStream {
    // States are taken out of it without changing it.
    let is_changed = call.arguments.iter().any(|(_, asks)| !matches!(asks, Asks::State(..)));
    let is_conditional = call.arguments.iter().any(|(argument, _)| !argument.cfgs.0.is_empty());
    let quiet = is_conditional.then(|| quote_spanned!(here()=> #[allow(unused_mut)]));
    let changed = is_changed.then(|| quote_spanned!(here()=> mut));
    quote_spanned!(here()=> #quiet let #changed context = event.context();)
}

/// What becomes of the handler's value, which stands where its type does.
fn finish(handler: &Handler, plan: &Plan<'_>) -> TokenStream {
    let value = value(handler);
    let place = at(output_place(handler));
    match handler.row().output {
        Output::Outcome => quote_spanned!(place=> __ws_runtime::IntoOutcome::into_outcome(#value)),
        Output::Reply => {
            let reply = quote_spanned!(place=> __ws_runtime::IntoReply::into_reply(#value));
            quote_spanned!(place=> __ws_runtime::reply(peer, #reply))
        }
        Output::Admission => {
            let session = session_type(plan);
            quote_spanned!(place=> __ws_runtime::IntoAdmission::<#session>::into_admission(#value))
        }
        Output::Response => {
            let response = quote_spanned!(place=> __ws_runtime::IntoResponse::into_response(#value));
            quote_spanned!(here()=> ::core::result::Result::<_, __ws_runtime::Reject>::Ok(#response))
        }
    }
}

fn value(handler: &Handler) -> Ident {
    Ident::new("value", output_place(handler))
}

fn output_place(handler: &Handler) -> Span {
    output_type(&handler.output).map_or_else(|| handler.name.span(), heart)
}
