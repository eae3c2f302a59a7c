//! Plan to tokens: the module as it was, and behind it the dispatch.
//!
//! Every generated token stands, for the compiler's messages, where that stands which it came from; its names resolve
//! as those of the macro (`mixed_site`), so that no lint of the user's takes it for the user's code.

mod alone;
mod arguments;
mod by_name;
mod gets;
mod handlers;
mod holds;
mod limits;
mod named;
mod parts;
mod paths;
mod push;
mod returned;
mod rooms;
mod routes;
mod server;
mod service;
pub(crate) mod spans;
mod timed;
mod timers;
mod values;
mod words;

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::quote;

use crate::diagnostics::Diagnostics;
use crate::model::{Form, Item, Scope};
use crate::plan::Plan;

pub(crate) fn expand(plans: &[Plan<'_>], diagnostics: Diagnostics) -> TokenStream {
    let Some(root) = plans.first() else { return diagnostics.into_tokens() };
    module(root, plans, &diagnostics.into_tokens())
}

/// A module as it was, with the routes in it, and behind it the dispatch and what else is for its end.
fn module(plan: &Plan<'_>, plans: &[Plan<'_>], end: &TokenStream) -> TokenStream {
    let Scope { head, inner_attributes, items, span, .. } = plan.scope;
    let items = items
        .iter()
        .enumerate()
        .filter(|(number, _)| !plan.is_omitted(*number))
        .map(|(number, item)| write_item(item, plan.is_uncalled(number), plans));
    // Without a server there is nothing that the code could name. That is reported.
    if plan.server.stands_alone()
        && plan.server.root.route.as_ref().is_none_or(|route| route.server.is_none())
    {
        let mut body = Group::new(Delimiter::Brace, quote!(#inner_attributes #(#items)* #end));
        body.set_span(*span);
        return quote!(#head #body);
    }
    let runtime = server::runtime(plan);
    let service = service::service(plan, plans);
    let parts = parts::parts(plan);
    let pushes = push::pushes(plan);
    let once = arguments::once(plan);
    let holds = holds::checks(plan);
    let counts = paths::counts(plan, plans);
    let words = words::words(plan);
    let builder = server::builder(plan);
    let body = quote!(#inner_attributes #(#items)* #runtime #service #parts #pushes #once #holds #counts #words #builder #end);
    let mut body = Group::new(Delimiter::Brace, body);
    body.set_span(*span);
    quote!(#head #body)
}

fn write_item(item: &Item, is_uncalled: bool, plans: &[Plan<'_>]) -> TokenStream {
    let Item { attributes, tokens, form } = item;
    match form {
        Form::AsWritten if !is_uncalled => quote!(#attributes #tokens),
        // One error for the mistake is enough; no second one because the handler is unused.
        Form::AsWritten | Form::Uncalled => quote!(#attributes #[allow(dead_code)] #tokens),
        Form::OwnScope => quote!(const _: () = { #attributes #[allow(dead_code)] #tokens };),
        Form::Omitted => TokenStream::new(),
        Form::Method => {
            quote!(const _: () = { #[allow(dead_code)] trait Misplaced: Sized { #attributes #tokens } };)
        }
        Form::Route(number) => {
            let module = plans.get(number + 1).map(|plan| module(plan, plans, &TokenStream::new()));
            quote!(#attributes #module)
        }
    }
}
