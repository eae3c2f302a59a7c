//! Bytes on their way from the socket to messages: read, decoded, handled where they lie or kept for later.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::poll_read_buf;

use super::{Link, Reading, Receiver};
use crate::conn::Conn;
use crate::conn::outlet::{Bound, Phase};
use crate::conn::timing::Moment;
use crate::event::{Close, ClosedBy};
use crate::transport::{ReadHalf, WriteHalf};
use crate::wire::{Incoming, Kind, Payload, ProtocolError};

/// How much one read takes at most, unless it goes where it will stay.
const READ_SIZE: usize = 256 * 1024;

/// How much the read after a large payload takes: most likely the header of the next, whose payload then goes where it
/// will stay.
const HEADER_READ_SIZE: usize = 4 * 1024;

thread_local! {
    /// Bytes pass through here on their way to the decoder; a connection owns a buffer only for what is incomplete.
    static READ_BUFFER: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

impl Link {
    /// Reads once, and decodes what came.
    pub(super) fn read(
        &mut self,
        cx: &mut Context<'_>,
        now: Moment,
        receiver: &mut impl Receiver,
    ) -> Poll<()> {
        let read = match self.decoder.room() {
            Some(mut room) => {
                let source = |source: &mut Readable| poll_read_buf(Pin::new(source), cx, &mut room);
                let read = ready!(with_source(&mut self.source, &self.conn, source));
                self.was_large = true;
                if let Ok(count @ 1..) = read {
                    self.pace.spend(count, 0);
                    let decoded = self.decoder.filled(count);
                    self.pace.spend(self.decoder.take_inflated(), 0);
                    self.take_in(decoded, now, receiver);
                    self.timing.assembling(self.decoder.assembling(), now);
                }
                read
            }
            None => {
                // A thread that ends has none.
                let kept = READ_BUFFER.try_with(Cell::take).ok().flatten();
                let mut buffer = kept.unwrap_or_else(|| vec![0; READ_SIZE].into_boxed_slice());
                let size = if self.was_large { HEADER_READ_SIZE } else { READ_SIZE };
                let read = self.read_to(&mut buffer[..size], cx, now, receiver);
                let _ = READ_BUFFER.try_with(|kept| kept.set(Some(buffer)));
                let read = ready!(read);
                self.was_large = false;
                read
            }
        };
        match read {
            Ok(0) => self.heard_all(Close::abnormal(ClosedBy::Peer)),
            Ok(_) => self.timing.alive(now),
            Err(error) => {
                tracing::debug!(conn = self.conn.id(), %error, "reading failed");
                self.heard_all(Close::abnormal(ClosedBy::Error));
                if self.inbox.is_empty() {
                    // Nothing is left to handle, and nothing could be answered.
                    self.conn.cut(ClosedBy::Error);
                }
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

    pub(super) fn decode_unread(&mut self, now: Moment, receiver: &mut impl Receiver) {
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
        while self.reading == Reading::Open && !received.is_empty() {
            match self.conn.phase() {
                Phase::Ready | Phase::Finishing if self.inbox_is_full() => return received.len(),
                Phase::Ready | Phase::Finishing | Phase::Closing if self.pace.is_spent() => {
                    return received.len();
                }
                Phase::Ready | Phase::Finishing | Phase::Closing => {}
                Phase::Opening | Phase::Gone => return 0,
            }
            let (bytes, frames) = (received.len(), self.decoder.frames());
            let decoded = self.decoder.decode(&mut received);
            let spent = bytes - received.len() + self.decoder.take_inflated();
            self.pace.spend(spent, self.decoder.frames().wrapping_sub(frames));
            if !self.decoder.assembling() {
                // What follows in the same read is another message, with a time of its own.
                self.timing.assembling(false, now);
            }
            let with_close_frame = received.is_empty() && matches!(decoded, Ok(Some(Incoming::Close(_))));
            self.take_in(decoded, now, receiver);
            if with_close_frame {
                self.reading = Reading::Ended { with_close_frame };
            }
        }
        self.timing.assembling(self.decoder.assembling(), now);
        0
    }

    fn take_in(
        &mut self,
        decoded: Result<Option<Incoming<'_>>, ProtocolError>,
        now: Moment,
        receiver: &mut impl Receiver,
    ) {
        match decoded {
            Ok(None) => {}
            Ok(Some(Incoming::Close(frame))) => {
                let (code, reason) =
                    frame.map_or((Close::NO_CODE, Default::default()), |frame| (frame.code, frame.reason));
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
            Err(error) => {
                tracing::debug!(conn = self.conn.id(), %error, "protocol error");
                let code = error.close_code().into();
                self.heard_all(Close::new(code, error.to_string(), ClosedBy::Error));
            }
        }
    }

    /// RFC 6455, section 5.5.2: a ping is answered by a pong with the same payload.
    fn answer_ping(&mut self, mut payload: Payload<'_>, now: Moment) {
        if !self.timing.admits_ping(now) {
            self.heard_all(Close::new(1008, "too many pings", ClosedBy::Error));
            return;
        }
        // Refused only where the connection closes or is cut.
        let _ = self.conn.push_frame(Kind::Pong, &mut payload, Bound::Outbox);
    }

    /// Nothing more is read as messages: remembers why.
    pub(super) fn heard_all(&mut self, close: Close) {
        self.reading = Reading::Ended { with_close_frame: false };
        self.unread = Vec::new();
        self.inbox.end(close);
    }
}

type Readable = dyn AsyncRead + Unpin + Send;

/// Reads from the read half, or through the write half where the stream cannot be taken apart.
fn with_source<T>(
    source: &mut Option<ReadHalf>,
    conn: &Conn,
    read: impl FnOnce(&mut Readable) -> Poll<io::Result<T>>,
) -> Poll<io::Result<T>> {
    match source {
        Some(source) => read(source),
        None => match conn.outlet().sink().and_then(WriteHalf::reader) {
            Some(reader) => read(reader),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        },
    }
}
