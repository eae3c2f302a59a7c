//! Writes the conversion of an error type into a refusal.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

use super::text::{Text, Used};
use super::{Case, Code, Rejection, Told};
use crate::expand::spans::{at, heart, here, start};
use crate::names::{snake_case, words};

pub(super) fn expand(rejection: &Rejection) -> TokenStream {
    let Rejection { name, generics, runtime, cases } = rejection;
    let root = runtime.as_ref().map_or_else(|| quote_spanned!(here()=> ::ws_runtime), |path| quote!(#path));
    let (parameters, arguments, conditions) = generics.split_for_impl();
    let body = if cases.iter().any(|case| matches!(case.told, Told::Unclear)) {
        // Never run: there is an error already.
        quote_spanned!(here()=> { let _ = error; ::core::unimplemented!() })
    } else {
        let arms = cases.iter().map(|case| arm(name, case));
        quote_spanned!(here()=> match error { #(#arms)* })
    };
    quote_spanned! {here()=>
        const _: () = {
            #[allow(unused_imports)]
            use #root::generated as __ws_runtime;

            #[automatically_derived]
            impl #parameters ::core::convert::From<#name #arguments> for #root::Reject #conditions {
                fn from(error: #name #arguments) -> Self {
                    #body
                }
            }
        };
    }
}

fn arm(name: &Ident, case: &Case) -> TokenStream {
    let variant = case.variant.as_ref().map(|variant| quote!(::#variant));
    let (pattern, value) = match &case.told {
        Told::Of { status, code, text } => {
            let own = case.variant.as_ref().unwrap_or(name).unraw().to_string();
            let status = status.as_ref().map_or_else(
                || quote_spanned!(here()=> 400_u16),
                |status| {
                    let place = at(start(status));
                    quote_spanned!(place=> #status)
                },
            );
            let place = at(start(&status));
            let status = quote_spanned!(place=> __ws_runtime::StatusValue::status(#status));
            let code = match code {
                Code::Written(code) => quote!(#code),
                Code::OfName => {
                    let code = snake_case(&own);
                    quote!(#code)
                }
            };
            let (pattern, text) = match text {
                Some(text) => message(text),
                None => {
                    let text = words(&own);
                    (quote_spanned!(here()=> { .. }), quote!(#text))
                }
            };
            (pattern, quote_spanned!(here()=> __ws_runtime::refusal(#status, #code, #text)))
        }
        Told::Field { ty } => {
            let member = case.fields.members().next();
            let field = Ident::new("field", at(heart(ty)));
            let value = quote_spanned!(at(heart(ty))=> __ws_runtime::Forwarded::forwarded(#field));
            (quote_spanned!(here()=> { #member: #field }), value)
        }
        // The body is another where one case is unclear.
        Told::Unclear => return TokenStream::new(),
    };
    quote_spanned!(here()=> #name #variant #pattern => #value,)
}

/// The pattern that binds the fields of a message, and the message.
fn message(text: &Text) -> (TokenStream, TokenStream) {
    let Text { format, used } = text;
    if used.is_empty() && !format.value().contains(['{', '}']) {
        return (quote_spanned!(here()=> { .. }), quote!(#format));
    }
    let bound = |used: &Used| format_ident!("field_{}", used.name, span = at(format.span()));
    let bindings = used.iter().map(|used| {
        let (member, bound) = (&used.member, bound(used));
        quote_spanned!(here()=> #member: ref #bound,)
    });
    let arguments = used.iter().map(|used| {
        let (name, bound) = (&used.name, bound(used));
        let value = if used.is_count { quote_spanned!(bound.span()=> *#bound) } else { quote!(#bound) };
        quote_spanned!(format.span()=> , #name = #value)
    });
    let text = quote_spanned!(at(format.span())=> ::std::format!(#format #(#arguments)*));
    (quote_spanned!(here()=> { #(#bindings)* .. }), text)
}
