//! A chat with rooms in an axum router: a page, an API with a login cookie, and the WebSocket that the cookie admits.
//!
//! ```text
//! cargo run --example axum
//! ```
//!
//! Open <http://localhost:8080> in two tabs, and sign in with two names. <http://localhost:8080/#kitchen> is another room.
//! In a terminal, `curl -c cookies -d Ann http://localhost:8080/api/login` signs in, and
//! `curl -b cookies -d 'tea is ready' http://localhost:8080/api/announce` tells all rooms.

#[cfg(test)]
mod tests;

// ANCHOR: imports
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use ws_runtime::{Mounted, Server};
// ANCHOR_END: imports

// ANCHOR: chat
#[ws_runtime::ws_server(max_connections_per_ip = 20)]
mod chat {
    use serde::Serialize;
    use ws_runtime::Extension;
    use ws_runtime::prelude::*;

    use super::User;

    /// The user whom the layer of the router has admitted.
    #[identity]
    struct Member(User);

    #[on(handshake)]
    fn admit(Extension(user): Extension<User>) -> Member {
        Member(user)
    }

    /// What the API says to all rooms.
    #[push]
    #[derive(Serialize)]
    pub(crate) struct Announced<'a> {
        pub(crate) text: &'a str,
    }

    /// `/chat/kitchen` is a room. The router takes `/chat` away.
    #[route("/{room}")]
    mod room {
        use super::*;

        #[push]
        #[derive(Serialize)]
        struct Said<'a> {
            by: &'a str,
            text: &'a str,
        }

        #[on("say")]
        fn say(Json(text): Json<String>, Member(user): &Member, room: &Room) {
            room.broadcast(Said { by: &user.name, text: &text });
        }
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
    // Without a path, browsers send the cookie to `/api` alone, and not with the handshake.
    let cookie = format!("session={}; Path=/; HttpOnly; SameSite=Strict", sessions.begin(User { name }));
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
/// An HTTP handler has the handle of the server, and reaches all connections.
async fn announce(Extension(server): Extension<Server>, text: String) -> String {
    format!("{} connections are told\n", server.broadcast(chat::Announced { text: &text }))
}

fn app(chat: &Mounted) -> Router {
    let sessions = Sessions::default();
    Router::new()
        .nest_service("/chat", chat.service())
        .route("/api/me", get(me))
        .route("/api/announce", post(announce))
        .layer(Extension(chat.server().clone()))
        .layer(middleware::from_fn_with_state(sessions.clone(), signed_in))
        .route("/api/login", post(login))
        .route("/", get(|| async { Html(include_str!("page.html")) }))
        .with_state(sessions)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    let chat = chat::server().mount().await?;
    let chat = chat.peer_from(|ConnectInfo(peer): &ConnectInfo<SocketAddr>| *peer);
    let app = app(&chat).into_make_service_with_connect_info::<SocketAddr>();
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
