//! What becomes of the value that a handler returns.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::{GenericArgument, PathArguments, Type};

use super::parts::{identity_type, room_type, session_type};
use super::spans::{at, heart, here};
use crate::events::Output;
use crate::model::{Handler, Streams};
use crate::plan::Plan;
use crate::syntax::{output_type, peel, success};

/// The receiver of the value, if it goes to the peer.
pub(crate) fn receiver(handler: &Handler) -> Option<TokenStream> {
    match handler.row().output {
        Output::Reply => Some(quote_spanned!(here()=> let peer = event.peer();)),
        Output::Data => Some(quote_spanned!(here()=> let caller = event.caller();)),
        Output::Outcome | Output::Admission | Output::Room | Output::Response | Output::Verdict => None,
    }
}

/// The variable that holds the value. It stands where its type does.
pub(crate) fn value(handler: &Handler) -> Ident {
    Ident::new("value", output_place(handler))
}

/// Hands the value over to the runtime.
pub(crate) fn hand_over(handler: &Handler, plan: &Plan<'_>) -> TokenStream {
    let value = value(handler);
    let place = at(output_place(handler));
    match handler.row().output {
        Output::Outcome => quote_spanned!(place=> __ws_runtime::IntoOutcome::into_outcome(#value)),
        Output::Reply => {
            let reply = at(success_place(handler));
            let inner = inner(handler, "value");
            let reply = if plan.scope.route.is_some() {
                quote_spanned!(reply=> __ws_runtime::reply_on::<Self, _>(#inner))
            } else {
                quote_spanned!(reply=> __ws_runtime::IntoReply::into_reply(#inner))
            };
            let reply = quote_spanned!(place=> __ws_runtime::reply(peer, #reply));
            by_type(handler, &value, &reply)
        }
        Output::Data if handler.streams().is_some() => {
            let item = data(handler, "item");
            let (whole, given) = (inner(handler, "value"), inner(handler, "item"));
            let each = by_type(handler, &given, &item);
            let stream = match handler.streams() {
                Some(Streams::Borrowing) | None => {
                    quote_spanned!(place=> caller.stream(#whole, |#given, caller| #each).await)
                }
                Some(Streams::Alone) => {
                    let stream = quote_spanned!(place=> caller.stream_alone(#whole, |#given, caller| #each));
                    quote_spanned!(here()=> ::core::result::Result::Ok(#stream))
                }
            };
            by_type(handler, &value, &stream)
        }
        Output::Data => by_type(handler, &value, &data(handler, "value")),
        Output::Admission => {
            let (session, identity) = (session_type(plan), identity_type(plan));
            quote_spanned!(place=> __ws_runtime::IntoAdmission::<#identity, #session>::into_admission(#value))
        }
        Output::Room => {
            let room = room_type(plan);
            quote_spanned!(place=> __ws_runtime::IntoRoom::<#room>::into_room(#value))
        }
        Output::Verdict => quote_spanned!(place=> __ws_runtime::IntoVerdict::into_verdict(#value)),
        Output::Response => {
            let (inner, place) = (inner(handler, "value"), at(success_place(handler)));
            let response = quote_spanned!(place=> __ws_runtime::IntoResponse::into_response(#inner));
            let response =
                quote_spanned!(here()=> ::core::result::Result::<_, __ws_runtime::Reject>::Ok(#response));
            split(handler, &value, &response, |error, told| {
                let answer = quote_spanned!(told.span()=> #error.response(#told));
                quote_spanned!(here()=> ::core::result::Result::Ok(#answer))
            })
        }
    }
}

/// Splits a value by its type: `then` uses what succeeded, under the name `value` (or `item`); an error is a failure.
fn by_type(handler: &Handler, value: &Ident, then: &TokenStream) -> TokenStream {
    split(handler, value, then, |error, told| {
        let failure = quote_spanned!(told.span()=> #error.failure(#told));
        quote_spanned!(here()=> ::core::result::Result::Err(#failure))
    })
}

/// The same; `failed` gets what tells apart the types of errors, and the error.
fn split(
    handler: &Handler,
    value: &Ident,
    then: &TokenStream,
    failed: impl FnOnce(TokenStream, &Ident) -> TokenStream,
) -> TokenStream {
    if output_type(&handler.output).is_none() {
        return then.clone();
    }
    let (place, error) = (at(output_place(handler)), at(error_place(handler)));
    let (inner, told) = (inner(handler, &value.to_string()), Ident::new("error", error));
    let shape = quote_spanned!(place=> (&&&__ws_runtime::Returned::of(&#value)).shape().split(#value));
    let failed = failed(quote_spanned!(error=> (&&__ws_runtime::Returned::of(&#told)).error()), &told);
    quote_spanned! {here()=> {
        #[allow(unused_imports)]
        use __ws_runtime::{IsResult as _, IsOptionalResult as _, IsValue as _, IsTold as _, IsLogged as _};
        match #shape {
            ::core::result::Result::Ok(#inner) => #then,
            ::core::result::Result::Err(#told) => #failed,
        }
    }}
}

/// Sends a value as the data of a reply.
fn data(handler: &Handler, value: &str) -> TokenStream {
    let place = at(success_place(handler));
    let value = inner(handler, value);
    let kind = quote_spanned!(place=> (&&&__ws_runtime::Returned::of(&#value)).data());
    let reply = quote_spanned!(place=> #kind.reply(#value, caller));
    quote_spanned! {here()=> {
        #[allow(unused_imports)]
        use __ws_runtime::{IsUnit as _, IsData as _, IsNoData as _};
        #reply
    }}
}

/// The variable that holds what succeeded.
fn inner(handler: &Handler, name: &str) -> Ident {
    if output_type(&handler.output).is_none() {
        value(handler)
    } else {
        Ident::new(name, at(success_place(handler)))
    }
}

/// Where messages about the value point.
fn output_place(handler: &Handler) -> Span {
    output_type(&handler.output).map_or_else(|| handler.name.span(), heart)
}

/// Where messages about what succeeded point.
fn success_place(handler: &Handler) -> Span {
    output_type(&handler.output).map_or_else(|| handler.name.span(), |ty| heart(success(ty)))
}

/// Where messages about the error point.
fn error_place(handler: &Handler) -> Span {
    output_type(&handler.output).and_then(error).map_or_else(|| output_place(handler), heart)
}

/// The `E` of a `Result<T, E>`.
fn error(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = peel(ty) else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    match arguments.args.iter().nth(1)? {
        GenericArgument::Type(error) => Some(error),
        _ => None,
    }
}
