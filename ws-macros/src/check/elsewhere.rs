//! Finds what a type names that another module of the server declares: its session, its room or a push.

use proc_macro2::Ident;
use syn::{Path, Type};

use crate::events::{Room, Row, Session};
use crate::model::{Payload, Scope, Server};
use crate::resolve::is_known;
use crate::syntax::peel;

/// What a type is in another module.
pub(super) struct Elsewhere<'s> {
    pub(super) what: What,
    pub(super) name: &'s Ident,
    /// The number of the route; `None` for the server's own module.
    pub(super) route: Option<usize>,
    path: Option<&'s str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Session,
    /// What belongs to a phase of the session.
    Phase,
    Room,
    Push,
}

/// What a type is in a module other than `scope`. A name alone may be that of something else, which is imported.
pub(super) fn find<'s>(ty: &Type, scope: &'s Scope, server: &'s Server) -> Option<Elsewhere<'s>> {
    let Type::Path(path) = peel(ty) else { return None };
    let path = Some(&path.path).filter(|_| path.qself.is_none())?;
    let others = server.scopes().enumerate().filter(|(_, other)| !std::ptr::eq(*other, scope));
    others
        .flat_map(|(number, other)| declared(other).map(move |(what, name)| (number, other, what, name)))
        .find(|(_, other, _, name)| refers(path, name, other, scope, server))
        .map(|(number, other, what, name)| Elsewhere {
            what,
            name,
            route: number.checked_sub(1),
            path: other.route.as_ref().map(|route| route.full_path.as_str()),
        })
}

impl Elsewhere<'_> {
    /// Why a handler cannot take or return it; `None` if it is wrong where it is declared.
    pub(super) fn problem(&self, row: &Row) -> Option<String> {
        let (name, path, title) = (self.name, self.path?, row.title);
        Some(match (self.what, row.session, row.room) {
            (What::Session | What::Phase, Session::Absent(reason), _) => {
                format!("{title} has no session: {reason}")
            }
            (What::Room, _, Room::Absent(reason)) => format!(
                "{title} has no room: {reason}; `Rooms<{name}>` are all of them, and its `get(…)` finds the handle of one by its path"
            ),
            (What::Session, Session::Lent | Session::Given, _) => format!(
                "`{name}` is the session of another route, `{path}`: each has its own, so write `#[session]` above a type of this \
                 module; what is known of a peer on every route is the `#[identity]`"
            ),
            (What::Phase, Session::Lent | Session::Given, _) => format!(
                "`{name}` belongs to the session of another route, `{path}`: each has its own, so write `#[session]` above a type of this \
                 module"
            ),
            (What::Room, _, Room::Lent | Room::Shared | Room::Handle | Room::Given) => format!(
                "`{name}` is the room of another route, `{path}`, in which this peer is not: take `Rooms<{name}>`, whose `get(…)` finds \
                 the handle of one by its path"
            ),
            (What::Push, _, _) => format!(
                "`{name}` is a push of another route, `{path}`, and only its connections take it: declare a push in this module, or move \
                 `{name}` into the server's, whose pushes all routes have"
            ),
        })
    }
}

/// What a module declares that other modules may mean.
fn declared(scope: &Scope) -> impl Iterator<Item = (What, &Ident)> {
    let sessions = scope.sessions.iter().map(|session| (What::Session, &session.name));
    let phases = scope.sessions.iter().flat_map(|session| &session.phases);
    let payloads = phases.filter_map(|phase| phase.payload.as_ref()).filter_map(Payload::name);
    let rooms = scope.rooms.iter().map(|room| (What::Room, &room.part.name));
    let pushes = scope.pushes.iter().map(|push| (What::Push, &push.name));
    sessions.chain(rooms).chain(pushes).chain(payloads.map(|name| (What::Phase, name)))
}

/// Whether a path in one module refers to an item of another.
fn refers(path: &Path, name: &Ident, other: &Scope, from: &Scope, server: &Server) -> bool {
    let segments: Vec<&Ident> = path.segments.iter().map(|segment| &segment.ident).collect();
    match segments.as_slice() {
        [only] => {
            let is_own = from.types.contains(*only) || from.aliases.iter().any(|(alias, _)| alias == *only);
            *only == name && path.leading_colon.is_none() && !is_own && !is_known(name)
        }
        [scopes @ .., last] => {
            let is_above = scopes.iter().all(|scope| **scope == "super");
            let above =
                server.number_above(from, scopes.len()).and_then(|number| server.scopes().nth(number));
            let is_ancestor = || is_above && above.is_some_and(|above| std::ptr::eq(above, other));
            // Another module of the crate may have the name of a route's.
            let is_outside = scopes.first().is_some_and(|first| **first == "crate")
                && !scopes.iter().any(|scope| **scope == server.root.name);
            let is_named = !is_outside && scopes.last().is_some_and(|scope| **scope == other.name);
            *last == name && (is_named || is_ancestor())
        }
        [] => false,
    }
}
