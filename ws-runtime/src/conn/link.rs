//! The socket of one connection and all that happens on it by itself: reading into the inbox, writing the outbox,
//! answering pings, keeping deadlines. It goes on while a handler awaits.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::Conn;
use super::inbox::Inbox;
use super::outlet::{NO_CODE, Phase};
use super::timing::{Due, Timing};
use crate::event::{Close, ClosedBy};
use crate::listen::Stream;
use crate::wire::{Decoder, Incoming, Kind, Limits, Payload};

/// How much one read takes at most.
const READ_SIZE: usize = 16 * 1024;

/// How many reads one turn makes at most, so that a peer that never stops sending slows nobody else.
const READS_PER_TURN: usize = 4;

/// How many messages are handled in one turn at most, for the same reason.
const MESSAGES_PER_TURN: u32 = 64;

/// How long, and for how many bytes, a connection that is closed still reads, so that the peer gets what it was sent:
/// a socket closed over unread input resets the connection and takes the last bytes with it.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 8 * 1024 * 1024;

thread_local! {
    /// Bytes pass through here on their way to the decoder; a connection owns a buffer only for what is incomplete.
    static READ_BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_SIZE].into_boxed_slice());
}

pub(super) struct Link {
    conn: Conn,
    /// Gone as soon as the connection is, even while a handler still runs.
    stream: Option<Stream>,
    decoder: Decoder,
    inbox: Inbox,
    /// Received, but not decoded as the inbox is full.
    unread: Vec<u8>,
    /// Whether the peer's last byte, or its Close frame, has been read.
    heard_out: bool,
    nodelay: bool,
    /// Messages handled since others had their turn.
    handled: u32,
    timing: Timing,
    alarm: Pin<Box<Sleep>>,
}

impl Link {
    pub(super) fn new(conn: Conn, stream: Stream) -> Self {
        let options = conn.server().options();
        let max_message = conn.max_recv_size();
        let timing = Timing::new(options, Instant::now());
        Self {
            decoder: Decoder::new(Limits {
                max_message,
                max_fragments: u32::try_from(options.max_fragments).unwrap_or(u32::MAX),
            }),
            inbox: Inbox::new(options.max_inbox, max_message),
            unread: Vec::new(),
            heard_out: false,
            nodelay: conn.nodelay(),
            handled: 0,
            alarm: Box::pin(sleep_until(timing.next())),
            timing,
            stream: Some(stream),
            conn,
        }
    }

