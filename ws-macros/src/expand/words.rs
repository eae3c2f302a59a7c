//! The words of attributes once more, as paths with the user's spans: an editor shows the documentation of what a path
//! leads to, and completes one that is half typed.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::spans::here;
use crate::model::{Vocabulary, Word};
use crate::plan::Plan;

pub(crate) fn words(plan: &Plan<'_>) -> TokenStream {
    let scope = &plan.scope.words;
    let settings = plan.scope.route.as_ref().map_or(&plan.server.settings.options, |route| &route.options);
    let all = scope.iter().chain(&settings.unknown).filter(|word| is_name(&word.name));
    let (known, unknown): (Vec<&Word>, Vec<&Word>) = all.partition(|word| word.is_known);
    let known: Vec<TokenStream> = known.into_iter().filter_map(path).collect();
    let known = (!known.is_empty()).then(|| {
        quote_spanned! {here()=>
            #[allow(unused_imports)]
            use {#(#known),*};
        }
    });
    // The compiler has an error for each of these already; only an editor looks for what it may become.
    let (options, others): (Vec<&Word>, Vec<&Word>) =
        unknown.into_iter().partition(|word| word.vocabulary == Vocabulary::Option);
    let options = options.into_iter().map(|word| &word.name);
    let options = quote_spanned!(here()=> #(attribute.#options();)*);
    let others = others.into_iter().filter_map(path);
    let for_editors = quote_spanned! {here()=>
        #[allow(unexpected_cfgs)]
        const _: () = {
            #[cfg(rust_analyzer)]
            use {#(#others),*};
            #[cfg(rust_analyzer)]
            fn options(attribute: &mut __ws_runtime::Attribute<'_>) {
                #options
            }
        };
    };
    let for_editors = scope.iter().chain(&settings.unknown).any(|word| !word.is_known).then_some(for_editors);
    quote!(#known #for_editors)
}

fn path(word: &Word) -> Option<TokenStream> {
    let vocabulary = match word.vocabulary {
        Vocabulary::Event => "event",
        Vocabulary::Limit => "limit",
        Vocabulary::Rule => "room",
        Vocabulary::Option => return None,
    };
    let (vocabulary, name) = (Ident::new(vocabulary, here()), &word.name);
    Some(quote_spanned!(here()=> __ws_runtime::words::#vocabulary::#name as _))
}

/// Whether it may stand in a path. A keyword may not.
fn is_name(word: &Ident) -> bool {
    syn::parse2::<Ident>(quote!(#word)).is_ok()
}
