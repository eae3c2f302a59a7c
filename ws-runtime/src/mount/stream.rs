//! The stream of a connection that another HTTP server has upgraded.

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
use crate::server::Slot;
use crate::transport::Stream;

/// Waits for the upgrade: the other server has to send the answer first, within `handshake_timeout`. Until then it is a
/// pending handshake.
pub(super) async fn upgraded(server: Server, on_upgrade: Option<OnUpgrade>, _slot: Slot) -> Option<Stream> {
    let Some(on_upgrade) = on_upgrade else {
        tracing::error!(
            server = server.name(),
            "the server around this one cannot upgrade connections: it passes on no `hyper::upgrade::OnUpgrade`"
        );
        return None;
    };
    match timeout(server.options().handshake_timeout, on_upgrade).await {
        Ok(Ok(upgraded)) => Some(stream_of(upgraded, server.options().nodelay)),
        Ok(Err(error)) => {
            tracing::debug!(server = server.name(), %error, "not connected: the upgrade failed");
            None
        }
        Err(_) => {
            tracing::debug!(server = server.name(), "not connected: no upgrade within handshake_timeout");
            None
        }
    }
}

/// The socket itself where there is one, as it is faster, and tells of a slow peer. Otherwise, as for HTTP/2, what hyper
/// gives. What was read after the request comes first.
fn stream_of(upgraded: Upgraded, nodelay: bool) -> Stream {
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
            tune(&socket, nodelay);
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
            tune(encrypted.get_ref().0, nodelay);
            return Stream::encrypted(encrypted).with_unread(unread);
        }
        Err(upgraded) => upgraded,
    };
    Stream::over(Pieces(TokioIo::new(upgraded)))
}

/// Sets the options that sockets of our own listeners inherit: `TCP_NODELAY`, and a bound on what the kernel keeps for a
/// slow peer. If the kernel refuses one, the connection works without it.
fn tune(socket: &TcpStream, nodelay: bool) {
    let _ = socket.set_nodelay(nodelay);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = socket2::SockRef::from(socket).set_tcp_notsent_lowat(crate::listen::NOT_SENT);
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
