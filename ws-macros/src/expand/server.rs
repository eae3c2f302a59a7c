//! The way to the runtime, and the function `server()`.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;

use super::spans::here;
use super::{alone, parts};
use crate::plan::Plan;

/// One name for what the runtime gives to generated code, so that a wrong `crate = …` is one error. The markers are
/// imported where they stood, under no name: an editor shows their documentation there.
pub(crate) fn runtime(plan: &Plan<'_>) -> TokenStream {
    let root = root(plan);
    let marks = &plan.scope.marks;
    if plan.scope.route.as_ref().is_some_and(|route| route.server.is_none()) {
        return quote_spanned! {here()=>
            use super::__ws_runtime;
            #[allow(unused_imports)]
            use #root::{#(#marks as _),*};
        };
    }
    let server = alone::server_of_route(plan);
    quote_spanned! {here()=>
        #[allow(unused_imports)]
        use #root::{generated as __ws_runtime #(, #marks as _)*};
        #server
    }
}

/// Where the runtime is.
pub(crate) fn root(plan: &Plan<'_>) -> TokenStream {
    match &plan.server.settings.runtime {
        Some(path) => {
            // A path that begins at the server's module, or outside of it, is written as seen from there.
            let begins_with = |word: &str| {
                path.leading_colon.is_none() && path.segments.first().is_some_and(|first| first.ident == word)
            };
            let supers = supers(plan.depth());
            if begins_with("super") {
                quote::quote!(#supers #path)
            } else if begins_with("self") && plan.depth() > 0 {
                let inside = path.segments.iter().skip(1);
                quote::quote!(#supers #(#inside)::*)
            } else {
                quote::quote!(#path)
            }
        }
        None => quote_spanned!(here()=> ::ws_runtime),
    }
}

/// `super::`, so many times.
pub(crate) fn supers(count: usize) -> TokenStream {
    (0..count).map(|_| quote_spanned!(here()=> super::)).collect()
}

/// `server()`: what the user calls.
pub(crate) fn builder(plan: &Plan<'_>) -> TokenStream {
    if plan.scope.route.is_some() {
        return TokenStream::new();
    }
    let (given, unset) = (parts::given(plan), parts::unset(plan));
    let builder =
        quote_spanned!(here()=> __ws_runtime::Builder<impl __ws_runtime::Service<Given = #given>, #unset>);
    let summary = format!("The server `{}`, yet to be started.", plan.scope.name);
    let name = Ident::new("server", here());
    quote_spanned! {here()=>
        #[doc = #summary]
        ///
        /// Each option of its attribute can be set here too; then `.start()`, `.serve().await` or `.bind().await`.
        #[allow(private_interfaces, unreachable_pub)]
        pub fn #name() -> #builder {
            __ws_runtime::Builder::<__Service, _>::new()
        }
    }
}
