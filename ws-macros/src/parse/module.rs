//! Reads the module: which of its items are handlers, the state or the session.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::quote;
use syn::{GenericParam, ItemType, ItemUse, UseTree};

use super::items::{self, Kind, RawAttribute, RawItem};
use super::marker::{self, Marker};
use super::{alias, handler, settings};
use crate::diagnostics::Diagnostics;
use crate::model::{Handler, Item, Part, Reach, Server, Settings, Standing};

/// Reads a server; none if the attribute stands on something else than a module with a body.
pub(crate) fn parse(
    attribute: TokenStream,
    item: TokenStream,
    diagnostics: &mut Diagnostics,
) -> Option<Server> {
    let (_, mut found) = items::cut(item);
    let settings = settings::read(attribute, diagnostics);
    let module = (!found.is_empty()).then(|| found.swap_remove(0))?;
    if module.kind != Kind::Module {
        diagnostics.error_at(
            module.span(),
            format!("`#[ws_server]` belongs on a module, and this is {}: write `mod chat {{ … }}` around the handlers", module.noun()),
        );
        return None;
    }
    let name = module.name.clone()?;
    let Some((head, body)) = module.split_body() else {
        diagnostics.error_at(
            name.span(),
            format!(
                "the macro has to see the handlers, and `mod {name};` has none: write `mod {name} {{ … }}` with the handlers \
                 here; what they call can stay in another file"
            ),
        );
        return None;
    };
    let (again, attributes): (Vec<_>, Vec<_>) = module
        .attributes
        .iter()
        .partition(|attribute| attribute.path.last().is_some_and(|name| name == "ws_server"));
    for second in again {
        diagnostics.error(
            &second.group,
            format!("`{name}` is a server already: put all options into one `#[ws_server(…)]`, and leave the other out"),
        );
    }
    let attributes: TokenStream = attributes.into_iter().map(RawAttribute::tokens).collect();
    let mut server = Server {
        head: quote!(#attributes #head),
        name,
        inner: TokenStream::new(),
        items: Vec::new(),
        settings: Settings::default(),
        states: Vec::new(),
        sessions: Vec::new(),
        handlers: Vec::new(),
        marks: Vec::new(),
        aliases: Vec::new(),
        types: Vec::new(),
        teaches_arguments: false,
        parts_unclear: false,
        span: body.span(),
        abandoned: Vec::new(),
    };
    server.settings = settings;
    read_body(body, &mut server, diagnostics);
    alias::resolve(&mut server);
    Some(server)
}

fn read_body(body: &Group, server: &mut Server, diagnostics: &mut Diagnostics) {
    let (inner, items) = items::cut(body.stream());
    server.inner = inner;
    for (number, item) in items.into_iter().enumerate() {
        note_name(&item, server);
        let marker = read_markers(&item, number, server, diagnostics);
        let standing = standing(&item, number, marker, server, diagnostics);
        let written = write_back(&item, marker, standing, server);
        server.items.push(written);
    }
}

/// The item without the attributes that were for this macro.
fn write_back(item: &RawItem, marker: Option<Marker>, standing: Standing, server: &Server) -> Item {
    let runtime = server.settings.runtime.as_ref();
    let is_read = |attribute: &RawAttribute| {
        (marker.is_some() && Marker::of(attribute, runtime).is_some())
            || conditional_marker(attribute).is_some()
    };
    let kept = item.attributes.iter().filter(|attribute| !is_read(attribute));
    let mut attributes: TokenStream = kept.map(RawAttribute::tokens).collect();
    if item.kind == Kind::Use && serves_attributes(item) {
        // The attributes that it imported are gone now, and with them perhaps its only use.
        attributes.extend(quote!(#[allow(unused_imports, clippy::wildcard_imports)]));
    }
    // A method of a trait has no visibility.
    let tokens =
        item.tokens.iter().skip(if standing == Standing::Method { item.visibility_len() } else { 0 });
    Item { attributes, tokens: tokens.cloned().collect(), standing }
}

/// How an item is to be written back, as far as it is known before the handlers are checked.
fn standing(
    item: &RawItem,
    number: usize,
    marker: Option<Marker>,
    server: &mut Server,
    diagnostics: &mut Diagnostics,
) -> Standing {
    let takes_name = matches!(item.kind, Kind::Function | Kind::Constant | Kind::Static);
    if let Some(name) = item.name.as_ref().filter(|name| takes_name && *name == GENERATED) {
        diagnostics.error(
            name,
            format!(
                "`#[ws_server]` writes a function `{GENERATED}` into this module: give this one another name"
            ),
        );
        let (taken, kept) =
            std::mem::take(&mut server.handlers).into_iter().partition(|handler| handler.item == number);
        server.handlers = kept;
        let taken: Vec<Handler> = taken;
        server.abandoned.extend(taken.iter().filter_map(Handler::event));
        return Standing::Aside;
    }
    let is_called = server.handlers.iter().any(|handler| handler.item == number);
    if is_called || !marker.is_some_and(Marker::marks_functions) {
        return Standing::Whole;
    }
    handler::standing(item)
}

/// Reads what marks the item, and gives the first of the markers.
fn read_markers(
    item: &RawItem,
    number: usize,
    server: &mut Server,
    diagnostics: &mut Diagnostics,
) -> Option<Marker> {
    for attribute in &item.attributes {
        if let Some((word, marker)) = conditional_marker(attribute) {
            let name = marker.name();
            diagnostics.error(word, format!("`{name}` cannot stand in a `cfg_attr`: write `#[cfg(…)]` beside `#[{name}]`, on an item of its own"));
        }
    }
    let runtime = server.settings.runtime.clone();
    let mut markers = item
        .attributes
        .iter()
        .filter_map(|attribute| Some((Marker::of(attribute, runtime.as_ref())?, attribute)));
    let (marker, attribute) = markers.next()?;
    server.marks.extend(attribute.path.last().cloned());
    if let Some((second, other)) = markers.next() {
        if marker.marks_functions() && second.marks_functions() {
            diagnostics.error(&other.group, marker::ONE_EACH);
        } else {
            let (first, second) = (marker.name(), second.name());
            diagnostics.error(
                &other.group,
                format!("this item already has `#[{first}]`: give `#[{second}]` an item of its own"),
            );
        }
        server.parts_unclear |= !marker.marks_functions();
    }
    if marker.marks_functions() {
        read_handler(marker, attribute, item, number, server, diagnostics);
    } else {
        marker::takes_nothing(marker, attribute, diagnostics);
        let before = diagnostics.count();
        let part = read_part(marker, attribute, item, diagnostics);
        server.parts_unclear |= diagnostics.count() != before;
        if marker == Marker::State { server.states.extend(part) } else { server.sessions.extend(part) }
    }
    Some(marker)
}

fn read_handler(
    marker: Marker,
    attribute: &RawAttribute,
    item: &RawItem,
    number: usize,
    server: &mut Server,
    diagnostics: &mut Diagnostics,
) {
    let role = marker::role(marker, attribute, diagnostics);
    if item.kind != Kind::Function {
        let name = marker.name();
        diagnostics.error(
            &attribute.group,
            format!("`#[{name}]` belongs on a function, and this is {}", item.noun()),
        );
        return;
    }
    let Some(role) = role else { return };
    let event = role.event();
    match handler::read(role, item, number, diagnostics) {
        Some(handler) => server.handlers.push(handler),
        None => server.abandoned.extend(event),
    }
}

/// The state or the session; also where it cannot be one, if it can at least be named.
fn read_part(
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
            "cannot borrow: it lives on between the events, so let it own what it holds"
        } else {
            "cannot be generic: there is one type of it in a server"
        };
        diagnostics.error(generics, format!("the {marker_name} {reason}"));
        return None;
    }
    let is_public =
        !item.visibility.is_empty() && item.visibility.to_string().replace(' ', "") != "pub(self)";
    let reach = if is_public { Reach::Public } else { Reach::Private };
    Some(Part { name, reach, cfgs: handler::conditions(&item.attributes) })
}

/// The `<…>` behind the name, up to where the body begins.
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

/// Remembers what the module's items are called, as far as it matters.
fn note_name(item: &RawItem, server: &mut Server) {
    match (item.kind, &item.name) {
        (Kind::Struct | Kind::Enum | Kind::Union, Some(name)) => server.types.push(name.clone()),
        (Kind::TypeAlias, Some(_)) => {
            let tokens: TokenStream = item.tokens.iter().cloned().collect();
            if let Ok(alias) = syn::parse2::<ItemType>(tokens)
                && alias.generics.params.iter().all(|param| matches!(param, GenericParam::Lifetime(_)))
            {
                server.aliases.push((alias.ident, *alias.ty));
            }
        }
        (Kind::Impl, _) => server.teaches_arguments |= mentions(&item.tokens, "FromContext"),
        _ => {}
    }
}

fn mentions(tokens: &[TokenTree], wanted: &str) -> bool {
    tokens.iter().any(|token| matches!(token, TokenTree::Ident(word) if word == wanted))
}

/// The marker in `#[cfg_attr(…, on(utf8))]`, which is read too late for this macro to see the handler.
fn conditional_marker(attribute: &RawAttribute) -> Option<(Ident, Marker)> {
    if !attribute.is("cfg_attr") {
        return None;
    }
    // The condition itself is in front of the first comma.
    let arguments = attribute.arguments()?.stream().into_iter();
    let mut attributes =
        arguments.skip_while(|token| !matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','));
    attributes.find_map(|token| match token {
        TokenTree::Ident(word) => Marker::of_name(&word.to_string()).map(|marker| (word, marker)),
        _ => None,
    })
}

/// Whether a `use` may be there for the attributes alone: `use super::*`, a prelude, or one of them by name. Also for an
/// import of the name that is generated, of which the compiler says enough.
fn serves_attributes(item: &RawItem) -> bool {
    let tokens: TokenStream = item.tokens.iter().cloned().collect();
    syn::parse2::<ItemUse>(tokens).is_ok_and(|import| imports_markers(&import.tree, None))
}

fn imports_markers(tree: &UseTree, parent: Option<&Ident>) -> bool {
    match tree {
        UseTree::Path(path) => imports_markers(&path.tree, Some(&path.ident)),
        UseTree::Name(name) => {
            parent.is_some()
                && (name.ident == GENERATED || Marker::of_name(&name.ident.to_string()).is_some())
        }
        UseTree::Rename(_) => false,
        UseTree::Glob(_) => parent.is_some_and(|parent| {
            parent == "super" || parent == "prelude" || parent == "ws_runtime" || parent == "crate"
        }),
        UseTree::Group(group) => group.items.iter().any(|tree| imports_markers(tree, parent)),
    }
}

/// The function that the macro writes.
const GENERATED: &str = "server";
