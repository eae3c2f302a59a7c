//! The slots of threads: which handler runs on each.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What one thread does. Only that thread writes it, and no other has a part of its cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Slot {
    /// Grows with each call, and with each poll of an `async` handler.
    sequence: AtomicU32,
    /// The number of the handler that runs, or 0.
    handler: AtomicU32,
    /// The address of the server that it belongs to.
    server: AtomicUsize,
}

/// What a thread did when it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) sequence: u32,
    pub(super) handler: u32,
    pub(super) server: usize,
}

impl Slot {
    const fn new() -> Self {
        Self { sequence: AtomicU32::new(0), handler: AtomicU32::new(0), server: AtomicUsize::new(0) }
    }

    /// A handler runs on this thread, until what this returns is dropped.
    #[inline]
    pub(super) fn run(&'static self, handler: u32) -> Running {
        // Not `fetch_add`, which locks the bus: no other thread writes it.
        self.sequence.store(self.sequence.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        self.handler.store(handler, Ordering::Release);
        Running(self)
    }

    pub(super) fn look(&self) -> Seen {
        // First the handler: with it comes the sequence number that was written before.
        let handler = self.handler.load(Ordering::Acquire);
        Seen {
            handler,
            sequence: self.sequence.load(Ordering::Relaxed),
            server: self.server.load(Ordering::Relaxed),
        }
    }
}

/// A handler that runs on this thread.
///
/// Of handlers that run within another, as one does that is waited for by `block_on`, only the inner one is watched.
#[doc(hidden)]
#[derive(Debug)]
#[must_use]
pub struct Running(&'static Slot);

impl Drop for Running {
    #[inline]
    fn drop(&mut self) {
        self.0.handler.store(0, Ordering::Release);
    }
}

/// The next handlers on this thread belong to the server with this address.
#[inline]
pub(crate) fn on_server(server: usize) {
    mine().server.store(server, Ordering::Relaxed);
}

/// A handler with this number runs, of the server that the last one belonged to.
pub(crate) fn run_here(handler: u32) -> Running {
    mine().run(handler)
}

/// A stretch of a handler runs, by its number and the address of its server.
#[inline]
pub(crate) fn run(handler: u32, server: usize) -> Running {
    let slot = mine();
    slot.server.store(server, Ordering::Relaxed);
    slot.run(handler)
}

thread_local! {
    /// The slot of this thread, or that of nobody. Without a destructor, so that it is found without a look at whether
    /// that has run.
    static MINE: Cell<&'static Slot> = const { Cell::new(&NOBODYS) };

    /// Gives the slot back when the thread ends.
    static LEASE: Cell<Option<Lease>> = const { Cell::new(None) };
}

/// The slot of this thread.
#[inline]
pub(super) fn mine() -> &'static Slot {
    let slot = MINE.get();
    if std::ptr::eq(slot, &NOBODYS) { take() } else { slot }
}

/// The slot of this thread, on which a turn has begun: [`on_server`] has found it.
#[inline]
pub(super) fn mine_in_turn() -> &'static Slot {
    MINE.get()
}

/// For threads that have none yet, or are about to end. Nobody looks at it.
static NOBODYS: Slot = Slot::new();

#[cold]
fn take() -> &'static Slot {
    let slot = {
        let mut slots = slots();
        match slots.free.pop() {
            Some(slot) => slot,
            None => {
                let slot: &'static Slot = Box::leak(Box::default());
                slots.all.push(slot);
                slot
            }
        }
    };
    let lease = Lease(slot);
    // If the thread ends, the lease is dropped here, and ends.
    if LEASE.try_with(|own| own.set(Some(lease))).is_err() {
        return &NOBODYS;
    }
    MINE.set(slot);
    slot
}

struct Lease(&'static Slot);

impl Drop for Lease {
    fn drop(&mut self) {
        MINE.set(&NOBODYS);
        self.0.handler.store(0, Ordering::Release);
        slots().free.push(self.0);
    }
}

/// Every slot, and those whose thread has ended. Slots are never freed: there are as many as there were threads at once.
static SLOTS: Mutex<Slots> = Mutex::new(Slots { all: Vec::new(), free: Vec::new() });

struct Slots {
    all: Vec<&'static Slot>,
    free: Vec<&'static Slot>,
}

fn slots() -> MutexGuard<'static, Slots> {
    SLOTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks at all slots. A slot keeps its place in the list.
pub(super) fn look_at_all(seen: &mut Vec<Seen>) {
    seen.clear();
    seen.extend(slots().all.iter().map(|slot| slot.look()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watchdog::{HandlerName, number_of};

    #[test]
    fn a_slot_tells_what_runs_and_is_used_again_after_its_thread() {
        static NAME: HandlerName = HandlerName::new("noted");
        let number = number_of("noted");
        let watched = std::thread::spawn(move || {
            on_server(7);
            let before = mine().look();
            assert_eq!((before.handler, before.server), (0, 7));
            let running = NAME.runs();
            let first = mine().look();
            assert_eq!(first.handler, number);
            drop(running);
            assert_eq!(mine().look(), Seen { handler: 0, ..first });
            let _again = run(number, 8);
            let second = mine().look();
            assert_eq!((second.handler, second.server), (number, 8));
            assert_ne!(second.sequence, first.sequence, "another call");
            std::ptr::from_ref(mine()).addr()
        });
        let address = watched.join().unwrap();
        let slots = slots();
        let at = slots.all.iter().position(|slot| std::ptr::from_ref(*slot).addr() == address);
        assert_eq!(slots.all[at.unwrap()].look().handler, 0);
    }
}
