//! The model of a server, as the user wrote it. Each part keeps the tokens it was read from. Only `parse` builds a model;
//! no later stage changes it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Expr, Generics, LitStr, Member, ReturnType, Type};
use ws_spec::options::Kind;
use ws_spec::path::Pattern;

use crate::cfgs::Cfgs;
use crate::events::{self, Event, Output, Row};
use crate::syntax::{is_stream, mentions, output_type};

/// One module marked `#[ws_server]`: its settings, what belongs to the server as a whole, and the module itself. Also a route
/// in a file of its own, which knows no states and no identity.
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
    /// Whether the connections of a path are a room: in each route, and elsewhere where `#[room]` is, or the word `Room`.
    pub(crate) has_rooms: bool,
    pub(crate) handlers: Vec<Handler>,
    pub(crate) pushes: Vec<Push>,
    /// Whether a handler could not be read that is, or may be, the one of `handshake`.
    pub(crate) handshake_unread: bool,
    /// Whether a handler could not be read that is, or may be, the one of `create`.
    pub(crate) create_unread: bool,
    /// Whether `#[state]`, `#[session]`, `#[identity]` or `#[room]` was used wrongly, so that the types marked by them are unknown.
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
    /// The index of the route around it; `None` directly within the server's module, or within a route in a file of its own.
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

/// The arguments of `#[ws_server(…)]`.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// The path of the runtime, if it is not `::ws_runtime`.
    pub(crate) runtime: Option<syn::Path>,
    /// The keys of the envelope that have another name.
    pub(crate) envelope: EnvelopeKeys,
    pub(crate) options: Options,
    /// The routes in files of their own, if there is a list of them.
    pub(crate) routes: Option<Vec<Listed>>,
}

/// A route in a file of its own.
#[derive(Debug)]
pub(crate) struct Listed {
    /// Its module, as seen from within the server's.
    pub(crate) path: syn::Path,
    pub(crate) cfgs: Cfgs,
}

/// The options that an attribute sets, of a server or of a route.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) values: Vec<Setting>,
    /// Keys that are no option, or have no right value.
    pub(crate) unknown: Vec<Word>,
}

/// A word of an attribute.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) vocabulary: Vocabulary,
    pub(crate) name: Ident,
    pub(crate) is_known: bool,
}

/// What a word can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vocabulary {
    /// The event of `#[on(…)]`.
    Event,
    /// A limit of its handler.
    Limit,
    /// A key of `#[ws_server(…)]` or of `#[route(…)]`.
    Option,
    /// A rule of `#[room(…)]`.
    Rule,
}

/// The names of an envelope's keys: `envelope(type = "event", …)`.
#[derive(Debug, Default)]
pub(crate) struct EnvelopeKeys {
    pub(crate) kind: Option<LitStr>,
    pub(crate) id: Option<LitStr>,
    pub(crate) data: Option<LitStr>,
}

/// One option and its value.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) kind: Kind,
    /// The key as the user wrote it.
    pub(crate) word: Ident,
    pub(crate) value: Value,
}

#[derive(Debug)]
pub(crate) enum Value {
    Expression(Expr),
    /// `tls(cert = …, key = …)`
    Files {
        cert: Expr,
        key: Expr,
    },
    /// `origins = any` or `origins = same`.
    Origins(Ident),
}

/// A type marked `#[room]`: the state of a room, of which each path has one.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(crate) part: Part,
    pub(crate) rules: Rules,
}

/// The arguments of `#[room(…)]`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    /// How long an empty room is kept.
    pub(crate) keep: Option<Expr>,
    /// How many rooms there may be at once.
    pub(crate) max_rooms: Option<Expr>,
    /// The word that lets whoever asks for a path make its room.
    pub(crate) open: Option<Ident>,
}

/// A type marked `#[state]`, `#[session]`, `#[identity]` or `#[room]`.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) name: Ident,
    pub(crate) reach: Reach,
    pub(crate) cfgs: Cfgs,
    /// Whether `#[state(lock)]` says that a route in another file changes it.
    pub(crate) is_locked: bool,
    /// The field that connections are found by, of an identity.
    pub(crate) key: Option<Member>,
    /// The variants, of a session that is an enum.
    pub(crate) phases: Vec<Phase>,
}

/// A variant of the session: a phase of the connection.
#[derive(Debug, Clone)]
pub(crate) struct Phase {
    pub(crate) name: Ident,
    /// What handlers can take in this phase.
    pub(crate) payload: Option<Payload>,
    pub(crate) cfgs: Cfgs,
    /// What answers a message that is for another phase, from `#[reject(…)]`.
    pub(crate) status: Option<Expr>,
    pub(crate) text: Option<LitStr>,
    pub(crate) code: Option<LitStr>,
}

