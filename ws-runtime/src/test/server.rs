//! A server in memory.

use tokio::io::DuplexStream;
use tokio::runtime::Handle;

use super::clock;
use super::connect::Connect;
use super::error::NotStarted;
use super::http::Request;
use crate::event::Service;
use crate::listen::{Address, Dialer};
use crate::message::Keys;
use crate::server::StateSources;
use crate::{Builder, Running, Seconds, Server, ShutdownReport};

/// How many bytes a pipe holds in each direction, unless a client says otherwise.
pub(super) const CAPACITY: usize = 64 * 1024;

impl<S: Service, G: StateSources<S::Given>> Builder<S, G> {
    /// Runs the server in memory, for a test: see [`test`](crate::test).
    ///
    /// All that was set before applies, but for `listen`, `metrics_listen`, `tls`, `hosts`, `proxy_protocol` and the
    /// environment. Ticks, watches and timers run as they do elsewhere. `shutdown_delay` and `shutdown_spread` are 0,
    /// unless they are set on the builder: no load balancer is there to wait for.
    ///
    /// # Errors
    ///
    /// [`NotStarted::ClockRuns`] without `#[tokio::test(start_paused = true)]`; otherwise as [`bind`](Self::bind).
    ///
    /// ```
    /// # use ws_runtime::prelude::*;
    /// # #[ws_server] mod chat { #[on(utf8)] fn echo(text: &str) -> &str { text } }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> ws_runtime::test::Result {
    /// let server = chat::server().max_recv_size(100).test().await?;
    /// let mut ann = server.connect("/").await?;
    /// ann.send_utf8("x".repeat(101)).await?;
    /// assert_eq!(ann.closed().await?.code, 1009);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn test(self) -> Result<TestServer, NotStarted> {
        if Handle::try_current().is_ok() && !clock::is_paused() {
            return Err(NotStarted::ClockRuns);
        }
        let (running, dialer) = self.bind_in_memory().await?;
        Ok(TestServer::new(running, dialer, *S::KEYS))
    }
}

/// A server in memory, made by [`Builder::test`]. Dropping it shuts the server down.
#[derive(Debug)]
pub struct TestServer {
    /// Taken by [`stop`](Self::stop) alone.
    running: Option<Running>,
    server: Server,
    dialer: Dialer,
    keys: Keys,
}

impl TestServer {
    pub(super) fn new(running: Running, dialer: Dialer, keys: Keys) -> Self {
        let server = running.server().clone();
        Self { running: Some(running), server, dialer, keys }
    }

    /// Connects a client to a path: await what this returns, after its options.
    ///
    /// ```
    /// # use ws_runtime::prelude::*;
    /// # #[ws_server] mod table {
    /// #     use ws_runtime::prelude::*;
    /// #     #[on(handshake)]
    /// #     fn who(handshake: &Handshake) -> Result<(), Reject> {
    /// #         match handshake.query_param("seat") { Some(_) => Ok(()), None => Err(Reject::not_found()) }
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> ws_runtime::test::Result {
    /// # let server = table::server().test().await?;
    /// let ann = server.connect("/?seat=1").bearer("ann").await?;
    /// assert_eq!(server.connect("/").await.unwrap_err().status(), 404);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn connect(&self, path: impl Into<String>) -> Connect<'_> {
        Connect::new(self, path.into())
    }

    /// Sends a plain HTTP request: await what this returns, after its headers.
    ///
    /// ```
    /// # use ws_runtime::prelude::*;
    /// # #[ws_server] mod table {
    /// #     use ws_runtime::prelude::*;
    /// #     #[on(request)] fn page(request: &Request) -> String { format!("{}\n", request.path()) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> ws_runtime::test::Result {
    /// # let server = table::server().test().await?;
    /// let answer = server.request("GET", "/rules").header("Accept", "text/plain").await?;
    /// assert_eq!(answer.status(), 200);
    /// assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
    /// assert_eq!(answer.body(), "/rules\n");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn request(&self, method: impl Into<String>, path: impl Into<String>) -> Request<'_> {
        Request::new(self, method.into(), path.into())
    }

    /// Sends a GET request, see [`request`](Self::request).
    ///
    /// ```
    /// # use ws_runtime::prelude::*;
    /// # #[ws_server] mod table {
    /// #     use ws_runtime::prelude::*;
    /// #     #[get("/health")] fn health() -> &'static str { "ok" }
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> ws_runtime::test::Result {
    /// # let server = table::server().test().await?;
    /// assert_eq!(server.get("/health").await?.body(), "ok");
    /// assert_eq!(server.get("/other").await?.status(), 426);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn get(&self, path: impl Into<String>) -> Request<'_> {
        self.request("GET", path)
    }

    /// Lets time pass, and returns once all that is due has run and all that was sent meanwhile has arrived. What is
    /// due earlier runs at its own time, so a tick of a second runs five times in `advance(5)`.
    ///
    /// `advance(0)` does not move the clock: it lets everything run that can run now. Work that began at the last
    /// moment and goes on in [`spawn_blocking`](tokio::task::spawn_blocking) is not waited for.
    pub async fn advance(&self, seconds: impl Into<Seconds>) {
        clock::advance(clock::span(seconds.into())).await;
    }

    /// The server's handle.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Opens a connection and sends nothing: for a peer that is no WebSocket client. Each direction holds 64 KiB.
    ///
    /// If the server has stopped accepting, the stream is at its end.
    #[must_use]
    pub fn open(&self) -> DuplexStream {
        self.dial(Address::Memory, CAPACITY)
    }

    /// Shuts the server down, and waits until all connections are closed and all handlers are done. Returns how the
    /// connections have ended.
    pub async fn stop(mut self) -> ShutdownReport {
        let Some(running) = self.running.take() else { return ShutdownReport::default() };
        running.shutdown();
        running.stopped().await
    }

    pub(super) fn dial(&self, peer: Address, capacity: usize) -> DuplexStream {
        self.dialer.connect(peer, capacity).unwrap_or_else(|| tokio::io::duplex(1).0)
    }

    pub(super) fn keys(&self) -> Keys {
        self.keys
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.server.shutdown();
    }
}
