//! The dispatch of named messages: one `match` on the name for each way in which a handler runs.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::LitStr;
use syn::ext::IdentExt;

use super::by_name::by_name;
use super::handlers::{call, call_awaited, future, runs};
use super::limits::{awaits_guard, guard_now, guards_later};
use super::routes::server;
use super::spans::{here, otherwise};
use super::values::seconds;
use crate::events::Event;
use crate::model::Flow;
use crate::plan::Plan;
use crate::resolve::Call;

/// How a handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// At once: a plain function. If it takes the room, and the lock on that is taken, before the next message.
    Now,
    /// Before the next message: an `async fn`, or a handler whose guard is awaited.
    Later,
    /// On a thread of its own, before the next message.
    Blocking,
    /// Beside the handlers of the messages that follow.
    Beside,
    /// At once, and the stream that it returns runs beside.
    StreamBeside,
}

pub(crate) fn way(call: &Call<'_>, plan: &Plan<'_>) -> Way {
    match call.handler.flow {
        _ if call.handler.blocks() => Way::Blocking,
        _ if call.handler.runs_beside() => Way::Beside,
        _ if call.handler.streams().is_some() => Way::StreamBeside,
        Flow::Async => Way::Later,
        Flow::Plain if awaits_guard(call, plan) => Way::Later,
        Flow::Plain => Way::Now,
    }
}

/// The keys of the envelope and the methods that call the handlers; nothing if the route does not speak the envelope.
pub(crate) fn named(plan: &Plan<'_>) -> TokenStream {
    if !plan.speaks_envelope() {
        return TokenStream::new();
    }
    let keys = keys(plan);
    let takes_text = takes_text(plan);
    let names = handler_names(plan);
    let now = |call: &Call<'_>| match way(call, plan) {
        Way::Now => {
            let (runs, guard, call) = (runs(call), guard_now(call, plan), self::call(call, plan));
            quote_spanned!(here()=> #runs #guard __ws_runtime::done({ #call }))
        }
        Way::Later | Way::Blocking | Way::Beside | Way::StreamBeside => {
            quote_spanned!(here()=> ::core::result::Result::Ok(__ws_runtime::Handled::Later))
        }
    };
    let not_found = not_found();
    let now = by_name(plan, |call| Some(now(call)), &not_found);
    let no_binary = no_binary(plan);
    let later = method_later(plan);
    let blocking = methods_blocking(plan);
    let beside = methods_beside(plan);
    let guards = guards_later(plan);
    quote_spanned! {here()=>
        const ENVELOPE: ::core::option::Option<&'static __ws_runtime::Keys> =
            ::core::option::Option::Some(#keys);
        #takes_text

        fn named<'a>(
            event: __ws_runtime::RouteEvent<'a, Self, __ws_runtime::Envelope<'a>>,
        ) -> ::core::result::Result<__ws_runtime::Handled, __ws_runtime::Failure> {
            match event.name() {
                #now
            }
        }

        #no_binary
        #names
        #guards
        #later
        #blocking
        #beside
    }
}

