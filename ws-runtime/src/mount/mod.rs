//! The server within another HTTP server: axum, hyper, or anything else that speaks tower.
//!
//! ```text
//! request → MountService ─┬─ handshake ─ admitted ─ 101, and a task that waits for the upgrade ─ open
//!                         ├─ plain request ─ answer
//!                         └─ refusal ─ answer
//! ```
//!
//! The other server owns the listener, TLS, the reading of requests and the writing of answers. From the upgrade on the
//! connection is ours.

mod extension;
mod peer;
mod pieces;
mod router;
mod service;
mod stream;
mod unwaited;
mod write_timeout;

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::error::Error;
use crate::event::Service;
#[cfg(feature = "test")]
use crate::message::Keys;
use crate::server::{Bound, Places, Starting, StateSources};
use crate::{Address, Builder, Running, Server, ShutdownReport};

pub use self::extension::Extension;
use self::peer::Peers;
pub(crate) use self::router::HttpService;
pub(crate) use self::service::{AcceptedBy, Kept, Mount, Site};
pub use self::service::{MountBody, MountService};
pub(crate) use self::stream::NotUpgraded;
use self::unwaited::Unwaited;

impl<S: Service, G: StateSources<S::Given>> Builder<S, G> {
    /// Runs the server within another HTTP server, such as axum, inside your tokio runtime. It listens nowhere:
    /// requests come through [`Mounted::service`].
    ///
    /// Ticks, watches, timers, rooms and all limits of a connection work as everywhere. Options for what the other
    /// server does have no effect, which is logged as a warning: `listen`, `tls`, `proxy_protocol` and `threads`.
    /// `max_header_size` and `max_headers` are checked once the other server has read a request. `hosts` has no
    /// default: whether the other server listens on loopback alone is not known. It needs the feature `tower`.
    ///
    /// Each call starts a server of its own, with its own states, rooms and limits. To have one server in several
    /// places, mount it once and clone its [service](Mounted::service).
    ///
    /// Over HTTP/2 the socket stays the other server's, and `nodelay` has no effect: set `TCP_NODELAY` where that
    /// server accepts connections.
    ///
    /// ```
    /// use axum::Router;
    /// use ws_runtime::prelude::*;
    ///
    /// #[ws_server]
    /// mod chat {
    ///     use super::*;
    ///
    ///     #[on(utf8)]
    ///     fn said(text: &str, server: &Server) {
    ///         server.broadcast_utf8(text);
    ///     }
    /// }
    ///
    /// # async fn run(ctrl_c: impl Future<Output = ()> + Send + 'static) -> Result<(), Box<dyn std::error::Error>> {
    /// let chat = chat::server().mount().await?;
    /// let app = Router::new()
    ///     .route("/health", axum::routing::get(|| async { "ok" }))
    ///     .route_service("/chat", chat.service());
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    /// axum::serve(listener, app).with_graceful_shutdown(chat.stopping(ctrl_c)).await?;
    /// chat.stopped().await;
    /// # Ok(())
    /// # }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::MountedOutsideRuntime`] outside of a tokio runtime; [`Error::MountedWithHttp`] if
    /// [`http`](Self::http) was called; otherwise as [`bind`](Self::bind), but for the listener.
    ///
    /// # Panics
    ///
    /// In a tokio runtime without I/O or time: build it with `enable_all()`.
    pub fn mount(self) -> Starting<Mounted>
    where
        S: 'static,
    {
        Starting::new(async move {
            if Handle::try_current().is_err() {
                return Err(Error::MountedOutsideRuntime);
            }
            let Bound { running, hosted, capacity } = self.bind_nowhere().await?;
            let accepted_by = AcceptedBy::AnotherServer(Places::new(capacity));
            let unwaited = Unwaited::of(running.server().clone());
            let site = Arc::new(Site { hosted, accepted_by });
            Ok(Mounted { running, site, peers: Arc::default(), unwaited })
        })
    }
}

/// A server within another HTTP server, made by [`Builder::mount`].
///
/// Dropping it does not stop the server. [`shutdown`](Self::shutdown) does, and so does the signal of
/// [`stopping`](Self::stopping). If it is dropped while the server shuts down and connections are left, that is logged
/// as a warning: await [`stopped`](Self::stopped) before the program ends.
pub struct Mounted {
    running: Running,
    site: Arc<dyn Mount>,
    peers: Arc<Peers>,
    unwaited: Unwaited,
}

impl Mounted {
    /// The server's handle: for a broadcast from an HTTP handler, for example.
    #[must_use]
    pub fn server(&self) -> &Server {
        self.running.server()
    }

