//! The handle that user code holds of a connection.

mod error;
mod internal;
mod replaced;

use std::fmt;
use std::future::poll_fn;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use ws_spec::close::is_sendable;
use ws_spec::options::{self, OptionInfo};

use self::replaced::Replaced;
use super::send::{Bound, CorkedFrames, Deflation, Phase, SendLock, SendPath, defer_write};
use crate::Server;
use crate::event::{Binary, Close, ClosedBy, Utf8};
use crate::listen::Address;
use crate::options::Compression;
use crate::transport::Stream;
use crate::wire::FrameKind;

pub use self::error::{CloseError, SendError, SetError};

/// A connection: a cheap handle that may be cloned, kept and sent to other threads.
///
/// The handle outlives the connection; what is sent then is refused with [`SendError::Gone`]. Two handles are equal
/// where they are of the same connection.
#[derive(Clone)]
pub struct Conn(Arc<Inner>);

struct Inner {
    id: u64,
    server: Server,
    peer: Address,
    #[cfg(unix)]
    socket: Option<std::os::fd::RawFd>,
    max_send_size: AtomicUsize,
    max_recv_size: AtomicUsize,
    nodelay: AtomicBool,
    /// There from `ready` on, where it was.
    deflation: OnceLock<Box<Deflation>>,
    send_path: SendLock,
    corked: CorkedFrames,
    /// Whether `replaced` is worth a look.
    has_replaced: AtomicBool,
    /// Boxed, as most connections replace no handler.
    replaced: Mutex<Option<Box<Replaced>>>,
}

impl Conn {
    pub(crate) fn new(id: u64, server: Server, peer: Address, stream: &Stream) -> Self {
        let options = server.options();
        Self(Arc::new(Inner {
            id,
            peer,
            #[cfg(unix)]
            socket: stream.raw_fd(),
            max_send_size: options.max_send_size.into(),
            max_recv_size: options.max_recv_size.into(),
            nodelay: options.nodelay.into(),
            deflation: OnceLock::new(),
            send_path: SendLock::new(SendPath::new(options)),
            corked: CorkedFrames::new(),
            has_replaced: false.into(),
            replaced: Mutex::new(None),
            server,
        }))
    }

