//! A WebSocket server from a module of annotated functions.
//!
//! ```no_run
//! use ws_runtime::prelude::*;
//!
//! #[ws_server(listen = 8080)]
//! mod echo {
//!     use super::*;
//!
//!     #[on(utf8)]
//!     fn echo(text: &str) -> &str {
//!         text
//!     }
//! }
//!
//! fn main() -> ws_runtime::Result<()> {
//!     echo::server().start()
//! }
//! ```
//!
//! A word in `#[on(…)]` is an event, a text is the type of a message: JSON with a type, answered by what its handler
//! returns. A push goes to whoever is to know.
//!
//! ```no_run
//! use serde::Serialize;
//! use ws_runtime::prelude::*;
//!
//! #[ws_server(listen = 8080)]
//! mod chat {
//!     use super::*;
//!
//!     #[push]
//!     #[derive(Serialize)]
//!     struct Said<'a> { text: &'a str }
//!
//!     /// `{"type":"say","id":1,"data":"hello"}` is answered `{"type":"say","id":1,"data":2}`, and everyone gets
//!     /// `{"type":"said","data":{"text":"hello"}}`.
//!     #[on("say")]
//!     fn say(Json(text): Json<String>, server: &Server) -> usize {
//!         server.broadcast(Said { text: &text })
//!     }
//! }
//!
//! fn main() -> ws_runtime::Result<()> {
//!     chat::server().start()
//! }
//! ```
//!
//! The macro reads the whole module and generates the dispatch. This crate does the rest: sockets, TLS, frames,
//! silence, ticks, watchers, limits, shutdown.
//!
//! # What is promised
//!
//! 1. **Order.** One connection's handlers run one at a time, in arrival order, except those with `concurrent` and
//!    streams, which begin in order and run beside the others. Connections run in parallel on all cores. `disconnect`
//!    runs once for each `ready`, after the last message, even after a panic, a silence or a shutdown.
//! 2. **Sends never block.** `Ok` means that the message is in the connection's outbox, which is bounded. A message is
//!    delivered once or not at all. A peer that reads too slowly is disconnected, or misses messages if you choose
//!    that, so its memory never grows without bound. A broadcast is encoded once.
//! 3. **Handlers do not stop the connection.** Pings are answered and silence is measured while a handler awaits.
//!    Messages that arrive meanwhile wait in an inbox, which is bounded; when it is full, TCP slows the peer down.
//! 4. **A handler's panic ends only its own connection**, with close code 1011. So does its error, unless the peer is
//!    told it: a named message is answered by an error reply. The details are only logged.
//! 5. **Every state has a deadline and every buffer a bound.** Each is an option, see [`Builder`].
//! 6. **Shutdown** stops accepting, runs the `shutdown` handler, handles what has arrived, closes each connection with
//!    1001, and waits for the end of all.
//!
//! # Features
//!
//! `compression`, `log` and `tls` are on by default. A server that needs none of them sets `default-features = false` in
//! Cargo.toml.
//!
//! | feature | what it adds | the crates that it needs |
//! |---|---|---|
//! | `compression` | permessage-deflate: values of the option [`compression`](Builder::compression) other than `"off"` | flate2, zlib-rs |
//! | `log` | [`start`](Builder::start) sets up a plain `tracing` subscriber where the process has none | `tracing-subscriber` |
//! | `metrics` | [`metrics_text`](Server::metrics_text): the metrics as OpenMetrics text, for Prometheus | `prometheus-client` |
//! | `tls` | the option [`tls`](Builder::tls), `Tls`, `TlsError`, `ClientCertificate`, and `rustls` as a re-export | `tokio-rustls`, rustls, ring |
//! | `tower` | [`mount`](Builder::mount): the server within axum, hyper, or what else speaks tower; [`http`](Builder::http): a router beside it; `Extension` | hyper, hyper-util, tower-service, http-body-util |
//! | `test` | [`test`](Builder::test): a server in memory for tests, with clients. For `[dev-dependencies]` | none, but tokio's `test-util` |
//!
//! Without a feature its option is refused with an error that names the feature: by the compiler where it sees the
//! value, otherwise, as with the environment, when the server starts.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod conn;
mod error;
mod escape;
pub mod event;
mod excerpt;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
#[doc(hidden)]
pub mod generated;
mod handshake;
mod listen;
mod message;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "tower")]
mod mount;
pub mod options;
pub mod prelude;
mod process;
mod proxy;
mod room;
mod route;
mod server;
mod side;
pub mod stats;
#[cfg(feature = "test")]
pub mod test;
mod tick;
mod timer;
mod transport;
#[cfg(unix)]
mod watch;
mod watchdog;
mod wire;
#[doc(hidden)]
pub mod words;
#[cfg(feature = "tls")]
mod x509;

