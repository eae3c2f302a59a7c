//! How a handler is called: its context, its arguments, and what becomes of its value.

use proc_macro2::{Delimiter, Group, Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;

use super::arguments::{Arguments, arguments};
use super::returned::{hand_over, receiver, value};
use super::rooms::{self, Lock};
use super::server::supers;
use super::spans::{at, here};
use crate::events::{Event, Output};
use crate::model::{Argument, Flow};
use crate::plan::Plan;
use crate::resolve::{Asks, Call};
use crate::syntax::mentions;

/// The call of a handler, and the conversion of its value for the runtime. If an argument is refused, the code
/// returns that from the function, closure or block around it; and that the handler runs later, if the lock on the
/// room is taken.
pub(crate) fn call(call: &Call<'_>, plan: &Plan<'_>) -> TokenStream {
    call_with(call, plan, Lock::AtOnce)
}

/// The same inside of an `async` block, which waits for the lock on the room.
pub(crate) fn call_awaited(call: &Call<'_>, plan: &Plan<'_>) -> TokenStream {
    call_with(call, plan, Lock::Awaited)
}

fn call_with(call: &Call<'_>, plan: &Plan<'_>, lock: Lock) -> TokenStream {
    let (receiver, Invocation { prepared, called }) = (receiver(call.handler), invoke(call, plan, lock));
    let (value, end) = (value(call.handler), hand_over(call.handler, plan));
    let name = call.handler.name.span();
    let wait = (call.handler.flow == Flow::Async).then(|| quote_spanned!(at(name)=> .await));
    quote_spanned!(here()=> #receiver #prepared let #value = #called #wait; #end)
}

/// The same as a future. It holds as little as possible, neither the event nor a session that was made. So if a type is
/// not `Send` or `Sync`, there is one error, at that type.
pub(crate) fn future(handler: &Call<'_>, plan: &Plan<'_>) -> TokenStream {
    if handler.locks_room() || handler.handler.event() == Some(Event::Empty) {
        let call = call_awaited(handler, plan);
        return quote_spanned!(here()=> async move { #call });
    }
    match handler.handler.flow {
        Flow::Plain => {
            let call = call(handler, plan);
            if matches!(handler.handler.row().output, Output::Admission | Output::Room) {
                quote_spanned!(here()=> async move { #call })
            } else {
                quote_spanned!(here()=> __ws_runtime::now(|| { #call }))
            }
        }
        Flow::Async => {
            let (receiver, Invocation { prepared, called }) =
                (receiver(handler.handler), invoke(handler, plan, Lock::AtOnce));
            let (value, end) = (value(handler.handler), hand_over(handler.handler, plan));
            quote_spanned! {here()=>
                #receiver
                let called = __ws_runtime::begin(|| { #prepared ::core::result::Result::Ok(#called) });
                async move { let #value = called?.await; #end }
            }
        }
    }
}

/// Tells the watchdog that a plain handler runs from here on, to the end of the block.
pub(crate) fn runs(call: &Call<'_>) -> TokenStream {
    let name = call.handler.name.unraw().to_string();
    quote_spanned! {here()=>
        static HANDLER: __ws_runtime::HandlerName = __ws_runtime::HandlerName::new(#name);
        let _running = HANDLER.runs();
    }
}

/// Whether the call needs the event: arguments are made of it, and a reply goes to its peer.
pub(crate) fn needs_event(call: &Call<'_>) -> bool {
    needs_context(call) || call.locks_room() || receiver(call.handler).is_some()
}

/// Whether an argument is made from the context. The room is not.
fn needs_context(call: &Call<'_>) -> bool {
    call.arguments.iter().any(|(_, asks)| !matches!(asks, Asks::Room(_)))
}

/// The variable of the event, under a name that may be unused.
pub(crate) fn event_name(is_used: bool) -> Ident {
    Ident::new(if is_used { "event" } else { "_event" }, here())
}

struct Invocation {
    /// Makes the context and the arguments.
    prepared: TokenStream,
    /// The value of a `fn`, the future of an `async fn`.
    called: TokenStream,
}

fn invoke(call: &Call<'_>, plan: &Plan<'_>, lock: Lock) -> Invocation {
    let handler = call.handler;
    let name = &handler.name;
    let place = at(name.span());
    let supers = supers(handler.above);
    let context = needs_context(call).then(|| context(call));
    let room = match lock {
        Lock::AtOnce => rooms::take(call, plan),
        Lock::Awaited => rooms::wait(call, plan),
    };
    let Arguments { made, names } = arguments(call, plan);
    // The call itself stands where the user's code does: an argument in it can only then be pointed at.
    let mut lent = Group::new(Delimiter::Parenthesis, names);
    lent.set_span(name.span());
    let called = match handler.flow {
        Flow::Plain => quote!(#supers #name #lent),
        Flow::Async => {
            let mut future = Group::new(Delimiter::Parenthesis, quote!(#supers #name #lent));
            future.set_span(place);
            quote_spanned!(place=> __ws_runtime::handler_must_be_send #future)
        }
    };
    let is_named = handler.row().output == Output::Data;
    let leaves_data = is_named && leaves_data(call);
    let before = leaves_data.then(|| quote_spanned!(here()=> event.complete()?;));
    // By its name an argument reads the data. A type of the user's may have the same name.
    let after = (is_named && !leaves_data).then(|| quote_spanned!(here()=> context.complete()?;));
    // Under the locks that the arguments hold, so that no message is both in what `ready` reads there and behind it.
    let ready = (handler.event() == Some(Event::Ready))
        .then(|| quote_spanned!(here()=> __ws_runtime::become_ready(peer);));
    Invocation { prepared: quote_spanned!(here()=> #before #room #context #made #after #ready), called }
}

/// Whether no argument is certain to read the data of the message, which then has to be checked without.
fn leaves_data(call: &Call<'_>) -> bool {
    let reads = |argument: &Argument| argument.cfgs.0.is_empty() && mentions(&argument.ty, "Json");
    !call.arguments.iter().any(|(argument, _)| reads(argument))
}

fn context(call: &Call<'_>) -> TokenStream {
    // States and the room are taken without changing it.
    let is_changed = call.arguments.iter().any(|(_, asks)| !matches!(asks, Asks::State(..) | Asks::Room(_)));
    let is_conditional = call.arguments.iter().any(|(argument, _)| !argument.cfgs.0.is_empty());
    let quiet = is_conditional.then(|| quote_spanned!(here()=> #[allow(unused_mut)]));
    let changed = is_changed.then(|| quote_spanned!(here()=> mut));
    quote_spanned!(here()=> #quiet let #changed context = event.context();)
}