/// The only field of a tuple variant.
#[derive(Debug, Clone)]
pub(crate) struct Payload {
    /// Without the `Box` around it.
    pub(crate) ty: Type,
    pub(crate) is_boxed: bool,
}

impl Payload {
    /// The name of its type.
    pub(crate) fn name(&self) -> Option<&Ident> {
        match &self.ty {
            Type::Path(path) => path.path.segments.last().map(|last| &last.ident),
            _ => None,
        }
    }

    /// Whether another payload has the same type, as it is written.
    pub(crate) fn is_type_of(&self, other: &Self) -> bool {
        self.ty.to_token_stream().to_string() == other.ty.to_token_stream().to_string()
    }
}

/// The type marked `#[push]`: what the server may send on its own.
#[derive(Debug)]
pub(crate) struct Push {
    pub(crate) name: Ident,
    /// The type of the message.
    pub(crate) wire: LitStr,
    /// What the peer answers, if it is a question.
    pub(crate) answer: Option<Type>,
    pub(crate) generics: Generics,
    pub(crate) cfgs: Cfgs,
    /// The index of its item in the module.
    pub(crate) item: usize,
}

/// Whether a type can be named outside the module.
#[derive(Debug, Clone)]
pub(crate) enum Reach {
    Private,
    /// By this visibility.
    Public(TokenStream),
}

/// A function that handles an event.
#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) role: Role,
    pub(crate) limits: Limits,
    pub(crate) name: Ident,
    pub(crate) flow: Flow,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) output: ReturnType,
    pub(crate) cfgs: Cfgs,
    /// The index of its item in the module that it stands in.
    pub(crate) item: usize,
    /// How many modules above its scope it stands: a guard may be one of an outer module.
    pub(crate) above: usize,
}

/// What a handler is for, by its attribute.
#[derive(Debug)]
pub(crate) enum Role {
    On(Event),
    /// `#[on("name")]`: a message of that type.
    Named(LitStr),
    /// A function without an attribute that `guard = …` of a handler names.
    Guard,
    /// A function without an attribute that `guard = …` of the route names.
    RouteGuard,
    /// `#[get("/path")]`
    Get(PathText),
    /// A function without an attribute that `guard = …` of a `#[get]` names.
    GetGuard,
    Tick {
        period: Expr,
        of: Ticking,
    },
    Watch {
        interest: Interest,
        handle: Expr,
    },
    Timer(TimerPlace),
}

/// What a tick belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ticking {
    Server,
    /// Each room, because it takes the room or its handle.
    Room,
}

/// A path as it is written, and what it means.
#[derive(Debug)]
pub(crate) struct PathText {
    pub(crate) text: LitStr,
    pub(crate) pattern: Pattern,
}

/// The field of a `#[timer(…)]`.
#[derive(Debug)]
pub(crate) struct TimerPlace {
    pub(crate) owner: Owner,
    /// The way to the field in its owner.
    pub(crate) members: Vec<Member>,
    /// Whether the field may hold several timers, so that the handler can take an index or a key.
    pub(crate) has_keys: bool,
}

impl TimerPlace {
    /// The owner, unless it is the session, and the way to the field.
    fn written(&self) -> String {
        let owner = match &self.owner {
            Owner::Session => None,
            Owner::Phase(name) | Owner::State(name) | Owner::Room(name) => Some(name.to_string()),
        };
        let members = self.members.iter().map(|member| member.to_token_stream().to_string());
        owner.into_iter().chain(members).collect::<Vec<_>>().join(".")
    }
}

/// What a field belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    Session,
    /// The payload of this name, in a phase of the session.
    Phase(Ident),
    /// The state of this name.
    State(Ident),
    /// The room of this name.
    Room(Ident),
}

/// What an attribute says about when and how often its handler runs: `#[on("name", rate = 5)]`.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    pub(crate) rate: Option<Expr>,
    pub(crate) guard: Option<syn::Path>,
    pub(crate) timeout: Option<Expr>,
    pub(crate) concurrent: Option<Expr>,
}

/// What only one handler of a module can handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    Event(Event),
    /// A message of this type.
    Message(String),
    /// The timers in this field.
    Timer(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Plain,
    Async,
}

/// How a handler answers by a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Streams {
    /// The stream borrows from the arguments: the whole handler runs beside others.
    Borrowing,
    /// The stream borrows nothing, as `+ use<>` says: the handler is called as a plain one, and only the stream runs beside.
    Alone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    Readable,
    Writable,
}

