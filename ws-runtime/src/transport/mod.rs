//! The transport of a connection: a socket, or any other stream of bytes.
//!
//! ```text
//! Stream ─ before the connection is open: one owner, an `AsyncRead + AsyncWrite`
//!   │ split
//!   ├── ReadHalf   for the connection's task; a stream that cannot be split has none
//!   ├── WriteHalf  behind the lock of the send path: any sender writes
//!   └── unread     what was read before and is not decoded yet
//!   │ unite
//! Stream ─ while the connection lingers
//! ```
//!
//! There are two kinds:
//!
//! * **A socket** (TCP, Unix), in `socket.rs`. It is split without a lock, and any sender can write to it at once,
//!   without the connection's task.
//! * **Anything else** behind [`Duplex`]: TLS, a pipe in memory, a connection that another HTTP server has upgraded.
//!   Both directions share one state, so reading takes the lock of the send path too. Each read and write is a virtual
//!   call.
//!
//! A new kind of transport implements [`Duplex`]. A third-party type that is `AsyncRead + AsyncWrite` needs no
//! implementation: see [`Stream::over`]. For bytes that were already read from it, see [`Stream::with_unread`].

mod halves;
mod opaque;
mod socket;
mod stream;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "tls_off.rs"]
mod tls;

#[cfg(test)]
mod tests;

use std::fmt;

use tokio::io::{AsyncRead, AsyncWrite};

pub(crate) use self::halves::{By, Halves, Insist, ReadHalf, WriteHalf};
use self::socket::SocketRef;
pub(crate) use self::stream::Stream;
pub(crate) use self::tls::TlsAcceptor;
#[cfg(feature = "tls")]
use crate::x509::ClientCertificate;

/// A stream of bytes whose directions share one state.
///
/// An implementation must provide:
///
/// * **Wakers**: if an operation cannot be done at once, it returns `Pending` and keeps the waker of the last poll in
///   its direction. The connection's task polls both directions. Other senders poll writing too, with a waker that does
///   nothing; if that is `Pending`, the task polls again.
/// * **`poll_flush`**: it writes all that `poll_write` has taken and held back.
/// * **`poll_shutdown`**: it sends what the protocol requires at the end, such as an alert of TLS, and ends the
///   direction to the peer.
///
/// A stream that holds back bytes that it has taken, as TLS does, should implement the other methods too. Without them,
/// a peer that takes those bytes slowly seems to take none, and is cut after `write_timeout`.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {
    /// The socket below, if there is one. It gives the connection its descriptor and its options.
    fn socket(&self) -> Option<SocketRef<'_>> {
        None
    }

    /// Sets whether `poll_write` and `poll_flush` try the socket even if it has not reported room: see [`Insist`].
    fn insist(&mut self, insist: Insist) {
        let _ = insist;
    }

    /// The certificate that the peer has shown.
    #[cfg(feature = "tls")]
    fn client_certificate(&self) -> Option<Box<ClientCertificate>> {
        None
    }

    /// How many bytes it has written to the stream below, if it counts them. The number wraps.
    fn passed_on(&self) -> Option<usize> {
        None
    }
}

impl fmt::Debug for dyn Duplex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Duplex").field("socket", &self.socket()).finish_non_exhaustive()
    }
}
