//! An HTTP service beside the server: it gets plain requests that are not the server's own. A router of axum is one.

use std::convert::Infallible;
use std::error::Error;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Either;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tower_service::Service as TowerService;

use super::service::{Mount, end};
use super::write_timeout::WriteTimeout;
use crate::event::Service;
use crate::generated::BoxFuture;
use crate::handshake::wants_websocket;
use crate::transport::Stream;
use crate::{Address, Builder, Conn};

impl<S: Service, G> Builder<S, G> {
    /// Gives requests that are not the server's own to a tower service, such as a router of axum. It needs the feature
    /// `tower`.
    ///
    /// The server's own are the handshakes for its routes, and what a `#[get]` answers. Listeners, TLS, limits and the
    /// shutdown are the server's: a connection of the service counts among `max_connections`, has to send each head
    /// within `handshake_timeout`, also the next one while the connection is kept, is cut if it takes nothing of an
    /// answer for `write_timeout`, and is closed by the shutdown once its request is answered. How long the body of a
    /// request may take is the service's to bound. `connect` runs once for a connection, and not for each request. A
    /// handshake may come on a connection that was kept; `connect` runs once more for it. If nobody accepts it, that
    /// ends the connection. A connection that the service itself upgrades is the service's from then on: it does not
    /// count any more, and the shutdown does not wait for it.
    ///
    /// The service finds these among the extensions of a request, in axum as `Extension<…>`: the server's handle as
    /// `ws_runtime::Server`; as `ws_runtime::Address` that of the client where the PROXY protocol names it, and
    /// otherwise that of the peer; over TLS the client's certificate as `ws_runtime::ClientCertificate`, if it has shown
    /// one. Headers of proxies, such as `X-Forwarded-For`, are the service's to read. With `#[on(request)]`, which takes the
    /// same requests, the server does not start.
    ///
    /// ```no_run
    /// use axum::{Extension, Router};
    /// use ws_runtime::prelude::*;
    ///
    /// #[ws_server(listen = 8080)]
    /// mod chat {
    ///     use super::*;
    ///
    ///     #[route("/chat")]
    ///     mod room {
    ///         use super::*;
    ///
    ///         #[on(utf8)]
    ///         fn said(text: &str, room: &Room) {
    ///             room.broadcast_utf8(text);
    ///         }
    ///     }
    /// }
    ///
    /// async fn peers(Extension(server): Extension<Server>) -> String {
    ///     server.connections().len().to_string()
    /// }
    ///
    /// fn main() -> ws_runtime::Result<()> {
    ///     let api = Router::new().route("/api/peers", axum::routing::get(peers));
    ///     chat::server().http(api).start()
    /// }
    /// ```
    pub fn http<H, B>(mut self, service: H) -> Self
    where
        H: TowerService<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        H: Clone + Send + Sync + 'static,
        H::Future: Send,
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        self.around.http = Some(Arc::new(Beside(service)));
        self
    }
}

/// A tower service with its types erased.
pub(crate) trait HttpService: Send + Sync {
    /// Serves the requests of a connection, until that ends or becomes a WebSocket. The service is told this address.
    fn serve(
        &self,
        ours: Arc<dyn Mount>,
        conn: Conn,
        stream: Stream,
        address: Address,
    ) -> BoxFuture<'static, ()>;
}

struct Beside<H>(H);

impl<H, B> HttpService for Beside<H>
where
    H: TowerService<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    H: Clone + Send + Sync + 'static,
    H::Future: Send,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    fn serve(
        &self,
        ours: Arc<dyn Mount>,
        conn: Conn,
        stream: Stream,
        address: Address,
    ) -> BoxFuture<'static, ()> {
        let (theirs, server) = (self.0.clone(), conn.server().clone());
        let handle = server.clone();
        #[cfg(feature = "tls")]
        let certificate = stream.client_certificate();
        let service = service_fn(move |mut request: Request<Incoming>| {
            #[cfg(feature = "tls")]
            if let Some(certificate) = &certificate {
                request.extensions_mut().insert((**certificate).clone());
            }
            request.extensions_mut().insert(handle.clone());
            request.extensions_mut().insert(address.clone());
            answer(Arc::clone(&ours), theirs.clone(), request, conn.peer().clone())
        });
        Box::pin(async move {
            let options = server.options();
            let mut builder = http1::Builder::new();
            builder
                .timer(TokioTimer::new())
                .header_read_timeout(options.handshake_timeout)
                .max_header_size(options.max_header_size)
                .max_headers(options.max_headers);
            let stream = TokioIo::new(WriteTimeout::new(stream, options.write_timeout));
            let mut connection = pin!(builder.serve_connection(stream, service).with_upgrades());
            let ended = tokio::select! {
                // The first request was read already: it is answered, even if the server stops.
                biased;
                ended = connection.as_mut() => ended,
                // Not before: hyper would add `close` to the 101 of a handshake that goes on, which some clients refuse.
                () = server.refusing() => {
                    // After the answer to the request that runs, if there is one.
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        ended = connection => ended,
                        () = server.aborting() => Ok(()),
                    }
                }
            };
            if let Err(error) = ended {
                tracing::debug!(server = server.name(), %error, "an HTTP connection ended early");
            }
        })
    }
}

/// Answers a request: it is the server's own, or the service's.
async fn answer<H, B>(
    ours: Arc<dyn Mount>,
    mut theirs: H,
    request: Request<Incoming>,
    peer: Address,
) -> Result<Response<Either<super::MountBody, B>>, Infallible>
where
    H: TowerService<Request<Incoming>, Response = Response<B>, Error = Infallible>,
{
    if ours.takes(request.method(), request.uri().path(), request.headers()) {
        let (parts, _) = request.into_parts();
        let response = ours.answer(parts, peer).await;
        return Ok(response.map(|body| Either::Left(body.into())));
    }
    if let Some(refusal) = ours.refuses(&request) {
        return Ok(refusal.map(|body| Either::Left(body.into())));
    }
    let wants_websocket = wants_websocket(request.headers());
    std::future::poll_fn(|cx| theirs.poll_ready(cx)).await?;
    let mut response = theirs.call(request).await?;
    if wants_websocket && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        end(response.headers_mut());
    }
    Ok(response.map(Either::Right))
}
