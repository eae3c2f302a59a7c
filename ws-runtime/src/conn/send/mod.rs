//! The send path of a connection: its outbox, its socket and its phase, behind one lock.
//!
//! [`SendPath`] owns all unsent bytes, except the small frames that the connection's task has corked:
//!
//! ```text
//! corked ── the turn ends ──────────────┬─→ written to the kernel
//!    │ another sender, or a large frame │
//!    └─→ queued ── a write ─────────────┤
//!           ↑                           │ the kernel has no more room
//!           └── the rest ── blocked ←───┘
//! ```
//!
//! * **Corked** ([`CorkedFrames`]): frames of the connection's own task. They leave in one write when its turn ends.
//!   To keep the order, a frame is corked only while nothing is queued, and a sender that queues a frame first queues
//!   the corked ones.
//! * **Queued** ([`Outbox`]): the sender writes at once, or leaves that to the [`cork`] of the task in which it runs.
//! * **Held back**: until `ready` has ended, what other tasks send. It is queued then, behind what `ready` sent.
//! * **Blocked**: the kernel took less than there was. Only the connection's task writes then, when the socket is
//!   writable. If TLS holds bytes back, that counts as blocked.

mod backlog;
mod batch;
mod broadcast;
mod cork;
mod corked;
mod deflation;
mod entry;
mod fixed;
mod held_back;
mod lock;
mod oldest;
mod outbox;
mod rest;
mod room;
mod state;
mod status;

/// The primitives of `lock` and `corked`; loom tests compile these two files with loom's.
mod sync {
    pub(super) use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
    pub(super) use std::sync::{Mutex, MutexGuard};
}

use std::io::{self, IoSlice};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use self::backlog::{Backlog, Errands};
use self::batch::Part;
use self::outbox::{Discarded, Outbox};
use super::SendError;
use super::handle::WeakConn;
use crate::event::{Close, ClosedBy};
use crate::options::{Compression, Options, Slow};
use crate::transport::{By, Insist, WriteHalf};
use crate::wire::{self, FrameKind, Payload};

pub(crate) use self::broadcast::Broadcast;
pub(crate) use self::cork::{Corked, corked};
pub(super) use self::cork::{defer_write, runs_task_of, write_own};
pub(super) use self::corked::CorkedFrames;
pub(super) use self::deflation::Deflation;
pub(super) use self::fixed::{Fixable, Fixed};
pub(super) use self::state::{Bound, CancelLevel, Phase, Queue, Written};
use self::state::{Ending, Fate};

/// The send path of one connection behind its lock.
///
/// The lock is held while bytes are appended or written without waiting, but never across an `.await` and never while
/// user code runs. Wakers and log subscribers count as user code.
pub(super) type SendLock = lock::StatusLock<SendPath>;
pub(super) type SendGuard<'l> = lock::StatusGuard<'l, SendPath>;

/// The send path. Senders append to the outbox; the sender itself, a cork or the connection's task writes it to the
/// socket.
#[derive(Debug)]
pub(super) struct SendPath {
    /// The connection, for what is rare.
    conn: WeakConn,
    phase: Phase,
    outbox: Outbox,
    /// What other tasks have sent, until `ready` has ended. It is there from the beginning, before any message can be
    /// sent, so that no sender finds it missing too early.
    held_back: Option<Box<Outbox>>,
    /// The socket, from the 101 on until the connection is cut.
    socket: Option<WriteHalf>,
    /// `max_outbox`.
    limit: usize,
    /// Up to this size of what waits, nothing has to be looked at: the smaller one of `limit` and of what the server
    /// was told of.
    mark: usize,
    slow: Slow,
    /// The value of `TCP_NODELAY` that was set while the socket was not here yet. The opening may have applied an older
    /// one.
    late_nodelay: Option<bool>,
    /// The compression to negotiate.
    pub(super) compression: Compression,
    /// The options that the program has set on this connection.
    pub(super) fixed: Fixed,
    /// The kernel took less than there was: the connection's task continues when the socket is writable.
    blocked: bool,
    /// The address of the thread's [`cork`] that listed it last, and will write it; 0 once it is written. Another
    /// thread does not rely on that, because a handler may block for long before its cork writes.
    listed_by: usize,
    cancel_level: CancelLevel,
    /// What ended the connection. The first reason counts.
    ending: Option<Box<Ending>>,
    /// The waker of the connection's task.
    task: Option<Waker>,
    /// What most connections never have.
    backlog: Option<Box<Backlog>>,
    /// Whether to wake the connection's task once the lock is released.
    wakes_task: bool,
    /// What else is to be done once the lock is released.
    errands: Option<Box<Errands>>,
}

