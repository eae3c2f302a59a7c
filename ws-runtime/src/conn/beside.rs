//! Calls that run beside the handlers of their connection: `concurrent` ones, and streams.
//!
//! They are polled by the connection's own task. A call that is cancelled is dropped the next time that it would be
//! polled.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::StreamExt as _;
use futures_util::future::{AbortHandle, Abortable, Aborted};
use futures_util::stream::FuturesUnordered;

use super::Conn;
use super::dispatch::{Caught, Panicked, tell};
use crate::Reject;
use crate::event::{Failure, Outcome};
use crate::message::{Address, Running, done};

/// The calls of one connection that run beside its handlers. Boxed, as most connections have none.
#[derive(Debug, Default)]
pub(super) struct BesideCalls(Option<Box<Calls>>);

#[derive(Debug, Default)]
struct Calls {
    running: FuturesUnordered<Pin<Box<dyn Future<Output = Ended> + Send>>>,
    entries: Vec<Entry>,
    next: u64,
    /// The call that waits until one of the others ends, or for its guard.
    waiting: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    id: Option<Box<str>>,
    is_cancelled: bool,
}

/// Whether a call may begin that waits until others end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Free,
    /// The peer wants it no more.
    Cancelled,
    /// The connection ends.
    Over,
    /// Not yet, and timers of the session are due.
    TimersFirst,
}

/// The number of a call, and how it ended.
type Ended = (u64, Result<Result<Outcome, Panicked>, Aborted>);

/// A call that runs.
#[derive(Debug)]
struct Entry {
    number: u64,
    handler: &'static str,
    running: Running,
    address: Address,
    abort: AbortHandle,
}

impl BesideCalls {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether a call that runs answers this `id`.
    pub(super) fn has_id(&self, id: &str) -> bool {
        self.entries().iter().any(|entry| entry.address.id.as_deref() == Some(id))
    }

    /// How many calls of a handler run.
    pub(super) fn count(&self, handler: &'static str) -> usize {
        self.entries().iter().filter(|entry| entry.handler == handler).count()
    }

    pub(super) fn streams(&self) -> usize {
        self.entries().iter().filter(|entry| entry.running.is_stream()).count()
    }

    /// Adds a call, which begins when it is polled.
    pub(super) fn add(
        &mut self,
        handler: &'static str,
        running: Running,
        address: Address,
        call: Caught<impl Future<Output = Outcome> + Send + 'static>,
    ) {
        let calls = self.0.get_or_insert_default();
        let number = calls.next;
        calls.next += 1;
        let (abort, registration) = AbortHandle::new_pair();
        calls.entries.push(Entry { number, handler, running, address, abort });
        calls.running.push(Box::pin(async move { (number, Abortable::new(call, registration).await) }));
    }

    /// Polls the calls that were woken, and tells the peer of those that failed.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, conn: &Conn) {
        let Some(calls) = &mut self.0 else { return };
        while let Poll::Ready(Some((number, ended))) = calls.running.poll_next_unpin(cx) {
            // One that was cancelled is no longer listed.
            let Some(at) = calls.entries.iter().position(|entry| entry.number == number) else { continue };
            let entry = calls.entries.swap_remove(at);
            match ended {
                Ok(Ok(Ok(()))) | Err(Aborted) => {}
                Ok(Ok(Err(failure))) => entry.tell(conn, Ok(failure)),
                Ok(Err(panicked)) => entry.tell(conn, Err(panicked)),
            }
        }
        if calls.running.is_empty() && calls.waiting.is_none() {
            self.0 = None;
        }
    }

    /// A call with this `id` is about to begin: until then, it can be cancelled.
    pub(super) fn expect(&mut self, id: Option<&str>) {
        let waiting = Waiting { id: id.map(Into::into), is_cancelled: false };
        self.0.get_or_insert_default().waiting = Some(waiting);
    }

    /// Ends what [`expect`](Self::expect) began. Returns whether the call was cancelled meanwhile.
    pub(super) fn take_cancelled(&mut self) -> bool {
        let waiting = self.0.as_mut().and_then(|calls| calls.waiting.take());
        if self.0.as_ref().is_some_and(|calls| calls.running.is_empty()) {
            self.0 = None;
        }
        waiting.is_some_and(|waiting| waiting.is_cancelled)
    }

    /// The place of a call that has this `id` and waits until fewer than `most` calls of its handler run.
    pub(super) fn place(&mut self, handler: &'static str, most: usize, id: Option<&str>) -> Option<Place> {
        let is_free = self.count(handler) < most.max(1);
        let calls = self.0.as_mut().filter(|calls| !is_free || calls.waiting.is_some());
        let Some(calls) = calls else { return Some(Place::Free) };
        let waiting =
            calls.waiting.get_or_insert_with(|| Waiting { id: id.map(Into::into), is_cancelled: false });
        let place = if waiting.is_cancelled {
            Place::Cancelled
        } else if is_free {
            Place::Free
        } else {
            return None;
        };
        calls.waiting = None;
        Some(place)
    }

    /// Ends the call that answers this `id`, and tells the peer so; or the one that waits for its place, of which the
    /// peer is told then. False if there is none.
    pub(super) fn cancel(&mut self, id: &str, conn: &Conn) -> bool {
        let Some(calls) = &mut self.0 else { return false };
        if let Some(waiting) = calls.waiting.as_mut().filter(|waiting| waiting.id.as_deref() == Some(id)) {
            waiting.is_cancelled = true;
            return true;
        }
        match calls.entries.iter().position(|entry| entry.address.id.as_deref() == Some(id)) {
            Some(at) => calls.entries.swap_remove(at).cancel(conn),
            None => return false,
        }
        true
    }

    /// Ends all streams: the server shuts down.
    pub(super) fn end_streams(&mut self, conn: &Conn) {
        let Some(calls) = &mut self.0 else { return };
        for stream in calls.entries.extract_if(.., |entry| entry.running.is_stream()) {
            stream.cancel(conn);
        }
    }

    /// Drops all: the connection ends.
    pub(super) fn clear(&mut self) {
        self.0 = None;
    }

    fn entries(&self) -> &[Entry] {
        self.0.as_ref().map_or(&[], |calls| &calls.entries)
    }
}

impl Entry {
    fn cancel(self, conn: &Conn) {
        self.abort.abort();
        tell_cancelled(conn, self.handler, self.running, &self.address);
    }

    fn tell(&self, conn: &Conn, failed: Result<Failure, Panicked>) {
        // It closes the connection itself, where that must end.
        tell(conn, self.handler, self.address.keys, self.address.reply_to(), failed);
    }
}

/// Tells the peer that a call was cancelled, which may not have begun.
pub(super) fn tell_cancelled(conn: &Conn, handler: &'static str, running: Running, address: &Address) {
    match running {
        Running::Stream | Running::StreamAlone => done(conn, address.keys, address.reply_to()),
        Running::Call { .. } => {
            let cancelled = Ok(Failure::told(Reject::cancelled()));
            tell(conn, handler, address.keys, address.reply_to(), cancelled);
        }
    }
}
