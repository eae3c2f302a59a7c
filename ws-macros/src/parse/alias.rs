//! Tells what an argument asks for by the name of its type, through the aliases that the module itself declares.

use proc_macro2::Ident;
use syn::{Path, Type};

use super::handler::peel;
use crate::model::{Access, Asks, Server};

/// Fills in what each argument asks for.
pub(crate) fn resolve(server: &mut Server) {
    let mut handlers = std::mem::take(&mut server.handlers);
    for argument in handlers.iter_mut().flat_map(|handler| &mut handler.arguments) {
        argument.asks = asks(&argument.ty, Access::Value, 0, server);
    }
    server.handlers = handlers;
}

/// What a type asks for that stands behind that many aliases and, if it is not taken by value, behind a reference.
fn asks(ty: &Type, access: Access, aliases: usize, server: &Server) -> Asks {
    let path = match peel(ty) {
        Type::Path(path) if path.qself.is_none() => &path.path,
        Type::Reference(reference) if access == Access::Value => {
            let access = if reference.mutability.is_some() { Access::Mutable } else { Access::Shared };
            return asks(&reference.elem, access, aliases, server);
        }
        Type::Slice(_) | Type::Tuple(_) => return Asks::Plain,
        _ => return unknown(access),
    };
    let is = |name: &Ident| names(path, name, &server.name);
    if server.states.iter().any(|state| is(&state.name)) {
        return Asks::State(access);
    }
    if server.sessions.iter().any(|session| is(&session.name)) {
        return Asks::Session(access);
    }
    // An alias may stand for an alias; a circle is the compiler's to report.
    if aliases < MOST_ALIASES {
        // Twins under `#[cfg]` give a name more than one meaning: that counts of which there is only one to lend.
        let meanings = server.aliases.iter().filter(|(name, _)| is(name));
        let meanings = meanings.map(|(_, target)| asks(target, access, aliases + 1, server));
        if let Some(asked) = meanings.max_by_key(|asked| matches!(asked, Asks::State(_) | Asks::Session(_))) {
            return asked;
        }
    }
    let known = path.segments.last().is_some_and(|last| KNOWN.contains(&last.ident.to_string().as_str()));
    if known { Asks::Plain } else { unknown(access) }
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
pub(crate) const KNOWN: [&str; 13] = [
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
