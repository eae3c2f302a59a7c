//! The way out of a connection: its outbox and its socket behind one lock, and how far the connection has come.

mod batch;
mod broadcast;
mod cork;
mod corked;
mod deflation;
mod lock;
mod outbox;
mod status;

/// What the lock and the corked frames are built from.
mod sync {
    pub(super) use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
    pub(super) use std::sync::{Mutex, MutexGuard};
}

use std::io::{self, IoSlice};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use self::batch::Part;
use self::outbox::{Discarded, Outbox};
use super::SendError;
use crate::event::{Close, ClosedBy};
use crate::options::{Compression, Options, Slow};
use crate::transport::{By, Insist, WriteHalf};
use crate::wire::{self, FrameKind, Payload};

pub(crate) use self::broadcast::Broadcast;
pub(crate) use self::cork::{Corked, corked};
pub(super) use self::cork::{cork_own, defers_write, write_own};
pub(super) use self::corked::CorkedFrames;
pub(super) use self::deflation::Deflation;

/// The way out of one connection behind its lock.
///
/// The lock is held for as long as it takes to append bytes or to write them without waiting, never across an `.await` and
/// never while user code runs, wakers and the log's subscribers included.
pub(super) type SendLock = lock::StatusLock<SendPath>;
pub(super) type SendGuard<'l> = lock::StatusGuard<'l, SendPath>;

/// The way out: senders fill the outbox, and whoever comes first hands it to the kernel.
#[derive(Debug)]
pub(super) struct SendPath {
    phase: Phase,
    outbox: Outbox,
    /// There from `ready` on, until the connection is cut.
    socket: Option<WriteHalf>,
    limit: usize,
    slow: Slow,
    /// What `TCP_NODELAY` was set to while the socket was not here: perhaps too late for whoever opens the connection.
    late_nodelay: Option<bool>,
    /// What may be negotiated, until it is.
    pub(super) compression: Compression,
    /// The kernel took less than there was: the connection's task goes on when it takes more.
    blocked: bool,
    /// On the list of a [`Cork`](super::cork::Cork), which will have it written.
    corked: bool,
    cancel_level: CancelLevel,
    /// What ended the connection; the first to say so is the one who did.
    close: Option<Box<Close>>,
    /// What the kernel said as writing failed. It is not logged at once, since a log may be sent to connections too.
    failure: Option<io::Error>,
    /// The connection's task, to be woken when there is something to do.
    task: Option<Waker>,
    flushing: Option<Box<Flushing>>,
    /// The connection's task is to be woken once the lock is released.
    wakes_task: bool,
    /// Those who waited and are to be woken then, as all is written.
    flushed: Option<Box<Flushing>>,
}

/// Those who wait until all is written; boxed, as there are seldom any.
#[derive(Debug, Default)]
struct Flushing(Vec<Waker>);

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
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

/// Which handlers of a connection are cancelled: dropped at their next await. It only ever rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CancelLevel {
    /// None: each runs as long as it takes.
    Nothing,
    /// All but `disconnect`: the server's `shutdown_timeout` is over.
    Handlers,
    /// `disconnect` too.
    Everything,
}

/// What bounds how much is sent to a peer that does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// The size of the outbox, and then the option `slow`.
    Outbox,
    /// The peer itself, to whose message it is the answer: while more waits than should, no further one is handled.
    Peer,
    /// Twice the size of the outbox: an answer to a ping. A peer that has much to read still pings, and is not to be closed
    /// for it; beyond that it gets no answer, as RFC 6455 asks only for one to the last ping (section 5.5.3).
    Pong,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// Nothing is left to write.
    All,
    /// The kernel has taken something, and then no more.
    Some,
    /// The kernel has taken nothing.
    None,
}

impl SendPath {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            phase: Phase::Opening,
            outbox: Outbox::default(),
            socket: None,
            limit: options.max_outbox,
            slow: options.slow,
            late_nodelay: None,
            compression: options.compression,
            blocked: false,
            corked: false,
            cancel_level: CancelLevel::Nothing,
            close: None,
            failure: None,
            task: None,
            flushing: None,
            wakes_task: false,
            flushed: None,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn close(&self) -> Option<&Close> {
        self.close.as_deref()
    }

    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    pub(super) fn has_unwritten(&self) -> bool {
        !self.outbox.is_empty() || self.blocked
    }

    /// How many bytes wait to be written, also within TLS.
    pub(super) fn unwritten(&self) -> usize {
        self.outbox.len() + self.socket.as_ref().map_or(0, WriteHalf::held_back)
    }

