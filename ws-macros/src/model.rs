//! What a server is, as the macro understands it: each part keeps the tokens that it came from.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Expr, ReturnType, Type};

use crate::options::Key;

/// One module marked `#[ws_server]`.
#[derive(Debug)]
pub(crate) struct Server {
    /// What stands before the body: attributes, visibility and `mod`.
    pub(crate) head: TokenStream,
    pub(crate) name: Ident,
    /// The attributes at the beginning of the body.
    pub(crate) inner: TokenStream,
    pub(crate) items: Vec<Item>,
    pub(crate) settings: Settings,
    /// More than one only as twins under `#[cfg]`.
    pub(crate) states: Vec<Part>,
    pub(crate) sessions: Vec<Part>,
    pub(crate) handlers: Vec<Handler>,
    /// The names of the attributes that were read, as the user wrote them.
    pub(crate) marks: Vec<Ident>,
    /// The module's own type aliases: what an argument is called may be one.
    pub(crate) aliases: Vec<(Ident, Type)>,
    /// Types declared in the module, marked or not.
    pub(crate) types: Vec<Ident>,
    /// Whether the module teaches the events arguments of its own.
    pub(crate) teaches_arguments: bool,
    /// Whether a mark on a type was wrong, so that nobody knows what the state and the session are.
    pub(crate) parts_unclear: bool,
    /// Where the braces of the module stand.
    pub(crate) span: Span,
    /// Events whose handler was left out because something is wrong with it.
    pub(crate) abandoned: Vec<Event>,
}

/// An item of the module as it is written back.
#[derive(Debug, Default)]
pub(crate) struct Item {
    pub(crate) attributes: TokenStream,
    pub(crate) tokens: TokenStream,
    pub(crate) standing: Standing,
}

/// How an item is written back. What is wrong with one must not lead to further errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Standing {
    /// As the user wrote it.
    #[default]
    Whole,
    /// A handler that nothing calls, as something is wrong with it.
    LeftOut,
    /// Its name belongs to what is generated: in a scope of its own.
    Aside,
    /// A function that takes `self`: where that is allowed.
    Method,
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
    pub(crate) key: Key,
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
#[derive(Debug)]
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

/// The conditions of `#[cfg(…)]` attributes, all of which must hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cfgs(pub(crate) Vec<TokenStream>);

/// A function that answers an event.
#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) role: Role,
    pub(crate) name: Ident,
    pub(crate) flow: Flow,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) output: ReturnType,
    pub(crate) cfgs: Cfgs,
    /// Where its item stands in the module.
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
    pub(crate) asks: Asks,
    pub(crate) cfgs: Cfgs,
}

/// What an argument asks for, as far as its name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    State(Access),
    Session(Access),
    /// A type of the runtime or the language that is lent to any number of arguments.
    Plain,
    /// A reference to a type that the macro does not know: perhaps an alias, perhaps a watched handle.
    UnknownReference,
    /// A value of a type that the macro does not know.
    UnknownValue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Shared,
    Mutable,
    Value,
}

/// A built-in event: the words that `#[on(…)]` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Connect,
    Handshake,
    Ready,
    Utf8,
    Binary,
    Pong,
    Disconnect,
    Request,
    Shutdown,
}

impl Event {
    pub(crate) const ALL: [Self; 9] = [
        Self::Connect,
        Self::Handshake,
        Self::Ready,
        Self::Utf8,
        Self::Binary,
        Self::Pong,
        Self::Disconnect,
        Self::Request,
        Self::Shutdown,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Handshake => "handshake",
            Self::Ready => "ready",
            Self::Utf8 => "utf8",
            Self::Binary => "binary",
            Self::Pong => "pong",
            Self::Disconnect => "disconnect",
            Self::Request => "request",
            Self::Shutdown => "shutdown",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }

    /// What other tools call the event.
    pub(crate) fn of_foreign_name(name: &str) -> Option<Self> {
        Some(match name {
            "accept" | "tcp" => Self::Connect,
            "upgrade" | "auth" | "authenticate" | "admit" => Self::Handshake,
            "open" | "opened" | "connected" | "connection" | "join" => Self::Ready,
            "text" | "message" | "string" | "msg" | "receive" => Self::Utf8,
            "bytes" | "data" | "blob" | "bin" => Self::Binary,
            "close" | "closed" | "leave" | "disconnected" | "end" => Self::Disconnect,
            "http" | "get" | "page" => Self::Request,
            "stop" | "exit" | "terminate" => Self::Shutdown,
            _ => return None,
        })
    }

    /// Why the event has no session; none if it has one.
    pub(crate) fn without_session(self) -> Option<&'static str> {
        match self {
            Self::Connect => Some("there is no session before the handshake"),
            Self::Handshake => Some("it makes the session, so return one"),
            Self::Request => Some("a plain HTTP request never becomes a connection with a session"),
            Self::Shutdown => Some("it happens once for the server, not for one connection"),
            Self::Ready | Self::Utf8 | Self::Binary | Self::Pong | Self::Disconnect => None,
        }
    }
}

impl Handler {
    pub(crate) fn event(&self) -> Option<Event> {
        self.role.event()
    }
}

impl Role {
    /// The built-in event that it is; none for what has a mark of its own.
    pub(crate) fn event(&self) -> Option<Event> {
        match self {
            Self::On(event) => Some(*event),
            Self::Tick { .. } | Self::Watch { .. } => None,
        }
    }

    /// How the role is named in messages.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::On(event) => event.name(),
            Self::Tick { .. } => "tick",
            Self::Watch { .. } => "watch",
        }
    }

    /// Why what the handler answers has no session; none if it has one.
    pub(crate) fn without_session(&self) -> Option<&'static str> {
        match self {
            Self::On(event) => event.without_session(),
            Self::Tick { .. } => Some("it happens for the server, not for one connection"),
            Self::Watch { .. } => Some("it happens for the server, not for one connection"),
        }
    }
}

impl Cfgs {
    /// All of them as one condition.
    pub(crate) fn condition(&self) -> TokenStream {
        match self.0.as_slice() {
            [only] => only.clone(),
            conditions => quote!(all(#(#conditions),*)),
        }
    }

    /// Whether both stand under conditions, and not under the same: then at most one of them may exist.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        let text = |cfgs: &Self| cfgs.0.iter().map(ToString::to_string).collect::<Vec<_>>();
        !self.0.is_empty() && !other.0.is_empty() && text(self) != text(other)
    }

    /// Whether one is the other with a `not`, so that exactly one of them holds.
    pub(crate) fn is_opposite(&self, other: &Self) -> bool {
        let (one, other) = (self.condition(), other.condition());
        let negates =
            |one: &TokenStream, other: &TokenStream| one.to_string() == quote!(not(#other)).to_string();
        negates(&one, &other) || negates(&other, &one)
    }
}
