//! A mounted server in memory, with the server around it.

use std::convert::Infallible;
use std::error::Error;
use std::pin::pin;

use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response, StatusCode};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tower_service::Service as TowerService;

use super::error::NotStarted;
use super::{TestServer, clock};
use crate::listen::Listen;
use crate::transport::Stream;
use crate::{Address, Mounted, Server};

impl Mounted {
    /// Serves a router, or another tower service in which this server is mounted, in memory, for a test: see
    /// [`test`](crate::test). It speaks HTTP/1.1. The address of the client is among the extensions of each request, as
    /// an [`Address`].
    ///
    /// # Errors
    ///
    /// [`NotStarted::ClockRuns`] without `#[tokio::test(start_paused = true)]`.
    ///
    /// ```
    /// # use axum::Router;
    /// # use ws_runtime::prelude::*;
    /// # #[ws_server] mod chat { #[on(utf8)] fn echo(text: &str) -> &str { text } }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> ws_runtime::test::Result {
    /// let chat = chat::server().mount().await?;
    /// let app = Router::new()
    ///     .route("/health", axum::routing::get(|| async { "ok" }))
    ///     .route_service("/chat", chat.service());
    /// let server = chat.test(app).await?;
    /// assert_eq!(server.get("/health").await?.body(), "ok");
    /// let mut ann = server.connect("/chat").await?;
    /// ann.send_utf8("hello").await?;
    /// assert_eq!(ann.utf8().await?, "hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn test<H, B>(self, around: H) -> Result<TestServer, NotStarted>
    where
        H: TowerService<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        H: Clone + Send + Sync + 'static,
        H::Future: Send,
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        if !clock::is_paused() {
            return Err(NotStarted::ClockRuns);
        }
        let (listen, dialer) = Listen::memory();
        let listeners = listen.bind(1).await.unwrap_or_default();
        let (running, keys) = self.into_parts();
        let server = running.server().clone();
        let serving = server.clone();
        let accepting = async move {
            // One place is one listener.
            let Some(listener) = listeners.first() else { return };
            while let Ok((stream, peer)) = listener.accept().await {
                tokio::spawn(serve(serving.clone(), around.clone(), stream, peer));
            }
        };
        tokio::spawn(async move {
            tokio::select! {
                () = accepting => {}
                () = server.stopping() => {}
            }
        });
        Ok(TestServer::new(running, dialer, keys))
    }
}

/// Serves one connection, until it ends or the server stops.
async fn serve<H, B>(server: Server, around: H, stream: Stream, peer: Address)
where
    H: TowerService<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
{
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        let answering = around.clone().call(request);
        async {
            let mut response = answering.await?;
            if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                // Clients of tests read an answer until its end.
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        // Of interest to nobody: the client sees how it ended.
        _ = connection.as_mut() => {}
        () = server.refusing() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
