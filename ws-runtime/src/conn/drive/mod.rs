//! The socket of one connection and all that happens on it by itself: reading, answering pings, writing what waits,
//! keeping deadlines. It goes on while a handler awaits.

mod budget;
mod deadlines;
mod turn;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, ready};

use tokio::task::yield_now;

use self::budget::Budget;
use self::deadlines::Deadlines;
use super::Conn;
use super::close::Lingering;
use super::dispatch::{Caught, Panicked};
use super::receive::{ReceivePath, Receiver, ToInbox};
use super::send::{CancelLevel, Phase, Written};
use crate::event::Close;
use crate::transport::{Insist, ReadHalf};
use crate::wire::{Incoming, Inflater};

pub(crate) use self::deadlines::Moment;

/// Drives one connection: has its bytes read and written, and keeps its deadlines.
pub(super) struct Driver {
    conn: Conn,
    receive: ReceivePath,
    /// Reads what is still to come after both sides are done; boxed, as it is for the last moment.
    lingering: Option<Box<Lingering>>,
    budget: Budget,
    deadlines: Deadlines,
    /// When the server's alarm for this connection rings.
    alarm: Option<Moment>,
    /// A handler is cancelled once the connection's cancel level exceeds this.
    survives: CancelLevel,
    /// Whether the send path knows whom to wake: a task has one waker all its life.
    has_waker: bool,
}

/// What the rooms of a connection share for as long as a turn lasts.
pub(super) struct Turn<'t> {
    pub(super) conn: &'t Conn,
    pub(super) budget: &'t mut Budget,
    pub(super) deadlines: &'t mut Deadlines,
    pub(super) now: Moment,
}

/// Why a turn ended although the connection goes on.
enum Stop {
    /// The message has to be awaited.
    Await(Incoming<'static>),
    /// There is more to do, but others are to have their turn.
    Yield,
    /// No more messages will be handled.
    Over,
}

impl Driver {
    /// Takes over a connection that has just become ready. `unread` comes before what is read.
    pub(super) fn new(
        conn: Conn,
        read_half: Option<ReadHalf>,
        unread: Vec<u8>,
        inflater: Option<Inflater>,
    ) -> Self {
        Self {
            receive: ReceivePath::new(&conn, read_half, unread, inflater),
            lingering: None,
            budget: Budget::new(),
            deadlines: Deadlines::new(conn.server().alarms().now()),
            alarm: None,
            survives: CancelLevel::Nothing,
            has_waker: false,
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

    /// Calls a handler and runs it to its end while the connection goes on; `None` where it was cancelled.
    pub(super) async fn run_handler<F: Future>(
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
            if self.conn.send_path().cancel_level() > self.survives {
                Poll::Ready(None)
            } else {
                Poll::Pending
            }
        })
        .await
    }

    /// Only `disconnect` is still to run: it is not cancelled with the other handlers.
    pub(super) fn spare_disconnect(&mut self) {
        self.survives = CancelLevel::Handlers;
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
            Poll::Ready(Stop::Await(incoming)) => return Poll::Ready(Some(incoming)),
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
            if self.budget.is_spent() {
                self.budget.interrupt();
                return Poll::Ready(Stop::Yield);
            }
            if self.receive.is_idle() && phase == Phase::Ready && !self.conn.is_overfull() {
                let (receive, mut turn) = self.split(now);
                ready!(receive.read(cx, &mut turn, receiver));
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
        } else if let Some(incoming) = self.receive.pop() {
            self.budget.spend(0, 1);
            self.deadlines.made_progress(now);
            let unhandled = receiver.receive(incoming).err();
            return unhandled.map(|incoming| Poll::Ready(Stop::Await(incoming)));
        } else if self.receive.has_unread() {
            let (receive, mut turn) = self.split(now);
            receive.decode_unread(&mut turn, receiver);
        } else if let Some(end) = self.receive.take_end() {
            self.conn.send_path().push_close(end);
        } else if phase == Phase::Finishing {
            self.conn.send_path().push_close(Close::shutdown());
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
        let (receive, mut turn) = self.split(now);
        if receive.has_unread() {
            receive.decode_unread(&mut turn, &mut ToInbox);
        }
        while receive.wants_to_read(turn.conn) && !turn.budget.is_spent() {
            if receive.read(cx, &mut turn, &mut ToInbox).is_pending() {
                break;
            }
        }
        // What is left of what was read: the socket will not wake anyone for it.
        if turn.budget.is_spent() && (receive.has_unread() || receive.wants_to_read(turn.conn)) {
            yield_turn(cx);
        }
    }

    /// The receive path, and what it needs of the rest.
    fn split(&mut self, now: Moment) -> (&mut ReceivePath, Turn<'_>) {
        let turn = Turn { conn: &self.conn, budget: &mut self.budget, deadlines: &mut self.deadlines, now };
        (&mut self.receive, turn)
    }
}

/// Has the task run again once all others that can have had their turn, and the runtime has looked at its sockets.
fn yield_turn(cx: &mut Context<'_>) {
    let _ = pin!(yield_now()).poll(cx);
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.unset_alarm();
    }
}
