//! Where generated tokens stand.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Type;

use crate::cfgs::Cfgs;

/// Generated tokens that stand at the attribute.
pub(crate) fn here() -> Span {
    Span::mixed_site()
}

/// Generated tokens that stand where the user's do.
pub(crate) fn at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// A word of the user's among generated tokens.
pub(crate) fn repeat(word: &Ident) -> Ident {
    let mut repeated = word.clone();
    repeated.set_span(at(word.span()));
    repeated
}

/// The token of a type that messages about it point at, as the user's own: its name without what stands around it.
pub(crate) fn heart(ty: &Type) -> Span {
    match ty {
        Type::Paren(inner) => heart(&inner.elem),
        Type::Group(inner) => heart(&inner.elem),
        Type::Reference(reference) => heart(&reference.elem),
        Type::Path(path) => path.path.segments.last().map_or_else(here, |last| last.ident.span()),
        other => start(other),
    }
}

/// Where tokens begin.
pub(crate) fn start(tokens: impl ToTokens) -> Span {
    tokens.to_token_stream().into_iter().next().map_or_else(here, |first| first.span())
}

impl Cfgs {
    /// As attributes.
    pub(crate) fn attributes(&self) -> TokenStream {
        self.0.iter().map(|condition| quote_spanned!(here()=> #[cfg(#condition)])).collect()
    }
}

/// The attribute that holds where none of these do; none if one of them always does.
pub(crate) fn otherwise<'c>(cfgs: impl IntoIterator<Item = &'c Cfgs>) -> Option<TokenStream> {
    let mut conditions = Vec::new();
    for cfgs in cfgs {
        if cfgs.0.is_empty() {
            return None;
        }
        conditions.push(cfgs.condition());
    }
    Some(match conditions.as_slice() {
        [] => TokenStream::new(),
        [only] => quote_spanned!(here()=> #[cfg(not(#only))]),
        several => quote_spanned!(here()=> #[cfg(not(any(#(#several),*)))]),
    })
}
