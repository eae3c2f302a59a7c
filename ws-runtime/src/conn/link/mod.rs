//! The socket of one connection and all that happens on it by itself: reading, answering pings, writing what waits,
//! keeping deadlines. It goes on while a handler awaits.

mod receiving;
mod turn;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, ready};

use tokio::task::yield_now;

use super::Conn;
use super::handlers::{Caught, Panicked};
use super::inbox::Inbox;
use super::linger::Lingering;
use super::outlet::{Patience, Phase, Written};
use super::pace::Pace;
use super::timing::{Moment, Timing};
use crate::event::Close;
use crate::transport::{Insist, ReadHalf};
use crate::wire::{Decoder, Incoming, Inflater, Limits};

pub(super) struct Link {
    conn: Conn,
    /// Without one of its own, the outlet's sink is read from. Gone as soon as the connection is, even while a handler
    /// still runs.
    source: Option<ReadHalf>,
    decoder: Decoder,
    inbox: Inbox,
    /// Received, but not decoded as the inbox is full or the turn is over.
    unread: Vec<u8>,
    /// Whether the last read was of a large payload.
    was_large: bool,
    reading: Reading,
    /// Reads what is still to come after both sides are done; boxed, as it is for the last moment.
    lingering: Option<Box<Lingering>>,
    pace: Pace,
    timing: Timing,
    /// When the server's alarm for this connection rings.
    alarm: Option<Moment>,
    /// Handlers run as long as the outlet's patience is no less than this.
    patience: Patience,
    /// Whether the outlet knows whom to wake: a task has one waker all its life.
    is_watching: bool,
}

/// Whether more is read from the peer as messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Open,
    /// Its last byte, its Close frame or something that breaks the protocol has been read. The inbox holds the reason.
    Ended {
        /// Whether its Close frame was the last that it sent, for all we know.
        with_close_frame: bool,
    },
}

/// Who handles the messages of a connection.
pub(super) trait Receiver {
    /// Handles a message before the next is decoded; gives it back where that has to be awaited.
    fn receive<'b>(&mut self, incoming: Incoming<'b>) -> Result<(), Incoming<'b>>;
}

/// Handles nothing now.
struct Later;

impl Receiver for Later {
    fn receive<'b>(&mut self, incoming: Incoming<'b>) -> Result<(), Incoming<'b>> {
        Err(incoming)
    }
}

/// Why a turn ended although the connection goes on.
enum Stop {
    /// The message has to be awaited.
    At(Incoming<'static>),
    /// There is more to do, but others are to have their turn.
    Yield,
    /// No more messages will be handled.
    Over,
}

impl Link {
    /// Takes over a connection that has just become ready.
    ///
    /// `unread` comes before what is read.
    pub(super) fn new(
        conn: Conn,
        source: Option<ReadHalf>,
        unread: Vec<u8>,
        inflater: Option<Inflater>,
    ) -> Self {
        let options = conn.server().options();
        let limits = Limits {
            max_message: conn.max_recv_size(),
            max_fragments: u32::try_from(options.max_fragments).unwrap_or(u32::MAX),
        };
        Self {
            decoder: Decoder::new(limits, inflater),
            inbox: Inbox::default(),
            unread,
            was_large: false,
            reading: Reading::Open,
            lingering: None,
            pace: Pace::new(),
            timing: Timing::new(conn.server().alarms().now()),
            alarm: None,
            patience: Patience::Full,
            is_watching: false,
            source,
            conn,
        }
    }

    /// Has messages handled one by one, as they arrive; comes back with the first that has to be awaited, or with
    /// `None` when no more will be handled.
    pub(super) fn next(
        &mut self,
        receiver: &mut impl Receiver,
    ) -> impl Future<Output = Option<Incoming<'static>>> {
        poll_fn(|cx| self.poll_next(cx, receiver))
    }

    /// Calls a handler and runs it to its end while the connection goes on; `None` where the server's patience ended
    /// first.
    pub(super) async fn beside<F: Future>(
        &mut self,
        call: impl FnOnce() -> F,
    ) -> Option<Result<F::Output, Panicked>> {
        let mut handler = match Caught::call(call) {
            Ok(handler) => pin!(handler),
            Err(panicked) => return Some(Err(panicked)),
        };
        poll_fn(|cx| {
            if let Poll::Ready(ended) = handler.as_mut().poll(cx) {
                return Poll::Ready(Some(ended));
            }
            self.poll_socket(cx);
            if self.conn.outlet().patience() > self.patience { Poll::Ready(None) } else { Poll::Pending }
        })
        .await
    }

    /// The only handler to come is `disconnect`, which is waited for even when patience runs out.
    pub(super) fn part(&mut self) {
        self.patience = Patience::Last;
    }

    /// Waits until our Close frame and all before it are written, or never will be: how the connection ended is certain
    /// from then on.
    pub(super) async fn drained(&mut self) {
        poll_fn(|cx| {
            self.poll_socket(cx);
            let is_drained = self.conn.phase() == Phase::Closing && !self.conn.has_unwritten();
            if is_drained { Poll::Ready(()) } else { self.poll_gone() }
        })
        .await;
    }

