//! Accepts connections from all listeners.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::listen::{Address, Listener, accept_pause};
use crate::transport::Stream;

/// The shortest time between two warnings that connections cannot be accepted.
const WARN_EVERY: Duration = Duration::from_secs(30);

/// All listeners of a server. They are polled round robin, so that one with a full queue does not starve the others.
pub(super) struct Acceptors<'a> {
    listeners: &'a [Listener],
    freed: &'a Notify,
    accepting: Vec<Pin<Box<Accepting<'a>>>>,
    /// The listener to poll first.
    first: usize,
}

type Accepting<'a> = dyn Future<Output = (Stream, Address, Warned)> + Send + 'a;

/// When a listener last warned that connections cannot be accepted.
#[derive(Clone, Copy, Default)]
struct Warned(Option<Instant>);

impl<'a> Acceptors<'a> {
    /// `freed` is notified when a descriptor may have become free.
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

/// Accepts one connection, and retries after failures.
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

/// After an error that the next call would return too, such as running out of descriptors: waits until a connection has
/// ended, or for the time that [`accept_pause`] returns.
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
    // Either way the caller tries again: once for each connection that ends.
    let _ = timeout_at(now + pause, freed.notified()).await;
}
