//! The TLS handshake of a connection.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use super::reason::Reason;
use crate::server::Slot;
use crate::transport::{Stream, TlsAcceptor};

/// Runs our side of the TLS handshake. Each step of ours needs a permit, because it is expensive.
pub(super) async fn accept_tls(slot: &Slot, acceptor: TlsAcceptor, stream: Stream) -> Result<Stream, Reason> {
    let mut handshake = pin!(stream.accept_tls(&acceptor));
    loop {
        let permit = slot.tls_permit().await;
        let step = poll_fn(|cx| Poll::Ready(handshake.as_mut().poll(cx))).await;
        drop(permit);
        match step {
            Poll::Ready(done) => return done.map_err(Reason::Tls),
            Poll::Pending => slot.wait_for_peer(woken()).await?,
        }
    }
}

/// Waits until the future that was polled last wakes the task.
async fn woken() {
    let mut polled = false;
    poll_fn(|_| if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}
