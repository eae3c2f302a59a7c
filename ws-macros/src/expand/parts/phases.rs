//! The phases of a session: how handlers take what belongs to one, and what refuses them in the others.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};

use super::has_handler;
use crate::events::Event;
use crate::expand::spans::{at, here, start};
use crate::model::{Part, Payload, Phase};
use crate::plan::Plan;
use crate::syntax::mentions;

/// The ways to the payloads of phases that some handler takes.
pub(super) fn phases(session: &Part, plan: &Plan<'_>) -> TokenStream {
    let taken = taken(session, plan);
    if taken.is_empty() {
        return TokenStream::new();
    }
    let lent = taken.iter().map(|payload| lend(session, payload, plan));
    let refusal = refusal(session);
    quote_spanned!(here()=> #refusal #(#lent)*)
}

/// The payloads that some handler takes, each type once.
pub(crate) fn taken<'p>(session: &'p Part, plan: &Plan<'_>) -> Vec<&'p Payload> {
    let is_taken = |payload: &Payload| {
        payload.name().is_some_and(|name| {
            let takes = |ty: &syn::Type| mentions(ty, &name.to_string());
            plan.calls.iter().flat_map(|call| &call.arguments).any(|(argument, _)| takes(&argument.ty))
                || plan.scope.aliases.iter().any(|(_, ty)| takes(ty))
        })
    };
    let mut taken: Vec<&Payload> = Vec::new();
    for payload in session.phases.iter().filter_map(|phase| phase.payload.as_ref()) {
        if is_taken(payload) && !taken.iter().any(|known| known.is_type_of(payload)) {
            taken.push(payload);
        }
    }
    taken
}

fn lend(session: &Part, payload: &Payload, plan: &Plan<'_>) -> TokenStream {
    let ty = &payload.ty;
    let place = at(start(ty));
    let (name, cfgs) = (&session.name, session.cfgs.attributes());
    let carriers: Vec<(&Phase, &Payload)> = session
        .phases
        .iter()
        .filter_map(|phase| Some((phase, phase.payload.as_ref()?)))
        .filter(|(_, other)| other.is_type_of(payload))
        .collect();
    let arms = |by_value: bool| {
        let arms = carriers.iter().map(|(phase, payload)| {
            let (variant, cfgs) = (&phase.name, phase.cfgs.attributes());
            let star = (by_value && payload.is_boxed).then(|| quote_spanned!(place=> *));
            quote_spanned!(place=> #cfgs #name::#variant(payload) => ::core::result::Result::Ok(#star payload),)
        });
        arms.collect::<TokenStream>()
    };
    let (lent, given) = (arms(false), arms(true));
    let forms = [quote_spanned!(place=> &'a #ty), quote_spanned!(place=> &'a mut #ty)];
    let by_value = has_handler(plan, Event::Disconnect).then(|| {
        quote_spanned! {place=>
            #cfgs
            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl<'a, __St> __ws_runtime::FromContext<'a, __ws_runtime::ConnContext<'a, __St, #name, __ws_runtime::Close>> for #ty {
                fn from_context(
                    context: &mut __ws_runtime::ConnContext<'a, __St, #name, __ws_runtime::Close>,
                ) -> ::core::result::Result<Self, __ws_runtime::Reject> {
                    match context.take_session_by_value() {
                        #given
                        #[allow(unreachable_patterns)]
                        other => ::core::result::Result::Err(__ws_runtime::Phases::refusal(&other)),
                    }
                }
            }
        }
    });
    quote_spanned! {place=>
        #(
            #cfgs
            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl<'a, __St, __M> __ws_runtime::FromContext<'a, __ws_runtime::ConnContext<'a, __St, #name, __M>> for #forms {
                fn from_context(
                    context: &mut __ws_runtime::ConnContext<'a, __St, #name, __M>,
                ) -> ::core::result::Result<Self, __ws_runtime::Reject> {
                    match context.take_session() {
                        #lent
                        #[allow(unreachable_patterns)]
                        other => ::core::result::Result::Err(__ws_runtime::Phases::refusal(other)),
                    }
                }
            }
        )*

        #by_value
    }
}

/// What each phase answers to a message that is not for it.
fn refusal(session: &Part) -> TokenStream {
    let (name, cfgs) = (&session.name, session.cfgs.attributes());
    let arms = session.phases.iter().map(|phase| {
        let (variant, cfgs) = (&phase.name, phase.cfgs.attributes());
        let status = phase.status.as_ref().map_or_else(
            || quote_spanned!(here()=> 403_u16),
            |status| {
                let place = at(start(status));
                quote_spanned!(place=> #status)
            },
        );
        let place = at(start(&status));
        let status = quote_spanned!(place=> __ws_runtime::StatusValue::status(#status));
        let optional = |text: Option<TokenStream>| match text {
            Some(text) => quote_spanned!(here()=> ::core::option::Option::Some(#text)),
            None => quote_spanned!(here()=> ::core::option::Option::None),
        };
        let code = optional(phase.code.as_ref().map(ToTokens::to_token_stream));
        let text = optional(phase.text.as_ref().map(ToTokens::to_token_stream));
        quote_spanned! {here()=>
            #cfgs
            Self::#variant { .. } => __ws_runtime::other_phase(#status, #code, #text),
        }
    });
    quote_spanned! {at(name.span())=>
        #cfgs
        #[automatically_derived]
        impl __ws_runtime::Phases for #name {
            fn refusal(&self) -> __ws_runtime::Reject {
                match self { #(#arms)* }
            }
        }
    }
}
