//! Checks the rules of rooms: who makes them, who empties them.

use proc_macro2::Ident;
use syn::Type;

use crate::diagnostics::Diagnostics;
use crate::events::{Event, Output};
use crate::model::{Handler, Role, Room, Scope, Server, Ticking};
use crate::resolve::{Access, Asks, Call, Resolved};
use crate::syntax::{output_type, peel, single_name, success};

/// Checks a handler of `create` or `empty`, and that only `create` returns the room. Returns whether all is right.
pub(super) fn check(call: &Call<'_>, resolved: &Resolved<'_>, diagnostics: &mut Diagnostics) -> bool {
    let before = diagnostics.count();
    let scope = resolved.scope;
    let handler = call.handler;
    let output = output_type(&handler.output);
    if is_tick_of_rooms(handler) && scope.rooms.is_empty() && !scope.parts_unclear {
        // Beside routes it is in the wrong module, which is reported.
        if scope.route.is_some() || !resolved.server.has_routes() {
            diagnostics.error(&handler.name, NO_STATE_TO_TICK);
        }
        return false;
    }
    match handler.event() {
        Some(Event::Create | Event::Empty) if resolved.server.has_routes() && scope.route.is_none() => {}
        Some(Event::Create) if scope.rooms.is_empty() => {
            diagnostics.error(&handler.name, nothing_to_make(output.map(success), scope));
        }
        Some(Event::Create) => makes_the_room(call, scope, diagnostics),
        // What makes the room is reported.
        Some(Event::Empty) if scope.rooms.is_empty() && has_create(scope) => return false,
        Some(Event::Empty) if scope.rooms.is_empty() => diagnostics.error(
            &handler.name,
            "`empty` runs at the end of a room with a state, and this module has none: write `#[room]` above the type of that \
             state; what a connection leaves behind is for `#[on(disconnect)]`",
        ),
        _ if call.returns == Some(Asks::Room(Access::Value)) && handler.row().output != Output::Room => {
            diagnostics.error(
                output,
                match handler.event() {
                    Some(Event::Empty) => {
                        "the room ends with `empty`, whatever that returns: `#[room(keep = 60)]` keeps it for those who come back"
                    }
                    _ => "a room is made before its first peer is admitted: return it from the handler of `#[on(create)]`",
                },
            );
        }
        _ => {}
    }
    diagnostics.count() == before
}

const NO_STATE_TO_TICK: &str = "a `tick` handler that takes the room runs for each room with a state, and this module has none: \
    declare one, such as `#[room(open)] #[derive(Default)] struct Table;`";

fn is_tick_of_rooms(handler: &Handler) -> bool {
    matches!(handler.role, Role::Tick { of: Ticking::Room, .. })
}

/// The types that are meant as the room, where `#[room]` is missing: what `create` makes, and what `empty` takes.
pub(super) fn meant(scope: &Scope) -> impl Iterator<Item = &Ident> {
    let handlers = scope.handlers.iter().filter(|_| scope.rooms.is_empty());
    handlers.flat_map(|handler| {
        let made =
            output_type(&handler.output).filter(|_| handler.event() == Some(Event::Create)).map(success);
        let taken = handler.arguments.iter().filter(|_| handler.event() == Some(Event::Empty));
        made.into_iter().chain(taken.map(|argument| &argument.ty)).filter_map(single_name)
    })
}

fn has_create(scope: &Scope) -> bool {
    scope.create_unread || scope.handlers.iter().any(|handler| handler.event() == Some(Event::Create))
}

/// Checks that somebody makes the room. Returns whether it is unknown how that happens.
pub(super) fn are_made(resolved: &Resolved<'_>, diagnostics: &mut Diagnostics) -> bool {
    let scope = resolved.scope;
    let has_guard = is_guarded(scope, resolved.server);
    // Another handler that returns the room is reported, and so is one that stands beside the routes.
    let returns_room = |call: &Call<'_>| {
        call.returns == Some(Asks::Room(Access::Value)) && call.handler.row().output != Output::Room
    };
    if scope.create_unread
        || scope.rooms.iter().any(|room| room.rules.are_unclear)
        || resolved.calls.iter().any(returns_room)
        || resolved.server.has_routes() && (scope.route.is_none() || has_create(&resolved.server.root))
    {
        return true;
    }
    let before = diagnostics.count();
    let mut creates = resolved.calls.iter().filter(|call| call.handler.event() == Some(Event::Create));
    let create = creates.next();
    // It is returned from elsewhere, which is the mistake.
    let is_misplaced = resolved.calls.iter().any(|call| call.returns == Some(Asks::Room(Access::Value)));
    for Room { part, rules } in &scope.rooms {
        match (&rules.open, create) {
            (None, None) if !has_guard && !is_misplaced => {
                diagnostics.error(&part.name, nobody_makes(&part.name, scope.route.is_some()));
            }
            (Some(open), Some(create)) => diagnostics.error(
                open,
                format!(
                    "`open` lets whoever asks for a path have its room made by `Default`, and `{}` makes it already: leave `open` out",
                    create.handler.name
                ),
            ),
            (None, None) | (Some(_), None) | (None, Some(_)) => {}
        }
    }
    diagnostics.count() != before
}

/// Whether a guard says who may come to the path: one of the route, or of a route around it.
fn is_guarded(scope: &Scope, server: &Server) -> bool {
    let Some(route) = &scope.route else { return false };
    route.guard.is_some() || server.around(route).is_some_and(|outer| is_guarded(outer, server))
}

/// Checks that a `create` handler returns the room, as far as names tell.
fn makes_the_room(call: &Call<'_>, scope: &Scope, diagnostics: &mut Diagnostics) {
    let Some(name) = scope.rooms.first().map(|room| &room.part.name) else { return };
    let message = format!(
        "this handler makes no room: return `{name}`, or a `Result<{name}, Reject>` where it may refuse to make one"
    );
    let is_nothing = |ty: &Type| matches!(peel(ty), Type::Tuple(tuple) if tuple.elems.is_empty());
    // It is meant to fill in a room that it takes, which has an error of its own.
    if call.arguments.iter().any(|(_, asks)| matches!(asks, Asks::Room(_))) {
        return;
    }
    match output_type(&call.handler.output) {
        None => diagnostics.error(&call.handler.name, message),
        Some(output)
            if is_nothing(success(output))
                || matches!(call.returns, Some(Asks::Session(_) | Asks::State(..) | Asks::Identity(_))) =>
        {
            diagnostics.error(output, message);
        }
        Some(_) => {}
    }
}

fn nobody_makes(name: &Ident, is_route: bool) -> String {
    let guard = if is_route { "; or give the route a `guard`, which says who may come" } else { "" };
    format!(
        "nobody makes the room `{name}`: return it from a handler of `#[on(create)]`, which may refuse{guard}\n\
         if whoever asks for a path may have a room there, write `#[room(open)]`: then it is made by `Default`"
    )
}

fn nothing_to_make(returned: Option<&Type>, scope: &Scope) -> String {
    let returned = returned.and_then(single_name).filter(|name| scope.types.contains(name));
    let above = match returned {
        Some(name) => format!("write `#[room]` above `{name}`"),
        None => "write `#[room]` above the type that it returns".to_owned(),
    };
    format!("`create` makes the state of a room, and this module has none: {above}")
}
