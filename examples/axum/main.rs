//! A chat in an axum router: a page, an API with a login cookie, and the WebSocket that the cookie admits.
//!
//! ```text
//! cargo run --example axum
//! ```
//!
//! Open <http://localhost:8080> in two tabs, and sign in with two names.

#[cfg(test)]
mod tests;

// ANCHOR: imports
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
// ANCHOR_END: imports

// ANCHOR: chat
#[ws_runtime::ws_server]
mod chat {
    use serde::Serialize;
    use ws_runtime::Extension;
    use ws_runtime::prelude::*;

    use super::User;

    #[push]
    #[derive(Serialize)]
    struct Said<'a> {
        by: &'a str,
        text: &'a str,
    }

    #[session]
    struct Member {
        user: User,
    }

    /// The layer of the router has admitted the user already.
    #[on(handshake)]
    fn admit(Extension(user): Extension<User>) -> Member {
        Member { user }
    }

    #[on("say")]
    fn say(Json(text): Json<String>, member: &Member, server: &Server) {
        server.broadcast(Said { by: &member.user.name, text: &text });
    }
}
// ANCHOR_END: chat

/// Who has signed in: the user of each session.
#[derive(Clone, Default)]
struct Sessions(Arc<Mutex<HashMap<String, User>>>);

#[derive(Clone)]
struct User {
    name: String,
}

impl Sessions {
    /// A new session, as the value of its cookie.
    fn begin(&self, user: User) -> String {
        let id = format!("{:032x}", rand::random::<u128>());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), user);
        id
    }

    fn user(&self, headers: &HeaderMap) -> Option<User> {
        let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
        let id = cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix("session="))?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}

/// Signs in: here whoever has a name.
async fn login(State(sessions): State<Sessions>, name: String) -> Response {
    if name.is_empty() {
        return (StatusCode::BAD_REQUEST, "say who you are").into_response();
    }
    let cookie = format!("session={}; HttpOnly; SameSite=Strict", sessions.begin(User { name }));
    ([(header::SET_COOKIE, cookie)], StatusCode::NO_CONTENT).into_response()
}

/// Lets only users pass, and tells the handlers who they are.
async fn signed_in(State(sessions): State<Sessions>, mut request: Request, next: Next) -> Response {
    let Some(user) = sessions.user(request.headers()) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    request.extensions_mut().insert(user);
    next.run(request).await
}

async fn me(Extension(user): Extension<User>) -> String {
    user.name
}

// ANCHOR: router
fn app(chat: &ws_runtime::Mounted) -> Router {
    let sessions = Sessions::default();
    Router::new()
        .route_service("/chat", chat.service())
        .route("/api/me", get(me))
        .layer(middleware::from_fn_with_state(sessions.clone(), signed_in))
        .route("/api/login", post(login))
        .route("/", get(|| async { Html(include_str!("page.html")) }))
        .with_state(sessions)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    let chat = chat::server().mount().await?;
    let app = app(&chat);
    let listener = tokio::net::TcpListener::bind("[::]:8080").await?;
    println!("open http://localhost:8080");
    axum::serve(listener, app).with_graceful_shutdown(chat.stopping(asked_to_stop())).await?;
    chat.stopped().await;
    Ok(())
}
// ANCHOR_END: router

/// Waits for CTRL-C, or for SIGTERM, which service managers send.
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};

    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without signals, the server runs until it is killed.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
