//! The handlers that run before a connection is open.

use bytes::Bytes;
use http::{Method, Response, StatusCode};

use super::reason::Reason;
use crate::conn::Conn;
use crate::conn::dispatch::{Panicked, Verdict, catch, catch_code, report};
use crate::event::{ConnEvent, Failure, Identity, Route, Service};
use crate::handshake::{self, HandlerError, Handshake, IntoResponse, Refusal, Reject, Request};
use crate::server::Hosted;

/// Runs the `connect` handler, which may configure the connection or refuse it.
pub(super) async fn run_connect<S: Service>(hosted: &Hosted<S>, conn: &Conn) -> Result<(), Reason> {
    let (name, outcome) = match hosted.server.replaced_connect() {
        Some(handler) => {
            let name = "on_connect";
            (name, catch(conn.server(), name, || async { handler(conn) }).await)
        }
        None => {
            let event = ConnEvent::before_session(conn, &hosted.store, &());
            (S::CONNECT, catch(conn.server(), S::CONNECT, || S::connect(event)).await)
        }
    };
    if report(conn, name, outcome) == Verdict::End {
        return Err(Reason::Refused);
    }
    if conn.is_cut() { Err(Reason::Disconnected) } else { Ok(()) }
}

/// Runs the server's own `handshake` handler, which makes the identity, if the server has routes.
pub(super) async fn run_server_handshake<S: Service>(
    hosted: &Hosted<S>,
    conn: &Conn,
    request: &Handshake,
) -> Result<(), Reject> {
    let event = ConnEvent::before_session(conn, &hosted.store, request);
    let admitted = catch(conn.server(), S::HANDSHAKE, || S::handshake(event)).await;
    let admission = check_admission(conn, S::HANDSHAKE, admitted)?;
    set_identity(conn, S::HANDSHAKE, admission.identity)
}

/// Runs the guards of a route's path.
pub(super) async fn run_guards<R: Route>(
    hosted: &Hosted<R::Server>,
    conn: &Conn,
    request: &Handshake,
) -> Result<(), Reject> {
    let event = ConnEvent::before_session(conn, &hosted.store, request);
    let passed = catch(conn.server(), "guard", || R::guard_route(event)).await;
    request.show_parameters(usize::MAX);
    // A guard refuses by a `Reject`; a mistake of an argument is one, too.
    let passed = passed.map(|outcome| outcome.map_err(Failure::into_reject));
    check_admission(conn, "guard", passed)
}

/// Runs the `create` handler of a route, which makes the state of a room.
pub(super) async fn run_create<R: Route>(
    hosted: &Hosted<R::Server>,
    conn: &Conn,
    request: &Handshake,
) -> Result<R::Room, Reject> {
    let event = ConnEvent::before_session(conn, &hosted.store, request);
    let created = catch(conn.server(), R::CREATE, || R::create(event)).await;
    check_admission(conn, R::CREATE, created)
}

/// Runs the `handshake` handler of a route, which makes the session, and that of a server without routes the identity,
/// too. Then the handler that was added for this connection, if any.
pub(super) async fn run_handshake<R: Route>(
    hosted: &Hosted<R::Server>,
    conn: &Conn,
    request: &Handshake,
) -> Result<R::Session, Reject> {
    let event = ConnEvent::before_session(conn, &hosted.store, request);
    let admitted = catch(conn.server(), R::HANDSHAKE, || R::handshake(event)).await;
    let admission = check_admission(conn, R::HANDSHAKE, admitted)?;
    if let Some(handler) = conn.replaced_handshake() {
        let name = "on_handshake";
        let admitted = catch(conn.server(), name, || async { handler(request) }).await;
        check_admission(conn, name, admitted)?;
    }
    set_identity(conn, R::HANDSHAKE, admission.identity)?;
    if let Some(at) = request.expiry() {
        conn.set_expiry(at);
    }
    Ok(admission.session)
}

fn set_identity(
    conn: &Conn,
    handler: &'static str,
    identity: Option<Box<dyn Identity>>,
) -> Result<(), Reject> {
    let Some(identity) = identity else { return Ok(()) };
    // The hash of its key is the user's code.
    let set = catch_code(handler, || conn.set_identity(identity)).map(Ok);
    check_admission(conn, handler, set)
}

/// The result of a `handshake` handler. Its panics and mistakes are logged under its name.
fn check_admission<T>(
    conn: &Conn,
    handler: &'static str,
    admitted: Result<Result<T, Reject>, Panicked>,
) -> Result<T, Reject> {
    match admitted {
        Ok(admitted) => admitted.inspect_err(|reject| {
            if let Some(mistake) = reject.mistake() {
                report(conn, handler, Ok(Err(Failure::new(mistake))));
            }
        }),
        Err(panic) => {
            report(conn, handler, Err(panic));
            Err(Reject::new(StatusCode::INTERNAL_SERVER_ERROR))
        }
    }
}

/// Answers a plain request: by the `#[get]` handler of its path, by the `request` handler, or, where there is a route,
/// by 426 (upgrade required).
pub(super) async fn run_request<S: Service>(
    hosted: &Hosted<S>,
    conn: &Conn,
    request: &mut Request,
) -> Response<Bytes> {
    let found = hosted.gets.find(request.path());
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    match (found, S::REQUEST) {
        (Some((get, parameters)), _) if is_read => {
            request.set_parameters(parameters);
            let event = ConnEvent::before_session(conn, &hosted.store, request);
            answer(conn, get.name, catch(conn.server(), get.name, || (get.run)(event)).await)
        }
        (_, Some(name)) => {
            let event = ConnEvent::before_session(conn, &hosted.store, request);
            answer(conn, name, catch(conn.server(), name, || S::request(event)).await)
        }
        (Some(_), None) => Refusal::Method.into_response(),
        (None, None) if hosted.routes.find(request.path()).is_some() => {
            handshake::upgrade_required().into_response()
        }
        (None, None) => Reject::not_found().into_response(),
    }
}

/// The answer of a handler. Its panics and mistakes are logged under its name.
fn answer(
    conn: &Conn,
    name: &'static str,
    answered: Result<Result<Response<Bytes>, Reject>, Panicked>,
) -> Response<Bytes> {
    let response = match answered {
        Ok(response) => response.into_response(),
        Err(panic) => {
            report(conn, name, Err(panic));
            return Reject::new(StatusCode::INTERNAL_SERVER_ERROR).into_response();
        }
    };
    if let Some(HandlerError(error)) = response.extensions().get() {
        report(conn, name, Ok(Err(Failure::new(error))));
    }
    response
}