impl SendPath {
    pub(super) fn new(conn: WeakConn, options: &Options) -> Self {
        Self {
            conn,
            phase: Phase::Opening,
            outbox: Outbox::default(),
            held_back: Some(Box::default()),
            socket: None,
            limit: options.max_outbox,
            mark: options.max_outbox.min(backlog::STEP),
            slow: options.slow,
            late_nodelay: None,
            compression: options.compression,
            fixed: Fixed::default(),
            blocked: false,
            listed_by: 0,
            cancel_level: CancelLevel::Nothing,
            ending: None,
            task: None,
            backlog: None,
            wakes_task: false,
            errands: None,
        }
    }

    /// Takes the options of a route, except for those that the program has set on this connection, which it returns.
    pub(super) fn enter_route(&mut self, options: &Options) -> Fixed {
        self.limit = options.max_outbox;
        self.mark = self.limit.min(backlog::STEP);
        self.slow = options.slow;
        if !self.fixed.contains(Fixable::Compression) {
            self.compression = options.compression;
        }
        if self.drops_oldest() && self.compression == Compression::ContextTakeover {
            // It was set before the route was known.
            self.compression = Compression::On;
        }
        self.fixed
    }

    /// Whether the oldest messages are dropped for newer ones.
    pub(super) fn drops_oldest(&self) -> bool {
        self.slow == Slow::DropOldest
    }

    pub(super) fn close(&self) -> Option<&Close> {
        self.ending.as_ref().map(|ending| &ending.close)
    }

    /// Whether our Close frame was written, and all before it.
    pub(super) fn has_sent_close(&self) -> bool {
        match self.phase {
            Phase::Opening | Phase::Ready | Phase::Finishing => false,
            Phase::Closing => !self.has_unwritten(),
            Phase::Gone => self.ending.as_ref().is_some_and(|ending| ending.has_sent_close),
        }
    }

    /// Whether the outbox is over its limit.
    fn is_overfull(&self) -> bool {
        self.outbox.len() > self.limit
    }

    pub(super) fn has_unwritten(&self) -> bool {
        !self.outbox.is_empty() || self.blocked
    }

    /// How many bytes wait to be written, in the outbox and inside TLS. What is held back is not among them.
    pub(super) fn unwritten(&self) -> usize {
        self.outbox.len() + self.socket.as_ref().map_or(0, WriteHalf::held_back)
    }

    /// Sets `TCP_NODELAY`, now or as soon as the connection is ready.
    pub(super) fn set_nodelay(&mut self, nodelay: bool) -> io::Result<()> {
        match &self.socket {
            Some(socket) => socket.set_nodelay(nodelay),
            None => {
                self.fixed.insert(Fixable::Nodelay);
                self.late_nodelay = Some(nodelay);
                Ok(())
            }
        }
    }

    pub(super) fn socket(&mut self) -> Option<&mut WriteHalf> {
        self.socket.as_mut()
    }

    /// Takes the socket, once all is written and the peer sends nothing more.
    pub(super) fn take_socket(&mut self) -> Option<WriteHalf> {
        self.socket.take()
    }

    /// Takes over the socket and the 101, which is the first thing that is written. Messages can be sent once
    /// [`become_ready`](Self::become_ready) was called.
    pub(super) fn attach(&mut self, socket: WriteHalf, accepted: Vec<u8>) -> io::Result<()> {
        if self.phase == Phase::Opening {
            // TLS may hold bytes back already. The task will flush them.
            self.blocked = socket.holds_back();
            self.socket = Some(socket);
            self.outbox.push_response(accepted);
            if let Some(nodelay) = self.late_nodelay.take() {
                return self.set_nodelay(nodelay);
            }
        }
        Ok(())
    }

