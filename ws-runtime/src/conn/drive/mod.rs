//! Drives the socket of one connection: reads, answers pings, writes what waits, and checks deadlines. It continues
//! while a handler awaits.

mod budget;
mod deadlines;
mod timers;
mod turn;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tokio::task::{JoinHandle, yield_now};

use self::budget::Budget;
use self::deadlines::Deadlines;
use self::timers::TimerMode;
use super::Conn;
use super::beside::{BesideCalls, Place};
use super::close::Lingering;
use super::dispatch::{Caught, Panicked};
use super::receive::{ReceivePath, Receiver, ToInbox, Waiting};
use super::send::{CancelLevel, Phase, Written};
use crate::Reject;
use crate::event::{Close, Handled, Outcome, Received, Speech};
use crate::message::{Address, Envelope, Running};
use crate::transport::{Insist, ReadHalf};
use crate::wire::Inflater;

pub(crate) use self::deadlines::Moment;

/// Drives one connection: reads and writes its bytes, and checks its deadlines.
pub(super) struct Driver {
    conn: Conn,
    receive: ReceivePath,
    beside: BesideCalls,
    /// Reads until the end of the stream after both sides are done. Boxed, because only connections that end need it.
    lingering: Option<Box<Lingering>>,
    budget: Budget,
    deadlines: Deadlines,
    /// When the server's alarm for this connection is due.
    alarm: Option<Moment>,
    /// A handler is cancelled once the connection's cancel level exceeds this.
    survives: CancelLevel,
    /// The peer's Close frame was answered while a handler hung. The messages before it are still handled.
    handles_late: bool,
    timers: TimerMode,
    /// Whether the send path has the task's waker. It is set once, as the waker of a task never changes.
    has_waker: bool,
}

/// What the parts of a connection share during a turn.
pub(super) struct Turn<'t> {
    pub(super) conn: &'t Conn,
    /// The calls that run beside handlers.
    pub(super) beside: &'t mut BesideCalls,
    pub(super) budget: &'t mut Budget,
    pub(super) deadlines: &'t mut Deadlines,
    pub(super) now: Moment,
}

/// What the connection has to handle next.
pub(super) enum Next {
    /// A message whose handler must be awaited.
    Message(Received<'static>),
    /// The timers of the session: one of them may be due.
    Timers,
    /// All is written that waited for a peer which has missed messages.
    Drained,
}

/// Why the loop over messages stopped.
enum Stop {
    /// This message has an `async` handler, which must be awaited.
    Await(Received<'static>),
    /// A timer of the session may be due.
    Timers,
    /// The budget is used up: other tasks run before the rest is handled.
    Yield,
    /// No more messages will be handled.
    Over,
}

impl Driver {
    /// Takes over a connection that has just become ready. `unread` is decoded before what is read from the socket.
    pub(super) fn new(
        conn: Conn,
        read_half: Option<ReadHalf>,
        unread: Vec<u8>,
        inflater: Option<Inflater>,
        speech: Option<&'static Speech>,
    ) -> Self {
        Self {
            receive: ReceivePath::new(&conn, read_half, unread, inflater, speech),
            beside: BesideCalls::default(),
            lingering: None,
            budget: Budget::new(),
            deadlines: Deadlines::new(conn.server().alarms().now()),
            alarm: None,
            survives: CancelLevel::Nothing,
            handles_late: false,
            timers: TimerMode::None,
            has_waker: false,
            conn,
        }
    }

    /// Passes messages to `receiver` one by one, as they arrive. Returns the first message that must be awaited, or
    /// that timers are due, or `None` when no more will be handled.
    pub(super) fn next(&mut self, receiver: &mut impl Receiver) -> impl Future<Output = Option<Next>> {
        poll_fn(|cx| self.poll_next(cx, receiver))
    }

    /// Calls the handler of this name and runs it to its end, while the socket is driven too. `None` if it was
    /// cancelled.
    pub(super) async fn run_handler<F: Future>(
        &mut self,
        name: &'static str,
        call: impl FnOnce() -> F,
    ) -> Option<Result<F::Output, Panicked>> {
        // A plain handler runs to its end in this call.
        let mut handler = match self.observe_timers(|driver| Caught::call(driver.conn.server(), name, call)) {
            Ok(handler) => pin!(handler),
            Err(panicked) => return Some(Err(panicked)),
        };
        poll_fn(|cx| {
            if let Poll::Ready(ended) = self.observe_timers(|_| handler.as_mut().poll(cx)) {
                return Poll::Ready(Some(ended));
            }
            if self.conn.phase() == Phase::Opening {
                // `ready` waits for the lock on its room, and lists the connection under that. Until then the peer
                // must not know that it is connected: it would miss what others send.
                self.begin_turn(cx);
            } else {
                self.poll_socket(cx);
            }
            if self.conn.send_path().cancel_level() > self.survives {
                Poll::Ready(None)
            } else {
                Poll::Pending
            }
        })
        .await
    }

