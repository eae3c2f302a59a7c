//! A WebSocket server from a module of annotated functions.
//!
//! ```no_run
//! use ws_runtime::prelude::*;
//!
//! #[ws_server(listen = 8080)]
//! mod echo {
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
//! The macro sees the whole server at once and writes the dispatch; this crate owns the loop: sockets, TLS, frames,
//! silence, ticks, watchers, limits, shutdown.
//!
//! # What is promised
//!
//! 1. **Order.** One connection's handlers run one at a time, in arrival order; connections run side by side on all
//!    cores. `disconnect` runs once for each `ready`, after the last message, also after a panic, a silence or a
//!    shutdown.
//! 2. **Sends never block.** `Ok` means that the connection's bounded outbox has taken the message; delivery is at most
//!    once. A peer that reads too slowly is disconnected (or misses messages, where that was asked for), so that it
//!    never grows memory without bound. A broadcast is encoded once.
//! 3. **Handlers do not stop the connection.** Pings are answered and silence is measured while a handler awaits. What
//!    arrives meanwhile waits in a bounded inbox; then TCP pushes back.
//! 4. **A handler's error or panic ends at most its connection**, with close code 1011; details stand only in the log.
//! 5. **Every state has a deadline and every buffer a bound**; each is an option, see [`Builder`].
//! 6. **Shutdown** stops accepting, runs `shutdown`, handles what has arrived, says goodbye with 1001, and waits.
//!
//! # Features
//!
//! All are on by default. A server that needs none of them sets `default-features = false` in Cargo.toml.
//!
//! | feature | what it adds | the crates that it needs |
//! |---|---|---|
//! | `compression` | permessage-deflate: values of the option [`compression`](Builder::compression) other than `"off"` | flate2, zlib-rs |
//! | `log` | [`start`](Builder::start) sets up a plain `tracing` subscriber where the process has none | `tracing-subscriber` |
//! | `tls` | the option [`tls`](Builder::tls), `Tls`, `TlsError`, and `rustls` as a re-export | `tokio-rustls`, rustls, ring |
//!
//! Without a feature its option is refused with an error that names the feature: by the compiler where it sees the value,
//! otherwise, as with the environment, when the server starts.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod conn;
mod error;
mod escape;
pub mod event;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
#[doc(hidden)]
pub mod generated;
mod handshake;
mod listen;
pub mod options;
pub mod prelude;
mod process;
mod server;
mod tick;
mod transport;
#[cfg(unix)]
mod watch;
mod wire;

pub use bytes::Bytes;
pub use http;
/// The rustls that this crate is built with: [`Tls`] takes its `ServerConfig`, and [`TlsError`] carries its errors.
///
/// Of the crates whose types stand in this interface it alone has no version 1.0 yet. It stays, as nothing else can say
/// all that a `ServerConfig` does; another minor version of it is a breaking change of this crate.
#[cfg(feature = "tls")]
pub use tokio_rustls::rustls;
pub use wire::Utf8Bytes;
pub use ws_macros::{on, session, state, tick, watch, ws_server};

pub use conn::{CloseError, Conn, Message, SendError, SetError};
pub use error::Error;
pub use event::{Binary, Close, ClosedBy, Json, Utf8};
pub use handshake::{
    Handshake, Html, IntoResponse, InvalidHeader, InvalidOrigin, NotOffered, Origins, Reject, Request,
};
pub use listen::{Address, Listen, ListenError};
#[cfg(feature = "tls")]
pub use listen::{Tls, TlsError};
pub use options::{Compression, OptionError, OptionErrors, Seconds, Slow};
pub use server::{Builder, DefaultState, Given, Running, Server, StateSource};
pub use tick::TickError;
#[cfg(unix)]
pub use watch::{Interest, WatchError};

/// What [`Builder::start`] and its kin return.
pub type Result<T> = std::result::Result<T, Error>;
