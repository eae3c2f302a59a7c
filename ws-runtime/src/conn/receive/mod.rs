//! Reads bytes from the socket, decodes them to messages, and passes these to handlers or to the inbox.

mod inbox;
mod own;
mod pace;

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::poll_read_buf;

use self::inbox::Inbox;
use self::own::refuses_id;
use self::pace::Pace;
use super::Conn;
use super::drive::Turn;
use super::send::{Bound, Phase};
use crate::event::{Binary, Close, ClosedBy, Handled, Received, Speech, Utf8};
use crate::stats::{self, Direction, Kind};
use crate::transport::{ReadHalf, WriteHalf};
use crate::wire::{Decoder, FrameKind, Incoming, Inflater, Limits, Payload, ProtocolError};

pub(super) use self::inbox::Waiting;

/// The size of a read into the thread's buffer.
const READ_SIZE: usize = 256 * 1024;

/// The size of the read after a large payload. The next message is most likely large too: this read gets its header,
/// and its payload is then read directly into the message's own buffer.
const HEADER_READ_SIZE: usize = 4 * 1024;

thread_local! {
    /// The buffer that this thread's connections read into. A connection owns a buffer only for an incomplete message.
    static READ_BUFFER: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// The receive path of one connection.
pub(super) struct ReceivePath {
    /// `None` if the stream is read through the write half, or once the connection is gone, even if a handler still
    /// runs.
    read_half: Option<ReadHalf>,
    decoder: Decoder,
    /// `None` if the route does not speak the envelope.
    speech: Option<&'static Speech>,
    inbox: Inbox,
    pace: Pace,
    /// Whether the last read was of a large payload.
    was_large: bool,
    reading: Reading,
}

/// Whether more messages are read from the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Open,
    /// The end of the stream, a Close frame or a protocol error has been read. The inbox holds the reason.
    Ended {
        /// Whether its Close frame is the last thing that has arrived.
        with_close_frame: bool,
    },
}

/// Handles the messages of a connection.
pub(super) trait Receiver {
    /// Whether any message is handled now.
    const HANDLES: bool;

    /// Handles a message before the next one is decoded, unless it has an `async` handler, for which it must be kept.
    fn receive(&mut self, message: &Received<'_>) -> Handled;
}

/// Handles no message now: all go to the inbox.
pub(super) struct ToInbox;

impl Receiver for ToInbox {
    const HANDLES: bool = false;

    fn receive(&mut self, _: &Received<'_>) -> Handled {
        Handled::Later
    }
}

impl ReceivePath {
    pub(super) fn new(
        conn: &Conn,
        read_half: Option<ReadHalf>,
        unread: Vec<u8>,
        inflater: Option<Inflater>,
        speech: Option<&'static Speech>,
    ) -> Self {
        let limits = Limits {
            max_message: conn.max_recv_size(),
            max_fragments: u32::try_from(conn.options().max_fragments).unwrap_or(u32::MAX),
        };
        Self {
            read_half,
            decoder: Decoder::new(limits, inflater),
            speech,
            inbox: Inbox::new(unread),
            pace: Pace::default(),
            was_large: false,
            reading: Reading::Open,
        }
    }

    /// Whether more messages are read.
    pub(super) fn reading(&self) -> Reading {
        self.reading
    }

    /// Whether nothing that was received waits to be handled, neither bytes, messages nor the end.
    pub(super) fn is_idle(&self) -> bool {
        self.inbox.is_idle()
    }

    /// Whether bytes wait that were received but not decoded.
    pub(super) fn has_unread(&self) -> bool {
        self.inbox.has_unread()
    }

    /// Whether to read now. Not after the end of the peer's messages, not while the inbox is full, and not while a
    /// shutdown handles what has arrived. Once our Close frame is queued, we read on for the peer's.
    pub(super) fn wants_to_read(&self, conn: &Conn) -> bool {
        self.reading == Reading::Open
            && !self.inbox.has_unread()
            && match conn.phase() {
                Phase::Ready => !self.is_full(conn),
                Phase::Closing => true,
                Phase::Opening | Phase::Finishing | Phase::Gone => false,
            }
    }

    /// Whether the inbox is full.
    pub(super) fn is_full(&self, conn: &Conn) -> bool {
        // It is asked for each message, and mostly nothing waits.
        !self.inbox.is_empty() && self.inbox.is_full(conn.options(), conn.max_recv_size())
    }

    /// Takes the reason why the peer's messages ended. Call it when all messages before it are handled or given up.
    pub(super) fn take_end(&mut self) -> Option<Close> {
        self.inbox.take_end()
    }