    /// Waits for what runs on a thread of the blocking pool, while the socket is driven too. It cannot be cancelled.
    /// `None` if the server ends without waiting for it.
    pub(super) async fn wait_for<T>(&mut self, mut running: JoinHandle<T>) -> Option<T> {
        poll_fn(|cx| {
            if let Poll::Ready(ended) = Pin::new(&mut running).poll(cx) {
                return Poll::Ready(ended.ok());
            }
            self.poll_socket(cx);
            if self.conn.send_path().cancel_level() > CancelLevel::Handlers {
                Poll::Ready(None)
            } else {
                Poll::Pending
            }
        })
        .await
    }

    /// Whether handlers are cancelled from now on.
    pub(super) fn is_cancelled(&self) -> bool {
        self.conn.send_path().cancel_level() > self.survives
    }

    /// Checks whether a call may run beside others.
    pub(super) fn may_begin(&self, running: Running, message: &Envelope<'_>) -> Result<(), Reject> {
        message.complete()?;
        let id = message.reply_to().id;
        if !running.is_stream() {
            return Ok(());
        }
        let most = self.conn.options().max_streams;
        if id.is_none() {
            Err(Reject::bad_request().text("the replies are a stream: the message needs an id"))
        } else if self.beside.streams() >= most {
            Err(Reject::too_many_requests().text(format!("{most} streams are open, and no more may be")))
        } else {
            Ok(())
        }
    }

    /// A call with this `id` will run beside others once its guard has passed it. Until then, it can be cancelled.
    pub(super) fn expect_beside(&mut self, id: Option<&str>) {
        self.beside.expect(id);
    }

    /// Whether the call that was expected has been cancelled meanwhile.
    pub(super) fn is_cancelled_meanwhile(&mut self) -> bool {
        self.beside.take_cancelled()
    }

    /// Waits until fewer than `most` calls of a handler run, for a call with this `id`, or until something else is to
    /// be done first.
    pub(super) async fn place_beside(
        &mut self,
        handler: &'static str,
        most: usize,
        id: Option<&str>,
    ) -> Place {
        poll_fn(|cx| {
            if self.conn.phase() == Phase::Gone || self.conn.send_path().cancel_level() > self.survives {
                return Poll::Ready(Place::Over);
            }
            if let Some(place) = self.beside.place(handler, most, id) {
                return Poll::Ready(place);
            }
            self.poll_socket(cx);
            if let Some(place) = self.beside.place(handler, most, id) {
                return Poll::Ready(place);
            }
            let now = self.conn.server().alarms().now();
            if self.must_look_at_timers(now) { Poll::Ready(Place::TimersFirst) } else { Poll::Pending }
        })
        .await
    }

    /// Begins a call that runs beside the handlers of the messages that follow.
    pub(super) fn begin_beside(
        &mut self,
        handler: &'static str,
        running: Running,
        address: Address,
        call: Caught<impl Future<Output = Outcome> + Send + 'static>,
    ) {
        self.beside.add(handler, running, address, call);
    }

    /// Drops the calls that run beside handlers: the connection ends.
    pub(super) fn drop_beside(&mut self) {
        self.beside.clear();
    }

    /// From now on only `disconnect` runs, which is not cancelled with the other handlers.
    pub(super) fn spare_disconnect(&mut self) {
        self.survives = CancelLevel::Handlers;
    }

    /// Waits until our Close frame and all before it are written, or never will be. From then on it is certain how the
    /// connection ended.
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

