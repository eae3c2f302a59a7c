//! Finds handlers in an `impl`, where they are not allowed, and removes their attributes, so that the mistake is
//! reported once.

use proc_macro2::{Group, TokenStream};
use quote::quote;
use syn::Path;

use super::items::{self, Kind, RawAttribute, RawItem};
use super::marker::Marker;

/// An `impl` without the marker attributes of its methods, and those attributes; `None` if it has none.
pub(crate) fn unmark(
    item: &RawItem,
    runtime: Option<&Path>,
) -> Option<(TokenStream, Vec<(Marker, RawAttribute)>)> {
    let (head, body) = item.split_body().filter(|_| item.kind == Kind::Impl)?;
    let (inner_attributes, methods) = items::cut(body.stream());
    let mut marked = Vec::new();
    let mut written = TokenStream::new();
    for method in methods {
        for attribute in method.attributes {
            match Marker::of(&attribute, runtime).filter(|marker| marker.marks_functions()) {
                Some(marker) => marked.push((marker, attribute)),
                None => written.extend(attribute.tokens()),
            }
        }
        written.extend(method.tokens);
    }
    let mut unmarked = Group::new(body.delimiter(), quote!(#inner_attributes #written));
    unmarked.set_span(body.span());
    (!marked.is_empty()).then(|| (quote!(#head #unmarked), marked))
}

/// An item that is not a module, without the marker attributes of its methods.
pub(crate) fn without_marks(item: TokenStream) -> TokenStream {
    let (inner_attributes, items) = items::cut(item.clone());
    let [only] = items.as_slice() else { return item };
    match unmark(only, None) {
        Some((unmarked, _)) => {
            let attributes: TokenStream = only.attributes.iter().map(RawAttribute::tokens).collect();
            quote!(#inner_attributes #attributes #unmarked)
        }
        None => item,
    }
}
