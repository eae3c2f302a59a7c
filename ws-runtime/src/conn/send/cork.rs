//! What is sent while a task runs leaves when it comes to rest: all that goes to one peer in one write.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::task::yield_now;

use super::batch::{Batch, Part};
use super::{SendLock, SendPath, Written};
use crate::conn::Conn;
use crate::transport::Insist;
use crate::wire::{self, FrameKind, Payload, SHARE_FROM};

thread_local! {
    /// The cork of this thread, where one is on.
    static HERE: Here = const {
        Here { on: Cell::new(false), own: Cell::new(0), spare: Cell::new(Vec::new()), others: RefCell::new(Vec::new()), batch: RefCell::new(None) }
    };
}

/// Room for more than this is not kept for the next turn.
const KEEP_ROOM: usize = 1024 * 1024;

/// So many connections are worth the work of more than one thread.
const SPREAD_FROM: usize = 512;

/// How many of them a thread takes at a time.
const SHARE: usize = 64;

struct Here {
    on: Cell<bool>,
    /// The address of the connection whose task runs, or 0.
    own: Cell<usize>,
    /// Room for the frames that the task of a connection corks, while no task has it.
    spare: Cell<Vec<u8>>,
    /// The other connections to which something was sent.
    others: RefCell<Vec<Conn>>,
    /// What was broadcast.
    batch: RefCell<Option<Arc<Batch>>>,
}

pin_project! {
    /// Gathers in each run of a task.
    pub(crate) struct Corked<F> {
        own: Option<Conn>,
        #[pin]
        task: F,
    }
}

impl<F> Corked<F> {
    /// Any task.
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

/// Gathers what is sent by one call, unless more is corked already.
pub(crate) fn corked<T>(call: impl FnOnce() -> T) -> T {
    let _cork = Cork::join();
    call()
}

/// Does something with this thread's cork; `None` where the thread ends, and has dropped it: whatever is sent then
/// is written at once.
#[inline]
fn here<T>(act: impl FnOnce(&Here) -> T) -> Option<T> {
    HERE.try_with(act).ok()
}

/// Corks a frame for the connection whose task runs; false where it has to be queued.
#[inline]
pub(in crate::conn) fn cork_own(conn: &Conn, kind: FrameKind, payload: &Payload<'_>) -> bool {
    here(|here| {
        let is_large = matches!(payload, Payload::Owned(payload) if payload.len() >= SHARE_FROM);
        if here.own.get() != conn.address() || is_large || !conn.is_free() {
            return false;
        }
        let payload = payload.as_slice();
        conn.corked().push(
            || here.spare.take(),
            |frames| {
                let has_room =
                    frames.is_empty() || frames.len().saturating_add(payload.len()) <= conn.max_outbox();
                if has_room {
                    wire::append(kind, payload, frames);
                }
                has_room
            },
        )
    })
    .unwrap_or(false)
}

/// Writes what waits for the connection whose task runs, and what is corked for it.
#[inline]
pub(in crate::conn) fn write_own(
    conn: &Conn,
    send_path: &SendLock,
    cx: &mut Context<'_>,
    insist: Insist,
) -> Written {
    if conn.corked().is_corked() {
        let (written, frames) = send_path.with(|send_path| {
            let frames = conn.corked().uncork();
            (send_path.poll_write(&frames, cx, insist), frames)
        });
        here(|here| here.keep(frames));
        written
    } else if conn.has_unwritten() {
        send_path.with(|send_path| send_path.poll_write(&[], cx, insist))
    } else {
        Written::All
    }
}

/// Encodes a broadcast of this thread behind those before it.
pub(super) fn batched(kind: FrameKind, payload: &[u8]) -> Option<Part> {
    here(|here| {
        let mut batch = here.batch.borrow_mut();
        if let Some(part) = batch.get_or_insert_default().push(kind, payload) {
            return Some(part);
        }
        // It is full: what is in it is written, and it begins anew.
        here.uncork_others();
        let renewed = batch.take().map_or_else(Arc::default, Batch::renew);
        batch.insert(renewed).push(kind, payload)
    })?
}

/// Leaves the writing of what was just pushed to the cork of this thread; false where none is on.
pub(in crate::conn) fn defers_write(conn: &Conn, send_path: &mut SendPath) -> bool {
    here(|here| {
        if here.on.get() && here.own.get() != conn.address() && send_path.cork() {
            here.others.borrow_mut().push(conn.clone());
        }
        here.on.get()
    })
    .unwrap_or(false)
}

impl Here {
    /// Writes to all other connections what was sent to them.
    fn uncork_others(&self) {
        let mut others = self.others.borrow_mut();
        if others.len() >= SPREAD_FROM {
            spread(std::mem::take(&mut *others));
        } else {
            others.drain(..).for_each(|conn| conn.uncork());
        }
    }

