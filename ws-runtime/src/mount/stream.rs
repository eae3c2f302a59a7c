//! The stream of a connection that another HTTP server has upgraded.

use std::time::Duration;

use bytes::Bytes;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::upgrade as auto;
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::time::timeout;
#[cfg(feature = "tls")]
use tokio_rustls::server::TlsStream;

use super::pieces::Pieces;
use super::write_timeout::WriteTimeout;
use crate::Server;
use crate::conn::refuse_opened;
use crate::handshake::Refusal;
use crate::options::Options;
use crate::server::{Evicted, Slot};
use crate::transport::Stream;

/// Why a connection that another server has answered did not become a WebSocket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotUpgraded {
    #[error("the server around this one cannot upgrade connections")]
    NotUpgradable,
    #[error("the upgrade failed: {0}")]
    Failed(hyper::Error),
    #[error("no upgrade within handshake_timeout ({} s)", .0.as_secs_f64())]
    TooSlow(Duration),
    #[error("the server is shutting down: shutdown_timeout ({} s) passed before the upgrade", .0.as_secs_f64())]
    ShuttingDown(Duration),
    #[error(transparent)]
    Evicted(#[from] Evicted),
    #[error("closed with 1002: {}", Refusal::EarlyBytes)]
    EarlyBytes,
}

/// Waits for the upgrade: the other server has to send the answer first, within `handshake_timeout`, and before a shutdown
/// cuts what is left. Until then it is a pending handshake, whose peer has to take the answer.
pub(super) async fn upgraded(
    server: Server,
    on_upgrade: Option<OnUpgrade>,
    slot: Slot,
) -> Result<Stream, NotUpgraded> {
    let Some(on_upgrade) = on_upgrade else {
        tracing::error!(
            server = server.name(),
            "the server around this one cannot upgrade connections: it passes on no `hyper::upgrade::OnUpgrade`"
        );
        return Err(NotUpgraded::NotUpgradable);
    };
    let upgrading = async {
        let Options { handshake_timeout, shutdown_timeout, .. } = *server.options();
        tokio::select! {
            biased;
            upgraded = timeout(handshake_timeout, on_upgrade) => {
                upgraded.map_err(|_| NotUpgraded::TooSlow(handshake_timeout))?.map_err(NotUpgraded::Failed)
            }
            // It is not registered yet, so that it is not cut as others are.
            () = server.aborting() => Err(NotUpgraded::ShuttingDown(shutdown_timeout)),
        }
    };
    let stream = stream_of(slot.wait_for_peer(upgrading).await??);
    if stream.has_unread() {
        // What hyper has read besides the request came before the answer: it reads nothing after it. A proxy that takes
        // the connection for upgraded too early would let a client speak to us behind its back. Through HTTP/2 there is
        // no such proxy, and where hyper keeps the stream it does not tell.
        drop(slot);
        refuse_opened(stream, Refusal::EarlyBytes).await;
        return Err(NotUpgraded::EarlyBytes);
    }
    Ok(stream)
}

/// The socket itself where there is one, as it is faster, and tells of a slow peer. Otherwise, as for HTTP/2, what hyper
/// gives. What was read after the request comes first.
fn stream_of(upgraded: Upgraded) -> Stream {
    // That of a listener of our own.
    let upgraded = match upgraded.downcast::<TokioIo<WriteTimeout>>() {
        Ok(parts) => return parts.io.into_inner().into_inner().with_unread(parts.read_buf),
        Err(upgraded) => upgraded,
    };
    // That of a test.
    let upgraded = match upgraded.downcast::<TokioIo<Stream>>() {
        Ok(parts) => return parts.io.into_inner().with_unread(parts.read_buf),
        Err(upgraded) => upgraded,
    };
    let upgraded = match downcast::<TcpStream>(upgraded) {
        Ok((socket, unread)) => {
            limit_unsent(&socket);
            return Stream::from(socket).with_unread(unread);
        }
        Err(upgraded) => upgraded,
    };
    #[cfg(unix)]
    let upgraded = match downcast::<UnixStream>(upgraded) {
        Ok((socket, unread)) => return Stream::from(socket).with_unread(unread),
        Err(upgraded) => upgraded,
    };
    #[cfg(feature = "tls")]
    let upgraded = match downcast::<TlsStream<TcpStream>>(upgraded) {
        Ok((encrypted, unread)) => {
            limit_unsent(encrypted.get_ref().0);
            return Stream::encrypted(encrypted).with_unread(unread);
        }
        Err(upgraded) => upgraded,
    };
    Stream::over(Pieces(TokioIo::new(upgraded)))
}

/// Bounds what the kernel keeps for a slow peer, as sockets of our own listeners inherit. If the kernel refuses that, the
/// connection works without it. `TCP_NODELAY` is set once the connection has its stream.
fn limit_unsent(socket: &TcpStream) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = socket2::SockRef::from(socket).set_tcp_notsent_lowat(crate::listen::NOT_SENT);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = socket;
}

/// Takes the stream of this type out of what `hyper` or `axum::serve` has wrapped around it.
fn downcast<T>(upgraded: Upgraded) -> Result<(T, Bytes), Upgraded>
where
    TokioIo<T>: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    match auto::downcast::<TokioIo<T>>(upgraded) {
        Ok(parts) => Ok((parts.io.into_inner(), parts.read_buf)),
        Err(upgraded) => {
            upgraded.downcast::<TokioIo<T>>().map(|parts| (parts.io.into_inner(), parts.read_buf))
        }
    }
}
