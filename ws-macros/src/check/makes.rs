//! Checks who makes the session and the identity.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use syn::Type;

use super::elsewhere::{self, What};
use crate::diagnostics::Diagnostics;
use crate::events::{Event, Output};
use crate::resolve::{Access, Asks, Call, Resolved};
use crate::syntax::{mentions, optional, output_type, peel, referenced_name, single_name, success};

/// Checks that a handler returns nothing that another one makes. Adds to `sessions` the routes whose session it
/// returns.
pub(super) fn check(
    call: &Call<'_>,
    resolved: &Resolved<'_>,
    sessions: &mut BTreeSet<usize>,
    diagnostics: &mut Diagnostics,
) {
    returns_no_session(call, diagnostics);
    let Some(output) = output_type(&call.handler.output) else { return };
    let is_handshake = call.handler.event() == Some(Event::Handshake);
    if is_handshake && returns_identity_in_route(call, resolved) {
        diagnostics.error(
            output,
            "the identity is the same on every route: the `handshake` of the server's module makes it, before that of a route makes the \
             session",
        );
        return;
    }
    let returned = each(success(output)).find_map(|ty| elsewhere::find(ty, resolved.scope, resolved.server));
    let Some(returned) = returned else { return };
    match returned.what {
        What::Session if is_handshake && resolved.scope.route.is_none() => {
            let name = returned.name;
            diagnostics.error(
                output,
                format!(
                    "`{name}` is the session of one route, and this `handshake` is that of all: write an `#[on(handshake)]` in the route's \
                     module, which returns `{name}`; this one returns the `#[identity]`, or nothing"
                ),
            );
            sessions.extend(returned.route);
        }
        What::Push if call.handler.row().output == Output::Reply && resolved.scope.route.is_some() => {
            if let Some(problem) = returned.problem(call.handler.row()) {
                diagnostics.error(output, problem);
            }
        }
        What::Session | What::Phase | What::Room | What::Push => {}
    }
}

/// The types of a pair, or the type itself.
fn each(ty: &Type) -> impl Iterator<Item = &Type> {
    let elements: Vec<&Type> = match peel(ty) {
        Type::Tuple(tuple) => tuple.elems.iter().collect(),
        other => vec![other],
    };
    elements.into_iter()
}

/// Whether a `handshake` handler of a route returns the identity.
fn returns_identity_in_route(call: &Call<'_>, resolved: &Resolved<'_>) -> bool {
    let Some(output) = output_type(&call.handler.output).filter(|_| resolved.scope.route.is_some()) else {
        return false;
    };
    let identities = resolved.server.identities.iter().map(|identity| &identity.name);
    identities
        .filter(|name| !resolved.scope.types.contains(name))
        .any(|name| mentions(output, &name.to_string()))
}

/// Whether some route makes the identity, which is reported there.
pub(super) fn identity_in_a_route(all: &[Resolved<'_>]) -> bool {
    let is_handshake = |call: &&Call<'_>| call.handler.event() == Some(Event::Handshake);
    all.iter().any(|module| {
        module.calls.iter().filter(is_handshake).any(|call| returns_identity_in_route(call, module))
    })
}

/// Checks that only the `handshake` handler returns the session or the identity.
fn returns_no_session(call: &Call<'_>, diagnostics: &mut Diagnostics) {
    let Some(output) = output_type(&call.handler.output) else { return };
    let what = match call.returns {
        Some(Asks::Session(Access::Value)) => "session",
        Some(Asks::Identity(Access::Value)) => "identity",
        _ => return,
    };
    if call.handler.row().output != Output::Admission {
        diagnostics.error(
            output,
            format!("the {what} is made before the connection is ready: return it from the handler of `#[on(handshake)]`"),
        );
    }
}

/// Checks that the identity is made, as far as names tell.
pub(super) fn identity_is_made(resolved: &Resolved<'_>, diagnostics: &mut Diagnostics) {
    let scope = resolved.scope;
    let Some(identity) = resolved.server.identities.first().filter(|_| !scope.handshake_unread) else {
        return;
    };
    let mut handshakes =
        resolved.calls.iter().filter(|call| call.handler.event() == Some(Event::Handshake)).peekable();
    let is_nothing = |ty: &Type| matches!(peel(ty), Type::Tuple(tuple) if tuple.elems.is_empty());
    let lacks = |call: &Call<'_>| {
        let returned = output_type(&call.handler.output).map(success);
        returned.is_none_or(is_nothing) || call.returns == Some(Asks::Session(Access::Value))
    };
    let name = &identity.name;
    if handshakes.peek().is_none() {
        diagnostics.error(
            name,
            format!("nobody makes the identity `{name}`: return it from a handler of `#[on(handshake)]`"),
        );
    } else if handshakes.clone().all(lacks) {
        for call in handshakes {
            let message = format!(
                "this handler makes no identity: return `{name}`, `Option<{name}>` where the peer may be anonymous, or a pair of it and the session"
            );
            match output_type(&call.handler.output) {
                Some(output) => diagnostics.error(output, message),
                None => diagnostics.error(&call.handler.name, message),
            }
        }
    }
}

