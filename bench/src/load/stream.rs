//! A client's connection: TCP, or TLS over it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ws_runtime::rustls;

use crate::error::{Doing, Result};
use crate::tls;

/// How long a server may keep a client waiting that is not driven by epoll.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    /// Opens a connection whose reads give up after a while.
    pub(crate) fn open(address: SocketAddr, tls: Option<&Arc<ClientConfig>>) -> Result<Self> {
        let stream = TcpStream::connect(address).doing("connect to the server")?;
        stream.set_nodelay(true).doing("set a socket up")?;
        stream.set_read_timeout(Some(PATIENCE)).doing("set a socket up")?;
        let Some(config) = tls else { return Ok(Self::Plain(stream)) };
        let name = ServerName::try_from(tls::NAME).map_err(io::Error::other).doing("name the server")?;
        let session = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other);
        Ok(Self::Tls(Box::new(StreamOwned::new(session.doing("begin TLS")?, stream))))
    }

    pub(crate) fn set_nonblocking(&self) -> Result<()> {
        self.tcp().set_nonblocking(true).doing("set a socket up")
    }

    /// Whether a read that does not fill the buffer has emptied the socket. TLS gives what one record holds.
    pub(super) fn is_empty_after(&self, read: usize, buffer: usize) -> bool {
        matches!(self, Self::Plain(_)) && read < buffer
    }

    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &stream.sock,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.tcp().as_fd()
    }
}