    /// Waits for the next message to handle; `None` when no more will be handled.
    pub(super) async fn next(&mut self) -> Option<Incoming<'static>> {
        poll_fn(|cx| {
            if self.handled >= MESSAGES_PER_TURN {
                self.handled = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let turn = self.poll(cx);
            match self.conn.outlet().phase() {
                Phase::Opening | Phase::Closing | Phase::Gone => return Poll::Ready(None),
                Phase::Ready | Phase::Finishing => {}
            }
            if let Some(incoming) = self.inbox.pop() {
                self.handled += 1;
                return Poll::Ready(Some(incoming));
            }
            if let Some(end) = self.inbox.take_end() {
                self.conn.outlet().push_close(end);
                return Poll::Ready(None);
            }
            if self.conn.outlet().phase() == Phase::Finishing {
                self.conn.outlet().push_close(Close::shutdown());
                return Poll::Ready(None);
            }
            self.handled = 0;
            if turn == Turn::Unfinished {
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        })
        .await
    }

    /// Runs a handler to its end while the connection goes on; `None` where the server's patience ended first.
    pub(super) async fn beside<T>(&mut self, handler: impl Future<Output = T>) -> Option<T> {
        let mut handler = std::pin::pin!(handler);
        poll_fn(|cx| {
            if let Poll::Ready(output) = handler.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
            if self.poll(cx) == Turn::Unfinished {
                cx.waker().wake_by_ref();
            }
            if self.conn.outlet().is_aborted() { Poll::Ready(None) } else { Poll::Pending }
        })
        .await
    }

    /// Says goodbye: writes what is queued, waits for the peer's Close frame, ends our half of the stream and reads
    /// what the peer still sends (RFC 6455, section 7.1.1).
    pub(super) async fn close(mut self) {
        poll_fn(|cx| {
            let turn = self.poll(cx);
            let outlet = self.conn.outlet();
            let done = outlet.phase() == Phase::Gone || (self.heard_out && outlet.is_empty());
            drop(outlet);
            if !done && turn == Turn::Unfinished {
                cx.waker().wake_by_ref();
            }
            if done { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        if let Some(stream) = &mut self.stream {
            linger(stream).await;
        }
        self.conn.outlet().cut(Close::abnormal(ClosedBy::Us));
        self.conn.0.drained.notify_waiters();
    }

    /// Does all that can be done without waiting: reads, writes, looks at the clock.
    fn poll(&mut self, cx: &mut Context<'_>) -> Turn {
        let Some(mut stream) = self.stream.take() else { return Turn::Finished };
        self.conn.outlet().watch(cx.waker());
        if self.nodelay != self.conn.nodelay() {
            self.nodelay = self.conn.nodelay();
            if let Err(error) = stream.set_nodelay(self.nodelay) {
                tracing::debug!(conn = self.conn.id(), %error, "TCP_NODELAY was not set");
            }
        }
        let now = Instant::now();
        let turn = self.poll_read(&mut stream, cx, now);
        self.poll_write(&mut stream, cx, now);
        self.poll_alarm(cx, now);
        if self.conn.outlet().phase() == Phase::Gone {
            self.conn.0.drained.notify_waiters();
        } else {
            self.stream = Some(stream);
        }
        turn
    }

    fn poll_read(&mut self, stream: &mut Stream, cx: &mut Context<'_>, now: Instant) -> Turn {
        if !self.unread.is_empty() {
            let mut unread = std::mem::take(&mut self.unread);
            let left = self.decode(&mut unread, now);
            unread.drain(..unread.len() - left);
            self.unread = unread;
        }
        for _ in 0..READS_PER_TURN {
            if !self.wants_to_read() {
                return Turn::Finished;
            }
            let read = READ_BUFFER.with_borrow_mut(|buffer| {
                let mut room = ReadBuf::new(buffer);
                ready!(Pin::new(&mut *stream).poll_read(cx, &mut room))?;
                let received = room.filled_mut();
                let count = received.len();
                if count > 0 {
                    self.timing.heard(now);
                    let left = self.decode(received, now);
                    if let Some(left) = received.get(count - left..) {
                        self.unread.extend_from_slice(left);
                    }
                }
                Poll::Ready(Ok::<usize, io::Error>(count))
            });
            match read {
                Poll::Pending => return Turn::Finished,
                Poll::Ready(Ok(0)) => self.heard_all(Close::abnormal(ClosedBy::Peer)),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => {
                    tracing::debug!(conn = self.conn.id(), %error, "reading failed");
                    self.heard_all(Close::abnormal(ClosedBy::Error));
                }
            }
        }
        Turn::Unfinished
    }

    /// Whether reading makes sense now: not after the peer's last word, not while the inbox is full, and after
    /// shutdown began only for the peer's Close frame.
    fn wants_to_read(&self) -> bool {
        !self.heard_out
            && self.unread.is_empty()
            && match self.conn.outlet().phase() {
                Phase::Ready => !self.inbox.is_full(),
                Phase::Closing => true,
                Phase::Opening | Phase::Finishing | Phase::Gone => false,
            }
    }

    /// Decodes what was received, into the inbox; tells how many bytes are left because it is full.
    fn decode(&mut self, mut received: &mut [u8], now: Instant) -> usize {
        while !self.heard_out {
            let closing = self.conn.outlet().phase() == Phase::Closing;
            if !closing && self.inbox.is_full() {
                return received.len();
            }
            match self.decoder.decode(&mut received) {
                Ok(None) => break,
                Ok(Some(Incoming::Close(frame))) => {
                    let (code, reason) =
                        frame.map_or((NO_CODE, Default::default()), |frame| (frame.code, frame.reason));
                    self.heard_all(Close::new(code, reason, ClosedBy::Peer));
                }
                Ok(Some(Incoming::Ping(payload))) => self.answer_ping(payload, now),
                Ok(Some(incoming)) if !closing => self.inbox.push(incoming.into_owned()),
                // Our Close frame is sent: what else the peer says is not handled.
                Ok(Some(_)) => {}
                Err(violation) => {
                    tracing::debug!(conn = self.conn.id(), %violation, "the peer broke the protocol");
                    let code = violation.close_code().into();
                    self.heard_all(Close::new(code, violation.to_string(), ClosedBy::Error));
                }
            }
        }
        self.timing.assembling(self.decoder.assembling(), now);
        0
    }

    /// RFC 6455, section 5.5.2: a ping is answered by a pong with the same payload.
    fn answer_ping(&mut self, payload: Payload<'_>, now: Instant) {
        if !self.timing.admits_ping(now) {
            self.heard_all(Close::new(1008, "too many pings", ClosedBy::Error));
            return;
        }
        // Refused only where the connection closes or is cut.
        let _ = self.conn.outlet().push(Kind::Pong, payload);
    }

    /// Nothing more is read as messages: remembers why.
    fn heard_all(&mut self, close: Close) {
        self.heard_out = true;
        self.unread = Vec::new();
        self.inbox.end(close);
    }

    fn poll_write(&mut self, stream: &mut Stream, cx: &mut Context<'_>, now: Instant) {
        let mut outlet = self.conn.outlet();
        let had_something = !outlet.is_empty();
        while !outlet.is_empty() {
            let mut slices = [IoSlice::new(&[]); super::outlet::MAX_SLICES];
            let count = outlet.slices(&mut slices);
            let written =
                Pin::new(&mut *stream).poll_write_vectored(cx, slices.get(..count).unwrap_or_default());
            match written {
                Poll::Pending => {
                    self.timing.writing(true, now);
                    return;
                }
                Poll::Ready(Ok(0)) => outlet.cut(Close::abnormal(ClosedBy::Peer)),
                Poll::Ready(Ok(written)) => {
                    self.timing.progressed(now);
                    outlet.advance(written);
                }
                Poll::Ready(Err(error)) => {
                    tracing::debug!(conn = self.conn.id(), %error, "writing failed");
                    outlet.cut(Close::abnormal(ClosedBy::Error));
                }
            }
        }
        drop(outlet);
        if had_something {
            self.conn.0.drained.notify_waiters();
        }
        self.timing.writing(false, now);
        // TLS may hold bytes back until it is flushed; a plain socket does nothing here.
        if let Poll::Ready(Err(error)) = Pin::new(stream).poll_flush(cx) {
            tracing::debug!(conn = self.conn.id(), %error, "flushing failed");
            self.conn.cut(ClosedBy::Error);
        }
    }

    /// Does what is due by the clock, and sets the alarm for what will be.
    fn poll_alarm(&mut self, cx: &mut Context<'_>, now: Instant) {
        let phase = self.conn.outlet().phase();
        self.timing.closing(phase == Phase::Closing, now);
        let reading = phase == Phase::Ready && !self.heard_out;
        self.timing.pause_silence(!reading || self.inbox.is_full(), now);
        // The alarm is moved only forward in time when it rings, and back when something is due sooner: a message
        // that merely puts the silence off costs nothing.
        if self.timing.next() < self.alarm.deadline() {
            self.alarm.as_mut().reset(self.timing.next());
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            for due in self.timing.due(Instant::now()) {
                self.act(due);
            }
            if self.conn.outlet().phase() == Phase::Gone {
                return;
            }
            self.alarm.as_mut().reset(self.timing.next());
        }
    }

    fn act(&mut self, due: Due) {
        match due {
            Due::Ping => {
                let _ = self.conn.outlet().push(Kind::Ping, Payload::Borrowed(&[]));
                self.conn.outlet().wake();
            }
            Due::Silence => self.conn.cut(ClosedBy::Silence),
            Due::Assembly => {
                self.heard_all(Close::new(1008, "message took too long to arrive", ClosedBy::Error));
                self.conn.outlet().wake();
            }
            Due::Write => self.conn.outlet().cut(Close::new(1008, "reads too slowly", ClosedBy::Error)),
            Due::Close => self.conn.cut(ClosedBy::Peer),
        }
    }
}

/// Whether a turn ended because there was nothing more to do, or because others are to have theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Finished,
    Unfinished,
}

/// Ends our half of the stream and reads what is still to come until the peer ends its own, for a bounded while.
pub(super) async fn linger(stream: &mut Stream) {
    let last_words = async {
        stream.shutdown().await?;
        let mut left = LINGER_BYTES;
        while left > 0 {
            let read = poll_fn(|cx| {
                READ_BUFFER.with_borrow_mut(|buffer| {
                    let mut room = ReadBuf::new(buffer);
                    ready!(Pin::new(&mut *stream).poll_read(cx, &mut room))?;
                    Poll::Ready(Ok::<usize, io::Error>(room.filled().len()))
                })
            })
            .await?;
            if read == 0 {
                break;
            }
            left = left.saturating_sub(read);
        }
        Ok::<(), io::Error>(())
    };
    // Whether it ended, failed or took too long: the connection is dropped next.
    let _ = timeout(LINGER, last_words).await;
}
