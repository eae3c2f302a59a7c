//! The handle of a connection, for user code.

mod error;
mod identity;
mod internal;
mod replaced;
mod room;
mod try_send;

use std::fmt;
use std::future::poll_fn;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use ws_spec::close::is_sendable;
use ws_spec::options::{self, OptionInfo};

use self::identity::Identified;
use self::replaced::Replaced;
use super::drive::Moment;
use super::send::{
    Bound, CorkedFrames, Deflation, Fixable, Phase, SendLock, SendPath, defer_write, runs_task_of,
};
use crate::Server;
use crate::event::{Binary, ClosedBy, Utf8};
use crate::listen::Address;
use crate::message::{ErrorBudget, Outgoing, Questions};
use crate::options::{Compression, Named, OptionsOf};
use crate::proxy::Client;
use crate::room::InRoom;
use crate::route::Reach;
use crate::server::Memberships;
use crate::transport::Stream;
use crate::wire::FrameKind;

pub use self::error::{CloseError, SendError, SetError};
pub use self::identity::IntoExpiry;
pub use self::try_send::TrySendError;

/// A connection: a cheap handle that may be cloned, kept and sent to other threads.
///
/// The handle may outlive the connection; sending then fails with [`SendError::Gone`]. Two handles are equal if they
/// belong to the same connection.
#[derive(Clone)]
pub struct Conn(Arc<Inner>);

/// A handle that does not keep the connection, for the connection itself.
#[derive(Clone, Debug)]
pub(super) struct WeakConn(Weak<Inner>);

impl WeakConn {
    pub(super) fn upgrade(&self) -> Option<Conn> {
        self.0.upgrade().map(Conn)
    }
}

struct Inner {
    id: u64,
    server: Server,
    peer: Address,
    /// Set when the stream is known.
    #[cfg(unix)]
    socket: OnceLock<std::os::fd::RawFd>,
    max_send_size: AtomicUsize,
    max_recv_size: AtomicUsize,
    nodelay: AtomicBool,
    /// Whether it has the options of its route or the server's: an [`OptionsOf`]. Set before the connection is ready.
    options_of: AtomicU16,
    /// The number of its route, from when that is known. Set before the connection is ready.
    route: AtomicU16,
    /// Set when the connection becomes ready, if compression was negotiated.
    deflation: OnceLock<Box<Deflation>>,
    send_path: SendLock,
    corked: CorkedFrames,
    /// Which pushes the route of the connection takes. Set before the connection is ready.
    takes: AtomicU16,
    /// Whether a handler was ever replaced. It spares most calls the look.
    has_replaced: AtomicBool,
    /// Boxed and made when it is needed first, as most connections use nothing of it.
    extras: OnceLock<Box<Extras>>,
}

/// What a connection has if it has an identity, is in a room, or came through a proxy.
#[derive(Debug, Default)]
struct Extras {
    /// The client that a proxy has connected for. A mutex, as both the PROXY protocol and a header may tell it.
    client: Mutex<Option<Client>>,
    identity: OnceLock<Identified>,
    expires: OnceLock<Moment>,
    room: OnceLock<Box<dyn InRoom>>,
    /// Boxed too, as most connections, also those in rooms, use nothing of it.
    rare: OnceLock<Box<Rare>>,
}

/// What a connection needs rarely.
#[derive(Debug, Default)]
struct Rare {
    groups: Memberships,
    errors: ErrorBudget,
    questions: Questions,
    /// Boxed too, as connections that use the others mostly replace no handler.
    replaced: Mutex<Option<Box<Replaced>>>,
}

