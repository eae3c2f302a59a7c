//! Resolves names: what each argument of a handler asks for, also through type aliases of its module.

use proc_macro2::Ident;
use syn::{Path, Type};

use crate::cfgs::Cfgs;
use crate::events::Event;
use crate::model::{Argument, Handler, Owner, Payload, Role, Scope, Server, TimerPlace};
use crate::syntax::{optional, output_type, peel, success};

/// A module of a server, and what the arguments of its handlers ask for.
#[derive(Debug)]
pub(crate) struct Resolved<'s> {
    pub(crate) server: &'s Server,
    pub(crate) scope: &'s Scope,
    /// One for each handler, in the same order.
    pub(crate) calls: Vec<Call<'s>>,
}

/// A handler, and what its arguments ask for.
#[derive(Debug, Clone)]
pub(crate) struct Call<'s> {
    pub(crate) handler: &'s Handler,
    pub(crate) arguments: Vec<(&'s Argument, Asks)>,
    /// What it returns, bare or in a `Result`, as an argument of that type would ask for it.
    pub(crate) returns: Option<Asks>,
    /// If it handles timers in a state: the index of that.
    pub(crate) timed_state: Option<usize>,
    /// The conditions of the handler; `plan` adds that no twin of it exists.
    pub(crate) cfgs: Cfgs,
}

/// What an argument asks for, as far as the name of its type shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    /// The state with this index, the first of its name.
    State(usize, Access),
    Session(Access),
    /// What belongs to a phase of the session.
    Phase(Access),
    Identity(Access),
    /// The state of the room.
    Room(Access),
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

/// Resolves the types of all arguments. The server's own module comes first, then the routes in their order.
pub(crate) fn resolve(server: &Server) -> Vec<Resolved<'_>> {
    let resolved = |scope| {
        let names = Names { scope, server };
        Resolved { server, scope, calls: scope.handlers.iter().map(|handler| names.call(handler)).collect() }
    };
    server.scopes().map(resolved).collect()
}

impl Call<'_> {
    /// Whether the handler takes the state with this index by `&mut`: then the state needs a lock.
    pub(crate) fn changes_state(&self, number: usize) -> bool {
        self.arguments.iter().any(|(_, asks)| *asks == Asks::State(number, Access::Mutable))
    }

    /// Whether the handler takes the room by reference, which is locked for that.
    pub(crate) fn locks_room(&self) -> bool {
        self.handler.event() != Some(Event::Empty)
            && self.arguments.iter().any(|(_, asks)| matches!(asks, Asks::Room(_)))
    }

    /// Whether a handler can take the key of a timer, which may be of any type.
    pub(crate) fn may_take_key(&self) -> bool {
        matches!(&self.handler.role, Role::Timer(place) if place.has_keys)
    }

    pub(crate) fn is_watch(&self) -> bool {
        matches!(self.handler.role, Role::Watch { .. })
    }
}

/// The names that a type in a handler's signature can refer to.
struct Names<'s> {
    scope: &'s Scope,
    server: &'s Server,
}

