//! The way out of a connection: a bounded outbox, and how far the connection has come.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::task::Waker;

use bytes::{Buf, Bytes, BytesMut};

use super::SendError;
use crate::event::{Close, ClosedBy};
use crate::options::Slow;
use crate::wire::{self, Kind, Payload};

/// From this size on an owned payload is queued as it is, not copied behind its header.
const SHARE_FROM: usize = 4 * 1024;

/// How many pieces one vectored write takes.
pub(super) const MAX_SLICES: usize = 32;

/// The outbox and the phase of one connection, behind one lock: senders fill it, the connection's task empties it.
///
/// The lock is held for as long as it takes to append bytes or to hand them to the kernel, never across an `.await`
/// and never while user code runs.
#[derive(Debug)]
pub(super) struct Outlet {
    phase: Phase,
    /// Encoded frames, oldest first.
    queue: VecDeque<Bytes>,
    /// Small frames that follow the queue, encoded one behind the other.
    tail: BytesMut,
    /// Bytes in `queue` and `tail`.
    queued: usize,
    limit: usize,
    slow: Slow,
    /// Not even a running handler is waited for any longer.
    aborted: bool,
    /// What ended the connection; the first to say so is the one who did.
    close: Option<Close>,
    /// The connection's task, to be woken when there is something to do.
    task: Option<Waker>,
}

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Accepted; TLS and the handshake are not done.
    Opening,
    /// 101 is sent: messages pass both ways.
    Ready,
    /// The server shuts down: what has arrived is still handled, nothing more is read.
    Finishing,
    /// Our Close frame is queued: nothing may follow it.
    Closing,
    /// To be dropped at once, or already gone.
    Gone,
}

