//! Finds modules with handlers that no attribute makes a route, and removes their attributes, so that one mistake is
//! one error.

use proc_macro2::{Group, Ident, Literal, TokenStream, TokenTree};
use quote::quote;
use syn::{Lit, Path};
use ws_spec::is_misspelt;

use super::items::{self, Kind, RawAttribute, RawItem};
use super::marker::Marker;
use super::{methods, phases, scope};

/// A module whose handlers the server does not see.
pub(super) struct Unmarked {
    /// What is wrong.
    pub(super) place: TokenStream,
    pub(super) message: String,
    /// The attributes that are kept, and the module without what the macro would have read.
    pub(super) attributes: TokenStream,
    pub(super) tokens: TokenStream,
}

/// Reads a module that is no route; `None` if it may be as it is. `around` is the name of the module around it.
pub(super) fn read(item: &RawItem, around: &Ident, runtime: Option<&Path>) -> Option<Unmarked> {
    let name = item.name.as_ref().filter(|_| item.kind == Kind::Module)?;
    let (head, body) = item.split_body()?;
    let server = item.attributes.iter().find(|attribute| is_server(attribute));
    let meant = item.attributes.iter().find(|attribute| is_meant(attribute, runtime));
    let (place, message) = if let Some(server) = server {
        (TokenTree::from(server.group.clone()).into(), within_a_server(name, around))
    } else {
        let holder = holder(item, runtime)?;
        match (meant, holder.mark) {
            (Some(meant), _) => match scope::conditional_marker(meant) {
                Some((word, _)) => (quote!(#word), scope::in_cfg_attr(&word)),
                None => (TokenTree::from(meant.group.clone()).into(), no_route(meant, name)),
            },
            (None, Marker::Route) => (quote!(#name), around_routes(name, around)),
            (None, _) => {
                let holder = holder.module;
                (quote!(#holder), not_seen(&holder, around))
            }
        }
    };
    let is_dropped = |attribute: &RawAttribute| is_server(attribute) || is_meant(attribute, runtime);
    let kept = item.attributes.iter().filter(|attribute| !is_dropped(attribute));
    let kept: TokenStream = kept.map(RawAttribute::tokens).collect();
    let (inner, items) = items::cut(body.stream());
    let items: TokenStream = items.iter().map(|item| without(item, runtime)).collect();
    let mut stripped = Group::new(body.delimiter(), quote!(#inner #items));
    stripped.set_span(body.span());
    Some(Unmarked {
        place,
        message,
        attributes: quote!(#kept #[allow(dead_code, unused_imports, unused_variables)]),
        tokens: quote!(#head #stripped),
    })
}

/// An item without the attributes that this macro would have read in it.
fn without(item: &RawItem, runtime: Option<&Path>) -> TokenStream {
    let is_marker = |attribute: &RawAttribute| {
        Marker::of(attribute, runtime).is_some() || item.kind == Kind::Module && is_server(attribute)
    };
    let kept = item.attributes.iter().filter(|attribute| !is_marker(attribute));
    let attributes: TokenStream = kept.map(RawAttribute::tokens).collect();
    let is_session =
        item.attributes.iter().any(|attribute| Marker::of(attribute, runtime) == Some(Marker::Session));
    let tokens = match (item.kind, item.split_body()) {
        (Kind::Module, Some((head, body))) => {
            let (inner, items) = items::cut(body.stream());
            let items: TokenStream = items.iter().map(|item| without(item, runtime)).collect();
            let mut stripped = Group::new(body.delimiter(), quote!(#inner #items));
            stripped.set_span(body.span());
            quote!(#head #stripped)
        }
        (Kind::Impl, _) => match methods::unmark(item, runtime) {
            Some((unmarked, _)) => unmarked,
            None => item.tokens.iter().cloned().collect(),
        },
        (Kind::Enum, _) if is_session => phases::without_refusals(&item.tokens),
        _ => item.tokens.iter().cloned().collect(),
    };
    quote!(#attributes #tokens)
}

/// A module that holds what a route holds.
struct Holder {
    module: Ident,
    mark: Marker,
}

/// The first module, this one or one within it, with a handler, with what connections have, or with a route.
fn holder(item: &RawItem, runtime: Option<&Path>) -> Option<Holder> {
    let module = item.name.clone().filter(|_| item.kind == Kind::Module)?;
    let (_, body) = item.split_body()?;
    let (_, items) = items::cut(body.stream());
    let marks = |item: &RawItem| item.attributes.iter().find_map(|attribute| mark(attribute, runtime));
    if let Some(mark) = items.iter().find_map(marks) {
        return Some(Holder { module, mark });
    }
    // A server of its own, or a route that names its server.
    let stands_alone = |attribute: &RawAttribute| {
        is_server(attribute)
            || Marker::of(attribute, runtime) == Some(Marker::Route) && names_server(attribute)
    };
    let may_hold = |item: &&RawItem| !item.attributes.iter().any(stands_alone);
    items.iter().filter(may_hold).find_map(|item| holder(item, runtime))
}

/// The marker that an attribute is, unless it may well be one of another crate or stands alone.
fn mark(attribute: &RawAttribute, runtime: Option<&Path>) -> Option<Marker> {
    match Marker::of(attribute, runtime)? {
        Marker::Get | Marker::State | Marker::Identity => None,
        // It names its server.
        Marker::Route if names_server(attribute) => None,
        marker @ (Marker::On
        | Marker::Tick
        | Marker::Watch
        | Marker::Timer
        | Marker::Session
        | Marker::Room
        | Marker::Push
        | Marker::Route) => Some(marker),
    }
}

fn names_server(attribute: &RawAttribute) -> bool {
    let tokens = attribute.arguments().map(Group::stream).unwrap_or_default();
    tokens.into_iter().any(|token| matches!(token, TokenTree::Ident(word) if word == "server"))
}

fn is_server(attribute: &RawAttribute) -> bool {
    attribute.path.last().is_some_and(|name| name == "ws_server")
}

/// Whether an attribute may be meant as `#[route(…)]`.
fn is_meant(attribute: &RawAttribute, runtime: Option<&Path>) -> bool {
    if Marker::of(attribute, runtime).is_some() || scope::conditional_marker(attribute).is_some() {
        return true;
    }
    let [name] = attribute.path.as_slice() else { return false };
    let name = name.to_string();
    FOREIGN.contains(&name.as_str()) || is_misspelt(&name, "route")
}

/// What marks a group of handlers in other frameworks.
const FOREIGN: [&str; 14] = [
    "channel",
    "controller",
    "endpoint",
    "gateway",
    "hub",
    "mount",
    "namespace",
    "nest",
    "path",
    "resource",
    "router",
    "routes",
    "scope",
    "websocket_gateway",
];

fn within_a_server(name: &Ident, around: &Ident) -> String {
    format!(
        "there is no server within a server: mark `{name}` as a route of `{around}`, `#[route(\"/{name}\")]`, or move it out of \
         `{around}` to have two servers"
    )
}

fn no_route(attribute: &RawAttribute, name: &Ident) -> String {
    let path = path_in(attribute).unwrap_or_else(|| format!("/{name}"));
    let attribute = attribute.path.last().map(ToString::to_string).unwrap_or_default();
    let problem = match Marker::of_name(&attribute) {
        Some(marker) if marker.marks_functions() => {
            format!("`#[{attribute}]` belongs on a function, and this is a module")
        }
        Some(_) => format!("`#[{attribute}]` belongs on a type, and this is a module"),
        None => format!("there is no `#[{attribute}]`"),
    };
    format!("{problem}: a module with handlers is a route, `#[route({path:?})]`")
}

fn around_routes(name: &Ident, around: &Ident) -> String {
    format!(
        "the server does not see the routes in `{name}`: mark it as a route too, `#[route(\"/{name}\")]`, whose path goes before theirs, or \
         move them into `{around}`"
    )
}

fn not_seen(name: &Ident, around: &Ident) -> String {
    format!(
        "the server does not see the handlers in `{name}`: mark it as a route, `#[route(\"/{name}\")]`, or move them into `{around}`"
    )
}

/// The path that an attribute names: its first text, if that begins with a slash.
fn path_in(attribute: &RawAttribute) -> Option<String> {
    let tokens = attribute.arguments()?.stream();
    let text = |literal: Literal| match Lit::new(literal) {
        Lit::Str(text) => Some(text.value()),
        _ => None,
    };
    tokens
        .into_iter()
        .find_map(|token| match token {
            TokenTree::Literal(literal) => text(literal),
            TokenTree::Group(_) | TokenTree::Ident(_) | TokenTree::Punct(_) => None,
        })
        .filter(|path| path.starts_with('/'))
}
