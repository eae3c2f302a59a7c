//! Reads the first request of a stream: a WebSocket handshake, a plain HTTP request, or one to refuse.
//!
//! [`HeadReader`] reads a bounded head. [`classify()`] decides what it asks for, without I/O. [`accept`] makes the 101,
//! and [`encode_response`] any other answer, always with `Connection: close`. Deadlines, logging and closing are up to
//! the caller: this module imports nothing from the layers above.

mod bearer;
mod classify;
mod derived;
#[cfg(feature = "compression")]
mod extensions;
#[cfg(not(feature = "compression"))]
#[path = "extensions_off.rs"]
mod extensions;
mod fields;
mod head;
mod host;
mod origin;
mod path;
mod query;
mod refusal;
mod reject;
mod request;
mod respond;
mod subprotocol;
mod write;

#[cfg(test)]
mod tests;

use http::header::RETRY_AFTER;

pub use bearer::Bearer;
pub use derived::{Forwarded, StatusValue, refusal};
pub use host::{Hosts, InvalidHost};
pub use origin::{InvalidOrigin, Origins};
pub use path::{FromPath, Path, PathCount, PathProbe, PathProblems, Uncounted, check_path};
pub use query::{FromQuery, Query};
pub use reject::{InvalidHeader, Reject};
pub use request::{Handshake, Request};
pub use respond::{Html, IntoResponse, JavaScript};
pub use subprotocol::NotOffered;

pub(crate) use classify::{Classified, Hosting, Transport, classify, parse_authority};
#[cfg(feature = "tower")]
pub(crate) use classify::{check_host, wants_websocket};
pub(crate) use extensions::{Terms, negotiate};
pub(crate) use head::{Head, HeadError, HeadLimits, HeadReader, arrived_early};
pub(crate) use refusal::Refusal;
pub(crate) use respond::{HandlerError, JSON};
pub(crate) use subprotocol::choose_subprotocol;
pub(crate) use write::{accept, encode_accept, encode_response};

/// 503, with the advice to come back in five seconds.
pub(crate) fn unavailable() -> Reject {
    Reject::service_unavailable().header(RETRY_AFTER, "5")
}

/// The answer to a plain request without a handler for it.
pub(crate) fn upgrade_required() -> Refusal {
    Refusal::UpgradeRequired
}