pub use bytes::Bytes;
/// A sequence of values that arrive over time: what a handler of a named message returns for a stream of replies.
pub use futures_core::Stream;
pub use http;
/// The rustls that this crate is built with: [`Tls`] takes its `ServerConfig`, and [`TlsError`] carries its errors.
///
/// It is the only crate before version 1.0 whose types are in this interface, because nothing else can express all that
/// a `ServerConfig` does. Raising its minor version is a breaking change of this crate.
#[cfg(feature = "tls")]
pub use tokio_rustls::rustls;
pub use wire::Utf8Bytes;
pub use ws_macros::{
    Reject, get, identity, on, push, room, route, session, state, tick, timer, watch, ws_server,
};

pub use conn::{CloseError, Conn, IntoExpiry, Message, SendError, SetError, TrySendError};
pub use error::Error;
pub use event::{Binary, Close, ClosedBy, Identity, Json, Utf8};
pub use handshake::{
    Bearer, Handshake, Hosts, Html, IntoResponse, InvalidHeader, InvalidHost, InvalidOrigin, JavaScript,
    NotOffered, Origins, Path, Query, Reject, Request,
};
pub use listen::{Address, Listen, ListenError};
#[cfg(feature = "tls")]
pub use listen::{Tls, TlsError};
pub use message::{Ask, AskError, Asking, Envelope, Outgoing, Push, ServerPush};
#[cfg(feature = "metrics")]
pub use metrics::MetricsText;
#[cfg(feature = "tower")]
pub use mount::{Extension, MountBody, MountService, Mounted};
pub use options::{
    Compression, ForwardedHeader, OptionError, OptionErrors, Rate, Seconds, Slow, Spread, Trace,
};
pub use room::{Room, RoomState, Rooms};
pub use route::RouteError;
#[doc(hidden)]
pub use server::{Awaits, StateSources};
pub use server::{
    Builder, Connections, Given, Group, Running, Server, ShutdownReport, StartError, Starting, Unset,
};
pub use tick::TickError;
pub use timer::Timer;
#[cfg(unix)]
pub use watch::{Interest, WatchError};
#[cfg(feature = "tls")]
pub use x509::ClientCertificate;

/// The source of a client for [named messages](macro@on), to be served to web pages: one ES module without
/// dependencies, in plain JavaScript with types in JSDoc. It also runs in Node.
///
/// It exports `connect(url, options)`, and the errors `Refused` and `Unanswered`. A connection has `call` for a
/// message with a reply, `notify` for one without, `stream` for many replies, `on` for pushes, `answer` for
/// questions. It sends `$ping` to a quiet server, replaces a connection that is lost, and asks for the token before
/// each attempt. The options are described in the module itself.
///
/// ```
/// use ws_runtime::prelude::*;
/// use ws_runtime::{CLIENT_JS, JavaScript};
///
/// #[ws_server(listen = 8080)]
/// mod calculator {
///     use super::*;
///
///     #[on("add")]
///     fn add(Json((a, b)): Json<(f64, f64)>) -> f64 {
///         a + b
///     }
///
///     #[get("/")]
///     fn page() -> Html<&'static str> {
///         Html(PAGE)
///     }
///
///     #[get("/client.js")]
///     fn client() -> JavaScript<&'static str> {
///         JavaScript(CLIENT_JS)
///     }
/// }
///
/// const PAGE: &str = "<!doctype html>
/// <script type=module>
///   import { connect } from '/client.js';
///   document.body.append(await connect('/').call('add', [1, 2]));
/// </script>";
/// # fn main() {}
/// ```
pub const CLIENT_JS: &str = include_str!("../client/client.js");

/// The result of [`Builder::start`], [`Builder::serve`] and [`Builder::bind`].
pub type Result<T> = std::result::Result<T, Error>;
