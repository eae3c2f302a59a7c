//! Takes connections from all listeners, one after the other.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::listen::{Address, Listener, accept_pause};
use crate::transport::Stream;

/// How often it is logged at most that connections cannot be accepted.
const WARN_EVERY: Duration = Duration::from_secs(30);

/// All listeners of a server. Each is asked in its turn, so that none with a full queue starves the others.
pub(super) struct Acceptors<'a> {
    listeners: &'a [Listener],
    freed: &'a Notify,
    accepting: Vec<Pin<Box<Accepting<'a>>>>,
    /// The listener that is asked first.
    first: usize,
}

type Accepting<'a> = dyn Future<Output = (Stream, Address, Warned)> + Send + 'a;

/// When it was last logged that connections cannot be accepted.
#[derive(Clone, Copy, Default)]
struct Warned(Option<Instant>);

impl<'a> Acceptors<'a> {
    /// `freed` is told whenever a descriptor may have become free.
    pub(super) fn new(listeners: &'a [Listener], freed: &'a Notify) -> Self {
        let accepting =
            listeners.iter().map(|listener| accept_one(listener, freed, Warned::default())).collect();
        Self { listeners, freed, accepting, first: 0 }
    }

    /// Waits for the next connection of any listener. Cancel safe.
    pub(super) async fn next(&mut self) -> (Stream, Address) {
        poll_fn(|cx| {
            let count = self.listeners.len();
            for number in (self.first..count).chain(0..self.first) {
                if let Poll::Ready((stream, peer, warned)) = self.accepting[number].as_mut().poll(cx) {
                    self.accepting[number] = accept_one(&self.listeners[number], self.freed, warned);
                    self.first = (number + 1) % count;
                    return Poll::Ready((stream, peer));
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// Accepts one connection, however often it fails before.
fn accept_one<'a>(listener: &'a Listener, freed: &'a Notify, mut warned: Warned) -> Pin<Box<Accepting<'a>>> {
    Box::pin(async move {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => return (stream, peer, warned),
                Err(error) => pause(listener, &error, freed, &mut warned).await,
            }
        }
    })
}

/// Waits where the next call would fail as well, as when no descriptors are left: until a connection has ended, or for
/// as long as [`accept_pause`] says.
async fn pause(listener: &Listener, error: &io::Error, freed: &Notify, warned: &mut Warned) {
    let Some(pause) = accept_pause(error) else {
        tracing::debug!(address = %listener.address(), %error, "a peer went away before it was accepted");
        return;
    };
    let now = Instant::now();
    if warned.0.is_none_or(|last| now >= last + WARN_EVERY) {
        tracing::warn!(address = %listener.address(), %error, "cannot accept connections for now; still trying");
        warned.0 = Some(now);
    }
    // Whichever it is, the next thing to do is to try again. At most one try is made for each connection that ends.
    let _ = timeout_at(now + pause, freed.notified()).await;
}