/// A type that a `handshake` handler returns as the session or the identity, if the attribute is missing above it.
pub(super) struct Unmarked<'r> {
    pub(super) name: &'r Ident,
    pub(super) message: String,
}

/// The type that a `handshake` handler returns as the session or the identity, if the attribute is missing above it.
pub(super) fn unmarked<'r>(call: &Call<'r>, resolved: &Resolved<'r>) -> Option<Unmarked<'r>> {
    if call.handler.event() != Some(Event::Handshake) {
        return None;
    }
    let scope = resolved.scope;
    let is_taken = |name: &Ident| {
        resolved.calls.iter().flat_map(|call| &call.arguments).any(|(argument, asks)| {
            *asks == Asks::UnknownReference && referenced_name(&argument.ty) == Some(name)
        })
    };
    each(success(output_type(&call.handler.output)?)).find_map(|ty| {
        let name = single_name(optional(ty).unwrap_or(ty))?;
        let may_be = MayBe::of(optional(ty).is_some(), resolved);
        let is_meant = !is_marked(name, resolved) && (scope.types.contains(name) || is_taken(name));
        let place = if scope.types.contains(name) { HERE.to_owned() } else { or_around(name) };
        let message = declare(name, &place, may_be, resolved).filter(|_| is_meant)?;
        Some(Unmarked { name, message })
    })
}

fn is_marked(name: &Ident, resolved: &Resolved<'_>) -> bool {
    let (scope, server) = (resolved.scope, resolved.server);
    let parts = scope.sessions.iter().chain(&server.identities).chain(&server.states);
    parts.chain(scope.rooms.iter().map(|room| &room.part)).any(|part| part.name == *name)
}

/// What a type that is not marked can still become.
#[derive(Debug, Clone, Copy)]
struct MayBe {
    session: bool,
    identity: bool,
}

impl MayBe {
    fn of(is_optional: bool, resolved: &Resolved<'_>) -> Self {
        let (scope, server) = (resolved.scope, resolved.server);
        let is_root = scope.route.is_none();
        Self {
            session: scope.sessions.is_empty() && !is_optional && !(is_root && server.has_routes()),
            identity: is_root && server.identities.is_empty(),
        }
    }
}

const HERE: &str = "declare it in this module";

/// Where to declare a type, which another module may have declared.
fn or_around(name: &Ident) -> String {
    let around = if name == "Member" { "Peer" } else { "Member" };
    format!("{HERE}, or wrap it, `struct {around}(pub {name});`")
}

fn declare(name: &Ident, place: &str, may_be: MayBe, resolved: &Resolved<'_>) -> Option<String> {
    Some(match may_be {
        MayBe { session: false, identity: false } => return None,
        MayBe { session: false, identity: true } if resolved.server.has_routes() => format!(
            "`{name}` is not the identity yet: {place}, below `#[identity]`, if it says who the peer is; the session \
             of a route is made by an `#[on(handshake)]` in the route's module"
        ),
        MayBe { session: false, identity: true } => {
            format!("`{name}` is not the identity yet: {place}, below `#[identity]`")
        }
        MayBe { session: true, identity: false } => {
            format!("`{name}` is not the session yet: {place}, below `#[session]`")
        }
        MayBe { session: true, identity: true } => format!(
            "`{name}` is not the session yet: {place}, below `#[session]`, or below `#[identity]` if it says who \
             the peer is"
        ),
    })
}
