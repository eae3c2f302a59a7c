//! The identity: how the handshake makes it, and how handlers take it.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Member;

use super::has_handler;
use crate::events::Event;
use crate::expand::spans::{at, here, start};
use crate::model::Part;
use crate::plan::Plan;

/// The type of the identity where there is none.
pub(super) fn none() -> TokenStream {
    quote_spanned!(here()=> __ws_runtime::NoIdentity)
}

pub(super) fn identity(identity: &Part, plan: &Plan<'_>) -> TokenStream {
    let Part { name, cfgs, key, .. } = identity;
    let cfgs = cfgs.attributes();
    let key = key.as_ref().map(key_method);
    let admissions = has_handler(plan, Event::Handshake).then(|| admissions(identity, plan));
    quote_spanned! {at(name.span())=>
        #cfgs
        #[automatically_derived]
        impl __ws_runtime::Identity for #name {
            #key
        }

        #cfgs
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl<'a, __C: __ws_runtime::WithConn<'a>> __ws_runtime::FromContext<'a, __C> for &'a #name {
            fn from_context(context: &mut __C) -> ::core::result::Result<Self, __ws_runtime::Reject> {
                __ws_runtime::identity(context.conn())
            }
        }

        #admissions
    }
}

fn key_method(key: &Member) -> TokenStream {
    let place = at(start(key));
    let key = match key {
        // A field is found where the user's code is.
        Member::Named(name) => name.to_token_stream(),
        Member::Unnamed(index) => index.to_token_stream(),
    };
    let field = quote_spanned!(place=> &self.#key);
    quote_spanned! {here()=>
        fn key(&self) -> ::core::option::Option<&dyn __ws_runtime::IdentityKey> {
            ::core::option::Option::Some(#field)
        }
    }
}

/// What a `handshake` handler may return.
fn admissions(identity: &Part, plan: &Plan<'_>) -> TokenStream {
    let Part { name, cfgs, .. } = identity;
    let place = at(name.span());
    let fresh = quote_spanned!(place=> __ws_runtime::FreshSession::fresh());
    let some = |value: &TokenStream| quote_spanned!(place=> ::core::option::Option::Some(#value));
    let (whole, first, second) =
        (quote_spanned!(place=> self), quote_spanned!(place=> self.0), quote_spanned!(place=> self.1));
    let optional = quote_spanned!(place=> ::core::option::Option<#name>);
    let cfgs = cfgs.attributes();
    let admission = |cfgs: &TokenStream,
                     session: &TokenStream,
                     returned: TokenStream,
                     made: TokenStream,
                     identity: TokenStream| {
        // A session that the handler does not return is fresh, if it can be.
        let fresh = session.is_empty().then(|| quote_spanned!(place=> <__Se: __ws_runtime::FreshSession>));
        let session = if session.is_empty() { quote_spanned!(place=> __Se) } else { session.clone() };
        quote_spanned! {place=>
            #cfgs
            #[automatically_derived]
            impl #fresh __ws_runtime::IntoAdmission<#name, #session> for #returned {
                fn into_admission(
                    self,
                ) -> ::core::result::Result<__ws_runtime::Admission<#session>, __ws_runtime::Reject> {
                    ::core::result::Result::Ok(__ws_runtime::Admission::new(#made, #identity))
                }
            }
        }
    };
    let any = TokenStream::new();
    let alone = [
        admission(&cfgs, &any, quote_spanned!(place=> #name), fresh.clone(), some(&whole)),
        admission(&cfgs, &any, optional.clone(), fresh, whole),
    ];
    let pairs = plan.sessions.iter().map(|session| {
        let (own, session): (TokenStream, &Ident) = (session.cfgs.attributes(), &session.name);
        let cfgs = quote_spanned!(here()=> #cfgs #own);
        let forms = [
            (quote_spanned!(place=> (#session, #name)), &first, some(&second)),
            (quote_spanned!(place=> (#name, #session)), &second, some(&first)),
            (quote_spanned!(place=> (#session, #optional)), &first, second.clone()),
            (quote_spanned!(place=> (#optional, #session)), &second, first.clone()),
        ];
        forms
            .into_iter()
            .map(|(returned, made, identity)| {
                admission(&cfgs, &session.to_token_stream(), returned, made.clone(), identity)
            })
            .collect::<TokenStream>()
    });
    quote_spanned!(here()=> #(#alone)* #(#pairs)*)
}