    /// Whether the handshake is not done yet.
    pub(super) fn is_before_101(&self) -> bool {
        self.phase == Phase::Opening && self.socket.is_none()
    }

    /// Opens the send path. Returns false if it was open before, or is cut already.
    pub(super) fn become_ready(&mut self) -> bool {
        let is_new = self.phase == Phase::Opening;
        if is_new {
            self.phase = Phase::Ready;
        }
        is_new
    }

    /// Takes a frame for sending. An empty outbox takes a frame of any size.
    ///
    /// The payload is not dropped here, because its destructor may be user code.
    pub(super) fn push(
        &mut self,
        kind: FrameKind,
        payload: &mut Payload<'_>,
        bound: Bound,
        queue: Queue,
    ) -> Result<(), SendError> {
        self.check_room(payload.as_slice().len(), bound)?;
        let fate = match (bound, kind) {
            (_, FrameKind::Ping | FrameKind::Pong) => Fate::Kept,
            (Bound::Outbox | Bound::Try, _) => self.fate(),
            (Bound::Question | Bound::Peer | Bound::Pong, _) => Fate::Kept,
        };
        self.queue_mut(queue).push(kind, payload, fate);
        Ok(())
    }

    /// Takes a frame that is already encoded and shared with other connections.
    pub(super) fn push_encoded(&mut self, frame: &Bytes, queue: Queue) -> Result<(), SendError> {
        self.check_room(frame.len(), Bound::Outbox)?;
        let fate = self.fate();
        self.queue_mut(queue).push_encoded(frame, fate);
        Ok(())
    }

    /// Takes a frame of a batch.
    #[inline]
    fn push_part(&mut self, part: &Part, queue: Queue) -> Result<(), SendError> {
        self.check_room(part.len(), Bound::Outbox)?;
        let fate = self.fate();
        match queue {
            Queue::Outbox => self.outbox.push_part(part, fate),
            // It may wait for long, and the batch is reused.
            Queue::HeldBack => part.read(|frame| self.queue_mut(queue).push_copy(frame, fate)),
        }
        Ok(())
    }

    /// The fate of a message that the server sends on its own.
    #[inline]
    fn fate(&self) -> Fate {
        match self.slow {
            Slow::DropOldest => Fate::Droppable,
            Slow::Close | Slow::DropNewest => Fate::Kept,
        }
    }

    /// Queues our Close frame behind what is already there. Does nothing if one is queued already.
    pub(super) fn push_close(&mut self, close: Close) {
        match self.phase {
            Phase::Ready | Phase::Finishing => {}
            Phase::Opening => return self.cut(close),
            Phase::Closing | Phase::Gone => return,
        }
        // It was accepted before, and the Close frame is the last thing that is sent.
        self.release();
        let frame = match close.code {
            Close::NO_CODE | Close::ABNORMAL => wire::encode_close(None, ""),
            code => wire::encode_close(Some(code), &close.reason),
        };
        self.outbox.push_encoded(&frame, Fate::Kept);
        self.phase = Phase::Closing;
        self.ending.get_or_insert_with(|| Ending::by(close));
        self.wake();
    }

    /// Ends the connection at once: what is queued is dropped.
    ///
    /// If our own Close frame is dropped with it, the peer never got it. Then `close` is how the connection ended.
    pub(super) fn cut(&mut self, close: Close) {
        let is_undelivered = self.phase == Phase::Closing && self.has_unwritten();
        let has_sent_close = self.has_sent_close();
        let ending = match &mut self.ending {
            Some(ours) => {
                let is_ours = matches!(ours.close.by, ClosedBy::Us | ClosedBy::Expired | ClosedBy::Shutdown);
                if is_undelivered && is_ours {
                    ours.close = close;
                }
                ours
            }
            none => none.insert(Ending::by(close)),
        };
        ending.has_sent_close = has_sent_close;
        self.phase = Phase::Gone;
        self.release();
        self.lose(self.outbox.messages());
        self.outbox.clear();
        self.blocked = false;
        self.socket = None;
        self.wake();
        self.all_written();
    }

