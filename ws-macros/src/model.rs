//! The model of a server, as the user wrote it. Each part keeps the tokens it was read from. Only `parse` builds a
//! model; no later stage changes it.

mod handlers;
mod parts;
mod settings;

use proc_macro2::{Ident, Span, TokenStream};
use syn::{LitStr, Type};

use crate::cfgs::Cfgs;

pub(crate) use handlers::{
    Argument, Flow, Handler, Interest, Limits, Owner, PathText, Role, Streams, Subject, Ticking, TimerPlace,
};
pub(crate) use parts::{Part, Payload, Phase, Push, Reach, Room, Rules};
pub(crate) use settings::{
    Clients, EnvelopeKeys, Files, Listed, Need, Options, Setting, Settings, Value, Vocabulary, Word,
};

/// One module marked `#[ws_server]`: its settings, what belongs to the server as a whole, and the module itself. Also
/// a route in a file of its own, which knows no states and no identity.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) settings: Settings,
    /// In the order of their declaration.
    pub(crate) states: Vec<Part>,
    /// More than one only under different `#[cfg]` conditions.
    pub(crate) identities: Vec<Part>,
    /// The module itself.
    pub(crate) root: Scope,
    /// The modules marked `#[route]` within it, an outer one before its inner ones.
    pub(crate) routes: Vec<Scope>,
}

impl Server {
    /// Whether connections are served by routes, and not by the server's own module.
    pub(crate) fn has_routes(&self) -> bool {
        self.stands_alone() || self.settings.routes.is_some() || !self.routes.is_empty()
    }

    /// Whether it is no server, but a route in a file of its own: the root is that route.
    pub(crate) fn stands_alone(&self) -> bool {
        self.root.route.is_some()
    }

    /// The route around another one.
    pub(crate) fn around(&self, route: &RouteMark) -> Option<&Scope> {
        match route.outer {
            Some(outer) => self.routes.get(outer),
            None => (self.stands_alone() && route.depth > 0).then_some(&self.root),
        }
    }

    /// All modules with handlers: the server's own first.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &Scope> {
        std::iter::once(&self.root).chain(&self.routes)
    }

    /// The number, in the order of `scopes`, of the module so many levels above another.
    pub(crate) fn number_above(&self, scope: &Scope, levels: usize) -> Option<usize> {
        let mut outer = scope.route.as_ref()?.outer;
        for _ in 1..levels {
            outer = self.routes.get(outer?)?.route.as_ref()?.outer;
        }
        Some(outer.map_or(0, |outer| outer + 1))
    }
}

/// A module with handlers, and what the macro has to know about its items: the server's own, or one marked `#[route]`.
#[derive(Debug)]
pub(crate) struct Scope {
    /// What precedes the body: attributes, visibility, `mod` and the name.
    pub(crate) head: TokenStream,
    pub(crate) name: Ident,
    /// `None` for the server's own module.
    pub(crate) route: Option<RouteMark>,
    /// The span of the body's braces.
    pub(crate) span: Span,
    /// The inner attributes of the body.
    pub(crate) inner_attributes: TokenStream,
    pub(crate) items: Vec<Item>,
    /// More than one only under different `#[cfg]` conditions.
    pub(crate) sessions: Vec<Part>,
    /// More than one only under different `#[cfg]` conditions.
    pub(crate) rooms: Vec<Room>,
    /// Whether the connections of a path are a room: in each route, and elsewhere where `#[room]` is, or the word
    /// `Room`.
    pub(crate) has_rooms: bool,
    pub(crate) handlers: Vec<Handler>,
    pub(crate) pushes: Vec<Push>,
    /// Whether a handler could not be read that is, or may be, the one of `handshake`.
    pub(crate) handshake_unread: bool,
    /// Whether a handler could not be read that is, or may be, the one of `create`.
    pub(crate) create_unread: bool,
    /// Whether `#[state]`, `#[session]`, `#[identity]` or `#[room]` was used wrongly, so that the types marked by
    /// them are unknown.
    pub(crate) parts_unclear: bool,
    /// The names of the marker attributes, with their spans.
    pub(crate) marks: Vec<Ident>,
    /// The words inside of the marker attributes.
    pub(crate) words: Vec<Word>,
    /// The type aliases of the module: arguments may use them.
    pub(crate) aliases: Vec<(Ident, Type)>,
    /// Types declared in the module, marked or not.
    pub(crate) types: Vec<Ident>,
    /// Whether it has a `use`, or calls a macro, which may import.
    pub(crate) imports: bool,
    /// Whether the module implements `FromContext` for arguments of its own.
    pub(crate) has_own_arguments: bool,
    /// The names in the heads of its `impl`s of axum's `FromRequestParts`.
    pub(crate) extractors: Vec<Ident>,
}

/// What `#[route(…)]` says, and where the module stands.
#[derive(Debug)]
pub(crate) struct RouteMark {
    /// Its own part of the path.
    pub(crate) path: LitStr,
    /// The whole path, from the server's root.
    pub(crate) full_path: String,
    /// Whether the path was refused, and stands for none.
    pub(crate) is_wrong: bool,
    pub(crate) guard: Option<syn::Path>,
    /// Those that its connections have, instead of the server's.
    pub(crate) options: Options,
    pub(crate) cfgs: Cfgs,
    /// The index of the route around it; `None` directly within the server's module, or within a route in a file of
    /// its own.
    pub(crate) outer: Option<usize>,
    /// How many modules it lies below the server's, or below the route in a file of its own.
    pub(crate) depth: usize,
    /// The server's module, as seen from within the route, if the route stands in a file of its own.
    pub(crate) server: Option<syn::Path>,
}

/// An item of a module, without the attributes that the macro reads.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) attributes: TokenStream,
    pub(crate) tokens: TokenStream,
    pub(crate) form: Form,
}

/// How an item is emitted. A wrong item must not cause further errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As the user wrote it.
    AsWritten,
    /// A function that is not called because something is wrong with it: without a warning that it is unused.
    Uncalled,
    /// In a scope of its own, because its name conflicts with a generated item.
    OwnScope,
    /// In a trait, because it takes `self`.
    Method,
    /// Not at all, because the compiler would report it once more.
    Omitted,
    /// The route with this index, with its dispatch.
    Route(usize),
}

impl Scope {
    /// Whether connections can be opened to it: a module that only holds other routes is none.
    pub(crate) fn serves(&self) -> bool {
        let has_routes = self.items.iter().any(|item| matches!(item.form, Form::Route(_)));
        let has_handlers =
            self.handlers.iter().any(|handler| !matches!(handler.role, Role::Guard | Role::RouteGuard));
        has_handlers
            || !self.sessions.is_empty()
            || !self.rooms.is_empty()
            || !self.pushes.is_empty()
            || !has_routes
    }
}
