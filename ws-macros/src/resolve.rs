//! Resolves names: what each argument of a handler asks for, also through type aliases of its module.

use proc_macro2::Ident;
use syn::{Path, Type};

use crate::cfgs::Cfgs;
use crate::model::{Argument, Handler, Part, Role, Scope, Server};
use crate::syntax::{output_type, peel, success};

/// A server, and what the arguments of its handlers ask for.
#[derive(Debug)]
pub(crate) struct Resolved<'s> {
    pub(crate) server: &'s Server,
    /// One for each handler, in the same order.
    pub(crate) calls: Vec<Call<'s>>,
}

/// A handler, and what its arguments ask for.
#[derive(Debug, Clone)]
pub(crate) struct Call<'s> {
    pub(crate) handler: &'s Handler,
    pub(crate) arguments: Vec<(&'s Argument, Asks)>,
    /// Whether it returns the session, bare or in a `Result`.
    pub(crate) returns_session: bool,
    /// The conditions of the handler; `plan` adds that no twin of it exists.
    pub(crate) cfgs: Cfgs,
}

/// What an argument asks for, as far as the name of its type shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    /// The state with this index, the first of its name.
    State(usize, Access),
    Session(Access),
    /// A type of the runtime or of Rust, of which a handler can take any number.
    Plain,
    /// A reference to a type that the macro does not know: an alias from elsewhere, or a watched handle.
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

/// Resolves the types of all arguments.
pub(crate) fn resolve(server: &Server) -> Resolved<'_> {
    let names = Names { scope: &server.root, states: &server.states };
    let call = |handler| names.call(handler);
    Resolved { server, calls: server.root.handlers.iter().map(call).collect() }
}

impl Call<'_> {
    /// Whether the handler takes the state with this index by `&mut`: then the state needs a lock.
    pub(crate) fn changes_state(&self, number: usize) -> bool {
        self.arguments.iter().any(|(_, asks)| *asks == Asks::State(number, Access::Mutable))
    }

    pub(crate) fn is_watch(&self) -> bool {
        matches!(self.handler.role, Role::Watch { .. })
    }
}

/// The names that a type in a handler's signature can refer to.
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

    /// What a type asks for. `access` says how it is taken, `aliases` through how many aliases it was reached.
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
        if let Some(number) = self.states.iter().position(|state| is(&state.name)) {
            return Asks::State(number, access);
        }
        if self.scope.sessions.iter().any(|session| is(&session.name)) {
            return Asks::Session(access);
        }
        // An alias may refer to an alias; a cycle is reported by the compiler.
        if aliases < MOST_ALIASES {
            // Under `#[cfg]` an alias can be declared twice: the state and the session take precedence.
            let meanings = self.scope.aliases.iter().filter(|(name, _)| is(name));
            let meanings = meanings.map(|(_, target)| self.asks(target, access, aliases + 1));
            if let Some(asked) =
                meanings.max_by_key(|asked| matches!(asked, Asks::State(..) | Asks::Session(_)))
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

/// Whether a path refers to the item of that name in the module.
fn names(path: &Path, name: &Ident, module: &Ident) -> bool {
    let segments: Vec<&Ident> = path.segments.iter().map(|segment| &segment.ident).collect();
    match segments.as_slice() {
        [only] => *only == name && path.leading_colon.is_none(),
        [scope, last] => *last == name && (*scope == "self" || *scope == module),
        [.., scope, last] => *last == name && *scope == module,
        [] => false,
    }
}

/// Types of the runtime and of Rust of which a handler can take any number.
const KNOWN: [&str; 14] = [
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
    "Envelope",
    "Option",
];

const MOST_ALIASES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Diagnostics;
    use crate::parse;

    /// What the arguments of the only handler ask for.
    fn asked(arguments: &str) -> Vec<Asks> {
        let module = format!(
            "mod chat {{
                #[state] struct Bans; #[state] struct Lobby; #[session] struct Guest;
                type One = Two; type Two<'a> = &'a mut Guest; type Round = Round;
                #[on(disconnect)] fn handler({arguments}) {{}}
            }}"
        );
        let mut diagnostics = Diagnostics::default();
        let server =
            parse::parse(proc_macro2::TokenStream::new(), module.parse().unwrap(), &mut diagnostics).unwrap();
        let resolved = resolve(&server);
        resolved.calls[0].arguments.iter().map(|(_, asks)| *asks).collect()
    }

    #[test]
    fn state_and_session_are_found_by_name_path_and_alias() {
        use Access::{Mutable, Shared, Value};
        for (argument, wanted) in [
            ("a: &Lobby", Asks::State(1, Shared)),
            ("a: &mut self::Lobby", Asks::State(1, Mutable)),
            ("a: (&crate::chat::Lobby)", Asks::State(1, Shared)),
            ("a: Guest", Asks::Session(Value)),
            ("a: One", Asks::Session(Mutable)),
            ("a: &elsewhere::Lobby", Asks::UnknownReference),
            ("a: Round", Asks::UnknownValue),
            ("a: &Close", Asks::Plain),
            ("a: &[u8]", Asks::Plain),
        ] {
            assert_eq!(asked(argument), [wanted], "{argument}");
        }
    }
}
