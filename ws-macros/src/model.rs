//! What a server is, as its user wrote it: each part keeps the tokens that it came from. Only `parse` makes a model, and
//! nothing changes it afterwards.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Expr, ReturnType, Type};
use ws_spec::options::Kind;

use crate::cfgs::Cfgs;
use crate::events::{self, Event, Row};

/// One module marked `#[ws_server]`: its settings, what belongs to the server as a whole, and the module itself.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) settings: Settings,
    /// More than one only as twins under `#[cfg]`.
    pub(crate) states: Vec<Part>,
    pub(crate) root: Scope,
}

/// A module with handlers, and all that the macro has to know of what stands in it. A server has one, its own.
#[derive(Debug)]
pub(crate) struct Scope {
    /// What stands before the body: attributes, visibility and `mod`.
    pub(crate) head: TokenStream,
    pub(crate) name: Ident,
    /// Where the braces of the body stand.
    pub(crate) span: Span,
    /// The attributes at the beginning of the body.
    pub(crate) inner_attributes: TokenStream,
    pub(crate) items: Vec<Item>,
    /// More than one only as twins under `#[cfg]`.
    pub(crate) sessions: Vec<Part>,
    pub(crate) handlers: Vec<Handler>,
    /// Whether a handler that could not be read answers `handshake`, or may.
    pub(crate) handshake_unread: bool,
    /// Whether a mark on a type was wrong, so that nobody knows what the state and the session are.
    pub(crate) parts_unclear: bool,
    /// The names of the attributes that were read, as the user wrote them.
    pub(crate) marks: Vec<Ident>,
    /// The module's own type aliases: what an argument is called may be one.
    pub(crate) aliases: Vec<(Ident, Type)>,
    /// Types declared in the module, marked or not.
    pub(crate) types: Vec<Ident>,
    /// Whether the module implements arguments of its own.
    pub(crate) has_own_arguments: bool,
}

/// An item of a module as it is written back.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) attributes: TokenStream,
    pub(crate) tokens: TokenStream,
    pub(crate) form: Form,
}

/// How an item is written back, so that what is wrong with it leads to no further errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As the user wrote it.
    AsWritten,
    /// A function that nothing calls, as something is wrong with it.
    Uncalled,
    /// In a scope of its own, as its name belongs to what is generated.
    OwnScope,
    /// In a trait, as it takes `self`.
    Method,
    /// Not at all, as nowhere else it would be right.
    Omitted,
}

/// What the attribute of the module says.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// Where the runtime is, if not at `::ws_runtime`.
    pub(crate) runtime: Option<syn::Path>,
    pub(crate) values: Vec<Setting>,
}

/// One option and its value.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) kind: Kind,
    /// The key as it stands there.
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

/// The type marked `#[state]` or `#[session]`.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) name: Ident,
    pub(crate) reach: Reach,
    pub(crate) cfgs: Cfgs,
}

/// Whether a type can be named outside the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    Private,
    Public,
}

/// A function that answers an event.
#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) role: Role,
    pub(crate) name: Ident,
    pub(crate) flow: Flow,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) output: ReturnType,
    pub(crate) cfgs: Cfgs,
    /// The number of its item in the module.
    pub(crate) item: usize,
}

/// What a handler answers.
#[derive(Debug)]
pub(crate) enum Role {
    On(Event),
    Tick { period: Expr },
    Watch { interest: Interest, handle: Expr },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Plain,
    Async,
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
    /// The tuple struct that it is taken apart by, as in `State(db): State<Db>`.
    pub(crate) taken_apart: Option<Ident>,
    pub(crate) cfgs: Cfgs,
}

impl Handler {
    /// What the macro knows of the event that it answers.
    pub(crate) fn row(&self) -> &'static Row {
        match self.role {
            Role::On(event) => event.row(),
            Role::Tick { .. } => &events::TICK,
            Role::Watch { .. } => &events::WATCH,
        }
    }

    /// The event that it answers; none for what has an attribute of its own.
    pub(crate) fn event(&self) -> Option<Event> {
        self.role.event()
    }
}

impl Role {
    pub(crate) fn event(&self) -> Option<Event> {
        match self {
            Self::On(event) => Some(*event),
            Self::Tick { .. } | Self::Watch { .. } => None,
        }
    }
}
