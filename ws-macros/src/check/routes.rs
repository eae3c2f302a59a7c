//! Checks what belongs to a route, and what to the server.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use ws_spec::path::Pattern;
use ws_spec::paths::{Paths, Refused};

use crate::diagnostics::{Diagnostics, list};
use crate::events::{Event, Output, Surroundings};
use crate::model::{Handler, Listed, Role, RouteMark, Scope, Server};

/// Checks the routes of a server.
pub(super) fn check(server: &Server, diagnostics: &mut Diagnostics) {
    paths_join(server, diagnostics);
    paths_differ(server, diagnostics);
    are_elsewhere(server, diagnostics);
    if server.has_routes() && !server.stands_alone() {
        no_connections(&server.root, diagnostics);
    }
}

/// Checks that a server with routes has nothing that belongs to the connections of one. It is one mistake, however many
/// handlers there are.
fn no_connections(root: &Scope, diagnostics: &mut Diagnostics) {
    let handlers: Vec<&Handler> = root.handlers.iter().filter(|handler| is_of_route(handler)).collect();
    let sessions = root.sessions.iter().map(|session| &session.name);
    let parts: Vec<&Ident> = sessions.chain(root.rooms.iter().map(|room| &room.part.name)).collect();
    let is_of_connection = |handler: &Handler| handler.row().surroundings == Surroundings::Connection;
    let first = handlers
        .iter()
        .find(|handler| is_of_connection(handler))
        .or(handlers.first().filter(|_| parts.is_empty()));
    if let Some(first) = first {
        let others = handlers.iter().map(|handler| &handler.name).chain(parts);
        let others: BTreeSet<String> =
            others.filter(|name| **name != first.name).map(ToString::to_string).collect();
        let others = list(others.iter().map(String::as_str));
        if !is_of_connection(first) {
            let title = first.row().title;
            diagnostics.error(
                &first.name,
                format!("{title} belongs to the route whose rooms it is for, as this server has routes: move it into that module"),
            );
            return;
        }
        let it = if others.is_empty() { "it".to_owned() } else { format!("it, and {others},") };
        diagnostics.error(
            &first.name,
            format!(
                "{} belongs to a route here, as this server has routes: move {it} into a module marked `#[route(\"/\")]`, or \
                 `#[route(\"/{{*path}}\")]` for all other paths",
                first.row().title
            ),
        );
        return;
    }
    for session in &root.sessions {
        diagnostics.error(
            &session.name,
            "a session belongs to the connections of one route: declare it in the route's module; what is known of a peer on \
             every route is the `#[identity]`",
        );
    }
    for room in &root.rooms {
        diagnostics.error(
            &room.part.name,
            "a room belongs to the paths of one route: declare it in the route's module; what all routes share is a `#[state]`",
        );
    }
}

/// Checks that no route within the server is listed, which only those in files of their own are.
fn are_elsewhere(server: &Server, diagnostics: &mut Diagnostics) {
    for Listed { path, .. } in server.settings.routes.iter().flatten() {
        let segments: Vec<&Ident> = path.segments.iter().map(|segment| &segment.ident).collect();
        let is_within = segments.iter().zip(segments.iter().skip(1)).any(|(outer, inner)| {
            **outer == server.root.name && server.routes.iter().any(|route| route.name == **inner)
        });
        if is_within {
            diagnostics.error(
                segments.last(),
                "this route stands within the server, which has it already: leave it out of `routes`, the list of those in files of \
                 their own",
            );
        }
    }
}

/// Checks that the path of an inner route makes one with those around it.
fn paths_join(server: &Server, diagnostics: &mut Diagnostics) {
    let marks = server.routes.iter().filter_map(|scope| scope.route.as_ref());
    for mark in marks.filter(|mark| !mark.is_wrong && server.around(mark).is_some()) {
        let around = server.around(mark).and_then(|around| around.route.as_ref());
        let around = around.map(|around| &around.full_path).filter(|around| *around != "/");
        if let Some(around) = around.filter(|_| mark.path.value() == "/") {
            diagnostics.error(
                &mark.path,
                format!(
                    "this is the path `{}`, and not `{around}`: the handlers of `{around}` stand in the module around this one",
                    mark.full_path
                ),
            );
        } else if let Err(problem) = Pattern::parse(&mark.full_path) {
            diagnostics.error(
                &mark.path,
                format!(
                    "with the path of the route around it, this is `{}`, which is no path: {problem}",
                    mark.full_path
                ),
            );
        }
    }
}

/// Checks that no two paths take the same requests.
fn paths_differ(server: &Server, diagnostics: &mut Diagnostics) {
    let mut paths = Paths::default();
    let served = server.scopes().filter(|scope| scope.serves());
    // Under `#[cfg]` they may exclude each other; the server finds out when it starts.
    let is_path = |mark: &RouteMark| !mark.is_wrong && Pattern::parse(&mark.full_path).is_ok();
    let certain = |mark: &&RouteMark| is_path(mark) && mark.cfgs.0.is_empty();
    for mark in served.filter_map(|scope| scope.route.as_ref()).filter(certain) {
        let path = &mark.full_path;
        match paths.insert(path, ()) {
            Ok(()) => {}
            Err(Refused::Clash { with, .. }) if with == path => {
                diagnostics.error(&mark.path, format!("`{with}` is a route already: a path has one module"));
            }
            Err(Refused::Clash { with, why, .. }) => {
                diagnostics.error(&mark.path, format!("`{path}` and `{with}` {why}"));
            }
            Err(Refused::NoPath) => diagnostics.error(&mark.path, format!("`{path}` is no path")),
        }
    }
}

/// Whether the handler is for the connections of a route, or for its rooms.
fn is_of_route(handler: &Handler) -> bool {
    let row = handler.row();
    match row.surroundings {
        Surroundings::Connection => !matches!(handler.role, Role::Guard),
        Surroundings::Room => true,
        Surroundings::Admission => row.output == Output::Room,
        Surroundings::Opening | Surroundings::Arrival | Surroundings::Server => false,
    }
}

/// Whether a handler stands where its event happens. In a server's module with routes, `check` reports it.
pub(super) fn belongs_here(
    handler: &Handler,
    scope: &Scope,
    server: &Server,
    diagnostics: &mut Diagnostics,
) -> bool {
    let row = handler.row();
    let title = row.title;
    if scope.route.is_some() {
        let reason = match (&handler.role, row.surroundings) {
            (Role::Tick { .. }, Surroundings::Server) => {
                "it happens for the server as a whole; where the route has a `#[room]`, its ticks run for each room"
            }
            (Role::On(Event::Connect), _) => "no path is known yet",
            (Role::GetGuard, _) => return true,
            (_, Surroundings::Opening) => "a plain request comes to no route",
            (Role::Watch { .. }, _) | (Role::On(_), Surroundings::Server) => {
                "it happens for the server as a whole"
            }
            (
                _,
                Surroundings::Arrival
                | Surroundings::Admission
                | Surroundings::Connection
                | Surroundings::Room,
            )
            | (
                Role::Named(_) | Role::Guard | Role::RouteGuard | Role::Timer(_) | Role::Get(_),
                Surroundings::Server,
            ) => {
                return true;
            }
        };
        diagnostics.error(
            &handler.name,
            format!("{title} belongs to the server's module, not to a route: {reason}"),
        );
        return false;
    }
    !(server.has_routes() && is_of_route(handler))
}
