//! The socket of one connection and all that happens on it by itself: reading, answering pings, writing what waits,
//! keeping deadlines. It goes on while a handler awaits.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::task::yield_now;
use tokio_util::io::poll_read_buf;

use super::Conn;
use super::gathering::poll_write_own;
use super::handlers::{Panicked, catch_now, poll_caught};
use super::inbox::Inbox;
use super::linger::Lingering;
use super::outlet::{Bound, NO_CODE, Patience, Phase, Written};
use super::pace::Pace;
use super::timing::{Due, Moment, Timing};
use crate::event::{Close, ClosedBy};
use crate::listen::{Sink, Source, Stream};
use crate::wire::{Decoder, Incoming, Inflater, Kind, Limits, Payload, Violation};

/// How much one read takes at most, unless it goes where it will stay.
const READ_SIZE: usize = 256 * 1024;

/// How much the read after a large payload takes: most likely the header of the next, whose payload then goes where it
/// will stay.
const HEADER_READ_SIZE: usize = 4 * 1024;

thread_local! {
    /// Bytes pass through here on their way to the decoder; a connection owns a buffer only for what is incomplete.
    static READ_BUFFER: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

pub(super) struct Link {
    conn: Conn,
    /// Without one of its own, the outlet's sink is read from. Gone as soon as the connection is, even while a handler
    /// still runs.
    source: Option<Source>,
    decoder: Decoder,
    inbox: Inbox,
    /// Received, but not decoded as the inbox is full or the turn is over.
    unread: Vec<u8>,
    /// Whether the last read was of a large payload.
    was_large: bool,
    /// Whether the peer's last byte, or its Close frame, has been read.
    heard_out: bool,
    /// Whether its Close frame was the last that it sent, for all we know.
    said_goodbye: bool,
    pace: Pace,
    timing: Timing,
    /// When the server's alarm for this connection rings.
    alarm: Option<Moment>,
    /// Handlers run as long as the outlet's patience is no less than this.
    patience: Patience,
    /// Whether the outlet knows whom to wake: a task has one waker all its life.
    is_watching: bool,
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
    pub(super) fn new(conn: Conn, source: Option<Source>, inflater: Option<Inflater>) -> Self {
        let options = conn.server().options();
        let limits = Limits {
            max_message: conn.max_recv_size(),
            max_fragments: u32::try_from(options.max_fragments).unwrap_or(u32::MAX),
        };
        Self {
            decoder: Decoder::new(limits, inflater),
            inbox: Inbox::default(),
            unread: Vec::new(),
            was_large: false,
            heard_out: false,
            said_goodbye: false,
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
        let mut handler = match catch_now(call) {
            Ok(handler) => pin!(handler),
            Err(panicked) => return Some(Err(panicked)),
        };
        poll_fn(|cx| {
            if let Poll::Ready(ended) = poll_caught(handler.as_mut(), cx) {
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

    /// Says goodbye: writes what is queued, waits for the peer's Close frame, ends our half of the stream and reads
    /// what the peer still sends (RFC 6455, section 7.1.1).
    pub(super) async fn close(&mut self) {
        let mut lingering = None;
        poll_fn(|cx| {
            if lingering.is_none() {
                self.poll_socket(cx);
                if !self.heard_out || self.conn.has_unwritten() {
                    return self.poll_gone();
                }
                let sink = self.conn.outlet().take_sink();
                let stream = sink.and_then(|sink| Stream::unite(self.source.take(), sink));
                lingering = stream.and_then(|stream| Lingering::of(stream, self.said_goodbye));
                self.timing.linger(self.conn.server().alarms().now());
            }
            let Some(lingering) = &mut lingering else { return Poll::Ready(()) };
            if lingering.poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let now = self.begin_turn(cx);
            self.end_turn(cx, now);
            self.poll_gone()
        })
        .await;
        self.conn.cut(ClosedBy::Us);
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
            if self.write(cx, now) != Written::All && self.conn.is_overfull() {
                self.receive_for_later(cx, now);
                return Some(Poll::Pending);
            }
        } else if let Some(incoming) = self.inbox.pop() {
            self.pace.spend(0, 1);
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

    /// Does all that can be done without waiting and without a handler.
    fn poll_socket(&mut self, cx: &mut Context<'_>) {
        let now = self.begin_turn(cx);
        self.receive_for_later(cx, now);
        self.end_turn(cx, now);
    }

    /// Reads into the inbox, as far as there is room.
    fn receive_for_later(&mut self, cx: &mut Context<'_>, now: Moment) {
        if !self.unread.is_empty() {
            self.decode_unread(now, &mut Later);
        }
        while self.wants_to_read() {
            if self.pace.is_spent() {
                yield_turn(cx);
                break;
            }
            if self.read(cx, now, &mut Later).is_pending() {
                break;
            }
        }
    }

    fn begin_turn(&mut self, cx: &Context<'_>) -> Moment {
        if !self.is_watching {
            self.is_watching = true;
            self.conn.outlet().watch(cx.waker());
        }
        self.pace.begin();
        self.conn.server().alarms().now()
    }

    /// Does what is due by the clock, writes, and sets the alarm for what will be due.
    fn end_turn(&mut self, cx: &mut Context<'_>, now: Moment) {
        let phase = self.conn.phase();
        self.timing.closing(phase == Phase::Closing, now);
        let reading = phase == Phase::Ready && !self.heard_out;
        self.timing.pause_silence(!reading || self.inbox_is_full(), now);
        if self.alarm.is_some_and(|at| at <= now) {
            self.unset_alarm();
            // However late we look: what the peer has made room for meanwhile is progress.
            self.write(cx, now);
            for due in self.timing.due(self.conn.server().options(), now) {
                self.act(due);
            }
        }
        self.write(cx, now);
        if self.conn.phase() == Phase::Gone {
            self.source = None;
            self.unset_alarm();
        } else {
            self.set_alarm();
        }
    }

    fn write(&mut self, cx: &mut Context<'_>, now: Moment) -> Written {
        let written = poll_write_own(&self.conn, cx);
        self.timing.writing(written != Written::All, now);
        if written == Written::Some {
            self.timing.progressed(now);
        }
        written
    }

    /// Sets the alarm, unless it rings before the next deadline anyway.
    fn set_alarm(&mut self) {
        if self.alarm.is_some() && !self.timing.is_perhaps_sooner() {
            return;
        }
        let Some(next) = self.timing.next(self.conn.server().options()) else { return };
        if self.alarm.is_some_and(|at| at <= next) {
            return;
        }
        self.unset_alarm();
        self.conn.server().alarms().set(next, self.conn.id());
        self.alarm = Some(next);
    }

    fn unset_alarm(&mut self) {
        if let Some(at) = self.alarm.take() {
            self.conn.server().alarms().unset(at, self.conn.id());
        }
    }

    fn act(&mut self, due: Due) {
        match due {
            Due::Ping => {
                // Refused only where the connection closes or is cut.
                let _ = self.conn.push_frame(Kind::Ping, Payload::Borrowed(&[]), Bound::Outbox);
            }
            Due::Silence => self.conn.cut(ClosedBy::Silence),
            Due::Assembly => {
                self.heard_all(Close::new(1008, "message took too long to arrive", ClosedBy::Error));
                self.conn.outlet().wake();
            }
            Due::Write => self.conn.outlet().cut(Close::new(1008, "reads too slowly", ClosedBy::Error)),
            Due::Close => self.conn.cut(ClosedBy::Peer),
            Due::Linger => self.conn.cut(ClosedBy::Us),
        }
    }

    /// Whether reading makes sense now: not after the peer's last word, not while the inbox is full, and after
    /// shutdown began only for the peer's Close frame.
    fn wants_to_read(&self) -> bool {
        !self.heard_out
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

    /// Reads once, and decodes what came.
    fn read(&mut self, cx: &mut Context<'_>, now: Moment, receiver: &mut impl Receiver) -> Poll<()> {
        let read = match self.decoder.room() {
            Some(mut room) => {
                let source = |source: &mut Readable| poll_read_buf(Pin::new(source), cx, &mut room);
                let read = ready!(with_source(&mut self.source, &self.conn, source));
                self.was_large = true;
                if let Ok(count @ 1..) = read {
                    self.pace.spend(count, 0);
                    let decoded = self.decoder.filled(count);
                    self.take_in(decoded, now, receiver);
                    self.timing.assembling(self.decoder.assembling(), now);
                }
                read
            }
            None => {
                let mut buffer = READ_BUFFER.take().unwrap_or_else(|| vec![0; READ_SIZE].into_boxed_slice());
                let size = if self.was_large { HEADER_READ_SIZE } else { READ_SIZE };
                let read = self.read_to(&mut buffer[..size], cx, now, receiver);
                READ_BUFFER.set(Some(buffer));
                let read = ready!(read);
                self.was_large = false;
                read
            }
        };
        match read {
            Ok(0) => self.heard_all(Close::abnormal(ClosedBy::Peer)),
            Ok(_) => self.timing.heard(now),
            Err(error) => {
                tracing::debug!(conn = self.conn.id(), %error, "reading failed");
                self.heard_all(Close::abnormal(ClosedBy::Error));
            }
        }
        Poll::Ready(())
    }

    /// Reads by way of a buffer.
    fn read_to(
        &mut self,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
        now: Moment,
        receiver: &mut impl Receiver,
    ) -> Poll<io::Result<usize>> {
        let mut room = ReadBuf::new(buffer);
        let source = |source: &mut Readable| Pin::new(source).poll_read(cx, &mut room);
        if let Err(error) = ready!(with_source(&mut self.source, &self.conn, source)) {
            return Poll::Ready(Err(error));
        }
        let received = room.filled_mut();
        let count = received.len();
        let left = self.decode(received, now, receiver);
        self.unread.extend_from_slice(received.get(count - left..).unwrap_or_default());
        Poll::Ready(Ok(count))
    }

    fn decode_unread(&mut self, now: Moment, receiver: &mut impl Receiver) {
        let mut unread = std::mem::take(&mut self.unread);
        let left = self.decode(&mut unread, now, receiver);
        if left > 0 {
            unread.drain(..unread.len() - left);
            self.unread = unread;
        }
    }

    /// Decodes what was received, and has it handled; tells how many bytes are left because the inbox is full or the
    /// turn is over.
    fn decode(&mut self, mut received: &mut [u8], now: Moment, receiver: &mut impl Receiver) -> usize {
        while !self.heard_out && !received.is_empty() {
            match self.conn.phase() {
                Phase::Ready | Phase::Finishing if self.inbox_is_full() || self.pace.is_spent() => {
                    return received.len();
                }
                Phase::Ready | Phase::Finishing | Phase::Closing => {}
                Phase::Opening | Phase::Gone => return 0,
            }
            let (bytes, frames) = (received.len(), self.decoder.frames());
            let decoded = self.decoder.decode(&mut received);
            self.pace.spend(bytes - received.len(), self.decoder.frames().wrapping_sub(frames));
            self.said_goodbye = received.is_empty() && matches!(decoded, Ok(Some(Incoming::Close(_))));
            self.take_in(decoded, now, receiver);
        }
        self.timing.assembling(self.decoder.assembling(), now);
        0
    }

    fn take_in(
        &mut self,
        decoded: Result<Option<Incoming<'_>>, Violation>,
        now: Moment,
        receiver: &mut impl Receiver,
    ) {
        match decoded {
            Ok(None) => {}
            Ok(Some(Incoming::Close(frame))) => {
                let (code, reason) =
                    frame.map_or((NO_CODE, Default::default()), |frame| (frame.code, frame.reason));
                self.heard_all(Close::new(code, reason, ClosedBy::Peer));
            }
            Ok(Some(Incoming::Ping(payload))) => self.answer_ping(payload, now),
            Ok(Some(incoming)) => {
                // Once our Close frame is sent, what else the peer says is not handled.
                if self.conn.phase() == Phase::Closing {
                    return;
                }
                let later =
                    if self.inbox.is_empty() { receiver.receive(incoming).err() } else { Some(incoming) };
                if let Some(incoming) = later {
                    self.inbox.push(incoming.into_owned());
                }
            }
            Err(violation) => {
                tracing::debug!(conn = self.conn.id(), %violation, "the peer broke the protocol");
                let code = violation.close_code().into();
                self.heard_all(Close::new(code, violation.to_string(), ClosedBy::Error));
            }
        }
    }

    /// RFC 6455, section 5.5.2: a ping is answered by a pong with the same payload.
    fn answer_ping(&mut self, payload: Payload<'_>, now: Moment) {
        if !self.timing.admits_ping(now) {
            self.heard_all(Close::new(1008, "too many pings", ClosedBy::Error));
            return;
        }
        // Refused only where the connection closes or is cut.
        let _ = self.conn.push_frame(Kind::Pong, payload, Bound::Outbox);
    }

    /// Nothing more is read as messages: remembers why.
    fn heard_all(&mut self, close: Close) {
        self.heard_out = true;
        self.unread = Vec::new();
        self.inbox.end(close);
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

type Readable = dyn AsyncRead + Unpin + Send;

/// Reads from the source, or from the outlet's sink where that is the source too.
fn with_source<T>(
    source: &mut Option<Source>,
    conn: &Conn,
    read: impl FnOnce(&mut Readable) -> Poll<io::Result<T>>,
) -> Poll<io::Result<T>> {
    match source {
        Some(source) => read(source),
        None => match conn.outlet().sink() {
            Some(sink @ Sink::Whole(_)) => read(sink),
            Some(_) | None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        },
    }
}
