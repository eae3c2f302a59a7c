//! Corks what is sent while a task runs, and writes it when the task returns: one write for each peer.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::task::yield_now;

use super::batch::{Batch, Part};
use super::{SendPath, Written};
use crate::conn::Conn;
use crate::stats::{self, Tally};
use crate::transport::Insist;
use crate::wire::{self, FrameKind, Payload, SHARE_FROM};

thread_local! {
    /// The cork of this thread.
    static THREAD_CORK: ThreadCork = const {
        ThreadCork { is_on: Cell::new(false), own: Cell::new(0), spare: Cell::new(Vec::new()), others: RefCell::new(Vec::new()), batch: RefCell::new(None) }
    };
}

/// A larger buffer is not kept for the next turn.
const KEEP_ROOM: usize = 1024 * 1024;

/// From this number of connections on, several threads share the writing.
const PARALLEL_FROM: usize = 512;

/// How many connections a thread takes at a time.
const CHUNK: usize = 64;

struct ThreadCork {
    /// Whether writes are held back.
    is_on: Cell<bool>,
    /// The address of the connection whose task runs, or 0.
    own: Cell<usize>,
    /// A spare buffer for corked frames, while no connection uses it.
    spare: Cell<Vec<u8>>,
    /// The other connections that something was sent to.
    others: RefCell<Vec<Conn>>,
    /// The batch of this thread's broadcasts.
    batch: RefCell<Option<Arc<Batch>>>,
}

pin_project! {
    /// A task that corks what it sends, in each of its polls.
    pub(crate) struct Corked<F> {
        own: Option<Conn>,
        #[pin]
        task: F,
    }
}

impl<F> Corked<F> {
    /// A task that belongs to no connection.
    pub(crate) fn new(task: F) -> Self {
        Self { own: None, task }
    }

    /// The task of a connection.
    pub(in crate::conn) fn of(conn: Conn, task: F) -> Self {
        Self { own: Some(conn), task }
    }
}

impl<F: Future> Future for Corked<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _cork = Cork::begin(this.own.as_ref());
        this.task.poll(cx)
    }
}

/// Corks what one call sends. Inside of a task that corks, the task's cork stays in charge.
pub(crate) fn corked<T>(call: impl FnOnce() -> T) -> T {
    let _cork = Cork::join();
    call()
}

/// Does something with this thread's cork; `None` while the thread ends. What is sent then is written at once.
#[inline]
fn with_thread_cork<T>(act: impl FnOnce(&ThreadCork) -> T) -> Option<T> {
    THREAD_CORK.try_with(act).ok()
}

/// Whether the task of this connection runs on this thread, and not another task inside of its handler.
pub(in crate::conn) fn runs_task_of(conn: &Conn) -> bool {
    with_thread_cork(|cork| cork.own.get() == conn.address()).unwrap_or(false)
}

/// Corks a frame for the connection whose task runs. Returns false if the frame must be queued instead.
#[inline]
pub(super) fn cork_own(conn: &Conn, kind: FrameKind, payload: &Payload<'_>) -> bool {
    with_thread_cork(|cork| {
        let is_large = matches!(payload, Payload::Owned(payload) if payload.len() >= SHARE_FROM);
        if cork.own.get() != conn.address() || is_large || !conn.is_free() {
            return false;
        }
        let payload = payload.as_slice();
        conn.corked().push(
            || cork.spare.take(),
            |frames| {
                let has_room =
                    frames.is_empty() || frames.len().saturating_add(payload.len()) <= conn.max_outbox();
                if has_room {
                    wire::append(kind, payload, frames);
                    count_own(conn, kind, payload.len());
                }
                has_room
            },
        )
    })
    .unwrap_or(false)
}

/// Counts a frame that the connection's own task sends.
#[inline]
fn count_own(conn: &Conn, kind: FrameKind, bytes: usize) {
    match kind {
        FrameKind::Text => stats::sent_text(bytes),
        FrameKind::Binary => stats::sent_binary(bytes),
        FrameKind::Ping | FrameKind::Pong | FrameKind::DeflatedText | FrameKind::DeflatedBinary => {
            conn.count_sent(kind, bytes);
        }
    }
}

/// Writes what waits for the connection whose task runs, and what is corked for it.
#[inline]
pub(in crate::conn) fn write_own(conn: &Conn, cx: &mut Context<'_>, insist: Insist) -> Written {
    if conn.corked().is_corked() {
        let (written, frames) = conn.send_lock().with(|send_path| {
            let frames = conn.corked().uncork();
            (send_path.poll_write(&frames, cx, insist), frames)
        });
        with_thread_cork(|cork| cork.keep(frames));
        written
    } else if conn.has_unwritten() {
        conn.send_lock().with(|send_path| send_path.poll_write(&[], cx, insist))
    } else {
        Written::All
    }
}