/// The keys of the envelope. A route in a file of its own has those of its server.
pub(super) fn keys(plan: &Plan<'_>) -> TokenStream {
    if plan.server.stands_alone() {
        let server = server(plan);
        return quote_spanned!(here()=> <#server as __ws_runtime::Service>::KEYS);
    }
    let keys = &plan.server.settings.envelope;
    let key = |renamed: &Option<LitStr>, default: &str| {
        renamed.clone().unwrap_or_else(|| LitStr::new(default, here()))
    };
    let (kind, id, data) = (key(&keys.kind, "type"), key(&keys.id, "id"), key(&keys.data, "data"));
    quote_spanned!(here()=> &__ws_runtime::Keys::new(#kind, #id, #data))
}

/// Whether texts without an envelope have a handler.
fn takes_text(plan: &Plan<'_>) -> TokenStream {
    plan.calls_of(Event::Utf8)
        .map(|call| {
            let cfgs = call.cfgs.attributes();
            quote_spanned!(here()=> #cfgs const TAKES_TEXT: ::core::primitive::bool = true;)
        })
        .collect()
}

/// What binary messages become where nothing handles them.
fn no_binary(plan: &Plan<'_>) -> Option<TokenStream> {
    let cfg = otherwise(plan.calls_of(Event::Binary).map(|call| &call.cfgs))?;
    Some(quote_spanned! {here()=>
        #cfg
        fn binary<'a>(
            _: __ws_runtime::RouteEvent<'a, Self, __ws_runtime::Binary<'a>>,
        ) -> ::core::result::Result<__ws_runtime::Handled, __ws_runtime::Failure> {
            __ws_runtime::no_binary()
        }
    })
}

/// `named_handler`, which tells a handler's name for the log.
fn handler_names(plan: &Plan<'_>) -> TokenStream {
    let name = |call: &Call<'_>| {
        let name = call.handler.name.unraw().to_string();
        quote_spanned!(here()=> #name)
    };
    let arms = by_name(plan, |call| Some(name(call)), &quote_spanned!(here()=> "message"));
    quote_spanned! {here()=>
        fn named_handler(name: &::core::primitive::str) -> &'static ::core::primitive::str {
            match name {
                #arms
            }
        }
    }
}

/// `named_later`, which runs handlers that are awaited.
fn method_later(plan: &Plan<'_>) -> TokenStream {
    if !plan.named_calls().any(|call| may_run_later(call, plan)) {
        return TokenStream::new();
    }
    let later = |call: &Call<'_>| {
        let future = within(call, &future(call, plan));
        quote_spanned!(here()=> ::std::boxed::Box::pin({ #future }))
    };
    let arms = by_name(plan, |call| may_run_later(call, plan).then(|| later(call)), &nothing());
    quote_spanned! {here()=>
        fn named_later<'a>(
            event: __ws_runtime::RouteEvent<'a, Self, __ws_runtime::Envelope<'a>>,
        ) -> __ws_runtime::BoxFuture<'a, __ws_runtime::Outcome> {
            match event.name() {
                #arms
            }
        }
    }
}

/// Whether a handler runs before the next message, but not at once; or not always, because the lock on the room may
/// be taken.
fn may_run_later(call: &Call<'_>, plan: &Plan<'_>) -> bool {
    match way(call, plan) {
        Way::Later => true,
        Way::Now => call.locks_room(),
        Way::Blocking | Way::Beside | Way::StreamBeside => false,
    }
}

/// `named_blocks`, which tells the `blocking` handlers, and `named_blocking`, which calls one.
fn methods_blocking(plan: &Plan<'_>) -> TokenStream {
    let blocks = |call: &Call<'_>| way(call, plan) == Way::Blocking;
    if !plan.named_calls().any(blocks) {
        return TokenStream::new();
    }
    let tells = by_name(
        plan,
        |call| blocks(call).then(|| quote_spanned!(here()=> true)),
        &quote_spanned!(here()=> false),
    );
    let done = quote_spanned!(here()=> ::core::result::Result::Ok(()));
    let calls = by_name(plan, |call| blocks(call).then(|| self::call(call, plan)), &done);
    quote_spanned! {here()=>
        fn named_blocks(name: &::core::primitive::str) -> ::core::primitive::bool {
            match name {
                #tells
            }
        }

        fn named_blocking<'a>(
            event: __ws_runtime::RouteEvent<'a, Self, __ws_runtime::Envelope<'a>>,
        ) -> __ws_runtime::Outcome {
            match event.name() {
                #calls
            }
        }
    }
}

/// `running`, which tells the handlers that run beside others, and `beside`, which calls one.
fn methods_beside(plan: &Plan<'_>) -> TokenStream {
    if !plan.named_calls().any(|call| matches!(way(call, plan), Way::Beside | Way::StreamBeside)) {
        return TokenStream::new();
    }
    let none = quote_spanned!(here()=> ::core::option::Option::None);
    let kind = |call: &Call<'_>| {
        let running = match (way(call, plan), &call.handler.limits.concurrent) {
            (Way::Now | Way::Later | Way::Blocking, _) => return None,
            (Way::StreamBeside, _) => quote_spanned!(here()=> StreamAlone),
            (Way::Beside, Some(most)) => quote_spanned!(here()=> Call { most: #most }),
            (Way::Beside, None) => quote_spanned!(here()=> Stream),
        };
        Some(quote_spanned!(here()=> ::core::option::Option::Some(__ws_runtime::Running::#running)))
    };
    let kinds = by_name(plan, kind, &none);
    let opens = open_streams(plan);
    let begin = |call: &Call<'_>| {
        let body = self::call(call, plan);
        let future = within(call, &quote_spanned!(here()=> async move { let event = beside.event(); #body }));
        quote_spanned!(here()=> ::std::boxed::Box::pin({ #future }))
    };
    let calls = by_name(plan, |call| (way(call, plan) == Way::Beside).then(|| begin(call)), &nothing());
    quote_spanned! {here()=>
        fn running(
            name: &::core::primitive::str,
        ) -> ::core::option::Option<__ws_runtime::Running> {
            match name {
                #kinds
            }
        }

        fn beside(beside: __ws_runtime::Beside<Self>) -> __ws_runtime::BoxFuture<'static, __ws_runtime::Outcome> {
            match beside.name() {
                #calls
            }
        }

        #opens
    }
}

/// `open_stream`, which calls a plain handler for its stream.
fn open_streams(plan: &Plan<'_>) -> TokenStream {
    if !plan.named_calls().any(|call| way(call, plan) == Way::StreamBeside) {
        return TokenStream::new();
    }
    let open = |call: &Call<'_>| {
        let future = if call.locks_room() {
            let call = call_awaited(call, plan);
            quote_spanned!(here()=> async move { #call })
        } else {
            let call = self::call(call, plan);
            quote_spanned!(here()=> __ws_runtime::now(|| { #call }))
        };
        quote_spanned!(here()=> ::std::boxed::Box::pin({ #future }))
    };
    let not_found = not_found();
    let arms = by_name(
        plan,
        |call| (way(call, plan) == Way::StreamBeside).then(|| open(call)),
        &quote_spanned!(here()=> ::std::boxed::Box::pin(::core::future::ready(#not_found))),
    );
    quote_spanned! {here()=>
        fn open_stream<'a>(
            event: __ws_runtime::RouteEvent<'a, Self, __ws_runtime::Envelope<'a>>,
        ) -> __ws_runtime::BoxFuture<
            'a,
            ::core::result::Result<
                __ws_runtime::BoxFuture<'static, __ws_runtime::Outcome>,
                __ws_runtime::Failure,
            >,
        > {
            match event.name() {
                #arms
            }
        }
    }
}

/// For names that have no handler.
fn not_found() -> TokenStream {
    quote_spanned!(here()=> ::core::result::Result::Err(event.not_found()))
}

/// A future that does nothing, for names that do not get there.
pub(super) fn nothing() -> TokenStream {
    quote_spanned!(here()=> ::std::boxed::Box::pin(::core::future::ready(::core::result::Result::Ok(()))))
}

/// A future that ends after the handler's `timeout`.
fn within(call: &Call<'_>, future: &TokenStream) -> TokenStream {
    match &call.handler.limits.timeout {
        Some(timeout) => {
            let timeout = seconds(timeout);
            quote_spanned!(here()=> __ws_runtime::within(#timeout, { #future }))
        }
        None => future.clone(),
    }
}
