//! Reads the items of a module, and finds the handlers, the states, the session and the room.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::quote;
use syn::{GenericParam, ItemType, ItemUse, Path, UseTree};

use super::guard::Frame;
use super::items::{self, Kind, RawAttribute, RawItem};
use super::marker::{self, Marker};
use super::timer::Owners;
use super::{guard, handler, methods, part, phases, push, room, route, unmarked, words};
use crate::diagnostics::Diagnostics;
use crate::events::Event;
use crate::hints;
use crate::model::{Form, Handler, Item, Part, Room, RouteMark, Scope};

/// A module, before its body is read.
pub(super) struct Place {
    /// What precedes the body: attributes, visibility, `mod` and the name.
    pub(super) head: TokenStream,
    pub(super) name: Ident,
    pub(super) route: Option<RouteMark>,
}

/// Reads the body of the server's module, or of a route in a file of its own. Returns what belongs to the server apart.
pub(super) fn read(
    place: Place,
    body: &Group,
    runtime: Option<&Path>,
    diagnostics: &mut Diagnostics,
) -> (Scope, Shared) {
    let mut shared = Shared::default();
    let scope = read_scope(place, body, None, None, runtime, &mut shared, diagnostics);
    (scope, shared)
}

/// Reads the body of a module, and of the routes within it. `number` is that of a route.
fn read_scope(
    Place { head, name, route }: Place,
    body: &Group,
    number: Option<usize>,
    outer: Option<&Frame<'_>>,
    runtime: Option<&Path>,
    shared: &mut Shared,
    diagnostics: &mut Diagnostics,
) -> Scope {
    let (inner_attributes, items) = items::cut(body.stream());
    let module = name.clone();
    let has_rooms = route.is_some() || room::is_mentioned(body.stream());
    let frame = Frame { items: &items, module: &module, outer };
    let scope = Scope {
        head,
        name,
        route,
        span: body.span(),
        inner_attributes,
        items: Vec::new(),
        sessions: Vec::new(),
        rooms: Vec::new(),
        has_rooms,
        handlers: Vec::new(),
        pushes: Vec::new(),
        handshake_unread: false,
        create_unread: false,
        parts_unclear: false,
        marks: Vec::new(),
        words: Vec::new(),
        aliases: Vec::new(),
        types: Vec::new(),
        imports: items.iter().any(|item| matches!(item.kind, Kind::Use | Kind::Other)),
        has_own_arguments: false,
        extractors: Vec::new(),
    };
    let owners = Owners::of(&items, runtime);
    let mut reader = Reader { runtime, owners, frame: &frame, number, scope, shared, diagnostics };
    items.iter().for_each(|item| reader.item(item));
    let mut scope = reader.scope;
    guard::read(&mut scope, &frame, runtime, diagnostics);
    room::give_ticks(&mut scope);
    scope
}

/// What a module declares for the server as a whole.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) states: Vec<Part>,
    pub(crate) identities: Vec<Part>,
    /// In the order in which they begin. Each is there when it has been read.
    pub(crate) routes: Vec<Option<Scope>>,
}

struct Reader<'r> {
    /// The path of the runtime, by which its attributes may be written.
    runtime: Option<&'r Path>,
    /// The items of the module, and the modules around it.
    frame: &'r Frame<'r>,
    /// The number of the route; `None` for the server's module.
    number: Option<usize>,
    /// The types whose fields can be timers.
    owners: Owners,
    scope: Scope,
    shared: &'r mut Shared,
    diagnostics: &'r mut Diagnostics,
}

/// What the attributes of an item tell.
#[derive(Default)]
struct Marked {
    marker: Option<Marker>,
    /// Whether the item is, or may be meant as, the handler of `handshake`.
    may_be_handshake: bool,
    /// The same for `create`.
    may_be_create: bool,
    /// `None` also if the function cannot be called.
    handler: Option<Handler>,
}