/// One argument of a handler.
#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) ty: Type,
    /// The tuple struct in its pattern, as in `State(db): State<Db>`.
    pub(crate) taken_apart: Option<Ident>,
    pub(crate) cfgs: Cfgs,
}

impl Scope {
    /// Whether connections can be opened to it: a module that only holds other routes is none.
    pub(crate) fn serves(&self) -> bool {
        let has_routes = self.items.iter().any(|item| matches!(item.form, Form::Route(_)));
        let has_handlers =
            self.handlers.iter().any(|handler| !matches!(handler.role, Role::Guard | Role::RouteGuard));
        has_handlers || !self.sessions.is_empty() || !self.pushes.is_empty() || !has_routes
    }
}

impl Handler {
    /// The row of its event in the table.
    pub(crate) fn row(&self) -> &'static Row {
        if self.runs_beside() { &events::CONCURRENT } else { self.row_of_role() }
    }

    fn row_of_role(&self) -> &'static Row {
        match &self.role {
            Role::On(event) => event.row(),
            Role::Named(_) => &events::NAMED,
            Role::Guard => &events::GUARD,
            Role::RouteGuard => &events::ROUTE_GUARD,
            Role::Get(_) => &events::GET,
            Role::GetGuard => &events::GET_GUARD,
            Role::Tick { of: Ticking::Server, .. } => &events::TICK,
            Role::Tick { of: Ticking::Room, .. } => &events::ROOM_TICK,
            Role::Watch { .. } => &events::WATCH,
            Role::Timer(place) => match place.owner {
                Owner::Session | Owner::Phase(_) => &events::SESSION_TIMER,
                Owner::State(_) => &events::STATE_TIMER,
                Owner::Room(_) => &events::ROOM_TIMER,
            },
        }
    }

    /// What it handles and no other handler can; `None` for a tick or a watch.
    pub(crate) fn subject(&self) -> Option<Subject> {
        match &self.role {
            Role::On(event) => Some(Subject::Event(*event)),
            Role::Named(name) => Some(Subject::Message(name.value())),
            Role::Timer(place) => Some(Subject::Timer(place.written())),
            Role::Guard
            | Role::RouteGuard
            | Role::Get(_)
            | Role::GetGuard
            | Role::Tick { .. }
            | Role::Watch { .. } => None,
        }
    }

    /// Whether it runs beside other handlers of its connection.
    pub(crate) fn runs_beside(&self) -> bool {
        self.limits.concurrent.is_some() || self.streams() == Some(Streams::Borrowing)
    }

    /// How it answers by a stream, if it does.
    pub(crate) fn streams(&self) -> Option<Streams> {
        if self.row_of_role().output != Output::Data || !is_stream(&self.output) {
            return None;
        }
        let is_alone = output_type(&self.output).is_some_and(|ty| mentions(ty, "use"));
        Some(if is_alone && self.flow == Flow::Plain { Streams::Alone } else { Streams::Borrowing })
    }

    /// Whether its future, or what its stream borrows, goes on after the call.
    pub(crate) fn awaits(&self) -> bool {
        self.flow == Flow::Async || self.streams() == Some(Streams::Borrowing)
    }

    /// The event that it handles; `None` for a named message, a tick or a watch.
    pub(crate) fn event(&self) -> Option<Event> {
        self.role.event()
    }
}

impl Subject {
    /// As it stands in `#[on(…)]`.
    pub(crate) fn written(&self) -> String {
        match self {
            Self::Event(event) => event.name().to_owned(),
            Self::Message(name) => format!("{name:?}"),
            Self::Timer(field) => field.clone(),
        }
    }
}

impl Role {
    /// The type of the messages that it handles.
    pub(crate) fn message_name(&self) -> Option<&LitStr> {
        match self {
            Self::Named(name) => Some(name),
            Self::On(_)
            | Self::Guard
            | Self::RouteGuard
            | Self::Get(_)
            | Self::GetGuard
            | Self::Tick { .. }
            | Self::Watch { .. }
            | Self::Timer(_) => None,
        }
    }

    pub(crate) fn event(&self) -> Option<Event> {
        match self {
            Self::On(event) => Some(*event),
            Self::Named(_)
            | Self::Guard
            | Self::RouteGuard
            | Self::Get(_)
            | Self::GetGuard
            | Self::Tick { .. }
            | Self::Watch { .. }
            | Self::Timer(_) => None,
        }
    }
}
