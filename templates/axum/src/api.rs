//! Plain HTTP: the page, and an API for other programs.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use tower_http::timeout::TimeoutLayer;
use ws_runtime::{CLIENT_JS, Server};

use crate::server::chat::{Member, Said};

/// Anybody may call all of it: put a layer around what is not for everybody.
pub fn router() -> Router {
    Router::new()
        .route("/", get(page))
        .route("/client.js", get(client))
        .route("/api/members", get(members))
        .route("/api/messages", post(say))
        .layer(DefaultBodyLimit::max(4096))
        // Bounds how long a body may take, too.
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            Duration::from_secs(10),
        ))
}

async fn page() -> Html<&'static str> {
    Html(include_str!("../web/index.html"))
}

/// Connects again by itself, and matches replies with calls.
async fn client() -> impl IntoResponse {
    let javascript = "text/javascript; charset=utf-8";
    ([(header::CONTENT_TYPE, javascript)], CLIENT_JS)
}

/// The names of all who are connected. The server lends its handle to each request.
async fn members(Extension(server): Extension<Server>) -> Json<BTreeSet<String>> {
    let members = server.connections_of(|_: &Member| true);
    let names = members.iter().filter_map(|conn| conn.identity());
    Json(names.map(|member: &Member| member.name.clone()).collect())
}

#[derive(Deserialize)]
struct Message {
    by: String,
    text: String,
}

/// Says something to all who are connected.
async fn say(Extension(server): Extension<Server>, Json(message): Json<Message>) -> StatusCode {
    server.broadcast(Said {
        by: &message.by,
        text: &message.text,
    });
    StatusCode::NO_CONTENT
}