    /// Sets `TCP_NODELAY`, now or as soon as the connection is ready.
    pub(super) fn set_nodelay(&mut self, nodelay: bool) -> io::Result<()> {
        match &self.socket {
            Some(socket) => socket.set_nodelay(nodelay),
            None => {
                self.late_nodelay = Some(nodelay);
                Ok(())
            }
        }
    }

    pub(super) fn socket(&mut self) -> Option<&mut WriteHalf> {
        self.socket.as_mut()
    }

    /// Takes the socket away from senders: all is written, and the peer has said its last word.
    pub(super) fn take_socket(&mut self) -> Option<WriteHalf> {
        self.socket.take()
    }

    /// Opens the way out, with the 101 before all else.
    pub(super) fn become_ready(&mut self, socket: WriteHalf, accepted: Vec<u8>) -> io::Result<()> {
        if self.phase == Phase::Opening {
            self.phase = Phase::Ready;
            // It may hold something back already, as TLS does; the task will see.
            self.blocked = socket.holds_back();
            self.socket = Some(socket);
            self.outbox.push_encoded(&accepted.into());
            if let Some(nodelay) = self.late_nodelay.take() {
                return self.set_nodelay(nodelay);
            }
        }
        Ok(())
    }

    /// Takes a frame for sending. Whatever the size of a single frame, an empty outbox takes it.
    ///
    /// Of the payload, which may be a user's, nothing is dropped here.
    pub(super) fn push(
        &mut self,
        kind: FrameKind,
        payload: &mut Payload<'_>,
        bound: Bound,
    ) -> Result<(), SendError> {
        self.check_room(payload.as_slice().len(), bound)?;
        self.outbox.push(kind, payload);
        Ok(())
    }

    /// Takes a frame that is already encoded and shared with other connections.
    pub(super) fn push_encoded(&mut self, frame: &Bytes) -> Result<(), SendError> {
        self.check_room(frame.len(), Bound::Outbox)?;
        self.outbox.push_encoded(frame);
        Ok(())
    }

    /// Takes a frame of a batch.
    fn push_part(&mut self, part: &Part) -> Result<(), SendError> {
        self.check_room(part.len(), Bound::Outbox)?;
        self.outbox.push_part(part);
        Ok(())
    }

    /// Queues our Close frame behind what is already there; where one is, it stays the only one.
    pub(super) fn push_close(&mut self, close: Close) {
        match self.phase {
            Phase::Ready | Phase::Finishing => {}
            Phase::Opening => return self.cut(close),
            Phase::Closing | Phase::Gone => return,
        }
        let frame = match close.code {
            Close::NO_CODE | Close::ABNORMAL => wire::encode_close(None, ""),
            code => wire::encode_close(Some(code), &close.reason),
        };
        self.outbox.push_encoded(&frame);
        self.phase = Phase::Closing;
        self.close.get_or_insert_with(|| close.into());
        self.wake();
    }

    /// Ends the connection at once: what is queued is dropped.
    ///
    /// Where our own goodbye is part of that, the peer was never told, and it is not how the connection ended.
    pub(super) fn cut(&mut self, close: Close) {
        let is_undelivered = self.phase == Phase::Closing && self.has_unwritten();
        match &mut self.close {
            Some(goodbye) if is_undelivered && matches!(goodbye.by, ClosedBy::Us | ClosedBy::Shutdown) => {
                **goodbye = close;
            }
            Some(_) => {}
            None => self.close = Some(close.into()),
        }
        self.phase = Phase::Gone;
        self.outbox.clear();
        self.blocked = false;
        self.socket = None;
        self.wake();
        self.tell_flushed();
    }

    /// Ends the connection at once, and handlers that still run on it as far as cancel_level goes.
    pub(super) fn abort(&mut self, cancel_level: CancelLevel) {
        self.cancel_level = cancel_level;
        self.cut(Close::abnormal(ClosedBy::Shutdown));
    }

    pub(super) fn cancel_level(&self) -> CancelLevel {
        self.cancel_level
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
        self.task = Some(task.clone());
    }

    /// Has the connection's task look at the send_path, once the lock is released.
    pub(super) fn wake(&mut self) {
        self.wakes_task = true;
    }

