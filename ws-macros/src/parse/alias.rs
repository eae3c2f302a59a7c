//! Tells what an argument asks for by the name of its type, through the aliases that the module itself declares.

use proc_macro2::Ident;
use syn::{Path, Type};

use super::handler::peel;
use crate::model::{Access, Asks, Server};

/// Fills in what each argument asks for.
pub(crate) fn resolve(server: &mut Server) {
    let mut handlers = std::mem::take(&mut server.handlers);
    for argument in handlers.iter_mut().flat_map(|handler| &mut handler.arguments) {
        argument.asks = asks(&argument.ty, server);
    }
    server.handlers = handlers;
}

fn asks(ty: &Type, server: &Server) -> Asks {
    let ty = behind_aliases(ty, server);
    let (named, access) = match ty {
        Type::Reference(reference) => {
            let access = if reference.mutability.is_some() { Access::Mutable } else { Access::Shared };
            (behind_aliases(&reference.elem, server), access)
        }
        other => (other, Access::Value),
    };
    let Type::Path(path) = named else {
        return if matches!(named, Type::Slice(_) | Type::Tuple(_)) { Asks::Plain } else { unknown(access) };
    };
    if path.qself.is_some() {
        return unknown(access);
    }
    let is = |name: &Ident| names(&path.path, name, &server.name);
    if server.states.iter().any(|state| is(&state.name)) {
        return Asks::State(access);
    }
    if server.sessions.iter().any(|session| is(&session.name)) {
        return Asks::Session(access);
    }
    let known =
        path.path.segments.last().is_some_and(|last| KNOWN.contains(&last.ident.to_string().as_str()));
    if known { Asks::Plain } else { unknown(access) }
}

fn unknown(access: Access) -> Asks {
    match access {
        Access::Shared | Access::Mutable => Asks::UnknownReference,
        Access::Value => Asks::UnknownValue,
    }
}

/// The type that an alias of the module stands for; the type itself if it is none.
fn behind_aliases<'t>(ty: &'t Type, server: &'t Server) -> &'t Type {
    let mut ty = peel(ty);
    // An alias may stand for an alias; a circle is the compiler's to report.
    for _ in 0..MOST_ALIASES {
        let Type::Path(path) = ty else { break };
        let alias = server.aliases.iter().find(|(name, _)| names(&path.path, name, &server.name));
        let Some((_, target)) = alias else { break };
        ty = peel(target);
    }
    ty
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

const MOST_ALIASES: usize = 8;
