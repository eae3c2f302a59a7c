//! The servers of standing alone as a route of an axum router, as `main` of a user has it.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

use super::super::Role;
use super::{Connections, echo, fanout, named};

pub(super) fn serve(
    listener: std::net::TcpListener,
    role: Role,
    connections: Connections,
    threads: usize,
) -> io::Result<()> {
    // What `#[tokio::main]` builds, and `start()` too, however many threads there are.
    Builder::new_multi_thread().worker_threads(threads).enable_all().build()?.block_on(async {
        macro_rules! mount {
            ($module:ident) => {
                $module::server().mount().await
            };
        }
        let mounted = match role {
            Role::Echo => mount!(echo),
            Role::Fanout => mount!(fanout),
            Role::Named => mount!(named),
            Role::Storm | Role::Hold => return Err(io::Error::other("it is measured standing alone")),
        }
        .map_err(io::Error::other)?;
        let router = Router::new().route_service("/", mounted.service());
        let listener = super::super::listener(listener)?;
        match connections {
            Connections::Raw => axum::serve(listener, router).await,
            Connections::Opaque => axum::serve(OpaqueListener(listener), router).await,
        }
    })
}

/// A listener of a user's own, such as one that counts bytes.
struct OpaqueListener(TcpListener);

impl Listener for OpaqueListener {
    type Io = OpaqueStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (OpaqueStream, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        // The server cannot set it, and its user does.
        let _ = stream.set_nodelay(true);
        (OpaqueStream(stream), peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Its stream: a socket by another name.
struct OpaqueStream(TcpStream);

impl AsyncRead for OpaqueStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, room)
    }
}

impl AsyncWrite for OpaqueStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
