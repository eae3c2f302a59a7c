//! Reads the type below `#[state]`, `#[session]`, `#[identity]` or `#[room]`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::Member;
use ws_spec::is_misspelt;

use super::handler;
use super::items::{self, Kind, RawAttribute, RawItem};
use super::marker::Marker;
use super::pairs::{self, Pair, PairValue};
use super::phases;
use crate::diagnostics::Diagnostics;
use crate::model::{Part, Reach};

/// Reads the state, the session, the identity or the room; also one that is wrong, if it has a name.
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
        } else if marker == Marker::Identity {
            "cannot be generic: a connection has one type for it"
        } else if marker == Marker::Room {
            "cannot be generic: each path has one type for it"
        } else {
            "cannot be generic: a server has one type for it"
        };
        diagnostics.error(generics, format!("the {marker_name} {reason}"));
        return None;
    }
    if let Some(reference) = unnamed_reference(item.tokens.iter().cloned().collect()) {
        diagnostics.error(
            reference,
            format!(
                "the {marker_name} cannot borrow: it outlives every event, so it has to own its data; a `Conn` is a handle, \
                 which is cloned"
            ),
        );
        return None;
    }
    let is_public =
        !item.visibility.is_empty() && item.visibility.to_string().replace(' ', "") != "pub(self)";
    let reach = if is_public { Reach::Public(item.visibility.clone()) } else { Reach::Private };
    let key = (marker == Marker::Identity).then(|| key(attribute, item, diagnostics)).flatten();
    let phases = if marker == Marker::Session { phases::read(item, diagnostics) } else { Vec::new() };
    Some(Part { name, reach, cfgs: handler::conditions(&item.attributes), is_locked: false, key, phases })
}

/// Reads the argument of `#[state(lock)]`. A wrong one counts as `lock`, so that one mistake is one error.
pub(super) fn lock(attribute: &RawAttribute, diagnostics: &mut Diagnostics) -> bool {
    let Some(group) = attribute.arguments() else {
        let rest: TokenStream = attribute.rest.iter().cloned().collect();
        if !rest.is_empty() {
            diagnostics.error(rest, format!("what belongs to `#[state]` is in parentheses: {LOCK}"));
        }
        return !attribute.rest.is_empty();
    };
    let mut is_locked = false;
    for Pair { key: word, value } in pairs::read(group.stream(), "lock", diagnostics) {
        if word != "lock" {
            let meant = is_misspelt(&word.to_string(), "lock").then_some(", did you mean `lock`?");
            let meant = meant.unwrap_or_default();
            diagnostics
                .error(&word, format!("a state has no `{word}`{meant}\nit takes nothing, or `lock`: {LOCK}"));
            continue;
        }
        match value {
            PairValue::Missing => is_locked = true,
            PairValue::Expression(_) | PairValue::List(_) => {
                diagnostics.error(&word, "`lock` has no value: write `#[state(lock)]`, or leave it out");
            }
            PairValue::Broken => {}
        }
    }
    is_locked
}

const LOCK: &str =
    "write `#[state]`, or `#[state(lock)]` where a route in a file of its own takes the state by `&mut`";

/// Reads the arguments of `#[identity(key = name)]`.
fn key(attribute: &RawAttribute, item: &RawItem, diagnostics: &mut Diagnostics) -> Option<Member> {
    let Some(group) = attribute.arguments() else {
        let rest: TokenStream = attribute.rest.iter().cloned().collect();
        if !rest.is_empty() {
            diagnostics.error(rest, format!("what belongs to `#[identity]` is in parentheses: {KEY}"));
        }
        return None;
    };
    let mut key = None;
    for Pair { key: word, value } in pairs::read(group.stream(), "key = name", diagnostics) {
        if word != "key" {
            diagnostics.error(&word, format!("an identity has no `{word}`, only `key`: {KEY}"));
        } else if key.is_some() {
            diagnostics.error(&word, "an identity has one key: remove one");
        } else if item.kind != Kind::Struct {
            diagnostics.error(&word, format!("a key is a field of a struct, and this is {}", item.noun()));
        } else {
            match value {
                PairValue::Expression(value) => match syn::parse2(value.to_token_stream()) {
                    Ok(member) => key = Some(member),
                    Err(_) => diagnostics
                        .error(value, format!("the key is the name of a field, without quotes: {KEY}")),
                },
                PairValue::Missing | PairValue::List(_) => {
                    diagnostics.error(&word, format!("`key` needs the name of a field: {KEY}"));
                }
                PairValue::Broken => {}
            }
        }
    }
    key
}

const KEY: &str = "write `#[identity(key = name)]`, where `name` is a field";

/// The first reference in a field whose lifetime is not written. Those of functions, `fn(&str)`, are no mistake.
fn unnamed_reference(tokens: TokenStream) -> Option<TokenTree> {
    let mut before: Option<TokenTree> = None;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let found = match (&token, &before) {
            // Behind anything else it is an operator.
            (TokenTree::Punct(punct), None) if punct.as_char() == '&' => Some(&token),
            (TokenTree::Punct(punct), Some(TokenTree::Punct(before)))
                if punct.as_char() == '&' && "<,:".contains(before.as_char()) =>
            {
                Some(&token)
            }
            _ => None,
        };
        if let Some(found) = found
            && !tokens.peek().is_some_and(|next| items::is_punct(next, '\''))
        {
            return Some(found.clone());
        }
        if let TokenTree::Group(group) = &token
            && !is_function_or_attribute(before.as_ref())
            && let Some(found) = unnamed_reference(group.stream())
        {
            return Some(found);
        }
        before = Some(token);
    }
    None
}

/// Whether the group behind this token holds the arguments of a function's type, or an attribute.
fn is_function_or_attribute(before: Option<&TokenTree>) -> bool {
    match before {
        Some(TokenTree::Ident(word)) => ["fn", "Fn", "FnMut", "FnOnce"].iter().any(|name| word == name),
        Some(TokenTree::Punct(punct)) => punct.as_char() == '#',
        Some(TokenTree::Group(_) | TokenTree::Literal(_)) | None => false,
    }
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
