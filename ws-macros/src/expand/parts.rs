//! The session, the room and the states: their types, and the ways to them.
//!
//! A generic parameter hides a type of the same name, so theirs have names that no user gives a type.

mod identity;
mod phases;
mod rooms;
mod states;

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;

use super::spans::{at, here, otherwise, repeat};
use crate::events::{Event, Session};
use crate::model::Part;
use crate::plan::Plan;
use crate::resolve::Asks;

pub(crate) use self::phases::taken;
pub(crate) use self::rooms::room_type;
pub(crate) use self::states::{field, given, store, unset};

/// What the states, the session, the identity and the room are for the arguments, the handshake and the compiler.
pub(crate) fn parts(plan: &Plan<'_>) -> TokenStream {
    let (no_session, no_identity) = (quote_spanned!(here()=> ()), identity::none());
    let session = alias("__Session", &plan.sessions, &no_session);
    let identity = alias("__Identity", &plan.identities, &no_identity);
    let room = rooms::alias(plan);
    let aliases = quote_spanned!(here()=> #session #identity #room);
    let rooms = rooms::rooms(plan);
    let is_route = plan.scope.route.is_some();
    // The server's module declares its states for all routes.
    let (lists, states) = if is_route {
        (TokenStream::new(), TokenStream::new())
    } else {
        (states::lists(plan), states::kept(plan))
    };
    if plan.scope.parts_unclear {
        let identities = identities_of_others(plan);
        return quote_spanned!(here()=> #aliases #lists #states #identities #rooms);
    }
    let lent = if is_route { TokenStream::new() } else { states::lent(plan) };
    let sessions = plan.sessions.iter().map(|session| lend_session(session, plan));
    let identities = plan.identities.iter().map(|identity| identity::identity(identity, plan));
    quote_spanned!(here()=> #aliases #lists #states #lent #(#sessions)* #(#identities)* #rooms)
}

/// What the identities are where it is unclear what handlers ask for: signatures and bodies in other modules name them.
fn identities_of_others(plan: &Plan<'_>) -> TokenStream {
    let declared = plan.identities.iter().filter(|identity| plan.scope.types.contains(&identity.name));
    declared.map(|identity| identity::identity(identity, plan)).collect()
}

/// The type of the session.
pub(crate) fn session_type(plan: &Plan<'_>) -> TokenStream {
    let nothing = quote_spanned!(here()=> ());
    if plan.has_routes() {
        // The sessions are those of the routes. One beside them is reported.
        return nothing;
    }
    part_type("__Session", &plan.sessions).unwrap_or(nothing)
}

/// The type of the identity.
pub(crate) fn identity_type(plan: &Plan<'_>) -> TokenStream {
    part_type("__Identity", &plan.identities).unwrap_or_else(identity::none)
}

fn part_type(alias: &str, parts: &[Part]) -> Option<TokenStream> {
    Some(match parts {
        [] => return None,
        [Part { name, cfgs, .. }] if cfgs.0.is_empty() => {
            let name = repeat(name);
            quote_spanned!(here()=> #name)
        }
        _ => {
            let alias = Ident::new(alias, here());
            quote_spanned!(here()=> #alias)
        }
    })
}

/// Under `#[cfg]` the type has an alias: one of the types, or `none` if none is left.
fn alias(alias: &str, parts: &[Part], none: &TokenStream) -> TokenStream {
    if parts.iter().all(|part| part.cfgs.0.is_empty()) {
        return TokenStream::new();
    }
    let alias = Ident::new(alias, here());
    let types = parts.iter().map(|Part { name, cfgs, .. }| {
        let cfgs = cfgs.attributes();
        quote_spanned!(here()=> #cfgs type #alias = #name;)
    });
    let otherwise = otherwise(parts.iter().map(|part| &part.cfgs))
        .map(|cfg| quote_spanned!(here()=> #cfg type #alias = #none;));
    quote_spanned!(here()=> #(#types)* #otherwise)
}

fn lend_session(session: &Part, plan: &Plan<'_>) -> TokenStream {
    let Part { name, cfgs, .. } = session;
    let cfgs = cfgs.attributes();
    let by_value = has_handler(plan, Event::Disconnect).then(|| {
        quote_spanned! {at(name.span())=>
            #cfgs
            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl<'a, __St> __ws_runtime::FromContext<'a, __ws_runtime::ConnContext<'a, __St, #name, __ws_runtime::Close>> for #name {
                fn from_context(
                    context: &mut __ws_runtime::ConnContext<'a, __St, #name, __ws_runtime::Close>,
                ) -> ::core::result::Result<Self, __ws_runtime::Reject> {
                    ::core::result::Result::Ok(context.take_session_by_value())
                }
            }
        }
    });
    let admission = has_handler(plan, Event::Handshake).then(|| {
        let identity = identity_type(plan);
        quote_spanned! {at(name.span())=>
            #cfgs
            #[automatically_derived]
            impl __ws_runtime::IntoAdmission<#identity, #name> for #name {
                fn into_admission(self) -> ::core::result::Result<__ws_runtime::Admission<#name>, __ws_runtime::Reject> {
                    ::core::result::Result::Ok(__ws_runtime::Admission::anonymous(self))
                }
            }
        }
    });
    let lend = may_lend_session(plan).then(|| {
        quote_spanned! {at(name.span())=>
            #cfgs
            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl<'a, __St, __M> __ws_runtime::FromContext<'a, __ws_runtime::ConnContext<'a, __St, #name, __M>> for &'a #name {
                fn from_context(
                    context: &mut __ws_runtime::ConnContext<'a, __St, #name, __M>,
                ) -> ::core::result::Result<Self, __ws_runtime::Reject> {
                    ::core::result::Result::Ok(context.take_session())
                }
            }

            #cfgs
            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl<'a, __St, __M> __ws_runtime::FromContext<'a, __ws_runtime::ConnContext<'a, __St, #name, __M>> for &'a mut #name {
                fn from_context(
                    context: &mut __ws_runtime::ConnContext<'a, __St, #name, __M>,
                ) -> ::core::result::Result<Self, __ws_runtime::Reject> {
                    ::core::result::Result::Ok(context.take_session())
                }
            }
        }
    });
    let phases = phases::phases(session, plan);
    quote_spanned!(here()=> #lend #by_value #admission #phases)
}

fn has_handler(plan: &Plan<'_>, event: Event) -> bool {
    plan.calls_of(event).next().is_some()
}

/// Whether some handler takes the session, or something that may be the session under another name.
fn may_lend_session(plan: &Plan<'_>) -> bool {
    let with_session =
        plan.calls.iter().filter(|call| !matches!(call.handler.row().session, Session::Absent(_)));
    with_session.flat_map(|call| &call.arguments).any(|(_, asks)| match asks {
        Asks::Session(_) | Asks::UnknownReference | Asks::UnknownValue => true,
        Asks::State(..) | Asks::Phase(_) | Asks::Identity(_) | Asks::Room(_) | Asks::Plain => false,
    })
}