    fn poll_next(&mut self, cx: &mut Context<'_>, receiver: &mut impl Receiver) -> Poll<Option<Next>> {
        let now = self.begin_turn(cx);
        self.beside.poll(cx, &self.conn);
        if self.conn.send_lock().is_drained() {
            return Poll::Ready(Some(Next::Drained));
        }
        let stop = match self.observe_timers(|driver| driver.handle_all(cx, now, receiver)) {
            // Nothing is written yet: the reply to this message leaves with those that are corked.
            Poll::Ready(Stop::Await(message)) => return Poll::Ready(Some(Next::Message(message))),
            Poll::Ready(Stop::Timers) => return Poll::Ready(Some(Next::Timers)),
            Poll::Pending if self.must_look_at_timers(now) => return Poll::Ready(Some(Next::Timers)),
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

    /// Handles messages until there are no more for now.
    fn handle_all(&mut self, cx: &mut Context<'_>, now: Moment, receiver: &mut impl Receiver) -> Poll<Stop> {
        loop {
            let phase = self.conn.phase();
            if !matches!(phase, Phase::Ready | Phase::Finishing) {
                let Some(waiting) = self.pop_late() else { return Poll::Ready(Stop::Over) };
                if let Some(message) = handle(waiting, receiver) {
                    return Poll::Ready(Stop::Await(message));
                }
                continue;
            }
            if self.budget.is_spent() {
                self.budget.interrupt();
                return Poll::Ready(Stop::Yield);
            }
            if self.take_turn_of_timers(now) {
                return Poll::Ready(Stop::Timers);
            }
            if self.receive.is_idle() && phase == Phase::Ready && !self.conn.is_overfull() {
                let (receive, mut turn) = self.split(now);
                ready!(receive.read(cx, &mut turn, receiver));
            } else if let Some(stop) = self.handle_waiting(cx, now, phase, receiver) {
                return stop;
            }
        }
    }

    /// Handles one thing that waits: a write, a queued message, unread bytes, or the end. `Some` if that ends the turn.
    fn handle_waiting(
        &mut self,
        cx: &mut Context<'_>,
        now: Moment,
        phase: Phase,
        receiver: &mut impl Receiver,
    ) -> Option<Poll<Stop>> {
        if self.conn.is_overfull() {
            // The peer must read earlier replies before more messages are handled.
            if self.write(cx, now, Insist::No) != Written::All && self.conn.is_overfull() {
                self.receive_for_later(cx, now);
                return Some(Poll::Pending);
            }
        } else if self.pauses(now, phase) {
            self.deadlines.add();
            self.receive_for_later(cx, now);
            return Some(Poll::Pending);
        } else if let Some(waiting) = self.receive.pop(&self.conn, &self.beside) {
            self.budget.spend(0, 1);
            self.deadlines.made_progress(now);
            if let Some(message) = handle(waiting, receiver) {
                return Some(Poll::Ready(Stop::Await(message)));
            }
        } else if self.receive.has_unread() {
            let (receive, mut turn) = self.split(now);
            receive.decode_unread(&mut turn, receiver);
        } else if let Some(end) = self.receive.take_end() {
            self.conn.send_path().push_close(end);
        } else if phase == Phase::Finishing {
            self.beside.end_streams(&self.conn);
            if !self.beside.is_empty() {
                // Calls are waited for.
                self.beside.poll(cx, &self.conn);
            }
            if !self.beside.is_empty() {
                return Some(Poll::Pending);
            }
            self.conn.send_path().push_close(Close::shutdown(self.conn.server().close_code()));
        }
        None
    }

    /// Whether the next message has to wait because of the option `rate`. At shutdown all are handled at once.
    #[inline]
    fn pauses(&mut self, now: Moment, phase: Phase) -> bool {
        phase == Phase::Ready && self.receive.pauses(self.conn.options().rate, now)
    }

    /// The next message of a peer whose Close frame was answered before its messages were handled.
    fn pop_late(&mut self) -> Option<Waiting> {
        let is_cancelled = self.conn.send_path().cancel_level() > self.survives;
        if self.handles_late && !is_cancelled { self.receive.pop(&self.conn, &self.beside) } else { None }
    }

    /// Does all that needs no handler and no waiting: reads, writes, checks deadlines, closes the socket.
    fn poll_socket(&mut self, cx: &mut Context<'_>) {
        let now = self.begin_turn(cx);
        self.beside.poll(cx, &self.conn);
        if self.lingering.is_none() {
            self.receive_for_later(cx, now);
        }
        self.end_turn(cx, now);
    }

    /// Reads into the inbox while it has room.
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
        // The socket does not wake the task for bytes that were read already.
        if turn.budget.is_spent() && (receive.has_unread() || receive.wants_to_read(turn.conn)) {
            yield_turn(cx);
        }
    }

    /// The receive path, and the parts of the driver that it uses.
    fn split(&mut self, now: Moment) -> (&mut ReceivePath, Turn<'_>) {
        let Self { conn, receive, beside, budget, deadlines, .. } = self;
        (receive, Turn { conn, beside, budget, deadlines, now })
    }
}

/// Handles a message that has waited. Returns it if it must be awaited.
fn handle(waiting: Waiting, receiver: &mut impl Receiver) -> Option<Received<'static>> {
    let Waiting { message, is_passed, .. } = waiting;
    match if is_passed { Handled::Later } else { receiver.receive(&message) } {
        Handled::Done => {
            message.give_back();
            None
        }
        Handled::Later => Some(message),
    }
}

/// Schedules the task again, after all other tasks that are ready and after the runtime has polled its sockets.
fn yield_turn(cx: &mut Context<'_>) {
    let _ = pin!(yield_now()).poll(cx);
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.unset_alarm();
    }
}