    /// Takes the read half of the socket.
    pub(super) fn take_read_half(&mut self) -> Option<ReadHalf> {
        self.read_half.take()
    }

    /// Reads once, and decodes what was read.
    pub(super) fn read(
        &mut self,
        cx: &mut Context<'_>,
        turn: &mut Turn<'_>,
        receiver: &mut impl Receiver,
    ) -> Poll<()> {
        let read = match self.decoder.room() {
            Some(mut room) => {
                let read = |reader: &mut Readable| poll_read_buf(Pin::new(reader), cx, &mut room);
                let read = ready!(with_read_half(&mut self.read_half, turn.conn, read));
                self.was_large = true;
                if let Ok(count @ 1..) = read {
                    turn.budget.spend(count, 0);
                    let decoded = self.decoder.filled(count);
                    turn.budget.spend(self.decoder.take_inflated(), 0);
                    self.process(decoded, turn, receiver);
                    turn.deadlines.assembling(self.decoder.assembling(), turn.now);
                }
                read
            }
            None => {
                // While a thread ends, its buffer is gone.
                let kept = READ_BUFFER.try_with(Cell::take).ok().flatten();
                let mut buffer = kept.unwrap_or_else(|| vec![0; READ_SIZE].into_boxed_slice());
                let size = if self.was_large { HEADER_READ_SIZE } else { READ_SIZE };
                let read = self.read_to(&mut buffer[..size], cx, turn, receiver);
                let _ = READ_BUFFER.try_with(|kept| kept.set(Some(buffer)));
                let read = ready!(read);
                self.was_large = false;
                read
            }
        };
        match read {
            Ok(0) => self.end(Close::abnormal(ClosedBy::Peer)),
            Ok(_) => turn.deadlines.alive(turn.now),
            Err(error) => {
                tracing::debug!(conn = turn.conn.id(), %error, "reading failed");
                self.end(Close::abnormal(ClosedBy::Network));
                if self.inbox.is_empty() {
                    // Nothing is left to handle, and no reply could be sent.
                    turn.conn.cut(ClosedBy::Network);
                }
            }
        }
        Poll::Ready(())
    }

    /// Reads into a buffer, and decodes from there.
    fn read_to(
        &mut self,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
        turn: &mut Turn<'_>,
        receiver: &mut impl Receiver,
    ) -> Poll<io::Result<usize>> {
        let mut room = ReadBuf::new(buffer);
        let read = |reader: &mut Readable| Pin::new(reader).poll_read(cx, &mut room);
        if let Err(error) = ready!(with_read_half(&mut self.read_half, turn.conn, read)) {
            return Poll::Ready(Err(error));
        }
        let received = room.filled_mut();
        let count = received.len();
        let left = self.decode(received, turn, receiver);
        if left > 0 {
            self.inbox.set_unread(received.get(count - left..).unwrap_or_default().to_vec());
        }
        Poll::Ready(Ok(count))
    }

    pub(super) fn decode_unread(&mut self, turn: &mut Turn<'_>, receiver: &mut impl Receiver) {
        let mut unread = self.inbox.take_unread();
        let left = self.decode(&mut unread, turn, receiver);
        if left > 0 {
            unread.drain(..unread.len() - left);
            self.inbox.set_unread(unread);
        }
    }

    /// Decodes what was received, and passes on the messages. Returns how many bytes are left because the inbox or the
    /// outbox is full or the budget used up.
    fn decode<R: Receiver>(
        &mut self,
        mut received: &mut [u8],
        turn: &mut Turn<'_>,
        receiver: &mut R,
    ) -> usize {
        while self.reading == Reading::Open && !received.is_empty() {
            match turn.conn.phase() {
                // However many questions come in one read: the peer is to read what it was answered before.
                Phase::Ready | Phase::Finishing if R::HANDLES && turn.conn.is_overfull() => {
                    return received.len();
                }
                Phase::Ready | Phase::Finishing if self.is_full(turn.conn) => return received.len(),
                Phase::Ready | Phase::Finishing | Phase::Closing if turn.budget.is_spent() => {
                    return received.len();
                }
                Phase::Ready | Phase::Finishing | Phase::Closing => {}
                Phase::Opening | Phase::Gone => return 0,
            }
            let (bytes, frames) = (received.len(), self.decoder.frames());
            let decoded = self.decoder.decode(&mut received);
            let spent = bytes - received.len() + self.decoder.take_inflated();
            turn.budget.spend(spent, self.decoder.frames().wrapping_sub(frames));
            if !self.decoder.assembling() {
                // The next bytes of this read belong to another message, with a deadline of its own.
                turn.deadlines.assembling(false, turn.now);
            }
            let with_close_frame = received.is_empty() && matches!(decoded, Ok(Some(Incoming::Close(_))));
            self.process(decoded, turn, receiver);
            if with_close_frame {
                self.reading = Reading::Ended { with_close_frame };
            }
        }
        turn.deadlines.assembling(self.decoder.assembling(), turn.now);
        0
    }

