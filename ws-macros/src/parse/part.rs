//! Reads the type below `#[state]` or `#[session]`.

use proc_macro2::{Ident, TokenStream, TokenTree};

use super::handler;
use super::items::{self, Kind, RawAttribute, RawItem};
use super::marker::Marker;
use crate::diagnostics::Diagnostics;
use crate::model::{Part, Reach};

/// Reads the state or the session; also one that is wrong, if it has a name.
pub(crate) fn read(
    marker: Marker,
    attribute: &RawAttribute,
    item: &RawItem,
    diagnostics: &mut Diagnostics,
) -> Option<Part> {
    let marker_name = marker.name();
    let name = match (item.kind, &item.name) {
        (Kind::Struct | Kind::Enum | Kind::Union, Some(name)) => name.clone(),
        (Kind::TypeAlias, Some(name)) => {
            diagnostics.error(
                &attribute.group,
                format!("`#[{marker_name}]` needs a type of its own, not an alias: write `struct {name}(…);` around it"),
            );
            name.clone()
        }
        _ => {
            let what = item.noun();
            diagnostics.error(
                &attribute.group,
                format!("`#[{marker_name}]` belongs on a struct or an enum, and this is {what}"),
            );
            return None;
        }
    };
    if let Some(generics) = generics_after(&name, item) {
        let first = generics.clone().into_iter().nth(1);
        let borrows = first.is_some_and(|token| items::is_punct(&token, '\''));
        let reason = if borrows {
            "cannot borrow: it outlives every event, so it has to own its data"
        } else {
            "cannot be generic: a server has one type for it"
        };
        diagnostics.error(generics, format!("the {marker_name} {reason}"));
        return None;
    }
    let is_public =
        !item.visibility.is_empty() && item.visibility.to_string().replace(' ', "") != "pub(self)";
    let reach = if is_public { Reach::Public } else { Reach::Private };
    Some(Part { name, reach, cfgs: handler::conditions(&item.attributes) })
}

/// The `<…>` after the name.
fn generics_after(name: &Ident, item: &RawItem) -> Option<TokenStream> {
    let mut behind = item
        .tokens
        .iter()
        .skip_while(|token| !matches!(token, TokenTree::Ident(word) if word == name))
        .skip(1)
        .peekable();
    if !matches!(behind.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '<') {
        return None;
    }
    let mut generics = Vec::new();
    for token in behind {
        let is_end = matches!(token, TokenTree::Punct(punct) if punct.as_char() == '>');
        if matches!(token, TokenTree::Group(_)) {
            break;
        }
        generics.push(token.clone());
        if is_end {
            break;
        }
    }
    Some(generics.into_iter().collect())
}
