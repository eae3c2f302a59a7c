//! The arms of a `match` on a message's name.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use super::spans::{here, otherwise};
use crate::cfgs::Cfgs;
use crate::events::Event;
use crate::plan::Plan;
use crate::resolve::Call;

/// One arm for each handler that has a `body`. The arm of `#[on(message)]` is for all names that no handler takes;
/// all that is left gets `rest`.
///
/// A name whose handler has no body is never left to `#[on(message)]`.
pub(crate) fn by_name(
    plan: &Plan<'_>,
    body: impl Fn(&Call<'_>) -> Option<TokenStream>,
    rest: &TokenStream,
) -> TokenStream {
    let any: Vec<(&Cfgs, TokenStream)> =
        plan.calls_of(Event::Message).filter_map(|call| Some((&call.cfgs, body(call)?))).collect();
    let named = plan.named_calls().filter_map(|call| {
        let name = call.handler.role.message_name()?;
        let cfgs = call.cfgs.attributes();
        let body = body(call).or_else(|| (!any.is_empty()).then(|| rest.clone()))?;
        Some(quote_spanned!(here()=> #cfgs #name => { #body }))
    });
    let rest =
        otherwise(any.iter().map(|(cfgs, _)| *cfgs)).map(|cfg| quote_spanned!(here()=> #cfg _ => { #rest }));
    let any = any.iter().map(|(cfgs, body)| {
        let cfgs = cfgs.attributes();
        quote_spanned!(here()=> #cfgs _ => { #body })
    });
    quote_spanned!(here()=> #(#named)* #(#any)* #rest)
}