impl Outlet {
    pub(super) fn new(limit: usize, slow: Slow) -> Self {
        Self {
            phase: Phase::Opening,
            queue: VecDeque::new(),
            tail: BytesMut::new(),
            queued: 0,
            limit,
            slow,
            aborted: false,
            close: None,
            task: None,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn close(&self) -> Option<&Close> {
        self.close.as_ref()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queued == 0
    }

    /// Opens the way out: 101 is sent.
    pub(super) fn become_ready(&mut self) {
        if self.phase == Phase::Opening {
            self.phase = Phase::Ready;
        }
    }

    /// Takes a frame for sending. Whatever the size of a single frame, an empty outbox takes it.
    pub(super) fn push(&mut self, kind: Kind, payload: Payload<'_>) -> Result<(), SendError> {
        self.admit(payload.as_slice().len())?;
        match payload {
            Payload::Owned(payload) if payload.len() >= SHARE_FROM => {
                let header = wire::header(kind, payload.len());
                self.tail.extend_from_slice(&header);
                self.queued += header.len();
                self.append(payload);
            }
            Payload::Borrowed(_) | Payload::Owned(_) => {
                let before = self.tail.len();
                wire::append(kind, payload.as_slice(), &mut self.tail);
                self.queued += self.tail.len() - before;
            }
        }
        self.wake();
        Ok(())
    }

    /// Takes a frame that is already encoded and shared with other connections.
    pub(super) fn push_encoded(&mut self, frame: &Bytes) -> Result<(), SendError> {
        self.admit(frame.len())?;
        if frame.len() >= SHARE_FROM {
            self.append(frame.clone());
        } else {
            self.tail.extend_from_slice(frame);
            self.queued += frame.len();
        }
        self.wake();
        Ok(())
    }

    /// Queues our Close frame behind what is already there.
    pub(super) fn push_close(&mut self, close: Close) {
        if !matches!(self.phase, Phase::Ready | Phase::Finishing) {
            self.cut(close);
            return;
        }
        let frame = match close.code {
            NO_CODE | ABNORMAL => wire::encode_close(None, ""),
            code => wire::encode_close(Some(code), &close.reason),
        };
        self.append(frame);
        self.phase = Phase::Closing;
        self.close.get_or_insert(close);
        self.wake();
    }

    /// Ends the connection at once: what is queued is dropped.
    pub(super) fn cut(&mut self, close: Close) {
        self.phase = Phase::Gone;
        self.close.get_or_insert(close);
        self.queue.clear();
        self.tail = BytesMut::new();
        self.queued = 0;
        self.wake();
    }

    /// Ends the connection at once, and a handler that still runs on it with it.
    pub(super) fn abort(&mut self) {
        self.aborted = true;
        self.cut(Close::abnormal(ClosedBy::Shutdown));
    }

    pub(super) fn is_aborted(&self) -> bool {
        self.aborted
    }

    /// Handles what has arrived, then says goodbye: the server shuts down.
    pub(super) fn finish(&mut self) {
        match self.phase {
            Phase::Ready => {
                self.phase = Phase::Finishing;
                self.wake();
            }
            Phase::Opening => self.cut(Close::shutdown()),
            Phase::Finishing | Phase::Closing | Phase::Gone => {}
        }
    }

    /// Remembers whom to wake when there is something to do.
    pub(super) fn watch(&mut self, task: &Waker) {
        match &mut self.task {
            Some(known) => known.clone_from(task),
            None => self.task = Some(task.clone()),
        }
    }

    /// Has the connection's task look at the outlet.
    pub(super) fn wake(&self) {
        if let Some(task) = &self.task {
            task.wake_by_ref();
        }
    }

    /// What is to be written next, as slices for one vectored write.
    pub(super) fn slices<'s>(&'s self, slices: &mut [IoSlice<'s>; MAX_SLICES]) -> usize {
        let pieces =
            self.queue.iter().map(Bytes::as_ref).chain((!self.tail.is_empty()).then_some(&self.tail[..]));
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(pieces) {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        count
    }

    /// Forgets what the kernel has taken.
    pub(super) fn advance(&mut self, mut written: usize) {
        self.queued -= written;
        while written > 0 {
            let Some(front) = self.queue.front_mut() else {
                self.tail.advance(written);
                break;
            };
            let step = written.min(front.len());
            front.advance(step);
            written -= step;
            if front.is_empty() {
                self.queue.pop_front();
            }
        }
        if self.queued == 0 {
            // An idle connection holds no buffer.
            self.queue = VecDeque::new();
            self.tail = BytesMut::new();
        }
    }

    /// Sees whether one more frame of that size may be queued.
    fn admit(&mut self, size: usize) -> Result<(), SendError> {
        match self.phase {
            Phase::Ready | Phase::Finishing => {}
            Phase::Opening => return Err(SendError::NotReady),
            Phase::Closing | Phase::Gone => return Err(SendError::Gone),
        }
        if self.queued == 0 || self.queued.saturating_add(size) <= self.limit {
            return Ok(());
        }
        match self.slow {
            Slow::Drop => Err(SendError::Full { max: self.limit }),
            Slow::Close => {
                self.cut(Close::slow());
                Err(SendError::Slow { max: self.limit })
            }
        }
    }

    /// Queues a piece of its own behind all that is there.
    fn append(&mut self, piece: Bytes) {
        if !self.tail.is_empty() {
            self.queue.push_back(self.tail.split().freeze());
        }
        self.queued += piece.len();
        self.queue.push_back(piece);
    }
}

/// RFC 6455, section 7.1.5: the Close frame had no code.
pub(super) const NO_CODE: u16 = 1005;
/// RFC 6455, section 7.1.5: there was no Close frame.
pub(super) const ABNORMAL: u16 = 1006;

impl Close {
    pub(crate) fn new(
        code: u16,
        reason: impl Into<tokio_tungstenite::tungstenite::Utf8Bytes>,
        by: ClosedBy,
    ) -> Self {
        Self { code, reason: reason.into(), by }
    }

    /// The server shuts down: 1001, going away.
    pub(crate) fn shutdown() -> Self {
        Self::new(1001, "", ClosedBy::Shutdown)
    }

    /// The peer does not read what it is sent.
    fn slow() -> Self {
        Self::new(1008, "reads too slowly", ClosedBy::Error)
    }

    /// The network failed, or the peer went away without a Close frame.
    pub(super) fn abnormal(by: ClosedBy) -> Self {
        Self::new(ABNORMAL, "", by)
    }
}