    /// Keeps room for the next turn.
    #[inline]
    fn keep(&self, mut frames: Vec<u8>) {
        if frames.capacity() <= KEEP_ROOM {
            frames.clear();
            self.spare.set(frames);
        }
    }

    #[cold]
    fn set_aside(&self) -> Place {
        Place::Nested { own: self.own.get() }
    }
}

/// Writes to many connections, together with the runtime's other threads where they have nothing better to do.
fn spread(conns: Vec<Conn>) {
    let Some(runtime) = conns.first().map(|conn| conn.server().runtime().clone()) else { return };
    let work = Arc::new(Spread { conns, next: AtomicUsize::new(0) });
    for _ in 1..runtime.metrics().num_workers() {
        let work = Arc::clone(&work);
        runtime.spawn(async move {
            while work.write_share() {
                yield_now().await;
            }
        });
    }
    while work.write_share() {}
}

struct Spread {
    conns: Vec<Conn>,
    /// The first that nobody has taken.
    next: AtomicUsize,
}

impl Spread {
    /// Writes to a few connections; false when none are left.
    fn write_share(&self) -> bool {
        let first = self.next.fetch_add(SHARE, Ordering::Relaxed);
        let share = self.conns.get(first..).unwrap_or_default();
        share.iter().take(SHARE).for_each(|conn| conn.uncork());
        share.len() > SHARE
    }
}

/// Ends, and writes, when it is dropped.
struct Cork<'c> {
    place: Place,
    own: Option<&'c Conn>,
}

/// Where a cork stands among those of its thread.
enum Place {
    /// It is the only one.
    Outermost,
    /// A call within one, which writes for it; or there can be none.
    Joined,
    /// A task that runs within a handler of another task, as under `block_on`: what that one has is not its own.
    Nested {
        /// The address of that other task's connection, or 0.
        own: usize,
    },
}

impl<'c> Cork<'c> {
    /// That of a task.
    fn begin(own: Option<&'c Conn>) -> Self {
        let place = here(|here| {
            let place = if here.on.replace(true) { here.set_aside() } else { Place::Outermost };
            here.own.set(own.map_or(0, Conn::address));
            place
        });
        Self { place: place.unwrap_or(Place::Joined), own }
    }

    /// That of a call.
    fn join() -> Self {
        let is_outermost = here(|here| !here.on.replace(true)).unwrap_or(false);
        Self { place: if is_outermost { Place::Outermost } else { Place::Joined }, own: None }
    }
}

impl Drop for Cork<'_> {
    fn drop(&mut self) {
        if matches!(self.place, Place::Joined) {
            return;
        }
        here(|here| {
            if let Some(own) = self.own
                && own.corked().is_corked()
            {
                own.send_path().write_now();
            }
            here.own.set(0);
            here.on.set(false);
            if !here.others.borrow().is_empty() {
                here.uncork_others();
                here.batch.replace_with(|batch| batch.take().map(Batch::renew));
            }
            if let Place::Nested { own } = self.place {
                here.on.set(true);
                here.own.set(own);
            }
        });
    }
}
