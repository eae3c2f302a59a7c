//! A listener without a socket: connections are pipes inside this process.

use std::fmt;
use std::future::{pending, poll_fn};
use std::sync::{Mutex, PoisonError};

use tokio::io::DuplexStream;
use tokio::sync::mpsc;

use super::{Address, Listen, Place, Prepared};
use crate::transport::Stream;

/// Opens connections to one in-memory listener.
#[derive(Debug, Clone)]
pub(crate) struct Dialer(mpsc::UnboundedSender<(DuplexStream, Address)>);

/// The end of an in-memory listener that accepts.
pub(super) struct Pipes(Mutex<mpsc::UnboundedReceiver<(DuplexStream, Address)>>);

impl Listen {
    /// A listener that no other process can reach, and what connects to it.
    pub(crate) fn memory() -> (Self, Dialer) {
        let (dialer, pipes) = mpsc::unbounded_channel();
        (Self(Place::Prepared(Prepared::Memory(Pipes(Mutex::new(pipes))))), Dialer(dialer))
    }
}

impl Dialer {
    /// Connects as `peer`. The pipe holds `capacity` bytes in each direction. `None` if the server has stopped
    /// accepting.
    pub(crate) fn connect(&self, peer: Address, capacity: usize) -> Option<DuplexStream> {
        let (theirs, ours) = tokio::io::duplex(capacity);
        self.0.send((theirs, peer)).ok()?;
        Some(ours)
    }
}

impl Pipes {
    /// Waits for the next connection. Cancel safe.
    pub(super) async fn accept(&self) -> (Stream, Address) {
        let next = poll_fn(|cx| self.0.lock().unwrap_or_else(PoisonError::into_inner).poll_recv(cx)).await;
        match next {
            Some((pipe, peer)) => (Stream::over(pipe), peer),
            // Nobody can connect any more.
            None => pending().await,
        }
    }
}

impl fmt::Debug for Pipes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pipes")
    }
}
