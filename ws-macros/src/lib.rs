//! The attribute macros of ws-runtime.

mod address;
mod check;
mod errors;
mod expand;
mod model;
mod options;
mod parse;

use errors::Mistakes;
use parse::Marker;
use proc_macro2::TokenStream;
use quote::quote;

/// Makes a server of a module.
#[proc_macro_attribute]
pub fn ws_server(attribute: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    server(attribute.into(), item.into()).into()
}

/// Marks the handler of an event.
#[proc_macro_attribute]
pub fn on(_: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside(Marker::On, item.into()).into()
}

/// Marks a handler that runs each time a period has passed.
#[proc_macro_attribute]
pub fn tick(_: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside(Marker::Tick, item.into()).into()
}

/// Marks a handler that runs when a handle is ready.
#[proc_macro_attribute]
pub fn watch(_: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside(Marker::Watch, item.into()).into()
}

/// Marks the state.
#[proc_macro_attribute]
pub fn state(_: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside(Marker::State, item.into()).into()
}

/// Marks the session.
#[proc_macro_attribute]
pub fn session(_: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside(Marker::Session, item.into()).into()
}

/// Reads, checks and writes a server.
fn server(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let Some(mut server) = parse::parse(attribute, item.clone(), &mut mistakes) else {
        let mistakes = mistakes.into_tokens();
        return quote!(#item #mistakes);
    };
    check::check(&mut server, &mut mistakes);
    expand::expand(&server, mistakes)
}

/// What a marker says where no `#[ws_server]` has read it.
fn outside(marker: Marker, item: TokenStream) -> TokenStream {
    let name = marker.name();
    let mut mistakes = Mistakes::default();
    mistakes.at(
        proc_macro2::Span::call_site(),
        format!("`#[{name}]` belongs inside of a server: write `#[ws_server(listen = 8080)]` above the module around it"),
    );
    let mistakes = mistakes.into_tokens();
    quote!(#item #mistakes)
}
