//! Checks what belongs to a route, and what to the server.

use matchit::{InsertError, Router};

use crate::diagnostics::Diagnostics;
use crate::events::{Event, Surroundings};
use crate::model::{Handler, Role, RouteMark, Scope, Server};

/// Checks the routes of a server.
pub(super) fn check(server: &Server, diagnostics: &mut Diagnostics) {
    paths_differ(server, diagnostics);
    if server.has_routes() {
        for session in &server.root.sessions {
            diagnostics.error(
                &session.name,
                "a session belongs to the connections of one route: declare it in the route's module; what is known of a \
                 peer on every route is the `#[identity]`",
            );
        }
    }
}

/// Checks that no two paths take the same requests.
fn paths_differ(server: &Server, diagnostics: &mut Diagnostics) {
    let mut router = Router::new();
    let served = server.routes.iter().filter(|scope| scope.serves());
    // Under `#[cfg]` they may exclude each other; the server finds out when it starts.
    let certain = |mark: &&RouteMark| !mark.is_wrong && mark.cfgs.0.is_empty();
    for mark in served.filter_map(|scope| scope.route.as_ref()).filter(certain) {
        match router.insert(mark.full_path.clone(), ()) {
            Ok(()) => {}
            Err(InsertError::Conflict { with }) if with == mark.full_path => {
                diagnostics.error(&mark.path, format!("`{with}` is a route already: a path has one module"));
            }
            Err(InsertError::Conflict { with }) => {
                let path = &mark.full_path;
                diagnostics.error(
                    &mark.path,
                    format!(
                        "`{path}` and `{with}` are paths of the same requests: give one of them another path"
                    ),
                );
            }
            Err(problem) => diagnostics.error(&mark.path, format!("this is no path: {problem}")),
        }
    }
}

/// Checks that a handler stands where its event happens.
pub(super) fn belongs_here(handler: &Handler, scope: &Scope, server: &Server, diagnostics: &mut Diagnostics) {
    let row = handler.row();
    let title = row.title;
    if scope.route.is_some() {
        let reason = match (&handler.role, row.surroundings) {
            (Role::On(Event::Connect), _) => "no path is known yet",
            (_, Surroundings::Opening) => "a plain request comes to no route",
            (Role::Tick { .. } | Role::Watch { .. }, _) | (Role::On(_), Surroundings::Server) => {
                "it happens for the server as a whole"
            }
            (_, Surroundings::Arrival | Surroundings::Admission | Surroundings::Connection)
            | (Role::Named(_) | Role::Guard | Role::RouteGuard | Role::Timer(_), Surroundings::Server) => {
                return;
            }
        };
        diagnostics.error(
            &handler.name,
            format!("{title} belongs to the server's module, not to a route: {reason}"),
        );
    } else if server.has_routes()
        && row.surroundings == Surroundings::Connection
        && !matches!(handler.role, Role::Guard)
    {
        diagnostics.error(
            &handler.name,
            format!(
                "{title} belongs to a route here, as this server has routes: move it into a module marked `#[route(\"/\")]`, or \
                 `#[route(\"/{{*path}}\")]` for all other paths"
            ),
        );
    }
}