    /// Waits for the end: the peer's Close frame, and the end of its half of the stream (RFC 6455, section 7.1.1).
    pub(super) async fn close(&mut self) {
        poll_fn(|cx| {
            self.poll_socket(cx);
            self.poll_gone()
        })
        .await;
    }

    fn poll_gone(&self) -> Poll<()> {
        if self.conn.phase() == Phase::Gone { Poll::Ready(()) } else { Poll::Pending }
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        receiver: &mut impl Receiver,
    ) -> Poll<Option<Incoming<'static>>> {
        let now = self.begin_turn(cx);
        let stop = match self.handle_all(cx, now, receiver) {
            // The reply to what is handled next goes out with those that are there already.
            Poll::Ready(Stop::At(incoming)) => return Poll::Ready(Some(incoming)),
            Poll::Ready(Stop::Over) => Poll::Ready(None),
            Poll::Ready(Stop::Yield) => {
                yield_turn(cx);
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        };
        self.end_turn(cx, now);
        stop
    }

    /// Has messages handled until there are no more for now.
    fn handle_all(&mut self, cx: &mut Context<'_>, now: Moment, receiver: &mut impl Receiver) -> Poll<Stop> {
        loop {
            let phase = self.conn.phase();
            if !matches!(phase, Phase::Ready | Phase::Finishing) {
                return Poll::Ready(Stop::Over);
            }
            if self.pace.is_spent() {
                self.pace.interrupt();
                return Poll::Ready(Stop::Yield);
            }
            let nothing_waits = self.inbox.is_done() && self.unread.is_empty();
            if nothing_waits && phase == Phase::Ready && !self.conn.is_overfull() {
                ready!(self.read(cx, now, receiver));
            } else if let Some(stop) = self.handle_waiting(cx, now, phase, receiver) {
                return stop;
            }
        }
    }

    /// Has the first of what waits handled; tells if that ends the turn.
    fn handle_waiting(
        &mut self,
        cx: &mut Context<'_>,
        now: Moment,
        phase: Phase,
        receiver: &mut impl Receiver,
    ) -> Option<Poll<Stop>> {
        if self.conn.is_overfull() {
            // The peer is to read what it was answered before it is answered more.
            if self.write(cx, now, Insist::No) != Written::All && self.conn.is_overfull() {
                self.receive_for_later(cx, now);
                return Some(Poll::Pending);
            }
        } else if let Some(incoming) = self.inbox.pop() {
            self.pace.spend(0, 1);
            self.timing.comes_on(now);
            let unhandled = receiver.receive(incoming).err();
            return unhandled.map(|incoming| Poll::Ready(Stop::At(incoming)));
        } else if !self.unread.is_empty() {
            self.decode_unread(now, receiver);
        } else if let Some(end) = self.inbox.take_end() {
            self.conn.outlet().push_close(end);
        } else if phase == Phase::Finishing {
            self.conn.outlet().push_close(Close::shutdown());
        }
        None
    }

    /// Does all that can be done without waiting and without a handler, up to giving the socket back.
    fn poll_socket(&mut self, cx: &mut Context<'_>) {
        let now = self.begin_turn(cx);
        if self.lingering.is_none() {
            self.receive_for_later(cx, now);
        }
        self.end_turn(cx, now);
    }

    /// Reads into the inbox, as far as there is room.
    fn receive_for_later(&mut self, cx: &mut Context<'_>, now: Moment) {
        if !self.unread.is_empty() {
            self.decode_unread(now, &mut Later);
        }
        while self.wants_to_read() && !self.pace.is_spent() {
            if self.read(cx, now, &mut Later).is_pending() {
                break;
            }
        }
        // What is left of what was read: the socket will not wake anyone for it.
        if self.pace.is_spent() && (!self.unread.is_empty() || self.wants_to_read()) {
            yield_turn(cx);
        }
    }

    /// Whether reading makes sense now: not after the peer's last word, not while the inbox is full, and after
    /// shutdown began only for the peer's Close frame.
    fn wants_to_read(&self) -> bool {
        self.reading == Reading::Open
            && self.unread.is_empty()
            && match self.conn.phase() {
                Phase::Ready => !self.inbox_is_full(),
                Phase::Closing => true,
                Phase::Opening | Phase::Finishing | Phase::Gone => false,
            }
    }

    fn inbox_is_full(&self) -> bool {
        self.inbox.is_full(self.conn.server().options(), self.conn.max_recv_size())
    }
}

/// Has the task run again once all others that can have had their turn, and the runtime has looked at its sockets.
fn yield_turn(cx: &mut Context<'_>) {
    let _ = pin!(yield_now()).poll(cx);
}

impl Drop for Link {
    fn drop(&mut self) {
        self.unset_alarm();
    }
}
