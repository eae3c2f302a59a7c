//! Loom tries every order in which threads can come to the gate of a room: never two rooms at once, and nobody is
//! forgotten.

#[path = "../../ws-runtime/src/room/gate.rs"]
#[expect(dead_code, reason = "the model needs only a part of it")]
mod gate;

/// What the gate is built from, of loom's kind.
mod sync {
    pub use loom::sync::{Mutex, MutexGuard};
}

use std::future::Future;
use std::pin::{Pin, pin};
// Not loom's: what is counted here needs no order of its own, so threads need not be switched for it.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use loom::sync::Arc;
use loom::thread;

use gate::{Entered, Gate, Gated, Last, Turn, claim, enter, leave};

/// A path, and what is known of its room.
struct Path {
    gate: Gate<usize, u32>,
    /// How many rooms there are, with those that are being made or emptied.
    rooms: AtomicUsize,
    made: AtomicUsize,
    emptied: AtomicUsize,
}

#[derive(Clone)]
struct Way(Arc<Path>);

impl Gated for Way {
    type Room = usize;
    type Mark = u32;

    fn gate(&self) -> &Gate<usize, u32> {
        &self.0.gate
    }
}

impl Way {
    fn new() -> Self {
        Self(Arc::new(Path {
            gate: Gate::new(),
            rooms: AtomicUsize::new(0),
            made: AtomicUsize::new(0),
            emptied: AtomicUsize::new(0),
        }))
    }

    /// Enters, and makes the room if there is none. Returns which one it is.
    async fn enter(&self) -> usize {
        match enter(self.clone()).await {
            Ok(Entered::Member { room, .. }) => room,
            Ok(Entered::Turn(turn)) => {
                assert_eq!(self.0.rooms.fetch_add(1, Ordering::SeqCst), 0, "two rooms at once");
                let number = self.0.made.fetch_add(1, Ordering::SeqCst);
                assert!(turn.open(number).is_some());
                number
            }
            Err(full) => panic!("few come here: {full:?}"),
        }
    }

    fn leave(&self) {
        if let Some(Last { turn, room, .. }) = leave(self.clone()) {
            self.empty(turn, room);
        }
    }

    fn empty(&self, turn: Turn<Self>, room: usize) {
        assert_eq!(self.0.emptied.fetch_add(1, Ordering::SeqCst), room, "each room is emptied once, in turn");
        assert_eq!(self.0.rooms.fetch_sub(1, Ordering::SeqCst), 1);
        drop(turn);
    }

    fn assert_all_is_over(&self) {
        assert!(self.0.gate.is_vacant());
        assert_eq!(self.0.made.load(Ordering::SeqCst), self.0.emptied.load(Ordering::SeqCst));
    }
}

/// Runs a task on this thread.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(std::sync::Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.unpark();
    }
}

/// Three threads have too many orders: a thread is interrupted at most twice, which finds nearly all faults.
fn bounded(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(model);
}

/// Polls once, as a task does that is dropped then.
fn poll_once<F: Future>(future: Pin<&mut F>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn a_room_is_made_once_and_emptied_before_the_next() {
    bounded(|| {
        let way = Way::new();
        let visit = || {
            let way = way.clone();
            thread::spawn(move || {
                block_on(way.enter());
                way.leave();
            })
        };
        let others = [visit(), visit()];
        block_on(way.enter());
        way.leave();
        for other in others {
            other.join().unwrap();
        }
        way.assert_all_is_over();
    });
}

#[test]
fn who_waits_goes_on_after_a_room_was_not_made() {
    bounded(|| {
        let way = Way::new();
        let fails = {
            let way = way.clone();
            move || match block_on(enter(way.clone())) {
                // `create` fails, panics, or is cancelled.
                Ok(Entered::Turn(turn)) => drop(turn),
                Ok(Entered::Member { .. }) => way.leave(),
                Err(full) => panic!("few come here: {full:?}"),
            }
        };
        let failing = thread::spawn(fails);
        let other = thread::spawn({
            let way = way.clone();
            move || {
                block_on(way.enter());
                way.leave();
            }
        });
        failing.join().unwrap();
        other.join().unwrap();
        way.assert_all_is_over();
    });
}

#[test]
fn who_gives_up_after_it_was_woken_wakes_the_next() {
    bounded(|| {
        let way = Way::new();
        let Ok(Entered::Turn(turn)) = block_on(enter(way.clone())) else { panic!("nobody else is there") };
        let gives_up = thread::spawn({
            let way = way.clone();
            move || {
                let mut entering = pin!(way.enter());
                if poll_once(entering.as_mut()) {
                    way.leave();
                }
            }
        });
        let waits = thread::spawn({
            let way = way.clone();
            move || {
                block_on(way.enter());
                way.leave();
            }
        });
        drop(turn);
        gives_up.join().unwrap();
        waits.join().unwrap();
        way.assert_all_is_over();
    });
}

#[test]
fn a_kept_room_is_emptied_or_entered_but_not_both() {
    loom::model(|| {
        let way = Way::new();
        block_on(way.enter());
        let Some(Last { turn, room, .. }) = leave(way.clone()) else { panic!("nobody else is there") };
        assert!(turn.keep(room, 7).is_some());
        let sweeps = thread::spawn({
            let way = way.clone();
            move || {
                if let Some((turn, room)) = claim(way.clone(), 7) {
                    way.empty(turn, room);
                }
            }
        });
        let number = block_on(way.enter());
        sweeps.join().unwrap();
        assert_eq!(number, way.0.made.load(Ordering::SeqCst) - 1, "it is in the room that is there");
        assert!(claim(way.clone(), 7).is_none(), "it has a member");
        way.leave();
        way.assert_all_is_over();
    });
}
