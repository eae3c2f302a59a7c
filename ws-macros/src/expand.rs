//! Model to tokens: the module as it was, and behind it the dispatch.
//!
//! Every generated token stands, for the compiler's messages, where that stands which it came from; its names resolve
//! as those of the macro (`mixed_site`), so that no lint of the user's takes it for the user's code.

mod arguments;
mod handlers;
mod parts;
mod server;
mod service;
mod spans;
mod timed;
mod values;

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::quote;

use crate::diagnostics::Diagnostics;
use crate::model::{Item, Server, Standing};

pub(crate) fn expand(server: &Server, diagnostics: Diagnostics) -> TokenStream {
    let Server { head, inner, items, .. } = server;
    let items = items.iter().map(write_item);
    let runtime = server::runtime(server);
    let service = service::service(server);
    let parts = parts::parts(server);
    let once = arguments::once(server);
    let builder = server::builder(server);
    let diagnostics = diagnostics.into_tokens();
    let body = quote!(#inner #(#items)* #runtime #service #parts #once #builder #diagnostics);
    let mut body = Group::new(Delimiter::Brace, body);
    body.set_span(server.span);
    quote!(#head #body)
}

fn write_item(item: &Item) -> TokenStream {
    let Item { attributes, tokens, standing } = item;
    match standing {
        Standing::Whole => quote!(#attributes #tokens),
        // The mistake is enough; that nobody calls the handler follows from it.
        Standing::LeftOut => quote!(#attributes #[allow(dead_code)] #tokens),
        Standing::Aside => quote!(const _: () = { #attributes #[allow(dead_code)] #tokens };),
        Standing::Method => {
            quote!(const _: () = { #[allow(dead_code)] trait Misplaced: Sized { #attributes #tokens } };)
        }
    }
}