impl Conn {
    pub(crate) fn new(id: u64, server: Server, peer: Address, stream: Option<&Stream>) -> Self {
        Self(Arc::new_cyclic(|conn| {
            let options = server.options();
            Inner {
                id,
                peer,
                #[cfg(unix)]
                socket: stream.and_then(Stream::raw_fd).map_or_else(OnceLock::new, OnceLock::from),
                max_send_size: options.max_send_size.into(),
                max_recv_size: options.max_recv_size.into(),
                nodelay: options.nodelay.into(),
                options_of: OptionsOf::SERVER.to_bits().into(),
                route: 0.into(),
                deflation: OnceLock::new(),
                send_path: SendLock::new(SendPath::new(WeakConn(conn.clone()), options)),
                corked: CorkedFrames::new(),
                takes: Reach::NOWHERE.to_bits().into(),
                has_replaced: false.into(),
                extras: OnceLock::new(),
                server,
            }
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

    /// The address of the other end of the connection: the client's, or that of the proxy that it came through.
    #[must_use]
    pub fn peer(&self) -> &Address {
        &self.0.peer
    }

    /// The client's IP address: what a proxy tells that the option `proxy_protocol` or `trusted_proxies` lists, and
    /// otherwise the [peer](Self::peer)'s.
    ///
    /// `None` over a Unix socket without such a proxy, and if the proxy does not know or hides the address. What a
    /// PROXY header tells is known from the `connect` handler on, what is told in a header of the request from the
    /// `handshake` handler on.
    ///
    /// ```
    /// use ws_runtime::prelude::*;
    ///
    /// #[ws_server(listen = "127.0.0.1:8080", trusted_proxies = ["127.0.0.1"], hosts = ["chat.example.org"])]
    /// mod chat {
    ///     use super::*;
    ///
    ///     #[on(handshake)]
    ///     fn admit(conn: &Conn) -> Result<(), Reject> {
    ///         match conn.ip() {
    ///             Some(ip) if !ip.is_loopback() => Ok(()),
    ///             Some(_) | None => Err(Reject::forbidden()),
    ///         }
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.client().map_or_else(|| self.0.peer.ip(), |client| client.ip)
    }

    /// The client's port, as [`ip`](Self::ip) is its address; `None` also if a proxy does not tell it. Most tell none
    /// in a header.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.client().map_or_else(|| self.0.peer.port(), |client| client.port)
    }

    /// The raw descriptor of the connection's socket, to read its state or to name it in a log.
    ///
    /// The server owns it. Reading or writing it breaks the connection, and once the connection is gone the number may
    /// belong to another file. `None` if the connection has no socket, as in this crate's own tests.
    #[cfg(unix)]
    #[must_use]
    pub fn socket(&self) -> Option<std::os::fd::RawFd> {
        self.0.socket.get().copied()
    }

    /// Whether messages can be sent: from the 101 until the connection starts to close, by
    /// [`disconnect`](Self::disconnect) or by the peer's Close frame for example. [`Server::connections`] lists exactly
    /// these connections.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        matches!(self.phase(), Phase::Ready | Phase::Finishing)
    }

    /// Sends a text message.
    ///
    /// Never waits. `Ok` means that the message is in the connection's outbox, which is bounded (`max_outbox`, 256 KiB
    /// by default), not that the peer has it. To wait, use [`flushed`](Self::flushed).
    ///
    /// While the connection's `ready` handler runs, what that sends goes out, and what other tasks send waits until
    /// it has ended: a thread or a task that the handler spawns is another. If `ready` fails, what waits is dropped.
    ///
    /// # Errors
    ///
    /// [`SendError::NotReady`] before the handshake is done; [`SendError::TooLarge`] above
    /// [`max_send_size`](Self::max_send_size); [`SendError::Gone`] once the connection is closing; if the peer reads
    /// too slowly, [`SendError::Slow`] or [`SendError::Full`], depending on the option `slow`.
    pub fn send_utf8<'a>(&self, text: impl Into<Utf8<'a>>) -> Result<(), SendError> {
        self.send_message(FrameKind::Text, text.into().into_payload(), Bound::Outbox)
    }

