//! Collects the mistakes of a server, so that all are reported at once.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};

/// The mistakes that were found so far.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    found: Vec<syn::Error>,
    /// Those that are mistakes only if a condition of `#[cfg(…)]` holds.
    conditional: Vec<(TokenStream, syn::Error)>,
}

impl Diagnostics {
    /// Reports a mistake on the tokens that are wrong.
    pub(crate) fn error(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.found.push(syn::Error::new_spanned(tokens, message));
    }

    /// Reports a mistake at a span.
    pub(crate) fn error_at(&mut self, span: Span, message: impl Display) {
        self.found.push(syn::Error::new(span, message));
    }

    /// Reports a mistake that is one only if the condition holds.
    pub(crate) fn error_if(&mut self, condition: TokenStream, tokens: impl ToTokens, message: impl Display) {
        self.conditional.push((condition, syn::Error::new_spanned(tokens, message)));
    }

    /// Reports an error of syn's.
    pub(crate) fn extend(&mut self, error: syn::Error) {
        self.found.push(error);
    }

    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    #[cfg(test)]
    pub(crate) fn messages(&self) -> Vec<String> {
        self.found.iter().map(ToString::to_string).collect()
    }

    /// The mistakes as `compile_error!` items.
    pub(crate) fn into_tokens(self) -> TokenStream {
        let found = self.found.iter().map(syn::Error::to_compile_error);
        let conditional = self.conditional.iter().map(|(condition, error)| {
            let error = error.to_compile_error();
            quote!(#[cfg(#condition)] #error)
        });
        found.chain(conditional).collect()
    }
}

/// Words as a list in prose: `` `a`, `b` and `c` ``.
pub(crate) fn list<'c>(words: impl IntoIterator<Item = &'c str>) -> String {
    let mut quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    let Some(last) = quoted.pop() else { return String::new() };
    if quoted.is_empty() { last } else { format!("{} and {last}", quoted.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_listed_as_prose() {
        assert_eq!(list([]), "");
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