    /// Whether all is written; remembers whom to wake when it is.
    pub(super) fn poll_flushed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        if self.phase == Phase::Gone {
            return Poll::Ready(Err(SendError::Gone));
        }
        if !self.has_unwritten() {
            return Poll::Ready(Ok(()));
        }
        let Flushing(waiting) = &mut **self.flushing.get_or_insert_default();
        if !waiting.iter().any(|known| known.will_wake(cx.waker())) {
            waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Marks it as on a list of those to be written; false where it is on one, or its task will write.
    pub(super) fn cork(&mut self) -> bool {
        let is_new = !self.corked && !self.blocked;
        self.corked |= is_new;
        is_new
    }

    /// Writes what was corked.
    pub(super) fn uncork(&mut self) {
        self.corked = false;
        self.write_now();
    }

    /// Writes what the kernel takes at once of what waits; the connection's task writes the rest. For those who push.
    pub(super) fn write_now(&mut self) {
        if self.blocked {
            return;
        }
        if self.write(&[], &mut By::Anyone) != Written::All {
            self.blocked = true;
            self.wake();
        } else if self.outbox.has_discarded() {
            self.wake();
        }
    }

    /// What is to be dropped where no lock is held.
    pub(super) fn take_discarded(&mut self) -> Option<Box<Discarded>> {
        self.outbox.take_discarded()
    }

    /// Writes what waits and then `frames`, and has the connection's task woken when the kernel takes more. For that
    /// task alone.
    fn poll_write(&mut self, frames: &[u8], cx: &mut Context<'_>, insist: Insist) -> Written {
        let written = self.write(frames, &mut By::Task(cx, insist));
        self.blocked = written != Written::All;
        written
    }

    /// Writes what waits and then `frames`; what the kernel does not take waits.
    fn write(&mut self, mut frames: &[u8], by: &mut By<'_, '_>) -> Written {
        if !frames.is_empty() && (!self.outbox.is_empty() || !self.is_open()) {
            self.queue(frames);
            frames = &[];
        }
        let Some(socket) = &mut self.socket else { return Written::All };
        let mut stalled = Written::None;
        let failure = loop {
            let step = if !self.outbox.is_empty() {
                self.outbox.with_slices(|pieces| socket.write(by, pieces))
            } else if !frames.is_empty() {
                socket.write(by, &[IoSlice::new(frames)])
            } else {
                match socket.flush(by) {
                    Ok(()) => {
                        self.tell_flushed();
                        return Written::All;
                    }
                    Err(error) => Err(error),
                }
            };
            match step {
                Ok(0) => break Close::abnormal(ClosedBy::Peer),
                Ok(written) => {
                    stalled = Written::Some;
                    if self.outbox.is_empty() {
                        frames = frames.get(written..).unwrap_or_default();
                    } else {
                        self.outbox.advance(written);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if socket.take_progress() {
                        stalled = Written::Some;
                    }
                    self.outbox.settle();
                    self.queue(frames);
                    return stalled;
                }
                Err(error) => {
                    self.failure = Some(error);
                    break Close::abnormal(ClosedBy::Error);
                }
            }
        };
        self.cut(failure);
        Written::All
    }

    /// Queues frames that were accepted already, whatever the limit.
    pub(super) fn queue(&mut self, frames: &[u8]) {
        if self.is_open() {
            self.outbox.push_copy(frames);
        }
    }

    /// Whether messages may still be sent.
    fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Ready | Phase::Finishing)
    }

    #[inline]
    fn tell_flushed(&mut self) {
        if let Some(flushing) = self.flushing.take() {
            self.flushed.get_or_insert_default().0.extend(flushing.0);
        }
    }

    /// Sees whether one more frame of that size may be queued.
    fn check_room(&mut self, size: usize, bound: Bound) -> Result<(), SendError> {
        match self.phase {
            Phase::Ready | Phase::Finishing => {}
            Phase::Opening => return Err(SendError::NotReady),
            Phase::Closing | Phase::Gone => return Err(SendError::Gone),
        }
        if !self.fits(size) && !self.blocked {
            // It may be full only because its bytes were being corked.
            self.write_now();
        }
        if self.fits(size) || bound == Bound::Peer {
            return Ok(());
        }
        if bound == Bound::Pong {
            let has_room = self.outbox.len() <= self.limit.saturating_mul(2);
            return if has_room { Ok(()) } else { Err(SendError::Full { max: self.limit }) };
        }
        match self.slow {
            Slow::Drop => Err(SendError::Full { max: self.limit }),
            Slow::Close => {
                self.cut(Close::slow());
                Err(SendError::Slow { max: self.limit })
            }
        }
    }

    fn fits(&self, size: usize) -> bool {
        self.outbox.is_empty() || self.outbox.len().saturating_add(size) <= self.limit
    }
}
