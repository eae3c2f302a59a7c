//! The timers of the session: each with its field and its handler.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Member;
use syn::ext::IdentExt;

use super::handlers::{call, needs_event};
use super::spans::{at, here};
use crate::model::{Flow, Owner, Role, TimerPlace};
use crate::plan::Plan;
use crate::resolve::Call;

/// `TIMERS`, in the implementation of `Route`.
pub(crate) fn of_session(plan: &Plan<'_>) -> TokenStream {
    let timers: Vec<TokenStream> = plan
        .calls
        .iter()
        .filter_map(|call| match &call.handler.role {
            Role::Timer(place) if place.owner == Owner::Session => Some(declare(call, place, plan)),
            _ => None,
        })
        .collect();
    if timers.is_empty() {
        return TokenStream::new();
    }
    quote_spanned! {here()=>
        const TIMERS: &'static [&'static dyn __ws_runtime::SessionTimer<Self>] = &[#(#timers),*];
    }
}

fn declare(timer: &Call<'_>, place: &TimerPlace, plan: &Plan<'_>) -> TokenStream {
    let (cfgs, name) = (timer.cfgs.attributes(), timer.handler.name.unraw().to_string());
    let call = call(timer, plan);
    let event = Ident::new(if needs_event(timer) { "event" } else { "_event" }, here());
    let (method, body) = match timer.handler.flow {
        Flow::Plain => ("session_timer", quote_spanned!(here()=> { #call })),
        Flow::Async => {
            ("session_timer_async", quote_spanned!(here()=> ::std::boxed::Box::pin(async move { #call })))
        }
    };
    let last = at(place.members.last().map_or_else(here, span));
    let method = Ident::new(method, last);
    let field = field(&place.members);
    // All stands where the field does, at which the compiler points if that is no timer.
    quote_spanned! {last=>
        #cfgs
        &__ws_runtime::#method::<Self, _, _, _>(
            #name,
            |owner| ::core::option::Option::Some(#field),
            |#event| #body,
        )
    }
}

/// The field of its owner, as the user wrote it.
fn field(members: &[Member]) -> TokenStream {
    let mut field = quote_spanned!(here()=> owner);
    for member in members {
        let place = at(span(member));
        let member = match member {
            Member::Named(name) => name.to_token_stream(),
            Member::Unnamed(index) => index.to_token_stream(),
        };
        let dot = quote_spanned!(place=> .);
        field = quote!(#field #dot #member);
    }
    let place = members.last().map_or_else(here, span);
    quote_spanned!(at(place)=> &mut #field)
}

fn span(member: &Member) -> proc_macro2::Span {
    match member {
        Member::Named(name) => name.span(),
        Member::Unnamed(index) => index.span,
    }
}
