//! Tests of a server without a port: feature `test`.
//!
//! [`Builder::test`](crate::Builder::test) runs a server in memory. Its clients shake hands and send frames as any
//! client does, by tokio-tungstenite, and the server treats them as any connection; only the socket is a pipe inside
//! the test. Time is virtual: the clock stands still while anything runs, and jumps to the next thing that is due
//! once nothing does. So a test of a day takes milliseconds, and every run of it is the same.
//!
//! ```
//! use ws_runtime::prelude::*;
//! use ws_runtime::test::Result;
//!
//! #[ws_server(silence_max = 20)]
//! mod echo {
//!     #[on(utf8)]
//!     fn echo(text: &str) -> &str {
//!         text
//!     }
//! }
//!
//! # /*
//! #[tokio::test(start_paused = true)]
//! # */
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! async fn a_peer_that_hangs_is_cut() -> Result {
//!     let server = echo::server().test().await?;
//!     let mut ann = server.connect("/").await?;
//!     ann.send_utf8("hello").await?;
//!     assert_eq!(ann.utf8().await?, "hello");
//!
//!     ann.stop_reading();
//!     server.advance(60).await;
//!     ann.start_reading();
//!     assert_eq!(ann.closed().await?.code, 1006);
//!     Ok(())
//! }
//! # a_peer_that_hangs_is_cut().unwrap();
//! ```
//!
//! In Cargo.toml:
//!
//! ```toml
//! [dev-dependencies]
//! tokio = { version = "1", features = ["macros", "rt", "test-util"] }
//! ws-runtime = { version = "0.1", features = ["test"] }
//! ```
//!
//! # Time
//!
//! Each test needs `#[tokio::test(start_paused = true)]`; without it [`Builder::test`](crate::Builder::test) fails.
//! Everything that waits for a client, such as [`utf8`](TestClient::utf8) or [`call`](TestClient::call), moves the
//! clock only if nothing comes, and fails after a second. [`advance`](TestServer::advance) lets time pass.
//!
//! The clock does not know of what happens outside of the program. If a handler waits for a database over a real
//! socket, the clock runs ahead, and deadlines pass before the database can answer. Work in
//! [`spawn_blocking`](tokio::task::spawn_blocking) holds the clock. And a test that awaits something that never
//! comes, such as a channel, does not end: the server's own timers keep the clock going. Put it in a
//! [`timeout`](tokio::time::timeout).
//!
//! # Errors
//!
//! A failed step is an [`Error`] that says where in the test it was, what it waited for, and what came instead, so a
//! test can use `?` throughout. A test returns [`Result`], whose error takes any other error too.

mod client;
mod clock;
mod connect;
mod envelope;
mod error;
mod http;
mod mailbox;
#[cfg(feature = "tower")]
mod mounted;
mod named;
mod pump;
mod server;
mod stream;

pub use self::client::TestClient;
pub use self::connect::{Connect, Refusal};
pub use self::error::{Cause, Close, Error, NotStarted, Refused};
pub use self::http::Request;
pub use self::mailbox::Message;
pub use self::server::TestServer;
pub use self::stream::Items;

/// What a test returns: any error ends it.
pub type Result<T = (), E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;