    /// Sends a binary message. It behaves as [`send_utf8`](Self::send_utf8) does.
    ///
    /// # Errors
    ///
    /// As [`send_utf8`](Self::send_utf8).
    pub fn send_binary<'a>(&self, data: impl Into<Binary<'a>>) -> Result<(), SendError> {
        self.send_message(FrameKind::Binary, data.into().0, Bound::Outbox)
    }

    /// Sends a push, or a message or a control frame of any kind that carries data.
    ///
    /// A push is a struct or an enum that is marked `#[push]` in the server's module. It is taken by value or by
    /// reference, and sent as the text `{"type": …, "data": …}`.
    ///
    /// ```
    /// use serde::Serialize;
    /// use ws_runtime::prelude::*;
    /// use ws_runtime::{Message, SendError};
    ///
    /// #[ws_server(listen = 8080)]
    /// mod chat {
    ///     use super::*;
    ///
    ///     #[push]
    ///     #[derive(Serialize)]
    ///     pub struct Said<'a> {
    ///         pub from: &'a str,
    ///         pub text: &'a str,
    ///     }
    /// }
    ///
    /// fn greet(conn: &Conn) -> Result<(), SendError> {
    ///     conn.send(chat::Said { from: "server", text: "hello" })?;
    ///     conn.send(Message::Ping((&[1, 2, 3]).into()))
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send_utf8`](Self::send_utf8); [`SendError::ControlTooLarge`] for a ping or a pong of more than 125 bytes;
    /// for a push [`SendError::NoEnvelope`] if the connection's route does not speak the envelope, and
    /// [`SendError::NotJson`] if the push does not serialise.
    #[doc(alias = "emit")]
    #[doc(alias = "push")]
    pub fn send<M: Outgoing>(&self, message: M) -> Result<(), SendError> {
        message.send_to(self)
    }

    /// Waits until the outbox is empty: all messages, also those sent while it waits, are with the kernel. A producer
    /// that is faster than its peer calls it to avoid a full outbox.
    ///
    /// Cancel safe. While a handler waits here, the connection is still read and pings are answered.
    ///
    /// # Errors
    ///
    /// [`SendError::Gone`] if the connection ends first.
    pub async fn flushed(&self) -> Result<(), SendError> {
        poll_fn(|cx| {
            let mut send_path = self.send_path();
            if !defer_write(self, &mut send_path) {
                send_path.write_now();
            }
            let queue = send_path.queue_for(|| runs_task_of(self));
            send_path.poll_flushed(cx, queue)
        })
        .await
    }

    /// Closes the connection: sends what is queued, then a Close frame with `code` and `reason`.
    ///
    /// After this call nothing can be sent, not even the reply of a running handler, and messages that arrive are not
    /// handled. The peer gets all that was queued if it takes a byte within each `write_timeout` (10 s) and 256 bytes a
    /// second on average. Once the Close frame is written, it has `close_timeout` (5 s) to answer.
    ///
    /// The `disconnect` handler runs once the Close frame is written, with this code and reason. If the peer did not
    /// take the frame, the handler gets 1006 or 1008 and the cause instead. It never runs inside this call, and not
    /// before the handler that makes this call has ended. A peer that takes nothing holds it up for `write_timeout`
    /// or a little more: if others must know at once, tell them before this call, or end the connection with
    /// [`Server::disconnect`].
    ///
    /// A connection that is not ready yet ends without a Close frame. On a connection that is already closing, the call
    /// does nothing.
    ///
    /// # Errors
    ///
    /// [`CloseError::Code`] if the code must not be sent (RFC 6455, section 7.4), [`CloseError::Reason`] if the reason
    /// is longer than 123 bytes.
    pub fn disconnect(&self, code: u16, reason: &str) -> Result<(), CloseError> {
        if !is_sendable(code) {
            return Err(CloseError::Code { code });
        }
        if reason.len() > 123 {
            return Err(CloseError::Reason { size: reason.len() });
        }
        self.close_as(code, reason, ClosedBy::Us);
        Ok(())
    }

    /// Whether the kernel sends small messages at once instead of collecting them (`TCP_NODELAY`).
    #[must_use]
    pub fn nodelay(&self) -> bool {
        self.0.nodelay.load(Ordering::Relaxed)
    }

    /// Sets `TCP_NODELAY`. Default: the option `nodelay` of the route or the server, which is on. No effect over a
    /// Unix socket.
    pub fn set_nodelay(&self, nodelay: bool) {
        let mut send_path = self.send_path();
        self.0.nodelay.store(nodelay, Ordering::Relaxed);
        let set = send_path.set_nodelay(nodelay);
        drop(send_path);
        self.log_nodelay(set);
    }

    /// The largest message that may be sent, in bytes.
    #[must_use]
    pub fn max_send_size(&self) -> usize {
        self.0.max_send_size.load(Ordering::Relaxed)
    }

    /// Sets the largest message that may be sent, in bytes. Default: the option `max_send_size` of the route or the
    /// server, 65,536.
    ///
    /// # Errors
    ///
    /// [`SetError::Size`] unless it is from 1 byte to 1 GiB.
    pub fn set_max_send_size(&self, bytes: usize) -> Result<(), SetError> {
        check_bounds(&options::max_send_size, bytes)?;
        self.0.send_path.with(|send_path| {
            send_path.fixed.insert(Fixable::MaxSendSize);
            self.0.max_send_size.store(bytes, Ordering::Relaxed);
        });
        Ok(())
    }

    /// The largest message that is received, in bytes.
    #[must_use]
    pub fn max_recv_size(&self) -> usize {
        self.0.max_recv_size.load(Ordering::Relaxed)
    }

    /// Sets the largest message that is received, in bytes. Default: the option `max_recv_size` of the route or the
    /// server, 65,536. A larger message closes the connection with code 1009.
    ///
    /// # Errors
    ///
    /// [`SetError::TooLate`] once the handshake is done, [`SetError::Size`] unless it is from 1 byte to 1 GiB.
    pub fn set_max_recv_size(&self, bytes: usize) -> Result<(), SetError> {
        check_bounds(&options::max_recv_size, bytes)?;
        let mut send_path = self.send_path();
        if !send_path.is_before_101() {
            return Err(SetError::TooLate { option: "max_recv_size" });
        }
        send_path.fixed.insert(Fixable::MaxRecvSize);
        self.0.max_recv_size.store(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Whether messages are compressed in both directions, if the client offers it.
    #[must_use]
    pub fn compression(&self) -> Compression {
        self.send_path().compression
    }

    /// Sets whether messages are compressed, if the client offers it (RFC 7692). Default: the option `compression` of
    /// the route or the server, which is off.
    ///
    /// # Errors
    ///
    /// [`SetError::TooLate`] once the handshake is done, [`SetError::FeatureOff`] in a build without the feature
    /// `compression`, unless it is to be off, [`SetError::DropsOldest`] for [`Compression::ContextTakeover`] where the
    /// oldest messages may be dropped. If only the route drops them, which is known after `connect`, it becomes
    /// [`Compression::On`].
    pub fn set_compression(&self, compression: Compression) -> Result<(), SetError> {
        if let Some(option) = compression.missing_feature() {
            return Err(SetError::FeatureOff { option });
        }
        let mut send_path = self.send_path();
        if !send_path.is_before_101() {
            return Err(SetError::TooLate { option: "compression" });
        }
        if send_path.drops_oldest() && compression == Compression::ContextTakeover {
            return Err(SetError::DropsOldest);
        }
        send_path.fixed.insert(Fixable::Compression);
        send_path.compression = compression;
        Ok(())
    }
}

/// Checks a size against the bounds of the server option of the same name.
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
    /// An unsolicited pong (RFC 6455, section 5.5.3: a unidirectional heartbeat).
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
