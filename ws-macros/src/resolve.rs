//! Names to meanings: what each argument of a handler asks for, through the aliases that its module declares.

use proc_macro2::Ident;
use syn::{Path, Type};

use crate::cfgs::Cfgs;
use crate::model::{Argument, Handler, Part, Role, Scope, Server};
use crate::syntax::{output_type, peel, success};

/// A server whose handlers' arguments are known for what they ask for.
#[derive(Debug)]
pub(crate) struct Resolved<'s> {
    pub(crate) server: &'s Server,
    /// One for each handler, in order.
    pub(crate) calls: Vec<Call<'s>>,
}

/// A handler and what it is to be called with.
#[derive(Debug, Clone)]
pub(crate) struct Call<'s> {
    pub(crate) handler: &'s Handler,
    pub(crate) arguments: Vec<(&'s Argument, Asks)>,
    /// Whether it returns the session, bare or in a `Result`.
    pub(crate) returns_session: bool,
    /// The conditions under which it is called: those of the handler, until its twins are known.
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

/// Tells what each argument asks for.
pub(crate) fn resolve(server: &Server) -> Resolved<'_> {
    let names = Names { scope: &server.root, states: &server.states };
    let call = |handler| names.call(handler);
    Resolved { server, calls: server.root.handlers.iter().map(call).collect() }
}

impl Call<'_> {
    /// Whether the handler needs the lock on the state, or needs there to be one.
    pub(crate) fn takes_state_mutably(&self) -> bool {
        self.arguments.iter().any(|(_, asks)| *asks == Asks::State(Access::Mutable))
    }

    pub(crate) fn is_watch(&self) -> bool {
        matches!(self.handler.role, Role::Watch { .. })
    }
}

/// The names that have a meaning in a module.
struct Names<'s> {
    scope: &'s Scope,
    states: &'s [Part],
}

impl<'s> Names<'s> {
    fn call(&self, handler: &'s Handler) -> Call<'s> {
        let asks = |argument: &'s Argument| (argument, self.asks(&argument.ty, Access::Value, 0));
        let output = output_type(&handler.output).map(|ty| self.asks(success(ty), Access::Value, 0));
        Call {
            handler,
            arguments: handler.arguments.iter().map(asks).collect(),
            returns_session: output == Some(Asks::Session(Access::Value)),
            cfgs: handler.cfgs.clone(),
        }
    }

    /// What a type asks for that stands behind that many aliases and, if it is not taken by value, behind a reference.
    fn asks(&self, ty: &Type, access: Access, aliases: usize) -> Asks {
        let path = match peel(ty) {
            Type::Path(path) if path.qself.is_none() => &path.path,
            Type::Reference(reference) if access == Access::Value => {
                let access = if reference.mutability.is_some() { Access::Mutable } else { Access::Shared };
                return self.asks(&reference.elem, access, aliases);
            }
            Type::Slice(_) | Type::Tuple(_) => return Asks::Plain,
            _ => return unknown(access),
        };
        let is = |name: &Ident| names(path, name, &self.scope.name);
        if self.states.iter().any(|state| is(&state.name)) {
            return Asks::State(access);
        }
        if self.scope.sessions.iter().any(|session| is(&session.name)) {
            return Asks::Session(access);
        }
        // An alias may stand for an alias; a circle is the compiler's to report.
        if aliases < MOST_ALIASES {
            // Twins under `#[cfg]` give a name more than one meaning: that counts of which there is only one to lend.
            let meanings = self.scope.aliases.iter().filter(|(name, _)| is(name));
            let meanings = meanings.map(|(_, target)| self.asks(target, access, aliases + 1));
            if let Some(asked) =
                meanings.max_by_key(|asked| matches!(asked, Asks::State(_) | Asks::Session(_)))
            {
                return asked;
            }
        }
        let known = path.segments.last().is_some_and(|last| KNOWN.contains(&last.ident.to_string().as_str()));
        if known { Asks::Plain } else { unknown(access) }
    }
}

fn unknown(access: Access) -> Asks {
    match access {
        Access::Shared | Access::Mutable => Asks::UnknownReference,
        Access::Value => Asks::UnknownValue,
    }
}

/// Whether a path means the item of that name in the module.
fn names(path: &Path, name: &Ident, module: &Ident) -> bool {
    let segments: Vec<&Ident> = path.segments.iter().map(|segment| &segment.ident).collect();
    match segments.as_slice() {
        [only] => *only == name && path.leading_colon.is_none(),
        [scope, last] => *last == name && (*scope == "self" || *scope == module),
        [.., scope, last] => *last == name && *scope == module,
        [] => false,
    }
}

/// Types of the runtime and of Rust that are lent any number of times.
const KNOWN: [&str; 13] = [
    "Conn",
    "Server",
    "Handshake",
    "Request",
    "Close",
    "Bytes",
    "Utf8Bytes",
    "str",
    "String",
    "Vec",
    "u8",
    "Json",
    "Option",
];

const MOST_ALIASES: usize = 4;
