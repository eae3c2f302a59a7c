//! The functions that are handlers, and what each handles.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{Expr, LitStr, Member, ReturnType, Type};
use ws_spec::path::Pattern;

use crate::cfgs::Cfgs;
use crate::events::{self, Event, Output, Row};
use crate::syntax::{is_stream, mentions, output_type};

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
    /// The word `blocking`.
    pub(crate) blocking: Option<Ident>,
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
    /// The stream borrows nothing, as `+ use<>` says: the handler is called as a plain one, and only the stream runs
    /// beside.
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

    /// Whether it runs on a thread of its own, as it may block.
    pub(crate) fn blocks(&self) -> bool {
        self.limits.blocking.is_some()
    }

    /// Whether it must not hold a lock: it awaits, or blocks.
    pub(crate) fn holds_no_lock(&self) -> bool {
        self.awaits() || self.blocks()
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
