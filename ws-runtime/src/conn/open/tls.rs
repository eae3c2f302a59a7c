//! TLS, before the first byte of the request.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use tokio_rustls::TlsAcceptor;

use super::end::End;
use crate::server::Place;
use crate::transport::Stream;

/// The server's side of the TLS handshake, step by step: for each of ours it waits for its turn.
pub(super) async fn accept_tls(place: &Place, acceptor: &TlsAcceptor, stream: Stream) -> Result<Stream, End> {
    let mut handshake = pin!(stream.accept_tls(acceptor));
    loop {
        let turn = place.turn().await;
        let step = poll_fn(|cx| Poll::Ready(handshake.as_mut().poll(cx))).await;
        drop(turn);
        match step {
            Poll::Ready(done) => return done.map_err(End::Tls),
            Poll::Pending => place.peers_turn(woken()).await?,
        }
    }
}

/// Waits until the task is woken, by whatever it is that was polled before.
async fn woken() {
    let mut asked = false;
    poll_fn(|_| if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}