    /// Ends the connection at once, and cancels its handlers up to `cancel_level`.
    pub(super) fn abort(&mut self, cancel_level: CancelLevel) {
        self.cancel_level = cancel_level;
        self.cut(Close::abnormal(ClosedBy::Shutdown));
    }

    pub(super) fn cancel_level(&self) -> CancelLevel {
        self.cancel_level
    }

    /// Begins the shutdown of this connection: its task handles what has arrived, then closes.
    pub(super) fn finish(&mut self, close_code: u16) {
        match self.phase {
            Phase::Ready => {
                self.phase = Phase::Finishing;
                self.wake();
            }
            Phase::Opening => self.cut(Close::shutdown(close_code)),
            Phase::Finishing | Phase::Closing | Phase::Gone => {}
        }
    }

    /// Sets the waker of the connection's task.
    pub(super) fn set_waker(&mut self, task: &Waker) {
        self.task = Some(task.clone());
    }

    /// Wakes the connection's task once the lock is released.
    pub(super) fn wake(&mut self) {
        self.wakes_task = true;
    }

    /// Ready once all is written; wakes the caller then. A task whose messages are held back waits for these too.
    pub(super) fn poll_flushed(&mut self, cx: &mut Context<'_>, queue: Queue) -> Poll<Result<(), SendError>> {
        if self.phase == Phase::Gone {
            return Poll::Ready(Err(SendError::Gone));
        }
        let waits_for_ready = queue == Queue::HeldBack && self.held_back_len() > 0;
        if !self.has_unwritten() && !waits_for_ready {
            return Poll::Ready(Ok(()));
        }
        let waiting = &mut self.backlog.get_or_insert_default().flushing;
        if !waiting.iter().any(|known| known.will_wake(cx.waker())) {
            waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Marks the connection as listed by the cork at that address. Returns false if it is listed there already, or if
    /// its task will write.
    pub(super) fn list(&mut self, cork: usize) -> bool {
        let is_new = self.listed_by != cork && !self.blocked;
        if is_new {
            self.listed_by = cork;
        }
        is_new
    }

    /// Ends the deferral by a cork, and writes.
    pub(super) fn uncork(&mut self) {
        self.listed_by = 0;
        self.write_now();
    }

    /// Writes as much as the kernel takes at once. The connection's task writes the rest. For senders.
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

    /// Takes the buffers that must be dropped without the lock.
    pub(super) fn take_discarded(&mut self) -> Option<Box<Discarded>> {
        self.outbox.take_discarded()
    }

    /// Writes what waits and then `frames`. If some is left, the task is woken when the socket is writable. For the
    /// connection's task only.
    fn poll_write(&mut self, frames: &[u8], cx: &mut Context<'_>, insist: Insist) -> Written {
        let written = self.write(frames, &mut By::Task(cx, insist));
        self.blocked = written != Written::All;
        written
    }

    /// Writes what waits and then `frames`. What the kernel does not take stays in the outbox.
    fn write(&mut self, mut frames: &[u8], by: &mut By<'_, '_>) -> Written {
        if !frames.is_empty() && (!self.outbox.is_empty() || !self.is_open()) {
            self.queue(frames);
            frames = &[];
        }
        let own = frames;
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
                        self.all_written();
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
                    self.outbox.compact();
                    self.keep_left(own, frames.len());
                    return if self.account(0) { stalled } else { Written::All };
                }
                Err(error) => {
                    self.backlog.get_or_insert_default().failure = Some(error);
                    break Close::abnormal(ClosedBy::Network);
                }
            }
        };
        self.keep_left(own, frames.len());
        self.cut(failure);
        Written::All
    }

    /// Queues frames that were accepted already, whatever the limit.
    pub(super) fn queue(&mut self, frames: &[u8]) {
        if self.is_open() {
            self.outbox.push_copy(frames, Fate::Kept);
        }
    }

    /// Queues what is left of frames that were accepted already: so many bytes.
    fn keep_left(&mut self, frames: &[u8], left: usize) {
        if left > 0 {
            self.outbox.push_left(frames, frames.len() - left);
        }
    }

    /// Whether messages may still be sent.
    fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Ready | Phase::Finishing)
    }
}