    /// Handles a decoded message or control frame, or a protocol error.
    fn process(
        &mut self,
        decoded: Result<Option<Incoming<'_>>, ProtocolError>,
        turn: &mut Turn<'_>,
        receiver: &mut impl Receiver,
    ) {
        let message = match decoded {
            Ok(None) => return,
            Ok(Some(Incoming::Close(frame))) => {
                turn.conn.count(Direction::Received, Kind::Close, 0);
                let (code, reason) =
                    frame.map_or((Close::NO_CODE, Default::default()), |frame| (frame.code, frame.reason));
                return self.end(Close::new(code, reason, ClosedBy::Peer));
            }
            Ok(Some(Incoming::Ping(payload))) => {
                turn.conn.count(Direction::Received, Kind::Ping, 0);
                return self.answer_ping(payload, turn);
            }
            Ok(Some(Incoming::Text(text))) => {
                stats::received_text(text.as_str().len());
                match self.speech {
                    Some(speech) => Received::of_text(Utf8(text), speech),
                    None => Received::Utf8(Utf8(text)),
                }
            }
            Ok(Some(Incoming::Binary(data))) => {
                stats::received_binary(data.as_slice().len());
                Received::Binary(Binary(data))
            }
            Ok(Some(Incoming::Pong(data))) => {
                turn.conn.count(Direction::Received, Kind::Pong, 0);
                Received::Pong(Binary(data))
            }
            Err(error) => {
                tracing::debug!(conn = turn.conn.id(), %error, "protocol error");
                return self.end(Close::violation(error));
            }
        };
        if let Received::Named(named) = &message
            && self.takes_own(named, turn)
        {
            return;
        }
        // Called in one place: it is worth inlining.
        self.pass(message, turn, receiver);
    }

    /// Passes a message on, to a handler or to the inbox.
    #[inline]
    fn pass<R: Receiver>(&mut self, message: Received<'_>, turn: &Turn<'_>, receiver: &mut R) {
        // Once our Close frame is queued, further messages are not handled.
        if turn.conn.phase() == Phase::Closing {
            return;
        }
        let rate = turn.conn.options().rate;
        let is_allowed = self.is_allowed(rate, &message, turn.now);
        if R::HANDLES && is_allowed && !turn.beside.is_empty() && refuses_id(&message, turn.beside, turn.conn)
        {
            return;
        }
        match if is_allowed { receiver.receive(&message) } else { Handled::Later } {
            Handled::Done => message.give_back(),
            Handled::Later => self.inbox.push(message.into_owned(), R::HANDLES && is_allowed),
        }
    }

    /// RFC 6455, section 5.5.2: a ping is answered by a pong with the same payload.
    fn answer_ping(&mut self, mut payload: Payload<'_>, turn: &mut Turn<'_>) {
        if !self.allows_ping(turn) {
            return;
        }
        // Fails only if the connection is closing or cut, or if far too much waits already.
        let _ = turn.conn.push_frame(FrameKind::Pong, &mut payload, Bound::Pong);
    }

    /// Ends the reading of messages, for this reason.
    pub(super) fn end(&mut self, close: Close) {
        self.reading = Reading::Ended { with_close_frame: false };
        self.inbox.take_unread();
        self.inbox.end(close);
    }
}

type Readable = dyn AsyncRead + Unpin + Send;

/// Reads from the read half, or through the write half if the stream cannot be split.
fn with_read_half<T>(
    read_half: &mut Option<ReadHalf>,
    conn: &Conn,
    read: impl FnOnce(&mut Readable) -> Poll<io::Result<T>>,
) -> Poll<io::Result<T>> {
    match read_half {
        Some(read_half) => read(read_half),
        // Leaves corked what the task has corked: nothing is sent here, and the end of the turn writes it.
        None => match conn.send_lock().lock().socket().and_then(WriteHalf::reader) {
            Some(reader) => read(reader),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        },
    }
}
