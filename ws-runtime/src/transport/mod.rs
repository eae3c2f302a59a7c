//! What carries the bytes of a connection: a socket, or any other stream of bytes.
//!
//! ```text
//! Stream ─ before the connection is open: one owner, read and written like any stream of tokio's
//!   │ split
//!   ├── ReadHalf   for the connection's task; a stream that cannot be taken apart has none
//!   ├── WriteHalf  behind the lock of the write side: whoever sends writes
//!   └── unread     what was read before and is not yet decoded
//!   │ unite
//! Stream ─ for the last moments of the connection
//! ```
//!
//! There are two kinds:
//!
//! * **A socket** (TCP, Unix), in `socket.rs`. It is taken apart without a lock, and anyone can write to it at once, without
//!   the connection's task.
//! * **Anything else** behind [`Duplex`]: TLS, a pipe in memory, a connection that somebody else has upgraded. Both
//!   directions share one state, so that it is read under the lock of the write side, too. It costs a virtual call for each
//!   read and write.
//!
//! Another kind of transport implements [`Duplex`]. A type of somebody else that is `AsyncRead + AsyncWrite` needs no
//! implementation: see [`Stream::over`]. Bytes that somebody has already read go in front: see [`Stream::with_unread`].

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
use self::socket::Socket;
pub(crate) use self::stream::Stream;
pub(crate) use self::tls::TlsAcceptor;

/// A stream of bytes whose directions share one state.
///
/// What an implementation must give:
///
/// * **Wakers**: what cannot be done at once is `Pending`, and the waker of the direction's last poll is kept. The connection's
///   task polls both directions; others poll writing too, with a waker that does nothing. Where that is `Pending`, the task
///   polls once more.
/// * **`poll_flush`** writes all that `poll_write` has taken and held back.
/// * **`poll_shutdown`** says goodbye, and ends the direction to the peer.
///
/// A stream that holds back what it has taken, as TLS does, should give the rest too. Without it, a peer that takes those
/// bytes slowly seems to take none, and is cut after `write_timeout`.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {
    /// The socket at the bottom, if there is one: the connection has its descriptor and its options.
    fn socket(&self) -> Option<&Socket> {
        None
    }

    /// From now on `poll_write` and `poll_flush` ask the socket for room even where it has not said that there is some, or
    /// no longer do: see [`Insist`].
    fn insist(&mut self, insist: Insist) {
        let _ = insist;
    }

    /// How many bytes it has passed on so far, where it counts them; the number wraps.
    fn passed_on(&self) -> Option<usize> {
        None
    }
}

impl fmt::Debug for dyn Duplex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Duplex").field("socket", &self.socket()).finish_non_exhaustive()
    }
}
