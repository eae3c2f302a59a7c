//! The server that the Autobahn suite is run against: sends back texts and binaries, of the sizes that the suite sends.
//!
//! ```text
//! cargo run --example autobahn
//! cargo run --example autobahn tls
//! cargo run --example autobahn mounted
//! ```
//!
//! With `tls` it speaks TLS, with a certificate that is made at start. With `mounted` it is a route of an axum router.
//! `tests/autobahn/run` does the rest.

use std::error::Error;

use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use ws_runtime::Tls;
use ws_runtime::prelude::*;

// Messages and frames of 16 MiB: section 9. The outbox grows with `max_send_size`.
// 65,536 fragments of one message: case 9.3.1.
// Compression in each way that a client may ask for, of small messages too: sections 12 and 13.
#[ws_server(
    listen = 9001,
    max_recv_size = 16 << 20,
    max_send_size = 16 << 20,
    max_fragments = 70_000,
    compression = "context_takeover",
    compression_min_size = 0
)]
mod echo {
    use super::*;

    #[on(utf8)]
    fn text(text: &str) -> &str {
        text
    }

    #[on(binary)]
    fn data(data: Bytes) -> Bytes {
        data
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let server = echo::server();
    match std::env::args().nth(1).as_deref() {
        None => server.start()?,
        Some("tls") => {
            let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
            server.tls(Tls::pem(made.cert.pem(), made.signing_key.serialize_pem())).start()?;
        }
        Some("mounted") => mounted()?,
        Some(other) => return Err(format!("{other:?}: `tls`, `mounted` or nothing").into()),
    }
    Ok(())
}

/// Serves a router with the server at `/`, until SIGTERM.
#[tokio::main]
async fn mounted() -> Result<(), Box<dyn Error>> {
    let echo = echo::server().mount().await?;
    let address = std::env::var("WS_SERVER_LISTEN").unwrap_or_else(|_| "127.0.0.1:9001".to_owned());
    let listener = TcpListener::bind(address).await?;
    let mut terminate = signal(SignalKind::terminate())?;
    let asked_to_stop = async move {
        terminate.recv().await;
    };
    eprintln!("listening on {}", listener.local_addr()?);
    let router = Router::new().route_service("/", echo.service());
    axum::serve(listener, router).with_graceful_shutdown(echo.stopping(asked_to_stop)).await?;
    echo.stopped().await;
    Ok(())
}