impl<'s> Names<'s> {
    fn call(&self, handler: &'s Handler) -> Call<'s> {
        let asks = |argument: &'s Argument| (argument, self.asks(&argument.ty, Access::Value, 0));
        let output = output_type(&handler.output).map(|ty| self.asks(success(ty), Access::Value, 0));
        Call {
            handler,
            arguments: handler.arguments.iter().map(asks).collect(),
            returns: output,
            timed_state: match &handler.role {
                Role::Timer(TimerPlace { owner: Owner::State(name), .. }) => {
                    self.server.states.iter().position(|state| state.name == *name)
                }
                Role::On(_)
                | Role::Named(_)
                | Role::Guard
                | Role::RouteGuard
                | Role::Get(_)
                | Role::GetGuard
                | Role::Tick { .. }
                | Role::Watch { .. }
                | Role::Timer(_) => None,
            },
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
        if let Some(inner) = optional(ty).filter(|_| access == Access::Value)
            && let Asks::Phase(access) = self.asks(inner, access, aliases)
        {
            return Asks::Phase(access);
        }
        let is_shared = |name: &Ident| self.is_shared(path, name);
        if let Some(number) = self.server.states.iter().position(|state| is_shared(&state.name)) {
            return Asks::State(number, access);
        }
        if self.scope.sessions.iter().any(|session| is(&session.name)) {
            return Asks::Session(access);
        }
        if self.scope.rooms.iter().any(|room| is(&room.part.name)) {
            return Asks::Room(access);
        }
        if self.is_payload(path) {
            return Asks::Phase(access);
        }
        if self.server.identities.iter().any(|identity| is_shared(&identity.name)) {
            return Asks::Identity(access);
        }
        // An alias may refer to an alias; a cycle is reported by the compiler.
        if aliases < MOST_ALIASES {
            // Under `#[cfg]` an alias can be declared twice: the state and the session take precedence.
            let own = self.scope.aliases.iter().filter(|(name, _)| is(name));
            let outer = self.server.root.aliases.iter().filter(|(name, _)| is_shared(name));
            let meanings = own.chain(outer.filter(|_| self.scope.route.is_some()));
            let meanings = meanings.map(|(_, target)| self.asks(target, access, aliases + 1));
            if let Some(asked) = meanings.max_by_key(|asked| {
                matches!(
                    asked,
                    Asks::State(..) | Asks::Session(_) | Asks::Phase(_) | Asks::Identity(_) | Asks::Room(_)
                )
            }) {
                return asked;
            }
        }
        let known = path.segments.last().is_some_and(|last| is_known(&last.ident));
        if known { Asks::Plain } else { unknown(access) }
    }
}

impl Names<'_> {
    /// Whether a path refers to the item of that name in the server's module. An item of the route's own hides it.
    fn is_shared(&self, path: &Path, name: &Ident) -> bool {
        let root = &self.server.root;
        if self.scope.route.is_none() {
            return names(path, name, &root.name);
        }
        let segments: Vec<&Ident> = path.segments.iter().map(|segment| &segment.ident).collect();
        match segments.as_slice() {
            [only] => **only == *name && path.leading_colon.is_none() && !self.scope.types.contains(name),
            [scopes @ .., last] => {
                let is_above = scopes.iter().all(|scope| **scope == "super");
                **last == *name && (is_above || scopes.last().is_some_and(|scope| **scope == root.name))
            }
            [] => false,
        }
    }

    /// Whether a type is what belongs to a phase: it has the name of one, alone or behind a path.
    fn is_payload(&self, path: &Path) -> bool {
        let Some(last) = path.segments.last() else { return false };
        let scope = path.segments.iter().rev().nth(1);
        if self.scope.sessions.iter().any(|session| scope.is_some_and(|scope| scope.ident == session.name)) {
            return false; // a variant and no type
        }
        let payloads = self
            .scope
            .sessions
            .iter()
            .flat_map(|session| &session.phases)
            .filter_map(|phase| phase.payload.as_ref());
        payloads.filter_map(Payload::name).any(|name| *name == last.ident)
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

/// Whether a name is that of a type of the runtime or of Rust, which a type of another module may have too.
pub(crate) fn is_known(name: &Ident) -> bool {
    KNOWN.contains(&name.to_string().as_str())
}

/// Types of the runtime and of Rust of which a handler can take any number.
pub(crate) const KNOWN: [&str; 19] = [
    "Conn",
    "Server",
    "Handshake",
    "Request",
    "Path",
    "Query",
    "Bearer",
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
    "Room",
    "Rooms",
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
                #[state] struct Bans; #[state] struct Lobby; #[session] struct Guest; #[room] struct Table; type Board<'a> = &'a mut Table;
                type One = Two; type Two<'a> = &'a mut Guest; type Round = Round;
                #[on(disconnect)] fn handler({arguments}) {{}}
            }}"
        );
        let mut diagnostics = Diagnostics::default();
        let server =
            parse::parse(proc_macro2::TokenStream::new(), module.parse().unwrap(), &mut diagnostics).unwrap();
        let resolved = resolve(&server);
        resolved[0].calls[0].arguments.iter().map(|(_, asks)| *asks).collect()
    }

    #[test]
    fn states_session_and_room_are_found_by_name_path_and_alias() {
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
            ("a: &Table", Asks::Room(Shared)),
            ("a: &mut self::Table", Asks::Room(Mutable)),
            ("a: Board", Asks::Room(Mutable)),
            ("a: Table", Asks::Room(Value)),
            ("a: &Room", Asks::Plain),
            ("a: &Room<Table>", Asks::Plain),
            ("a: Rooms<Table>", Asks::Plain),
            ("a: &[u8]", Asks::Plain),
        ] {
            assert_eq!(asked(argument), [wanted], "{argument}");
        }
    }
}