    /// The service that takes requests: a tower `Service`, for axum's `route_service`, `nest_service` and
    /// `fallback_service`, or for hyper. It may be cloned and stand in several places; it is one server all the same.
    ///
    /// Its routes match the path that the request has there. `nest_service("/games", …)` takes `/games` away first;
    /// `route_service` does not. [`Room::path`](crate::Room::path), [`Handshake::path`](crate::Handshake::path) and
    /// `http.route` in metrics and spans are without it too: `/table/7`, not `/games/table/7`. So two places of one
    /// service share their rooms.
    ///
    /// What a request is answered with: a handshake with 101, or over HTTP/2 (RFC 8441) with 200; a plain request as
    /// elsewhere, by `#[get]` and `#[on(request)]`; what is refused with its status; all with 503 once the server
    /// shuts down, and when `max_connections` or `max_handshakes` is reached and no handshake is stalled.
    ///
    /// `connect` runs for each request, and what it refuses is answered with 403.
    ///
    /// Over HTTP/1, a handshake that is refused ends its connection. A client that sends more before it has the 101 is
    /// closed with 1002. Where the other server cannot upgrade the connection, as in a test that calls the service by
    /// itself, the answer is 500 instead of 101, and the log says why.
    #[must_use]
    pub fn service(&self) -> MountService {
        MountService::new(Arc::clone(&self.site), self.server().clone(), Arc::clone(&self.peers))
    }

    /// Says which extension of a request has the address of its peer, for what [`service`](Self::service) makes from
    /// then on.
    ///
    /// `max_connections_per_ip`, `handshake_rate_per_ip` and `trusted_proxies` need that address, and so do
    /// [`Conn::peer`](crate::Conn::peer) and [`Conn::ip`](crate::Conn::ip). In axum it is the extension `ConnectInfo`:
    ///
    /// ```
    /// # use axum::Router;
    /// # use axum::extract::ConnectInfo;
    /// # use std::net::SocketAddr;
    /// # use ws_runtime::prelude::*;
    /// # #[ws_server] mod chat {}
    /// # async fn run(listener: tokio::net::TcpListener) -> Result<(), Box<dyn std::error::Error>> {
    /// let chat = chat::server().mount().await?;
    /// let chat = chat.peer_from(|ConnectInfo(peer): &ConnectInfo<SocketAddr>| *peer);
    /// let app = Router::new().route_service("/chat", chat.service());
    /// axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A request without that extension may have an [`Address`] among its extensions, which a layer of yours has added;
    /// that needs no call of this. If it has neither, the address is [`Address::Unknown`]: the first such request is
    /// logged as a warning if one of those options is set, or if this was called.
    #[must_use]
    pub fn peer_from<T, A>(self, address: impl Fn(&T) -> A + Send + Sync + 'static) -> Self
    where
        T: Send + Sync + 'static,
        A: Into<Address>,
    {
        Self { peers: Arc::new(Peers::of_extension(address)), ..self }
    }

    /// Waits for `signal`, and shuts this server down then: for `with_graceful_shutdown` of axum. `signal` is no longer
    /// waited for once the server shuts down for another reason.
    ///
    /// Ends when the other server is to accept nothing more: once `shutdown_delay` has passed, and the handshakes that go
    /// on have ended, for which the server waits 0.5 s at most.
    ///
    /// The other server does not wait for connections that were upgraded: await [`stopped`](Self::stopped) after it.
    pub fn stopping<F>(&self, signal: F) -> impl Future<Output = ()> + Send + 'static + use<F>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let server = self.server().clone();
        async move {
            let signal = pin!(signal);
            tokio::select! {
                () = signal => server.shutdown(),
                () = server.refusing() => {}
            }
            // Until then handshakes may end well, and hyper would add `close` to the `Connection: Upgrade` of their 101,
            // which some clients refuse.
            server.refusing().await;
        }
    }

    #[cfg(feature = "test")]
    pub(crate) fn into_parts(self) -> (Running, Keys) {
        (self.running, self.site.keys())
    }

    /// Asks the server to shut down, see [`Server::shutdown`].
    pub fn shutdown(&self) {
        self.running.shutdown();
    }

    /// Waits until the server has shut down, as [`Running::stopped`] does: all connections are closed then, and their
    /// `disconnect` handlers are done. Await it before the program ends.
    ///
    /// It does not ask for a shutdown. [`stopping`](Self::stopping), given to the other server in place of the signal,
    /// does, and so does [`shutdown`](Self::shutdown): without either it waits for ever, which the log says.
    pub async fn stopped(self) -> ShutdownReport {
        let Self { running, unwaited, .. } = self;
        let server = running.server();
        if !server.is_shutting_down() {
            tracing::info!(
                server = server.name(),
                "waiting for a shutdown, for which nobody has asked yet: the signal of `Mounted::stopping` does, and so \
                 does `shutdown()`"
            );
        }
        let report = running.stopped().await;
        unwaited.disarm();
        report
    }
}

impl fmt::Debug for Mounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mounted").field("server", self.server()).finish_non_exhaustive()
    }
}