    /// The connection's number: unique in its server, counted up from 1.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// The server that the connection belongs to.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.0.server
    }

    /// The peer's address.
    #[must_use]
    pub fn peer(&self) -> &Address {
        &self.0.peer
    }

    /// The peer's IP address; `None` over a Unix socket.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.0.peer.ip()
    }

    /// The peer's port; `None` over a Unix socket.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.0.peer.port()
    }

    /// The raw descriptor of the connection's socket, to read its state or to name it in a log.
    ///
    /// It stays the server's: what is read from it or written to it by others breaks the connection, and once the
    /// connection is gone the number may name something else. `None` where there is no socket, as under this crate's own
    /// tests.
    #[cfg(unix)]
    #[must_use]
    pub fn socket(&self) -> Option<std::os::fd::RawFd> {
        self.0.socket
    }

    /// Whether messages can be sent: from the moment that 101 is sent until the connection starts to close, as by
    /// [`disconnect`](Self::disconnect) or the peer's Close frame. Exactly these connections are in
    /// [`Server::connections`].
    #[must_use]
    pub fn is_ready(&self) -> bool {
        matches!(self.phase(), Phase::Ready | Phase::Finishing)
    }

    /// Sends a text message.
    ///
    /// Never waits: `Ok` means that the connection's bounded outbox has taken it (`max_outbox`, 256 KiB by default),
    /// not that the peer has. See [`flushed`](Self::flushed) for how to wait.
    ///
    /// # Errors
    ///
    /// [`SendError::NotReady`] before the handshake is done, [`SendError::TooLarge`] above
    /// [`max_send_size`](Self::max_send_size), [`SendError::Gone`] when the connection closes, and where the peer
    /// reads too slowly [`SendError::Slow`] or [`SendError::Full`], by the option `slow`.
    pub fn send_utf8<'a>(&self, text: impl Into<Utf8<'a>>) -> Result<(), SendError> {
        self.send_message(FrameKind::Text, text.into().into_payload(), Bound::Outbox)
    }

    /// Sends a binary message. All that [`send_utf8`](Self::send_utf8) says holds here too.
    ///
    /// # Errors
    ///
    /// Those of [`send_utf8`](Self::send_utf8).
    pub fn send_binary<'a>(&self, data: impl Into<Binary<'a>>) -> Result<(), SendError> {
        self.send_message(FrameKind::Binary, data.into().0, Bound::Outbox)
    }

    /// Sends a message or a control frame of any kind that carries data.
    ///
    /// ```
    /// # fn example(conn: &ws_runtime::Conn) -> Result<(), ws_runtime::SendError> {
    /// use ws_runtime::Message;
    ///
    /// conn.send(Message::Utf8("hello".into()))?;
    /// conn.send(Message::Ping((&[1, 2, 3]).into()))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_utf8`](Self::send_utf8), and [`SendError::ControlTooLarge`] for a ping or a pong of more than
    /// 125 bytes.
    pub fn send(&self, message: Message<'_>) -> Result<(), SendError> {
        match message {
            Message::Utf8(text) => self.send_utf8(text),
            Message::Binary(data) => self.send_binary(data),
            Message::Ping(data) => self.send_control(FrameKind::Ping, data.0),
            Message::Pong(data) => self.send_control(FrameKind::Pong, data.0),
        }
    }

    /// Waits until all that was sent so far, and since, is with the kernel: what a producer calls that would otherwise
    /// fill the outbox.
    ///
    /// Cancel safe. A handler that waits here goes on being pinged and read for.
    ///
    /// # Errors
    ///
    /// [`SendError::Gone`] where the connection ends first.
    pub async fn flushed(&self) -> Result<(), SendError> {
        poll_fn(|cx| {
            let mut send_path = self.send_path();
            if !defer_write(self, &mut send_path) {
                send_path.write_now();
            }
            send_path.poll_flushed(cx)
        })
        .await
    }

    /// Closes the connection: what is queued is still sent, then a Close frame with `code` and `reason`.
    ///
    /// Nothing can be sent after it, not even a handler's reply, and what arrives after it is not handled. A peer that
    /// reads gets all that was queued, however long that takes, as long as it takes a byte within `write_timeout` (10 s)
    /// and 256 bytes a second; from the Close frame on it has `close_timeout` (5 s) to answer.
    ///
    /// The `disconnect` handler runs once the Close frame is written, and is told this code and reason; where the peer did
    /// not take it, it is told 1006 or 1008 and why. It never runs within this call, and not before the handler that makes
    /// this call has ended.
    ///
    /// On a connection that is not ready yet it ends the connection without a frame; on one that closes already it does
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`CloseError::Code`] where the code must not be sent (RFC 6455, section 7.4), [`CloseError::Reason`] where the
    /// reason is longer than 123 bytes.
    pub fn disconnect(&self, code: u16, reason: &str) -> Result<(), CloseError> {
        if !is_sendable(code) {
            return Err(CloseError::Code { code });
        }
        if reason.len() > 123 {
            return Err(CloseError::Reason { size: reason.len() });
        }
        self.send_path().push_close(Close::new(code, reason, ClosedBy::Us));
        Ok(())
    }

    /// Whether small messages are sent at once instead of being corked (`TCP_NODELAY`).
    #[must_use]
    pub fn nodelay(&self) -> bool {
        self.0.nodelay.load(Ordering::Relaxed)
    }

    /// Sets `TCP_NODELAY`. Default: the server's `nodelay`, which is on. No effect over a Unix socket.
    pub fn set_nodelay(&self, nodelay: bool) {
        self.0.nodelay.store(nodelay, Ordering::Relaxed);
        let set = self.send_path().set_nodelay(nodelay);
        self.log_nodelay(set);
    }

    /// The largest message that may be sent, in bytes.
    #[must_use]
    pub fn max_send_size(&self) -> usize {
        self.0.max_send_size.load(Ordering::Relaxed)
    }

    /// Sets the largest message that may be sent, in bytes. Default: the server's `max_send_size`, 65,536.
    ///
    /// # Errors
    ///
    /// [`SetError::Size`] unless it is from 1 byte to 1 GiB.
    pub fn set_max_send_size(&self, bytes: usize) -> Result<(), SetError> {
        check_bounds(&options::max_send_size, bytes)?;
        self.0.max_send_size.store(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// The largest message that is received, in bytes.
    #[must_use]
    pub fn max_recv_size(&self) -> usize {
        self.0.max_recv_size.load(Ordering::Relaxed)
    }

    /// Sets the largest message that is received, in bytes. Default: the server's `max_recv_size`, 65,536. A larger
    /// message closes the connection with code 1009.
    ///
    /// # Errors
    ///
    /// [`SetError::TooLate`] once the handshake is done, [`SetError::Size`] unless it is from 1 byte to 1 GiB.
    pub fn set_max_recv_size(&self, bytes: usize) -> Result<(), SetError> {
        check_bounds(&options::max_recv_size, bytes)?;
        let send_path = self.send_path();
        if send_path.phase() != Phase::Opening {
            return Err(SetError::TooLate { option: "max_recv_size" });
        }
        self.0.max_recv_size.store(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Whether messages are compressed in both directions, where the client offers it.
    #[must_use]
    pub fn compression(&self) -> Compression {
        self.send_path().compression
    }

    /// Sets whether messages are compressed, where the client offers it (RFC 7692). Default: the server's
    /// `compression`, which is off.
    ///
    /// # Errors
    ///
    /// [`SetError::TooLate`] once the handshake is done.
    pub fn set_compression(&self, compression: Compression) -> Result<(), SetError> {
        let mut send_path = self.send_path();
        if send_path.phase() != Phase::Opening {
            return Err(SetError::TooLate { option: "compression" });
        }
        send_path.compression = compression;
        Ok(())
    }
}

/// Holds a size against the bounds of the option that gives it to every connection.
fn check_bounds(option: &OptionInfo, bytes: usize) -> Result<(), SetError> {
    match option.range() {
        Some((bounds, _)) if !bounds.contain(bytes as f64) => {
            Err(SetError::Size { option: option.name, bytes, max: bounds.most as usize })
        }
        Some(_) | None => Ok(()),
    }
}

/// What can be sent: a message, or a control frame that carries data.
///
/// A Close frame is sent by [`Conn::disconnect`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Message<'a> {
    /// A text message.
    Utf8(Utf8<'a>),
    /// A binary message.
    Binary(Binary<'a>),
    /// A ping; its payload comes back in a pong.
    Ping(Binary<'a>),
    /// A pong that nobody asked for (RFC 6455, section 5.5.3: a unidirectional heartbeat).
    Pong(Binary<'a>),
}

impl PartialEq for Conn {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Conn {}

impl Hash for Conn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

impl fmt::Debug for Conn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conn").field("id", &self.0.id).field("peer", &self.0.peer).finish_non_exhaustive()
    }
}
