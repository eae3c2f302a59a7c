//! TLS over any stream. It counts the bytes that TLS writes to the stream below.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
#[cfg(feature = "tower")]
use tokio::net::TcpStream;
pub(crate) use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConnection;
use tokio_rustls::server::TlsStream;

use super::halves::poll_write;
use super::socket::SocketRef;
use super::{Duplex, Insist, Stream};
use crate::x509::ClientCertificate;

/// TLS on the server's side.
type Encrypted = TlsStream<Underlying>;

impl Stream {
    /// Runs the server's side of the TLS handshake; the deadline is the caller's.
    ///
    /// # Errors
    ///
    /// What rustls says of the peer's bytes, or the stream's own error.
    pub(crate) async fn accept_tls(self, acceptor: &TlsAcceptor) -> io::Result<Self> {
        let underlying = Underlying { stream: self, insist: Insist::No, passed_on: 0 };
        Ok(Self::over_duplex(acceptor.accept(underlying).await?))
    }

    /// Takes over TLS that another server has accepted.
    #[cfg(feature = "tower")]
    pub(crate) fn encrypted(stream: TlsStream<TcpStream>) -> Self {
        Self::over_duplex(stream)
    }
}

/// The stream that TLS writes to.
struct Underlying {
    stream: Stream,
    insist: Insist,
    /// How many bytes TLS has written to it; wraps.
    passed_on: usize,
}

impl Duplex for Encrypted {
    fn socket(&self) -> Option<SocketRef<'_>> {
        self.get_ref().0.stream.socket()
    }

    fn client_certificate(&self) -> Option<Box<ClientCertificate>> {
        certificate_of(self.get_ref().1)
    }

    fn insist(&mut self, insist: Insist) {
        self.get_mut().0.insist = insist;
    }

    fn passed_on(&self) -> Option<usize> {
        Some(self.get_ref().0.passed_on)
    }
}

/// TLS of another server: what it writes below cannot be counted.
#[cfg(feature = "tower")]
impl Duplex for TlsStream<TcpStream> {
    fn socket(&self) -> Option<SocketRef<'_>> {
        Some(SocketRef::Tcp(self.get_ref().0))
    }

    fn client_certificate(&self) -> Option<Box<ClientCertificate>> {
        certificate_of(self.get_ref().1)
    }
}

fn certificate_of(tls: &ServerConnection) -> Option<Box<ClientCertificate>> {
    ClientCertificate::from_chain(tls.peer_certificates()?).map(Box::new)
}

impl Underlying {
    fn poll_write_pieces(&mut self, cx: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = match self.insist {
            Insist::Yes => self.stream.poll_insist(cx, pieces),
            Insist::No => poll_write(&mut self.stream, cx, pieces),
        };
        if let Poll::Ready(Ok(count)) = written {
            self.passed_on = self.passed_on.wrapping_add(count);
        }
        written
    }
}

impl AsyncRead for Underlying {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, room)
    }
}

impl AsyncWrite for Underlying {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_pieces(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_pieces(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