impl Reader<'_> {
    fn item(&mut self, item: &RawItem) {
        self.note_name(item);
        if item.kind == Kind::Module
            && let Some(form) = self.route(item)
        {
            let attributes =
                item.attributes.iter().filter(|attribute| !route::is_read(attribute, self.runtime));
            let attributes = attributes.map(RawAttribute::tokens).collect();
            let tokens = item.tokens.iter().cloned().collect();
            self.scope.items.push(Item { attributes, tokens, form });
            return;
        }
        if let Some(unmarked) = unmarked::read(item, &self.scope.name, self.runtime) {
            let unmarked::Unmarked { place, message, attributes, tokens } = unmarked;
            self.diagnostics.error(place, message);
            self.scope.items.push(Item { attributes, tokens, form: Form::AsWritten });
            return;
        }
        let marked = self.marked(item);
        let form = self.form(item, &marked);
        let written = self.write_back(item, marked.marker, form);
        self.scope.items.push(written);
        match marked.handler {
            Some(handler) if form == Form::AsWritten => self.scope.handlers.push(handler),
            _ => {
                self.scope.handshake_unread |= marked.may_be_handshake;
                self.scope.create_unread |= marked.may_be_create;
            }
        }
    }

    fn is_route(&self, attribute: &RawAttribute) -> bool {
        Marker::of(attribute, self.runtime) == Some(Marker::Route)
    }

    /// Reads a module marked `#[route(…)]`; `None` if it is not marked.
    fn route(&mut self, item: &RawItem) -> Option<Form> {
        let attribute = item.attributes.iter().find(|attribute| self.is_route(attribute))?;
        let name = item.name.clone()?;
        self.scope.marks.extend(attribute.path.last().cloned());
        route::stands_alone(item, attribute, self.runtime, self.diagnostics);
        let read = route::read(attribute, self.diagnostics);
        let Some((head, body)) = item.split_body() else {
            self.diagnostics.error(
                &name,
                format!(
                    "the macro has to see the handlers, but `mod {name};` has no body: write `mod {name} {{ … }}` here\n\
                     a route in a file of its own is declared outside of the server's module: in `{name}.rs` write \
                     `#[route(…, server = crate::…)] pub mod route {{ … }}`, and name it in the list of the server, \
                     `routes = [crate::{name}::route]`"
                ),
            );
            return Some(Form::Omitted);
        };
        let number = self.shared.routes.len();
        self.shared.routes.push(None);
        let is_wrong = read.is_none() || self.scope.route.as_ref().is_some_and(|outer| outer.is_wrong);
        let route::Route { path, guard, options, .. } =
            read.unwrap_or_else(|| route::Route::none(name.span()));
        let outer = self.scope.route.as_ref();
        let full_path = match outer {
            Some(outer) => format!("{}{}", outer.full_path.trim_end_matches('/'), path.value()),
            None => path.value(),
        };
        let mark = RouteMark {
            path,
            full_path,
            is_wrong,
            guard,
            options,
            cfgs: handler::conditions(&item.attributes),
            outer: self.number,
            depth: outer.map_or(0, |outer| outer.depth) + 1,
            server: None,
        };
        let place = Place { head, name, route: Some(mark) };
        let scope = read_scope(
            place,
            body,
            Some(number),
            Some(self.frame),
            self.runtime,
            self.shared,
            self.diagnostics,
        );
        if let Some(place) = self.shared.routes.get_mut(number) {
            *place = Some(scope);
        }
        Some(Form::Route(number))
    }

    /// Records the names that arguments can refer to.
    fn note_name(&mut self, item: &RawItem) {
        match (item.kind, &item.name) {
            (Kind::Struct | Kind::Enum | Kind::Union, Some(name)) => self.scope.types.push(name.clone()),
            (Kind::TypeAlias, Some(_)) => {
                let tokens: TokenStream = item.tokens.iter().cloned().collect();
                if let Ok(alias) = syn::parse2::<ItemType>(tokens)
                    && alias.generics.params.iter().all(|param| matches!(param, GenericParam::Lifetime(_)))
                {
                    self.scope.aliases.push((alias.ident, *alias.ty));
                }
            }
            (Kind::Impl, _) => {
                self.scope.has_own_arguments |= mentions(&item.tokens, "FromContext");
                if mentions(&item.tokens, "FromRequestParts") {
                    self.scope.extractors.extend(words(&item.tokens).cloned());
                }
            }
            _ => {}
        }
    }

    /// Reads the marker attributes of an item.
    fn marked(&mut self, item: &RawItem) -> Marked {
        for attribute in &item.attributes {
            if let Some((word, _)) = conditional_marker(attribute) {
                self.diagnostics.error(&word, in_cfg_attr(&word));
            }
        }
        let runtime = self.runtime;
        let mut markers =
            item.attributes.iter().filter_map(|attribute| Some((Marker::of(attribute, runtime)?, attribute)));
        let foreign = self.foreign_attributes(item);
        let Some((marker, attribute)) = markers.next() else {
            let may_be_meant = foreign | self.marked_methods(item);
            return Marked {
                may_be_handshake: may_be_meant,
                may_be_create: may_be_meant,
                ..Marked::default()
            };
        };
        self.scope.marks.extend(attribute.path.last().cloned());
        self.scope.words.extend(words::of(marker, attribute));
        if let Some((second, other)) = markers.next() {
            if marker.marks_functions() && second.marks_functions() {
                self.diagnostics.error(&other.group, marker::ONE_EACH);
            } else {
                let (first, second) = (marker.name(), second.name());
                self.diagnostics.error(
                    &other.group,
                    format!("this item already has `#[{first}]`: give `#[{second}]` an item of its own"),
                );
            }
            self.scope.parts_unclear |= !marker.marks_functions();
        }
        if marker.marks_functions() {
            return self.handler(marker, attribute, item);
        }
        if marker == Marker::Route {
            self.diagnostics.error(&attribute.group, route::on_no_module(item));
        } else if marker == Marker::Push {
            self.scope.pushes.extend(push::read(attribute, item, self.scope.items.len(), self.diagnostics));
        } else {
            self.part(marker, attribute, item);
        }
        Marked { marker: Some(marker), ..Marked::default() }
    }

    /// Reports attributes of other frameworks. Returns whether there are any.
    fn foreign_attributes(&mut self, item: &RawItem) -> bool {
        let before = self.diagnostics.count();
        for attribute in &item.attributes {
            if let Some(hint) = foreign_attribute(item, attribute) {
                self.diagnostics.error(&attribute.group, hint);
            }
        }
        self.diagnostics.count() != before
    }

    /// Reports handlers that are methods. Returns whether there are any.
    fn marked_methods(&mut self, item: &RawItem) -> bool {
        let Some((_, marked)) = methods::unmark(item, self.runtime) else { return false };
        for (marker, attribute) in &marked {
            let name = marker.name();
            self.diagnostics.error(
                &attribute.group,
                format!(
                    "`#[{name}]` belongs on a function, and this is a method: move it out of the `impl`, and take the state or the \
                     session by reference instead of `self`"
                ),
            );
        }
        true
    }

    fn handler(&mut self, marker: Marker, attribute: &RawAttribute, item: &RawItem) -> Marked {
        let role = marker::role(marker, attribute, &self.owners, self.diagnostics);
        // A misspelt event may be meant as one of these.
        let may_be = |event| match &role {
            Some((role, _)) => role.event() == Some(event),
            None => marker == Marker::On,
        };
        let (may_be_handshake, may_be_create) = (may_be(Event::Handshake), may_be(Event::Create));
        let marked = Marked { marker: Some(marker), may_be_handshake, may_be_create, handler: None };
        if item.kind != Kind::Function {
            let name = marker.name();
            self.diagnostics.error(
                &attribute.group,
                format!("`#[{name}]` belongs on a function, and this is {}", item.noun()),
            );
            return marked;
        }
        let Some(role) = role else { return marked };
        let handler = handler::read(role, item, self.scope.items.len(), self.diagnostics);
        Marked { handler, ..marked }
    }

    fn part(&mut self, marker: Marker, attribute: &RawAttribute, item: &RawItem) {
        if !matches!(marker, Marker::Identity | Marker::State | Marker::Room) {
            marker::takes_nothing(marker, attribute, self.diagnostics);
        }
        let is_locked = marker == Marker::State && part::lock(attribute, self.diagnostics);
        let before = self.diagnostics.count();
        let part = part::read(marker, attribute, item, self.diagnostics);
        if self.scope.route.is_some() && matches!(marker, Marker::State | Marker::Identity) {
            let message = if marker == Marker::State {
                "a state belongs to the server, which has one of it: declare it in the server's module; one for each path \
                 of a route is a `#[room]`"
            } else {
                "an identity is the same on every route: declare it in the server's module, whose `handshake` makes it"
            };
            self.diagnostics.error(&attribute.group, message);
            self.scope.parts_unclear = true;
            return;
        }
        self.scope.parts_unclear |= self.diagnostics.count() != before;
        match marker {
            Marker::State => self.shared.states.extend(part.map(|part| Part { is_locked, ..part })),
            Marker::Identity => self.shared.identities.extend(part),
            Marker::Room => {
                let rules = room::read(attribute, self.diagnostics);
                self.scope.has_rooms = true;
                // One that stays on a thread has no handle.
                let part = part.filter(|part| !self.stays_on_a_thread(part));
                self.scope.rooms.extend(part.map(|part| Room { part, rules }));
            }
            Marker::Session
            | Marker::On
            | Marker::Tick
            | Marker::Watch
            | Marker::Timer
            | Marker::Push
            | Marker::Route
            | Marker::Get => {
                self.scope.sessions.extend(part);
            }
        }
    }

    /// Reports a room that cannot be sent between threads, where that is seen. The compiler says it for each handler.
    fn stays_on_a_thread(&mut self, room: &Part) -> bool {
        let Some(ty) = self.owners.in_room(&room.name, "Rc") else { return false };
        self.diagnostics.error(
            ty,
            "a room is changed by all threads of the server, and an `Rc` stays on its own: write `Arc`",
        );
        self.scope.parts_unclear = true;
        true
    }

    /// How the item is emitted. `plan` adds the handlers that break a rule.
    fn form(&mut self, item: &RawItem, marked: &Marked) -> Form {
        let takes_name = matches!(item.kind, Kind::Function | Kind::Constant | Kind::Static);
        let is_server = self.scope.route.is_none();
        if let Some(name) = item.name.as_ref().filter(|name| is_server && takes_name && *name == GENERATED) {
            self.diagnostics.error(
                name,
                format!("`#[ws_server]` generates a function `{GENERATED}` in this module: rename this one"),
            );
            return Form::OwnScope;
        }
        match marked {
            Marked { marker: Some(marker), handler: None, .. } if marker.marks_functions() => {
                handler::uncalled(item)
            }
            Marked { marker: None, may_be_handshake: true, .. } if item.kind == Kind::Function => {
                handler::uncalled(item)
            }
            _ => Form::AsWritten,
        }
    }

    /// The item without the attributes that this macro reads.
    fn write_back(&self, item: &RawItem, marker: Option<Marker>, form: Form) -> Item {
        let is_read = |attribute: &RawAttribute| {
            (marker.is_some() && Marker::of(attribute, self.runtime).is_some())
                || conditional_marker(attribute).is_some()
                || foreign_attribute(item, attribute).is_some()
        };
        let kept = item.attributes.iter().filter(|attribute| !is_read(attribute));
        let mut attributes: TokenStream = kept.map(RawAttribute::tokens).collect();
        if item.kind == Kind::Use && serves_attributes(item) {
            // The import may now be unused, as the attributes that it imported are removed.
            attributes.extend(quote!(#[allow(unused_imports, clippy::wildcard_imports)]));
        }
        // A method of a trait has no visibility.
        let skipped = if form == Form::Method { item.visibility_len() } else { 0 };
        let tokens = match methods::unmark(item, self.runtime) {
            Some((unmarked, _)) if marker.is_none_or(|marker| !marker.marks_functions()) => unmarked,
            _ if marker == Some(Marker::Session) && item.kind == Kind::Enum => {
                phases::without_refusals(&item.tokens)
            }
            _ => item.tokens.iter().skip(skipped).cloned().collect(),
        };
        Item { attributes, tokens, form }
    }
}

/// What to write instead of an attribute of another framework.
fn foreign_attribute(item: &RawItem, attribute: &RawAttribute) -> Option<String> {
    match attribute.path.as_slice() {
        [only] if item.kind == Kind::Function => {
            let name = only.to_string();
            Marker::of_name(&name).is_none().then(|| hints::attribute(&name)).flatten()
        }
        _ => None,
    }
}

fn mentions(tokens: &[TokenTree], wanted: &str) -> bool {
    words(tokens).any(|word| word == wanted)
}

fn words(tokens: &[TokenTree]) -> impl Iterator<Item = &Ident> {
    tokens.iter().filter_map(|token| match token {
        TokenTree::Ident(word) => Some(word),
        TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    })
}

/// The marker in `#[cfg_attr(…, on(utf8))]`: it is expanded too late for this macro to see the handler.
pub(super) fn conditional_marker(attribute: &RawAttribute) -> Option<(Ident, Marker)> {
    if !attribute.is("cfg_attr") {
        return None;
    }
    // The condition is before the first comma.
    let arguments = attribute.arguments()?.stream().into_iter();
    let mut attributes =
        arguments.skip_while(|token| !matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','));
    attributes.find_map(|token| match token {
        TokenTree::Ident(word) => Marker::of_name(&word.to_string()).map(|marker| (word, marker)),
        _ => None,
    })
}

/// What is wrong with a marker inside `cfg_attr`.
pub(super) fn in_cfg_attr(word: &Ident) -> String {
    format!(
        "`{word}` does not work inside `cfg_attr`: write `#[cfg(…)]` beside `#[{word}]`, on an item of its own"
    )
}

/// Whether a `use` may only import the attributes: `use super::*`, a prelude, or one of them by name. Also true for
/// an import of the generated name, which the compiler reports.
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

/// The function that the macro generates.
const GENERATED: &str = "server";
