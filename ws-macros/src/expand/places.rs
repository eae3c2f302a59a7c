//! Where generated tokens stand.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use crate::model::Cfgs;

/// Generated tokens that stand at the attribute.
pub(crate) fn here() -> Span {
    Span::mixed_site()
}

/// Generated tokens that stand where the user's do.
pub(crate) fn at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// Where tokens begin and end; the compiler marks all between if an expression begins with the one and ends with the
/// other.
pub(crate) fn ends(tokens: impl ToTokens) -> (Span, Span) {
    let mut tokens = tokens.to_token_stream().into_iter();
    let Some(first) = tokens.next() else { return (here(), here()) };
    let start = first.span();
    let end = tokens.last().map_or(start, |last| last.span());
    (at(start), at(end))
}

impl Cfgs {
    /// As attributes.
    pub(crate) fn attributes(&self) -> TokenStream {
        self.0.iter().map(|condition| quote_spanned!(here()=> #[cfg(#condition)])).collect()
    }

    /// As one condition.
    fn condition(&self) -> TokenStream {
        let conditions = &self.0;
        quote!(all(#(#conditions),*))
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
    if conditions.is_empty() {
        return Some(TokenStream::new());
    }
    Some(quote_spanned!(here()=> #[cfg(not(any(#(#conditions),*)))]))
}