/// Adds a broadcast to the batch of this thread.
pub(super) fn push_to_batch(kind: FrameKind, payload: &[u8]) -> Option<Part> {
    with_thread_cork(|cork| {
        let part = cork.batch.borrow_mut().get_or_insert_default().push(kind, payload);
        if part.is_some() {
            return part;
        }
        // The batch is full: write it and start a new one.
        cork.uncork_others();
        let mut batch = cork.batch.borrow_mut();
        let renewed = batch.take().map_or_else(Arc::default, Batch::renew);
        batch.insert(renewed).push(kind, payload)
    })?
}

/// Leaves the writing of what was just pushed to the cork of this thread. Returns false if none is on.
pub(in crate::conn) fn defer_write(conn: &Conn, send_path: &mut SendPath) -> bool {
    with_thread_cork(|cork| {
        if cork.is_on.get() && cork.own.get() != conn.address() && send_path.list(cork.address()) {
            cork.others.borrow_mut().push(conn.clone());
        }
        cork.is_on.get()
    })
    .unwrap_or(false)
}

impl ThreadCork {
    /// Tells the corks of threads apart.
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Writes what was sent to the other connections.
    fn uncork_others(&self) {
        // Taken first: writing wakes tasks, and a waker may send.
        let mut others = self.others.take();
        if others.len() >= PARALLEL_FROM {
            uncork_in_parallel(others);
        } else {
            others.drain(..).for_each(|conn| conn.send_lock().with(SendPath::uncork));
            let mut since = self.others.borrow_mut();
            if since.is_empty() {
                // Keeps the room for the next time.
                *since = others;
            }
        }
    }

    /// Keeps a buffer for the next turn.
    #[inline]
    fn keep(&self, mut frames: Vec<u8>) {
        if frames.capacity() <= KEEP_ROOM {
            frames.clear();
            self.spare.set(frames);
        }
    }

    #[cold]
    fn nested(&self) -> Nesting {
        Nesting::Nested { own: self.own.get(), tally: Tally::take() }
    }
}

/// Writes to many connections, together with the runtime's idle threads.
fn uncork_in_parallel(conns: Vec<Conn>) {
    let Some(runtime) = conns.first().map(|conn| conn.server().runtime().clone()) else { return };
    let work = Arc::new(ParallelUncork { conns, next: AtomicUsize::new(0) });
    for _ in 1..runtime.metrics().num_workers() {
        let work = Arc::clone(&work);
        runtime.spawn(async move {
            while work.uncork_chunk() {
                yield_now().await;
            }
        });
    }
    while work.uncork_chunk() {}
}

struct ParallelUncork {
    conns: Vec<Conn>,
    /// The index of the first connection that no thread has taken.
    next: AtomicUsize,
}

impl ParallelUncork {
    /// Writes to the next connections. Returns false when none are left.
    fn uncork_chunk(&self) -> bool {
        let first = self.next.fetch_add(CHUNK, Ordering::Relaxed);
        let chunk = self.conns.get(first..).unwrap_or_default();
        chunk.iter().take(CHUNK).for_each(|conn| conn.send_lock().with(SendPath::uncork));
        chunk.len() > CHUNK
    }
}

/// Corks the thread until it is dropped, which writes.
struct Cork<'c> {
    nesting: Nesting,
    own: Option<&'c Conn>,
}

/// How a cork relates to the others of its thread.
enum Nesting {
    /// It is the only one, and writes at its end.
    Outermost,
    /// It is a call inside of another cork, which writes for it; or the thread ends.
    Joined,
    /// It is a task that runs inside a handler of another task, by `block_on` for example. It does not use that task's
    /// corked frames.
    Nested {
        /// The address of that other task's connection, or 0.
        own: usize,
        /// What that has counted and not added up.
        tally: Tally,
    },
}

impl<'c> Cork<'c> {
    /// Corks a task.
    fn begin(own: Option<&'c Conn>) -> Self {
        let nesting = with_thread_cork(|cork| {
            let nesting = if cork.is_on.replace(true) { cork.nested() } else { Nesting::Outermost };
            cork.own.set(own.map_or(0, Conn::address));
            nesting
        });
        Self { nesting: nesting.unwrap_or(Nesting::Joined), own }
    }

    /// Corks a call.
    fn join() -> Self {
        let is_outermost = with_thread_cork(|cork| !cork.is_on.replace(true)).unwrap_or(false);
        Self { nesting: if is_outermost { Nesting::Outermost } else { Nesting::Joined }, own: None }
    }
}

impl Drop for Cork<'_> {
    fn drop(&mut self) {
        if matches!(self.nesting, Nesting::Joined) {
            return;
        }
        with_thread_cork(|cork| {
            if let Some(own) = self.own
                && own.corked().is_corked()
            {
                own.add_up();
                own.send_path().write_now();
            }
            cork.own.set(0);
            cork.is_on.set(false);
            if !cork.others.borrow().is_empty() {
                cork.uncork_others();
                cork.batch.replace_with(|batch| batch.take().map(Batch::renew));
            }
            if let Nesting::Nested { own, tally } = std::mem::replace(&mut self.nesting, Nesting::Joined) {
                cork.is_on.set(true);
                cork.own.set(own);
                tally.restore();
            }
        });
    }
}
