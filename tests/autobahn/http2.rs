//! Stands between a client that speaks HTTP/1.1 and a server that is mounted in one that speaks HTTP/2, and opens each
//! WebSocket of the client by an extended CONNECT (RFC 8441), as browsers do.
//!
//! ```text
//! cargo run -p ws-tests --example http2 127.0.0.1:9001
//! ```

use std::error::Error;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use hyper::client::conn::http2::handshake;
use hyper::ext::Protocol;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// What a handshake tells in either version.
const COPIED: [header::HeaderName; 3] =
    [header::SEC_WEBSOCKET_VERSION, header::SEC_WEBSOCKET_EXTENSIONS, header::SEC_WEBSOCKET_PROTOCOL];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = std::env::args().nth(1).ok_or("the server's address is missing")?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("listening on {}", listener.local_addr()?);
    let listener = listener.tap_io(|client| {
        // Without it, the suite would wait for messages that the kernel collects.
        let _ = client.set_nodelay(true);
    });
    Ok(axum::serve(listener, Router::new().fallback(bridge).with_state(server)).await?)
}

async fn bridge(State(server): State<String>, request: Request) -> Response {
    connect(&server, request)
        .await
        .unwrap_or_else(|error| (StatusCode::BAD_GATEWAY, error.to_string()).into_response())
}

async fn connect(server: &str, request: Request) -> Result<Response, Box<dyn Error + Send + Sync>> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let (mut http, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut connect = Request::builder()
        .method(Method::CONNECT)
        .version(Version::HTTP_2)
        .uri(format!("http://{server}{}", request.uri()))
        .extension(Protocol::from_static("websocket"));
    for name in COPIED {
        if let Some(value) = request.headers().get(&name) {
            connect = connect.header(name, value);
        }
    }
    let accepted = http.send_request(connect.body(Body::empty())?).await?;
    if accepted.status() != StatusCode::OK {
        return Ok(accepted.map(Body::new));
    }
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY).ok_or("no Sec-WebSocket-Key")?;
    let mut answer = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes()));
    for name in COPIED {
        if let Some(value) = accepted.headers().get(&name) {
            answer = answer.header(name, value);
        }
    }
    tokio::spawn(async move {
        let (client, server) = tokio::join!(hyper::upgrade::on(request), hyper::upgrade::on(accepted));
        if let (Ok(client), Ok(server)) = (client, server) {
            // A side that fails is dropped with the other one.
            let _ = copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(server)).await;
        }
    });
    Ok(answer.body(Body::empty())?)
}
